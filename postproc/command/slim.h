/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slim.h - cuts captures down to frames of the classes asked for, and logs first payload frames: joins the stages from capture to
 * output. */
#ifndef FP_SLIM_H
#define FP_SLIM_H

#include <glib.h>
#include <stdbool.h>

#include "base/confinement.h"
#include "capture/capture-live.h"
#include "live-stats.h"
#include "output/pack.h"
#include "output/rotation.h"
#include "pass/pass.h"
#include "pass/summary.h"

#define FP_SLIM_MAX_STREAMS_DEFAULT 10000000

/* Whether the kernel drops frames that the answer does not take (kernel-cut.h). */
typedef enum {
    FP_KERNEL_CUT_AUTO, /* where it can be had */
    FP_KERNEL_CUT_ON,
    FP_KERNEL_CUT_OFF,
} FpKernelCutMode;

typedef struct {
    char **inputs;            /* NULL-terminated; at least one, unless there is an interface; "-" is standard input */
    const char *output;       /* "-" is standard output; NULL: no capture is written */
    int format;               /* of the output: FP_WRITER_AS_INPUT, or what fp_writer_format returned */
    FpPacking packing;        /* of the output */
    FpRotation rotation;      /* of the output, and of the log if its name is a pattern */
    bool follows;             /* there is one input, a file that somebody still writes to */
    FpLiveOptions live;       /* interface NULL: read the inputs */
    char *const *interfaces;  /* all of them, of which that is the first; NULL-terminated */
    FpLiveStatsOptions stats; /* what is said of that while it runs */
    uint64_t max_frames;      /* end after looking at that many; 0: no limit */
    FpReadAheadOptions ahead; /* threads 0: as many as there are processors, where they have something to do */
    FpSelection selection;
    const char *log; /* lines of first payload frames are appended to it; "-" is standard output; NULL: none */
    FpLogStyle log_style;
    bool list;     /* print rows to standard output instead of writing a capture */
    bool is_quiet; /* nothing is said of what goes well */
    FpConfinementOptions rights;
    bool is_verbose;    /* which rights were given up is said */
    const char *page;   /* a file that the caller writes when this is done; NULL: none */
    bool show_progress; /* on standard error, once it takes longer than a second */
    FpKernelCutMode kernel_cut;
    unsigned kernel_cut_streams; /* of how many the kernel holds entries */
} FpSlimOptions;

/* Fills in *summary, and *left with what was found in frames without a segment; caller frees *left. Returns false and sets error when
 * something failed; then no output but the log is left behind; a tally has what was read before. Of several inputs, some may fail: that is
 * said, noted in unread_status, and the others are taken. */
bool fp_slim(const FpSlimOptions *options, FpSummary *summary, FpNoSegmentCounts **left, GError **error);

#endif
