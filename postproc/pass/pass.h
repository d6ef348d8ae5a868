/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pass.h - the stages joined: reads records of one capture after another, writes the kept ones or shows verdicts, logs first payload
 * frames.
 *
 * [file -> record -> segment -> stream -> verdict -> output]
 *
 * A pass holds what goes on from one capture to the next: streams, and IP fragments that wait for the rest of their datagram.
 */
#ifndef FP_PASS_H
#define FP_PASS_H

#include <glib.h>
#include <stdbool.h>

#include "capture/capture.h"
#include "capture/kernel-cut.h"
#include "log/log.h"
#include "output/writer.h"
#include "read-ahead.h"
#include "streams.h"
#include "summary.h"
#include "tshark/dissector.h"
#include "verdict.h"

/* Which frames are kept, and how they are chosen. */
typedef struct {
    unsigned keep; /* FP_CLASS_...; 0: nothing is written, and no writer is needed */
    FpRules rules;
    size_t max_streams;
    unsigned network_kinds; /* FP_NETWORK_...: what tells streams apart besides endpoints */
    bool marked_only;       /* leave out the fragments with which a kept frame completes an IP datagram */
    bool all_hellos;        /* later ClientHellos have lines, too; rules ask for opening and closing then */
    bool flush_each;        /* flush after each kept record, line or row */
    char **formats;         /* which files are read as captures: see fp_formats_limit, for whoever opens them */
    const char *filter;     /* a BPF expression that frames must match to be looked at; NULL: all are */
    FpQuestions questions;  /* for the dissector of fp_pass_new, if there is one */
} FpSelection;

/* Shows the classes, which are not 0, of a frame, those that are kept. number: counts from 1 over all captures. Returns false and sets
 * error. */
typedef bool (*FpShowClasses)(void *user, uint64_t number, unsigned classes, GError **error);

typedef struct FpPass FpPass;

/*
 * Creates a pass. Borrows selection and summary, and counts in summary; takes ownership of streams. dissector, borrowed, is asked about
 * streams: lines and kept frames wait, in order, for the answers, and those of streams that do not match are left out. What waits takes at
 * most 64 MiB; to stay below that, the streams that have waited longest are given up without an answer. NULL: nothing is asked. show:
 * called instead of writing; NULL: kept frames are written.
 */
FpPass *fp_pass_new(const FpSelection *selection, FpStreams *streams, FpSummary *summary, FpDissector *dissector, FpShowClasses show,
                    void *user);
void fp_pass_free(FpPass *pass); /* NULL is allowed */

/* Writes kept records to writer from now on. Borrows it. */
void fp_pass_write_to(FpPass *pass, FpWriter *writer);

/* Writes the lines of one capture's first payload frames to log from now on; NULL: nowhere, unless style counts them. source: the capture's
 * name in the lines. Borrows all three. */
void fp_pass_log_to(FpPass *pass, FpOutput *log, const FpLogStyle *style, const char *source);

/* Has the kernel spared what the pass does not need of the frames that it takes from now on. Borrows cut, which is attached to the sockets
 * of all captures. For streams that only endpoints tell apart, and that are not over when idle. */
void fp_pass_cut_by(FpPass *pass, FpKernelCut *cut);

FpStreams *fp_pass_streams(const FpPass *pass); /* owned by the pass */

/* Returns what was found in frames without a segment. Caller frees. Nothing more may be taken after this. */
FpNoSegmentCounts *fp_pass_take_left(FpPass *pass);

/* When there are no frames for now: writes what no longer has to wait, by the clock, after waiting up to wait_ms for tshark. Returns false
 * and sets error. */
bool fp_pass_catch_up(FpPass *pass, int wait_ms, GError **error);

/* Whether anything still waits. */
bool fp_pass_is_behind(const FpPass *pass);

/* Takes all flights for over, waits for tshark's answers, and writes all that waits, at the end of what goes to writer and log. goes_on:
 * more may come, though what is asked of tshark is asked only up to here; lines that wait for the rest of a message, and not for tshark, go
 * on waiting then. Returns false and sets error. */
bool fp_pass_end_flights(FpPass *pass, bool goes_on, GError **error);

/* Returns how many lines wait for the rest of a message. */
unsigned fp_pass_n_waiting(const FpPass *pass);

/* Returns how many lines have been written, or counted. */
uint64_t fp_pass_n_lines(const FpPass *pass);

/* Replaces what bytes holds by the messages that go on, so that they can go on in a later pass; nothing when there are none. */
void fp_pass_save_messages(const FpPass *pass, GByteArray *bytes);

/* Returns whether bytes that fp_pass_save_messages gave have messages that wait for replies, which versions that know nothing of these
 * cannot read. */
bool fp_pass_saved_replies(const GByteArray *bytes);

/* Has what fp_pass_save_messages gave go on in a pass that has logged nothing yet. are_over: their streams do not go on, so that what there
 * is of them has to do. */
void fp_pass_load_messages(FpPass *pass, const GByteArray *bytes, bool are_over);

/* Reads up to max records of capture, at most FP_PASS_BATCH, and takes them. Returns their number, 0 at the end, or -1 and sets error. */
#define FP_PASS_BATCH 64
int fp_pass_take(FpPass *pass, FpCapture *capture, int max, GError **error);

/* Skips the next n records of capture, which were taken before. Returns false and sets error. */
bool fp_pass_skip(FpPass *pass, FpCapture *capture, uint64_t n, GError **error);

/* Creates threads that read ahead for this pass: see fp_read_ahead_new. Free it before the pass. */
FpReadAhead *fp_pass_new_ahead(const FpPass *pass, unsigned threads, uint64_t memory_bytes);

/* Takes records of capture from ahead, where that is possible, until fp_pass_end_ahead. Meanwhile, and afterwards, the capture may only be
 * asked for what its records need, and for how far it has been taken. ahead NULL: the pass reads itself. */
void fp_pass_begin_ahead(FpPass *pass, FpReadAhead *ahead, FpCapture *capture);

/* Ends that. Call it before the capture is closed. */
void fp_pass_end_ahead(FpPass *pass);

/* Whether the last failure was in reading the capture rather than in writing. */
bool fp_pass_failed_reading(const FpPass *pass);

/* The time of the newest record so far, since 1970; 0: there was none. */
int64_t fp_pass_newest_ns(const FpPass *pass);

/* Returns the times of the first and last record of the last fp_pass_take. */
void fp_pass_batch_times(const FpPass *pass, int64_t *first_ns, int64_t *last_ns);

/* Forgets IP fragments that wait, as the next capture does not continue the last one. */
void fp_pass_forget_fragments(FpPass *pass);

/* Adds what is known only at the end to the summary. */
void fp_pass_sum_up(FpPass *pass);

/* Creates a stream table for a new pass. Its seed is random: otherwise whoever sends the packets could choose endpoints that all land in
 * one place of the table. are_saved: the table can be saved. Returns NULL and sets error. */
FpStreams *fp_pass_new_streams(const FpSelection *selection, bool are_saved, GError **error);

#endif
