/* SPDX-License-Identifier: GPL-2.0-or-later */
/* status.h - how a watcher is: kept in its state folder, for people, programs and Prometheus. */
#ifndef FP_STATUS_H
#define FP_STATUS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

/* In the order in which they are shown. Those that end in _NS are times since 1970 or durations, and shown in seconds. */
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
    FP_FIGURE_CHECKPOINT_NS,
    FP_N_FIGURES,
} FpFigure;

/* Words; each may be NULL, and is the struct's own. */
typedef enum {
    FP_WORD_STATE,     /* "starting", "idle", "working", "following", "waiting", "stopped" */
    FP_WORD_TROUBLE,   /* what it waits for to get better */
    FP_WORD_WAITS_FOR, /* an unfinished file that is older than what waits */
    FP_WORD_INBOX,
    FP_WORD_OUTPUT,
    FP_WORD_LAST_FILE,
    FP_WORD_LAST_FAILURE,
    FP_N_WORDS,
} FpWord;

typedef struct {
    uint64_t figures[FP_N_FIGURES];
    char *words[FP_N_WORDS];
    uint64_t pid;
    int64_t written_ns; /* since 1970 */
} FpStatus;

void fp_status_clear(FpStatus *status);

/* value is copied; NULL is allowed. */
void fp_status_set_word(FpStatus *status, FpWord word, const char *value);

/* Replaces the file status in folder. */
bool fp_status_save(const FpStatus *status, const char *folder, GError **error);

/* Reads it. */
bool fp_status_load(FpStatus *status, const char *folder, GError **error);

/* Replaces the file at path by one for Prometheus (node_exporter's textfile collector). instance: which watcher, by its inbox. */
bool fp_status_save_metrics(const FpStatus *status, const char *path, GError **error);

/* For people and for programs. is_running: whether the process is there. */
void fp_status_print(const FpStatus *status, bool is_running, FILE *file);
void fp_status_print_json(const FpStatus *status, bool is_running, FILE *file);

#endif
