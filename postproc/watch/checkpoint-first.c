/* SPDX-License-Identifier: GPL-2.0-or-later */
/* checkpoint-first.c - see checkpoint-first.h. */
#include "checkpoint-first.h"

#include <string.h>

/* What frames decoded to. Those without a name here have the same number today. */
enum { NOT_TCP = 2, TUNNEL = 6, LINK = 7, N_DECODED = 9 };

/* FpTotals of that version. */
typedef struct {
    uint64_t files;
    uint64_t files_empty;
    uint64_t files_failed;
    int64_t last_frame_ns;
    uint64_t frames;
    uint64_t filtered;
    uint64_t decoded[N_DECODED];
    uint64_t kept;
    uint64_t kept_fragments;
    uint64_t streams_with_payload;
    uint64_t unmatched;
    uint64_t unjudged;
    uint64_t without_fields;
    uint64_t hurried;
    uint64_t late;
    uint64_t bytes_in;
    uint64_t bytes_out;
    uint64_t datagrams_forgotten;
    uint64_t captures_cut;
    uint64_t has_drops; /* a bool, and what fills its place */
    uint64_t drops[2];
    uint64_t streams[6];
} First;

G_STATIC_ASSERT(sizeof(First) == FP_CHECKPOINT_FIRST_BYTES);
G_STATIC_ASSERT(sizeof(FpStreamsStats) == sizeof((First){0}.streams) && FP_N_DECODED == N_DECODED);

/* Several reasons for which a frame had no segment are one today. */
static void convert_decoded(const First *first, FpSummary *summary)
{
    memcpy(summary->decoded, first->decoded, sizeof first->decoded);
    summary->decoded[FP_DECODED_LEFT] += first->decoded[NOT_TCP] + first->decoded[TUNNEL] + first->decoded[LINK];
    summary->decoded[NOT_TCP] = summary->decoded[TUNNEL] = summary->decoded[LINK] = 0;
}

void fp_checkpoint_convert_first(const uint8_t *bytes, FpTotals *totals)
{
    First first;

    memcpy(&first, bytes, sizeof first);
    *totals = (FpTotals){
        .files = first.files,
        .files_empty = first.files_empty,
        .files_failed = first.files_failed,
        .last_frame_ns = first.last_frame_ns,
        .summary = {.frames = first.frames,
                    .filtered = first.filtered,
                    .kept = first.kept,
                    .kept_fragments = first.kept_fragments,
                    .streams_with_payload = first.streams_with_payload,
                    .unmatched = first.unmatched,
                    .unjudged = first.unjudged,
                    .without_fields = first.without_fields,
                    .hurried = first.hurried,
                    .late = first.late,
                    .bytes_in = first.bytes_in,
                    .bytes_out = first.bytes_out,
                    .datagrams_forgotten = first.datagrams_forgotten,
                    .captures_cut = first.captures_cut},
    };
    convert_decoded(&first, &totals->summary);
    memcpy(&totals->summary.streams, first.streams, sizeof first.streams);
}
