/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slim-internal.h - what the files of slim share: slim.c, slim-idle.c. Nobody else includes it. */
#ifndef FP_SLIM_INTERNAL_H
#define FP_SLIM_INTERNAL_H

#include "live-cut.h"
#include "live-stats.h"
#include "live-watch.h"
#include "pass/capture-order.h"
#include "pass/progress.h"
#include "pass/read-ahead.h"
#include "slim-outputs.h"
#include "slim-rights.h"
#include "slim.h"
#include "unread.h"

typedef struct {
    const FpSlimOptions *options;
    FpSummary *summary;
    FpSlimRights *rights;
    FpPass *pass;
    FpDissector *dissector; /* NULL: tshark is not asked */
    FpSlimOutputs outputs;
    FpKernelCut *cut;     /* NULL: the kernel hands over all frames */
    FpCapture *interface; /* until it is read */
    FpCapture *first;     /* stays open: the writer borrows from it */
    FpCapture *last;      /* stays open until the next: what was kept of it may be written only then */
    FpReadAhead *ahead;   /* NULL: captures are read when it is their turn */
    char **input;         /* being read */
    FpUnread unread;
    FpProgress progress;
    FpLiveWatch live;
    FpLiveStats *stats; /* NULL: no interface is captured from */
    FpCaptureOrder order;
} Slim;

/* Writes what there is, as far as tshark has answered. Returns false and sets error when that fails, as the next two do. */
bool fp_slim_flush(Slim *slim, GError **error);

/* There are no frames for now: writes what there is, and what waits for tshark as answers come, or time runs out. Returns when there are
 * frames, or reading is to wait for them. */
bool fp_slim_idle(Slim *slim, const FpCapture *capture, GError **error);

/* Does what the clock, or a signal, calls for, whether or not frames come. */
bool fp_slim_do_by_clock(Slim *slim, GError **error);

/* Says at once that the kernel drops frames: whoever watches can do something about it. */
void fp_slim_tell_of_drops(Slim *slim, const FpCapture *capture, bool is_idle);

/* Says at once that a capture ended too early, after what came before was taken. The exit status will say so too. */
void fp_slim_note_early_end(Slim *slim, const char *path, const char *what);

/* Returns where --stats and --metrics take their figures from; all borrowed. */
FpLiveStatsSources fp_slim_stats_sources(const Slim *slim);

#endif
