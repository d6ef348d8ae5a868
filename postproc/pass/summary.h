/* SPDX-License-Identifier: GPL-2.0-or-later */
/* summary.h - what was seen and done, in numbers, and how people are told. */
#ifndef FP_SUMMARY_H
#define FP_SUMMARY_H

#include <glib.h>
#include <stdio.h>

#include "capture/capture-live.h"
#include "decode/decode.h"
#include "streams.h"

typedef struct {
    uint64_t frames;
    uint64_t filtered;              /* of these, left out by the filter */
    uint64_t decoded[FP_N_DECODED]; /* frames by what came of them */
    uint64_t kept;
    uint64_t kept_fragments; /* besides */
    uint64_t streams_with_payload;
    uint64_t unmatched;      /* streams with payload that the display filter left out */
    uint64_t unjudged;       /* and that it could not be asked of: they were kept */
    uint64_t without_fields; /* that the fields could not be asked of */
    uint64_t hurried;        /* whose fields were asked for before their flight was over, as too much waited */
    uint64_t late;           /* streams with payload whose handshake was forgotten, as they were silent for long */
    uint64_t bytes_in;
    uint64_t bytes_out;
    uint64_t datagrams_forgotten; /* incomplete, as too many waited */
    uint64_t captures_cut;        /* whose last record was cut */
    bool is_interrupted;          /* all inputs were files, and a signal came before they were read */
    bool has_drops;               /* the capture was live */
    FpDrops drops;
    FpStreamsStats streams;
} FpSummary;

/* How many answers of tshark's are missing: fields of streams, and whether they match. */
uint64_t fp_summary_unanswered(const FpSummary *summary);

/* Prints what matters in one line, for people who look at what came of it anyway. */
void fp_summary_print_line(const FpSummary *summary, FILE *file);

/* Prints it for people. left: what the frames had that have no segment. has_output: there was a capture to keep frames in. */
void fp_summary_print(const FpSummary *summary, const FpNoSegmentCounts *left, bool has_output, FILE *file);

#endif
