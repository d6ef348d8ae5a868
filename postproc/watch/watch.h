/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * watch.h - slim for every finished capture in a folder, with streams that go on from file to file.
 *
 * In this order, and each step may be the last before a crash: CLAIM the file (spool.h), BUILD its outputs under hidden names and sync
 * them, COMMIT streams and the claim's number (checkpoint.h), PUBLISH the outputs (outbox.h), DISPOSE of the input. After a crash, what was
 * committed is published and disposed of; what was not is built again, from the streams of the last commit.
 */
#ifndef FP_WATCH_H
#define FP_WATCH_H

#include <glib.h>
#include <stdbool.h>

#include "base/confinement.h"
#include "output/pack.h"
#include "pass/pass.h"
#include "pass/read-ahead.h"
#include "spool/spool.h"

/* The outputs of each capture: a set of bits. */
enum {
    FP_WATCH_CAPTURE = 1, /* the kept frames */
    FP_WATCH_LOG = 2,     /* lines of the first payload frames, under the same name with fp_log_suffix */
};

typedef struct {
    FpSpoolOptions spool;
    unsigned outputs;    /* FP_WATCH_... */
    const char *output;  /* the output folder */
    const char *metrics; /* a file for Prometheus; NULL: none */
    const char *config;  /* the file that options are read again from; NULL: none */
    FpConfinementOptions rights;
    bool is_verbose;          /* which rights were given up is said */
    bool once;                /* take what is there, then end */
    FpPacking packing;        /* of captures, where their writer allows it: see fp_writer_copies */
    int format;               /* of outputs: FP_WRITER_AS_INPUT, or what fp_writer_format returned */
    FpReadAheadOptions ahead; /* of captures that wait */
    FpSelection selection;
    FpLogStyle log_style;
} FpWatchOptions;

/* Reads the options again, for SIGHUP. What it returns must stay as long as the watcher runs. Returns NULL and sets error when they make no
 * sense. */
typedef const FpWatchOptions *(*FpWatchReload)(void *user, GError **error);

/* What was done. */
typedef struct {
    uint64_t files;
    uint64_t files_failed;
    uint64_t files_cut;
    uint64_t unanswered; /* see fp_summary_unanswered */
} FpWatchResult;

/* Works until SIGTERM or SIGINT; with once, until everything is done. Returns false and sets error when it cannot begin or, with once, go
 * on. */
bool fp_watch(const FpWatchOptions *options, FpWatchReload reload, void *user, FpWatchResult *result, GError **error);

/* Prints to standard output which files would be taken, in order. Changes nothing. Returns false and sets error. */
bool fp_watch_dry_run(const FpWatchOptions *options, GError **error);

#endif
