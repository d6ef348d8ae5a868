/* SPDX-License-Identifier: GPL-2.0-or-later */
/* table.c - see table.h. */
#include "table.h"

Pair pair_of(guint32 number)
{
    Pair pair = {.address_bytes = 4, .address = {{10}, {192, 0, 2, 1}}, .port = {0, 443}};

    pair.address[0][1] = (guint8)(number >> 22);
    pair.address[0][2] = (guint8)(number >> 14);
    pair.address[0][3] = (guint8)(number >> 6);
    pair.port[0] = (guint16)(1024 + (number & 63));
    return pair;
}

FpSegment segment_of(const Pair *pair, guint from, unsigned flags, guint32 seq, guint32 payload_bytes)
{
    return (FpSegment){
        .source = pair->address[from],
        .destination = pair->address[!from],
        .source_port = pair->port[from],
        .destination_port = pair->port[!from],
        .address_bytes = pair->address_bytes,
        .flags = (guint8)flags,
        .seq = seq,
        .ack = 1,
        .window = 1000,
        .header_bytes = 20,
        .segment_bytes = 20 + payload_bytes,
    };
}

FpStreams *table(guint64 seed, gsize max_streams)
{
    FpRules rules = {.flight_bytes = FP_FLIGHT_BYTES_DEFAULT};
    FpStreams *streams = seed % 2 ? fp_streams_new(&rules, seed, max_streams) : fp_streams_new_for_saving(&rules, seed, max_streams);

    g_assert_nonnull(streams);
    return streams;
}

FpVerdict give(FpStreams *streams, guint32 number, guint from, unsigned flags, guint32 payload_bytes, gint64 time_ns)
{
    Pair pair = pair_of(number);
    FpSegment segment = segment_of(&pair, from, flags, flags & FP_TCP_SYN ? 100 : 101, payload_bytes);
    FpVerdict verdict;

    segment.time_ns = time_ns;
    fp_streams_take(streams, fp_streams_key(streams, &segment), &segment, &verdict);
    return verdict;
}

FpStreamsStats stats_of(const FpStreams *streams)
{
    FpStreamsStats stats;

    fp_streams_stats(streams, &stats);
    return stats;
}
