/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slim.h - cuts captures down to the frames of the classes asked for, and logs the first ones: joins the stages from capture to output. */
#ifndef FP_SLIM_H
#define FP_SLIM_H

#include <glib.h>
#include <stdbool.h>

#include "capture/capture-live.h"
#include "pass/pass.h"
#include "pass/summary.h"

#define FP_SLIM_MAX_STREAMS_DEFAULT 10000000

typedef struct {
    char **inputs;       /* NULL-terminated, at least one but with an interface; "-" is standard input */
    const char *output;  /* "-" is standard output; NULL: no capture is written */
    int format;          /* of the output: FP_WRITER_AS_INPUT, or what fp_writer_format says */
    bool follows;        /* the one input, a file that somebody still writes to */
    FpLiveOptions live;  /* interface NULL: read the inputs */
    uint64_t max_frames; /* end after that many have been looked at; 0: do not */
    int threads;         /* 2: one of them reads ahead */
    FpSelection selection;
    const char *log; /* lines of first payload frames are added to it; "-" is standard output; NULL: none */
    FpLogStyle log_style;
    bool list;          /* rows on standard output instead of a capture */
    bool show_progress; /* on standard error, once it takes longer than a second */
} FpSlimOptions;

/* Fills in *summary, and *left, the caller's to free, with what there was in frames that have no segment. Returns false, with error set and
 * no output left behind, when something failed. */
bool fp_slim(const FpSlimOptions *options, FpSummary *summary, FpNoSegmentCounts **left, GError **error);

#endif
