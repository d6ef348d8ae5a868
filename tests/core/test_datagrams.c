/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_datagrams.c - UDP in core/: what a QUIC long header is, what streams of datagrams cost, and what is kept of them. */
#include <glib.h>
#include <string.h>

#include "same-verdict.h"
#include "streams.h"

#define SECOND G_GINT64_CONSTANT(1000000000)

/* A long header of version 1 with an empty destination connection ID, up to the length of the source connection ID. */
static const guint8 shortest[] = {0xc0, 0, 0, 0, 1, 0, 0};

/* Asks about a copy that ends where reading is forbidden, which the sanitizers watch. */
static gboolean is_quic(const guint8 *bytes, gsize n)
{
    g_autofree guint8 *copy = g_memdup2(bytes, n);

    return fp_datagram_is_quic_long(copy, n);
}

static gboolean is_quic_with(gsize at, guint8 byte)
{
    guint8 header[sizeof shortest];

    memcpy(header, shortest, sizeof header);
    header[at] = byte;
    return is_quic(header, sizeof header);
}

static void test_first_byte(void)
{
    for (guint first = 0; first < 256; first++)
        g_assert_cmpint(is_quic_with(0, (guint8)first), ==, (first & 0xc0) == 0xc0);
}

static void test_versions(void)
{
    static const struct {
        guint32 version;
        gboolean known;
    } rows[] = {
        {0, FALSE},          {1, TRUE},          {2, FALSE},          {0x6b3343cf, TRUE},  {0x6b3343d0, FALSE},
        {0xff00001a, FALSE}, {0xff00001b, TRUE}, {0xff000022, TRUE},  {0xff000023, FALSE}, {0xfaceafff, FALSE},
        {0xfaceb000, TRUE},  {0xfaceb01f, TRUE}, {0xfaceb020, FALSE}, {0x0a0a0a0a, FALSE}, {0x51303433, FALSE},
    };

    for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
        guint8 header[sizeof shortest];
        guint32 version = GUINT32_TO_BE(rows[i].version);
        memcpy(header, shortest, sizeof header);
        memcpy(header + 1, &version, 4);
        g_test_message("0x%08x", rows[i].version);
        g_assert_cmpint(is_quic(header, sizeof header), ==, rows[i].known);
    }
}

static void test_connection_ids(void)
{
    guint8 header[300] = {0xc3, 0, 0, 0, 1};

    for (guint destination = 0; destination < 256; destination++) {
        for (guint source = 0; source < 256; source++) {
            header[5] = (guint8)destination;
            header[6 + destination] = (guint8)source;
            g_assert_cmpint(is_quic(header, 7 + destination), ==, destination <= 20 && source <= 20);
        }
        header[6 + destination] = 0;
    }
}

static void test_cut_headers(void)
{
    guint8 header[27] = {0xc3, 0, 0, 0, 1, 20};

    for (gsize n = 0; n <= sizeof header; n++)
        g_assert_cmpint(is_quic(header, n), ==, n == sizeof header);
}

static FpStreams *table(unsigned transports)
{
    FpRules rules = {.flight_bytes = FP_FLIGHT_BYTES_DEFAULT, .transports = transports};
    FpStreams *streams = fp_streams_new(&rules, 1, 1000000);

    g_assert_nonnull(streams);
    return streams;
}

static guint64 n_open(const FpStreams *streams)
{
    FpStreamsStats stats;

    fp_streams_stats(streams, &stats);
    return stats.open;
}

/* Gives the table a datagram of a client to the server, or of the server to that client. */
static FpVerdict give(FpStreams *streams, guint32 client, gboolean is_reply, guint32 payload_bytes, gboolean is_quic_long)
{
    guint32 addresses[2] = {is_reply ? 0xffffffff : client, is_reply ? client : 0xffffffff};
    FpSegment segment = {.source = (const guint8 *)&addresses[0],
                         .destination = (const guint8 *)&addresses[1],
                         .address_bytes = 4,
                         .source_port = 53,
                         .destination_port = 53,
                         .header_bytes = FP_UDP_HEADER_BYTES,
                         .segment_bytes = FP_UDP_HEADER_BYTES + payload_bytes,
                         .transport = FP_TRANSPORT_UDP,
                         .is_quic_long = is_quic_long,
                         .time_ns = SECOND};
    FpVerdict verdict;

    memset(&verdict, 0xff, sizeof verdict);
    fp_streams_take(streams, fp_streams_key(streams, &segment), &segment, &verdict);
    return verdict;
}

static gboolean says_nothing(const FpVerdict *verdict)
{
    static const FpVerdict nothing;

    return same_verdict(verdict, &nothing);
}

static void test_nothing_is_kept_of_others(gconstpointer data)
{
    FpStreams *streams = table(GPOINTER_TO_UINT(data));
    FpStreamsStats stats;

    for (guint32 client = 1; client <= 100000; client++) {
        FpVerdict query = give(streams, client, FALSE, 40, FALSE), reply = give(streams, client, TRUE, 100, FALSE);
        g_assert_true(says_nothing(&query) && says_nothing(&reply));
    }
    fp_streams_stats(streams, &stats);
    g_assert_cmpuint(stats.open + stats.started, ==, 0);
    fp_streams_free(streams);
}

static void test_quic_behind_others(void)
{
    FpStreams *streams = table(FP_TAKES_QUIC);

    g_assert_cmpuint(give(streams, 1, FALSE, 40, FALSE).classes, ==, 0);
    FpVerdict verdict = give(streams, 1, TRUE, 1200, TRUE);
    g_assert_true(verdict.begins);
    g_assert_cmpuint(verdict.classes, ==, FP_CLASS_FIRST | FP_CLASS_FLIGHT);
    g_assert_cmpuint(give(streams, 1, FALSE, 40, FALSE).classes, ==, FP_CLASS_REPLY); /* any header from here on */
    g_assert_cmpuint(n_open(streams), ==, 1);
    fp_streams_free(streams);
}

static void test_udp_takes_all(void)
{
    FpStreams *streams = table(FP_TAKES_UDP | FP_TAKES_QUIC);
    FpVerdict empty = give(streams, 1, FALSE, 0, FALSE);

    g_assert_true(empty.begins);
    g_assert_cmpuint(empty.classes, ==, 0);
    FpVerdict first = give(streams, 1, TRUE, 16384, FALSE);
    g_assert_cmpuint(first.classes, ==, FP_CLASS_FIRST | FP_CLASS_FLIGHT);
    g_assert_false(first.ends_flight || first.midstream || first.has_syn);
    g_assert_cmpint(first.side, ==, FP_SIDE_UNKNOWN);
    FpVerdict beyond = give(streams, 1, TRUE, 1, FALSE);
    g_assert_cmpuint(beyond.classes, ==, 0);
    g_assert_true(beyond.ends_flight);
    g_assert_false(give(streams, 1, FALSE, 1, FALSE).ends_flight);
    fp_streams_free(streams);
}

/* What a side has sent is counted up to 4 GiB, and no further. */
static void test_much_is_sent(void)
{
    FpStreams *streams = table(FP_TAKES_UDP);

    for (guint i = 0; i < 70000; i++)
        g_assert_cmpuint(give(streams, 1, FALSE, 65507, FALSE).classes != 0, ==, i == 0);
    fp_streams_free(streams);
}

/* TCP on the endpoints of a stream of datagrams has a stream of its own. */
static void test_transports_are_apart(void)
{
    FpStreams *streams = table(FP_TAKES_TCP | FP_TAKES_UDP);
    guint32 addresses[2] = {1, 0xffffffff};
    FpSegment segment = {.source = (const guint8 *)&addresses[0],
                         .destination = (const guint8 *)&addresses[1],
                         .address_bytes = 4,
                         .source_port = 53,
                         .destination_port = 53,
                         .header_bytes = 20,
                         .segment_bytes = 30,
                         .flags = FP_TCP_ACK};
    FpVerdict verdict;

    g_assert_cmpuint(give(streams, 1, FALSE, 9, FALSE).classes, ==, FP_CLASS_FIRST | FP_CLASS_FLIGHT);
    fp_streams_take(streams, fp_streams_key(streams, &segment), &segment, &verdict);
    g_assert_cmpuint(verdict.classes, ==, FP_CLASS_FIRST | FP_CLASS_FLIGHT);
    g_assert_cmpuint(verdict.stream, ==, 1);
    g_assert_cmpuint(give(streams, 1, TRUE, 9, FALSE).classes, ==, FP_CLASS_REPLY);
    g_assert_cmpuint(n_open(streams), ==, 2);
    fp_streams_free(streams);
}

/* A stream that has been answered takes as little as one of TCP: 16 bytes and its slot. */
static void test_a_stream_takes_no_more(void)
{
    FpStreams *streams = table(FP_TAKES_UDP);
    FpStreamsStats before, after;

    for (guint32 client = 0; client < 400000; client++) {
        give(streams, client, FALSE, 9, FALSE);
        give(streams, client, TRUE, 9, FALSE);
    }
    fp_streams_stats(streams, &before);
    for (guint32 client = 400000; client < 800000; client++) {
        give(streams, client, FALSE, 9, FALSE);
        give(streams, client, TRUE, 9, FALSE);
    }
    fp_streams_stats(streams, &after);
    g_assert_cmpuint((after.table_bytes - before.table_bytes) / 400000, <=, 48);
    fp_streams_free(streams);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/datagrams/first-byte", test_first_byte);
    g_test_add_func("/datagrams/versions", test_versions);
    g_test_add_func("/datagrams/connection-ids", test_connection_ids);
    g_test_add_func("/datagrams/cut-headers", test_cut_headers);
    g_test_add_data_func("/datagrams/nothing-is-kept-by-quic", GUINT_TO_POINTER(FP_TAKES_TCP | FP_TAKES_QUIC),
                         test_nothing_is_kept_of_others);
    g_test_add_data_func("/datagrams/nothing-is-kept-by-tcp", GUINT_TO_POINTER(FP_TAKES_TCP), test_nothing_is_kept_of_others);
    g_test_add_data_func("/datagrams/nothing-is-kept-by-default", GUINT_TO_POINTER(0), test_nothing_is_kept_of_others);
    g_test_add_func("/datagrams/quic-behind-others", test_quic_behind_others);
    g_test_add_func("/datagrams/udp-takes-all", test_udp_takes_all);
    g_test_add_func("/datagrams/much-is-sent", test_much_is_sent);
    g_test_add_func("/datagrams/transports-are-apart", test_transports_are_apart);
    g_test_add_func("/datagrams/a-stream-takes-no-more", test_a_stream_takes_no_more);
    return g_test_run();
}
