/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pass.h - the stages joined: records of one capture after another -> the kept ones written, or the verdicts shown; first ones logged.
 *
 * [file -> record -> segment -> stream -> verdict -> output]
 *
 * What goes on from one capture to the next is in here: streams, and IP fragments that wait for the rest of their datagram.
 */
#ifndef FP_PASS_H
#define FP_PASS_H

#include <glib.h>
#include <stdbool.h>

#include "capture/capture.h"
#include "log/log.h"
#include "output/writer.h"
#include "streams.h"
#include "summary.h"
#include "tshark/dissector.h"
#include "verdict.h"

/* Which frames are kept, and what they are kept by. */
typedef struct {
    unsigned keep; /* FP_CLASS_...; none: then nothing is written, and there need not be a writer */
    FpRules rules;
    size_t max_streams;
    unsigned network_kinds; /* FP_NETWORK_..., the numbers by which streams are told apart besides endpoints */
    bool marked_only;       /* leave out the fragments with which a kept frame completes an IP datagram */
    bool flush_each;        /* write out each kept record, or row, at once */
    char **formats;         /* what files are taken for captures: see fp_formats_limit, for whoever opens them */
    const char *filter;     /* a BPF expression that frames must match to be looked at, NULL for all */
    FpQuestions questions;  /* for the dissector of fp_pass_ask, should there be one */
} FpSelection;

/* Shows the classes, not 0, of a frame; number: from 1, over all captures. */
typedef bool (*FpShowClasses)(void *user, uint64_t number, unsigned classes, GError **error);

typedef struct FpPass FpPass;

/* selection and summary, which is counted up, are borrowed. show: called instead of writing; NULL to write. Takes over streams. */
FpPass *fp_pass_new(const FpSelection *selection, FpStreams *streams, FpSummary *summary, FpShowClasses show, void *user);
void fp_pass_free(FpPass *pass); /* NULL is allowed */

/* Where kept records go from now on; borrowed. */
void fp_pass_write_to(FpPass *pass, FpWriter *writer);

/* Where lines of first payload frames go from now on, those of one capture, source by its name in them; NULL: nowhere. All is borrowed. */
void fp_pass_log_to(FpPass *pass, FpOutput *log, const FpLogStyle *style, const char *source);

FpStreams *fp_pass_streams(const FpPass *pass); /* the pass's */

/* What there was in frames that have no segment, the caller's to free. Nothing is to be taken any more. */
FpNoSegmentCounts *fp_pass_take_left(FpPass *pass);

/*
 * Has lines and kept frames wait, in their order, for what dissector, which is borrowed, says of their streams; those of streams that do
 * not match are left out. Before anything is taken. What waits takes 64 MiB at most; when it would be more, the streams that have waited
 * longest are done without an answer.
 */
void fp_pass_ask(FpPass *pass, FpDissector *dissector);

/* With such a dissector, or NULL, when nothing does anything: writes what has not to wait any more, after waiting up to wait_ms for tshark.
 * Whether there is more that waits. What waits, written, at the end of what goes to writer and log: no stream's flight goes on after this;
 * goes_on: as far as is looked, though more may come. */
bool fp_pass_catch_up(FpPass *pass, int wait_ms, GError **error);
bool fp_pass_is_behind(const FpPass *pass);
bool fp_pass_end_asking(FpPass *pass, bool goes_on, GError **error);

/* Reads up to max records of capture, at most FP_PASS_BATCH, and takes them. Returns their number, 0 at the end, -1 with error set. */
#define FP_PASS_BATCH 32
int fp_pass_take(FpPass *pass, FpCapture *capture, int max, GError **error);

/* Passes over the next n records of capture, which have been taken before. Returns false with error set. */
bool fp_pass_skip(FpPass *pass, FpCapture *capture, uint64_t n, GError **error);

/* Has another thread read capture ahead, where that can be done, until the other is called, which is to be before it is closed. What else
 * is asked of the capture meanwhile can only be what its records need, and how far it has been taken. */
void fp_pass_begin_ahead(FpPass *pass, FpCapture *capture);
void fp_pass_end_ahead(FpPass *pass);

/* Whether it was the capture that failed, not the writing. */
bool fp_pass_failed_reading(const FpPass *pass);

/* The time of the newest record there was, since 1970; 0: there was none. */
int64_t fp_pass_newest_ns(const FpPass *pass);

/* The times of the first and the last record that fp_pass_take took last. */
void fp_pass_batch_times(const FpPass *pass, int64_t *first_ns, int64_t *last_ns);

/* Forgets IP fragments that wait: what comes next does not go on where the last capture ended. */
void fp_pass_forget_fragments(FpPass *pass);

/* Adds to the summary what is known at the end only. */
void fp_pass_sum_up(FpPass *pass);

/* A table for a new pass. Its seed is random: whoever sends the packets could otherwise choose endpoints that all land in one place of it.
 * Returns NULL with error set. */
FpStreams *fp_pass_new_streams(const FpSelection *selection, GError **error);

#endif
