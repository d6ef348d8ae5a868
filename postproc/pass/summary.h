/* SPDX-License-Identifier: GPL-2.0-or-later */
/* summary.h - what was seen and done, in numbers, and how it is printed. */
#ifndef FP_SUMMARY_H
#define FP_SUMMARY_H

#include <glib.h>
#include <stdio.h>

#include "capture/capture-live.h"
#include "decode/decode.h"
#include "streams.h"

typedef struct {
    uint64_t frames;
    uint64_t filtered;              /* of these, not matched by the filter */
    uint64_t decoded[FP_N_DECODED]; /* frames by what they decoded to */
    uint64_t kept;
    uint64_t kept_fragments; /* on top of kept */
    uint64_t streams_with_payload;
    uint64_t unmatched;      /* streams with payload that a display filter, or a choice of messages, left out */
    uint64_t unjudged;       /* those that it could not judge, and that were kept */
    uint64_t without_fields; /* streams whose fields tshark could not be asked for */
    uint64_t hurried;        /* streams whose fields were asked for before their flight was over, as too much waited */
    uint64_t late;           /* streams with payload that were silent for so long that their handshake was forgotten */
    uint64_t bytes_in;
    uint64_t bytes_out;
    uint64_t datagrams_forgotten; /* IP datagrams dropped incomplete, as too many waited */
    uint64_t captures_cut;        /* captures whose last record was truncated */
    uint64_t unwritten;           /* about how many records and lines were dropped, as the disk was full */
    int unread_status;            /* FP_ERROR_... of the first of several captures that could not be opened, or read further; 0: none */
    bool is_interrupted;          /* all inputs were files, and a signal came before all were read */
    bool has_drops;               /* the capture was live */
    FpDrops drops;
    uint64_t cut_by_kernel; /* frames that --kernel-cut left in the kernel; they are not among frames */
    FpStreamsStats streams;
} FpSummary;

/* How many of tshark's answers are missing: fields of streams, and whether they match. */
uint64_t fp_summary_unanswered(const FpSummary *summary);

/* How many streams the table had no room for. */
uint64_t fp_summary_forgotten_streams(const FpSummary *summary);

/* Prints what matters in one line, for people who look at the result anyway. */
void fp_summary_print_line(const FpSummary *summary, FILE *file);

/* Prints all of it for people. left: what frames without a segment held. has_output: frames were kept in a capture. */
void fp_summary_print(const FpSummary *summary, const FpNoSegmentCounts *left, bool has_output, FILE *file);

#endif
