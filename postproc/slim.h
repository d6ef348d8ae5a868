/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slim.h - cuts captures down to the frames of the classes asked for: joins the stages from capture to output. */
#ifndef FP_SLIM_H
#define FP_SLIM_H

#include <glib.h>
#include <stdbool.h>

#include "capture-live.h"
#include "summary.h"
#include "verdict.h"

typedef struct {
    char **inputs;       /* NULL-terminated, at least one but with an interface; "-" is standard input */
    const char *output;  /* "-" is standard output; NULL with list */
    int format;          /* of the output: FP_WRITER_AS_INPUT, or what fp_writer_format says */
    FpLiveOptions live;  /* interface NULL: read the inputs */
    const char *filter;  /* a BPF expression that frames must match to be looked at, NULL for all */
    uint64_t max_frames; /* end after that many have been looked at; 0: do not */
    bool flush_each;     /* write out each kept record at once */
    unsigned keep;       /* FP_CLASS_... */
    FpRules rules;
    size_t max_streams;
    unsigned network_kinds; /* FP_NETWORK_..., the numbers by which streams are told apart besides endpoints */
    bool marked_only;       /* leave out the fragments with which a kept frame completes an IP datagram */
    bool list;              /* rows on standard output instead of a capture */
    bool show_progress;     /* on standard error, once it takes longer than a second */
} FpSlimOptions;

/* Fills in *summary. Returns false, with error set and no output left behind, when something failed. */
bool fp_slim(const FpSlimOptions *options, FpSummary *summary, GError **error);

#endif
