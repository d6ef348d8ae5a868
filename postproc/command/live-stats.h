/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live-stats.h - says, while an interface is captured from, how it goes: in the log, in a file for Prometheus, and when SIGUSR1 asks. */
#ifndef FP_LIVE_STATS_H
#define FP_LIVE_STATS_H

#include "capture/capture.h"
#include "log/log.h"
#include "pass/pass.h"

typedef struct {
    unsigned seconds;    /* a line of the log each time; 0: none */
    const char *metrics; /* the file for Prometheus; NULL: none */
} FpLiveStatsOptions;

#define FP_LIVE_STATS_METRICS_SECONDS 10 /* how often it is written, if there are no lines */

typedef struct FpLiveStats FpLiveStats;

/* Begins to tell of a live capture. Borrows all. */
FpLiveStats *fp_live_stats_new(const FpLiveStatsOptions *options, const FpCapture *capture);
void fp_live_stats_free(FpLiveStats *stats); /* NULL is allowed */

/* What there is to tell of. Borrowed for a call. */
typedef struct {
    FpPass *pass;
    const FpSummary *summary;
    FpOutput *log; /* NULL: no lines */
    const FpLogStyle *log_style;
} FpLiveStatsSources;

/* In how many milliseconds something is to be said; -1: never, unless a signal asks. */
int fp_live_stats_due_ms(const FpLiveStats *stats);

/* Says what is due, and what a signal has asked for. Cheap enough for each batch. Returns false and sets error when the log cannot be
 * written. Metrics that cannot be written are told of once, and tried again. */
bool fp_live_stats_attend(FpLiveStats *stats, const FpLiveStatsSources *sources, GError **error);

/* Says for the last time what is said regularly: the totals. Returns false and sets error as above. */
bool fp_live_stats_end(FpLiveStats *stats, const FpLiveStatsSources *sources, GError **error);

#endif
