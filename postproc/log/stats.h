/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stats.h - what a live capture says of itself while it runs: what the kernel took and dropped, what became of it. As a line of the log, as
 * metrics, or as a sentence.
 *
 * docs/log.schema.json and docs/metrics.md have all figures.
 */
#ifndef FP_STATS_H
#define FP_STATS_H

#include <glib.h>
#include <stdint.h>

#include "log.h"

/* All count from the start of the program, except those that say how it is now. */
typedef enum {
    FP_STAT_UPTIME_NS,
    FP_STAT_FRAMES,
    FP_STAT_BYTES,
    FP_STAT_KEPT,
    FP_STAT_CUT,
    FP_STAT_STREAMS,
    FP_STAT_STREAMS_WITH_PAYLOAD,
    FP_STAT_STREAMS_OPEN, /* now */
    FP_STAT_STREAMS_FORGOTTEN,
    FP_STAT_STREAMS_UNMATCHED,
    FP_STAT_STREAMS_UNJUDGED,
    FP_STAT_STREAMS_WITHOUT_FIELDS,
    FP_STAT_LINES,
    FP_STAT_LINES_WAITING, /* now */
    FP_STAT_TABLE_BYTES,   /* now */
    FP_STAT_MEMORY_BYTES,  /* now */
    FP_STAT_CPU_NS,
    FP_STAT_LAST_FRAME_NS, /* since 1970; 0: there was none */
    FP_N_STATS,
} FpStat;

/* What the kernel counts of an interface. */
typedef enum {
    FP_INTERFACE_STAT_FRAMES, /* those dropped by the kernel are among them */
    FP_INTERFACE_STAT_DROPS,  /* by the kernel, as its buffer was full */
    FP_INTERFACE_STAT_INTERFACE_DROPS,
    FP_N_INTERFACE_STATS,
} FpInterfaceStat;

typedef struct {
    const char *name; /* borrowed; may have any bytes */
    uint64_t figures[FP_N_INTERFACE_STATS];
} FpStatsInterface;

typedef struct {
    int64_t time_ns; /* when it was so, since 1970 */
    uint64_t figures[FP_N_STATS];
    const FpStatsInterface *interfaces; /* borrowed */
    unsigned n_interfaces;
} FpStats;

/* Appends a line of the log, with its end, in the style's format: an object with the event_type "stats", or a comment. */
void fp_stats_append_line(GString *line, const FpLogStyle *style, const FpStats *stats);

/* Appends the text of a file for Prometheus. */
void fp_stats_append_metrics(GString *text, const FpStats *stats);

/* Appends what matters, in words, on one line without its end. */
void fp_stats_append_words(GString *text, const FpStats *stats);

#endif
