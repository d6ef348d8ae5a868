/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * watch.h - slim for every capture that is finished in a folder, with streams that go on from file to file.
 *
 * In this order, each step safe to be the last before a crash: CLAIM the file (spool.h), BUILD its outputs under hidden names and bring
 * them to the disk, COMMIT streams and the claim's number (checkpoint.h), PUBLISH the outputs (outbox.h), DISPOSE of the input. What was
 * committed is published and disposed of after a crash, what was not is built again, from the streams of the last commit.
 */
#ifndef FP_WATCH_H
#define FP_WATCH_H

#include <glib.h>
#include <stdbool.h>

#include "pass/pass.h"
#include "spool/spool.h"

/* What outputs each capture has: a set of bits. */
enum {
    FP_WATCH_CAPTURE = 1, /* the kept frames */
    FP_WATCH_LOG = 2,     /* lines of the first payload frames, under the same name with fp_log_suffix */
};

typedef struct {
    FpSpoolOptions spool;
    unsigned outputs;    /* FP_WATCH_... */
    const char *output;  /* folder */
    const char *metrics; /* a file for Prometheus, or NULL */
    bool once;           /* take what is there, then end */
    int format;          /* of outputs: FP_WRITER_AS_INPUT, or what fp_writer_format says */
    FpSelection selection;
    FpLogStyle log_style;
} FpWatchOptions;

/* Reads options anew, for SIGHUP. Those returned must stay as long as the watcher runs. Returns NULL with error set when they make no
 * sense. */
typedef const FpWatchOptions *(*FpWatchReload)(void *user, GError **error);

/* How it went. */
typedef struct {
    uint64_t files;
    uint64_t files_failed;
    uint64_t files_cut;
    uint64_t unanswered; /* see fp_summary_unanswered */
} FpWatchResult;

/* Works until SIGTERM or SIGINT, or until all is done with once. Returns false with error set when it cannot begin, or, with once, go on.
 */
bool fp_watch(const FpWatchOptions *options, FpWatchReload reload, void *user, FpWatchResult *result, GError **error);

/* Prints on standard output which files would be taken, in their order. Changes nothing. */
bool fp_watch_dry_run(const FpWatchOptions *options, GError **error);

#endif
