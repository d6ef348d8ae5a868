/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * log.h - first payload frames -> lines of a log: what every new connection said first.
 *
 * file -> record -> segment -> stream -> verdict -> [output]
 *
 * One line for each such frame, for people (log-text.c) or for programs (log-json.c). A line is given to the output in one piece. Or a row
 * of a table (log-table.c, table.h), which is laid out when there are enough.
 */
#ifndef FP_LOG_H
#define FP_LOG_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "decode/decode-notes.h"
#include "output/output.h"
#include "segment.h"
#include "table.h"
#include "verdict.h"

typedef enum {
    FP_LOG_TEXT,
    FP_LOG_JSON,
    FP_LOG_TABLE,
} FpLogFormat;

/* How lines are. */
typedef struct {
    FpLogFormat format;
    uint32_t payload_bytes; /* so many of each payload are in its line */
    uint16_t community_id_seed;
    char *const *fields; /* names of those that tshark is asked for; NULL: none */
    FpTable *table;      /* of FP_LOG_TABLE, of which only one log at a time can be; else NULL */
} FpLogStyle;

#define FP_LOG_PAYLOAD_BYTES_DEFAULT 256U
#define FP_LOG_PAYLOAD_BYTES_MAX 65535U

/* A first payload frame, and all that a line says of it. Everything is borrowed. */
typedef struct {
    const char *source; /* the file that it is in; or, with is_live, the interface */
    bool is_live;
    bool has_nanoseconds; /* its time has */
    int64_t seconds;      /* its time, as fp_capture_seconds has it; the segment has the rest */
    uint64_t frame;       /* its number there, from 1 */
    const FpSegment *segment;
    const FpVerdict *verdict;
    const FpDecodeNotes *trail;
} FpLogEntry;

/* The format of a log by its name, "text" or "json". Returns false when there is none. */
bool fp_log_format_from_text(const char *text, FpLogFormat *format);

/* What names of files with such lines end with: ".log", ".jsonl". */
const char *fp_log_suffix(FpLogFormat format);

/* What tshark says of a stream. */
typedef struct {
    const GPtrArray *values; /* of each of the style's fields: a GStrv, or NULL */
    const char *failure;     /* why it says nothing, NULL if it does */
    bool is_cut_off;         /* of what had come of its flight; there may have been more */
} FpLogAnswer;

/* Adds the line of a frame, with its end, to output. line is emptied and used. */
bool fp_log_write(FpOutput *output, const FpLogStyle *style, const FpLogEntry *entry, GString *line, GError **error);

/* The same in two steps, for who has the answer only later. */
void fp_log_begin(GString *line, const FpLogStyle *style, const FpLogEntry *entry);
bool fp_log_end(FpOutput *output, const FpLogStyle *style, const FpLogAnswer *answer, GString *line, GError **error);

/* Writes out all lines that there are. */
bool fp_log_flush(FpOutput *output, const FpLogStyle *style, GError **error);

#endif
