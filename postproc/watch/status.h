/* SPDX-License-Identifier: GPL-2.0-or-later */
/* status.h - how a watcher is doing: kept in its state folder, for people, programs and Prometheus. */
#ifndef FP_STATUS_H
#define FP_STATUS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* In the order in which they are shown. Those that end in _NS are times since 1970 or durations; they are shown in seconds. */
typedef enum {
    FP_FIGURE_FILES,
    FP_FIGURE_FILES_EMPTY,
    FP_FIGURE_FILES_FAILED,
    FP_FIGURE_FILES_CUT,
    FP_FIGURE_FILES_OVERTAKEN,
    FP_FIGURE_FILES_UNMATCHED,
    FP_FIGURE_FRAMES,
    FP_FIGURE_KEPT,
    FP_FIGURE_BYTES_IN,
    FP_FIGURE_BYTES_OUT,
    FP_FIGURE_STREAMS,
    FP_FIGURE_STREAMS_WITH_PAYLOAD,
    FP_FIGURE_STREAMS_OPEN,
    FP_FIGURE_STREAMS_FORGOTTEN,
    FP_FIGURE_STREAMS_UNMATCHED,
    FP_FIGURE_STREAMS_UNJUDGED,
    FP_FIGURE_STREAMS_WITHOUT_FIELDS,
    FP_FIGURE_TABLE_BYTES,
    FP_FIGURE_BACKLOG_FILES,
    FP_FIGURE_BACKLOG_BYTES,
    FP_FIGURE_ARCHIVE_BYTES,
    FP_FIGURE_CHECKPOINTS,
    FP_FIGURE_COMMITTED,
    FP_FIGURE_TROUBLE,
    FP_FIGURE_LAST_FRAME_NS,
    FP_FIGURE_LAST_PUBLISHED_NS,
    FP_FIGURE_LAG_NS,
    FP_FIGURE_LINES_WAITING,
    FP_FIGURE_CHECKPOINT_NS,
    FP_N_FIGURES,
} FpFigure;

/* Texts. Each may be NULL, and is owned by the struct. */
typedef enum {
    FP_WORD_STATE,     /* "starting", "idle", "working", "following", "waiting", "stopped" */
    FP_WORD_TROUBLE,   /* what does not work and is tried again */
    FP_WORD_WAITS_FOR, /* an unfinished file that is older than those that wait, or one that cannot be moved */
    FP_WORD_INBOX,
    FP_WORD_OUTPUT,
    FP_WORD_LAST_FILE,
    FP_WORD_LAST_FAILURE,
    FP_WORD_RIGHTS, /* which were given up */
    FP_N_WORDS,
} FpWord;

typedef struct {
    uint64_t figures[FP_N_FIGURES];
    char *words[FP_N_WORDS];
    uint64_t pid;
    int64_t written_ns; /* since 1970 */
} FpStatus;

/* Frees the words. */
void fp_status_clear(FpStatus *status);

/* Sets a word to a copy of value, which may be NULL. */
void fp_status_set_word(FpStatus *status, FpWord word, const char *value);

/* Replaces the file `status` in folder. Returns false and sets error. */
bool fp_status_save(const FpStatus *status, const char *folder, GError **error);

/* Reads the file `status` in folder; free with fp_status_clear. Returns false and sets error. */
bool fp_status_load(FpStatus *status, const char *folder, GError **error);

/* Replaces the file at path by one for Prometheus (node_exporter's textfile collector). The label inbox says which watcher it is. Returns
 * false and sets error. */
bool fp_status_save_metrics(const FpStatus *status, const char *path, GError **error);

/* Prints the status for people. is_running: whether the process is there. */
void fp_status_print(const FpStatus *status, bool is_running, FILE *file);

/* Prints the status for programs, as one JSON object on a line. */
void fp_status_print_json(const FpStatus *status, bool is_running, FILE *file);

#endif
