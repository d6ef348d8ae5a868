/* SPDX-License-Identifier: GPL-2.0-or-later */
/* summary.c - see summary.h. */
#include "summary.h"

#include <inttypes.h>

#define LEFT_MAX 24

uint64_t fp_summary_forgotten_streams(const FpSummary *summary)
{
    const FpStreamsStats *streams = &summary->streams;

    return streams->forgotten_unanswered + streams->forgotten_closed + streams->forgotten_idle;
}

static void print_forgotten(const FpSummary *summary, FILE *file)
{
    const FpStreamsStats *streams = &summary->streams;
    uint64_t forgotten = fp_summary_forgotten_streams(summary);

    if (forgotten == 0)
        return;
    fprintf(file,
            "forgotten       %" PRIu64 " streams, as the table was full: %" PRIu64 " unanswered, %" PRIu64 " closed, %" PRIu64
            " idle; frames of those that go on are taken for new streams (--max-streams, --max-memory)\n",
            forgotten, streams->forgotten_unanswered, streams->forgotten_closed, streams->forgotten_idle);
}

uint64_t fp_summary_unanswered(const FpSummary *summary)
{
    return summary->unjudged + summary->without_fields;
}

/* Prints frames by what they decoded to. Those that lead to something other than what is wanted are counted by its name, as many names as
 * fit a page. */
static void print_decoded(const FpSummary *summary, const FpNoSegmentCounts *left, FILE *file)
{
    FpNoSegmentCount top[LEFT_MAX];
    uint64_t rest;
    size_t n = fp_no_segment_counts_top(left, top, LEFT_MAX, &rest);

    fprintf(file, "  %-28s %" PRIu64 "\n", fp_decoded_name(FP_DECODED_SEGMENT), summary->decoded[FP_DECODED_SEGMENT]);
    if (summary->decoded[FP_DECODED_DATAGRAM] > 0)
        fprintf(file, "  %-28s %" PRIu64 "\n", fp_decoded_name(FP_DECODED_DATAGRAM), summary->decoded[FP_DECODED_DATAGRAM]);
    for (size_t i = 0; i < n; i++) {
        char name[FP_NO_SEGMENT_NAME_BYTES];
        fp_no_segment_name(top[i].left, name, sizeof name);
        fprintf(file, "  %-28s %" PRIu64 "\n", name, top[i].n);
    }
    if (rest > 0)
        fprintf(file, "  %-28s %" PRIu64 "\n", fp_decoded_name(FP_DECODED_LEFT), rest);
    for (int i = FP_DECODED_FRAGMENT; i < FP_N_DECODED; i++)
        if (summary->decoded[i] > 0)
            fprintf(file, "  %-28s %" PRIu64 "\n", fp_decoded_name((FpDecoded)i), summary->decoded[i]);
}

void fp_summary_print(const FpSummary *summary, const FpNoSegmentCounts *left, bool has_output, FILE *file)
{
    fprintf(file, "frames          %" PRIu64 "\n", summary->frames);
    if (summary->filtered > 0)
        fprintf(file, "  %-28s %" PRIu64 "\n", "not matched by -f", summary->filtered);
    print_decoded(summary, left, file);
    fprintf(file, "streams         %" PRIu64 ", %" PRIu64 " with payload\n", summary->streams.started, summary->streams_with_payload);
    print_forgotten(summary, file);
    if (summary->unmatched > 0)
        fprintf(file, "left out        %" PRIu64 " streams that -Y, --only or --sni does not match\n", summary->unmatched);
    if (summary->unjudged > 0)
        fprintf(file, "unjudged        %" PRIu64 " streams that -Y could not judge, and that were kept\n", summary->unjudged);
    if (summary->without_fields > 0)
        fprintf(file, "no fields       of %" PRIu64 " streams, as tshark could not be asked\n", summary->without_fields);
    if (summary->hurried > 0)
        fprintf(file, "hurried         %" PRIu64 " streams whose fields were taken before their flight was over, as too much waited\n",
                summary->hurried);
    if (summary->late > 0)
        fprintf(file, "late            %" PRIu64 " streams that spoke only after their handshake was forgotten\n", summary->late);
    if (summary->has_drops)
        fprintf(file, "dropped         %" PRIu64 " frames by the kernel, %" PRIu64 " by the interface%s\n", summary->drops.by_kernel,
                summary->drops.by_interface, summary->drops.by_kernel > 0 ? "; a larger buffer (-B) or a filter (-f) helps" : "");
    if (summary->unwritten > 0)
        fprintf(file, "not written     some %" PRIu64 " frames and lines, as the disk was full\n", summary->unwritten);
    if (summary->cut_by_kernel > 0)
        fprintf(file, "cut             %" PRIu64 " frames by the kernel, in which nothing could matter (--kernel-cut)\n",
                summary->cut_by_kernel);
    if (summary->datagrams_forgotten > 0)
        fprintf(file, "forgotten       %" PRIu64 " IP datagrams, as too many waited for their fragments\n", summary->datagrams_forgotten);
    if (has_output && summary->kept_fragments > 0)
        fprintf(file, "kept            %" PRIu64 " frames, and %" PRIu64 " fragments that belong to them\n", summary->kept,
                summary->kept_fragments);
    else if (has_output)
        fprintf(file, "kept            %" PRIu64 " frames\n", summary->kept);
    if (has_output)
        fprintf(file, "bytes           %" PRIu64 " in, %" PRIu64 " out\n", summary->bytes_in, summary->bytes_out);
    else
        fprintf(file, "bytes           %" PRIu64 " in\n", summary->bytes_in);
}

void fp_summary_print_line(const FpSummary *summary, FILE *file)
{
    const struct {
        uint64_t n;
        const char *what;
    } besides[] = {
        {summary->unmatched, "not matched by -Y, --only or --sni"},
        {summary->unjudged, "not judged by -Y"},
        {fp_summary_forgotten_streams(summary), "forgotten, as the table was full (--max-streams)"},
        {summary->has_drops ? summary->drops.by_kernel : 0, "frames dropped by the kernel"},
    };

    fprintf(file, "%" PRIu64 " frames, %" PRIu64 " streams, %" PRIu64 " with payload", summary->frames, summary->streams.started,
            summary->streams_with_payload);
    for (size_t i = 0; i < G_N_ELEMENTS(besides); i++)
        if (besides[i].n > 0)
            fprintf(file, ", %" PRIu64 " %s", besides[i].n, besides[i].what);
    fputc('\n', file);
}
