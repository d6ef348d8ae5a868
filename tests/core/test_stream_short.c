/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_stream_short.c - the short ways of a stream (stream-short.c) against fp_stream_take: in states that random segments lead to, both
 * are given the same segment. What a short way takes, it takes with the same result, and what it does not take it leaves alone.
 */
#include <glib.h>
#include <string.h>

#include "stream.h"

enum { STREAMS = 20000, SEGMENTS = 12 };

#define PICK(rand, ...) pick(rand, (const guint32[]){__VA_ARGS__}, G_N_ELEMENTS(((const guint32[]){__VA_ARGS__})))

static guint32 pick(GRand *rand, const guint32 *values, gsize n)
{
    return values[g_rand_int_range(rand, 0, (gint32)n)];
}

static const FpRules rules = {.flight_bytes = FP_FLIGHT_BYTES_DEFAULT, .asked = FP_CLASS_CLOSING};

static guint n_answers, n_taken, n_left_for[9], n_in[9]; /* by the bit of what was wanted, or said */

/* Mostly what a connection has, and at times anything else. */
static FpSegment random_segment(GRand *rand, guint i)
{
    FpSegment segment = {
        .time_ns = (gint64)i * 1000,
        .seq = PICK(rand, 0, 1, 2, 0xffffffff, 0x7fffffff, 0x80000001),
        .ack = PICK(rand, 0, 1, 2),
        .flags = (guint8)PICK(rand, FP_TCP_SYN, FP_TCP_SYN | FP_TCP_ACK, FP_TCP_SYN | FP_TCP_ACK, FP_TCP_ACK, FP_TCP_ACK, FP_TCP_ACK, 0, 8,
                              FP_TCP_RST, FP_TCP_FIN | FP_TCP_ACK, FP_TCP_SYN | FP_TCP_RST, FP_TCP_SYN | FP_TCP_FIN | FP_TCP_ACK),
        .window = (guint16)PICK(rand, 0, 1, 1000, 1000, 1000),
        .header_bytes = (guint8)PICK(rand, 16, 20, 20, 20, 20, 60),
        .length_unknown = PICK(rand, 0, 0, 0, 0, 0, 0, 1) != 0,
    };

    if (i == 0 && g_rand_boolean(rand))
        return (FpSegment){.seq = segment.seq, .flags = FP_TCP_SYN, .window = 1, .header_bytes = 20, .segment_bytes = 20};
    segment.segment_bytes = segment.header_bytes + PICK(rand, 0, 0, 0, 0, 1, 10, 0xffffffff);
    return segment;
}

/* What fp_stream_take says, as wanted says it. */
static unsigned said(const FpVerdict *verdict)
{
    return verdict->classes | (verdict->ends_flight ? FP_WANTS_ENDS : 0);
}

/* Some classes, or none. */
static unsigned random_wanted(GRand *rand)
{
    return g_rand_boolean(rand) ? 0 : PICK(rand, FP_CLASS_REPLY, FP_CLASS_HANDSHAKE, FP_CLASS_CLOSING, FP_WANTS_ENDS);
}

/* taken: what fp_stream_take makes of stream. */
static void compare(const FpStream *stream, const FpStream *taken, unsigned direction, const FpSegment *segment, unsigned wanted,
                    const FpVerdict *verdict)
{
    FpStream other = *stream;

    if (!fp_stream_is_told_by_marks(stream))
        return;
    if (!fp_stream_take_short(&other, direction, segment, wanted)) {
        g_assert_true(memcmp(&other, stream, sizeof(FpStream)) == 0);
        for (guint i = 0; i < G_N_ELEMENTS(n_left_for); i++)
            n_left_for[i] += said(verdict) & wanted & 1U << i ? 1 : 0;
        return;
    }
    g_assert_true(memcmp(&other, taken, sizeof(FpStream)) == 0);
    g_assert_cmpuint(said(verdict) & wanted, ==, 0);
    n_taken++;
    for (guint i = 0; i < G_N_ELEMENTS(n_in); i++)
        n_in[i] += said(verdict) >> i & 1;
}

static void compare_answer(const FpStream *stream, const FpStream *taken, unsigned direction, const FpSegment *segment,
                           const FpVerdict *verdict)
{
    FpStreamBrief brief;
    FpStream other;

    memset(&other, 0xa5, sizeof other);
    if (fp_stream_abridge(stream, &rules, &brief) != FP_STREAM_SYN || !fp_stream_syn_is_answered_by(&brief, direction, segment))
        return;
    g_assert_false(fp_stream_is_over(stream, direction, segment));
    fp_stream_begin_answered(&brief, direction, segment, &other);
    g_assert_true(memcmp(&other, taken, sizeof(FpStream)) == 0);
    g_assert_cmpuint(said(verdict), ==, FP_CLASS_HANDSHAKE);
    g_assert_true(fp_stream_is_told_by_marks(&other));
    g_assert_false(fp_stream_is_settled(&other, &rules) || fp_stream_is_answered(&other) || fp_stream_is_closed(&other));
    n_answers++;
}

static void test_short_ways(void)
{
    g_autoptr(GRand) rand = g_rand_new_with_seed(3);

    for (guint32 number = 0; number < STREAMS; number++) {
        FpStream stream;
        fp_stream_begin(&stream, number, 0);
        for (guint i = 0; i < SEGMENTS; i++) {
            const FpSegment segment = random_segment(rand, i);
            const unsigned direction = (unsigned)g_rand_int_range(rand, 0, 2);
            FpStream taken = stream;
            FpVerdict verdict;
            if (fp_stream_is_over(&stream, direction, &segment))
                fp_stream_begin(&taken, number, segment.time_ns);
            fp_stream_take(&taken, NULL, direction, &segment, &rules, &verdict);
            compare(&stream, &taken, direction, &segment, random_wanted(rand), &verdict);
            compare_answer(&stream, &taken, direction, &segment, &verdict);
            stream = taken;
        }
    }
    g_assert_cmpuint(n_answers, >, 500);
    g_assert_cmpuint(n_taken, >, 10000);
    for (guint i = 0; i < G_N_ELEMENTS(n_in); i++) {
        const gboolean may_be = ((FP_CLASS_REPLY | FP_CLASS_HANDSHAKE | FP_CLASS_CLOSING | FP_WANTS_ENDS) >> i & 1) != 0;
        g_assert_true(may_be ? n_in[i] > 500 && n_left_for[i] > 100 : n_in[i] == 0);
    }
}

static FpSegment bare(guint32 seq, unsigned flags)
{
    return (FpSegment){.seq = seq, .ack = 1, .flags = (guint8)flags, .window = 1000, .header_bytes = 20, .segment_bytes = 20};
}

/* What is in no class goes the short way whatever is wanted. That is all that it is for: the long way says the same. */
static void test_in_no_class(void)
{
    FpSegment segments[] = {bare(100, FP_TCP_SYN), bare(200, FP_TCP_SYN | FP_TCP_ACK), bare(101, FP_TCP_ACK), bare(101, FP_TCP_ACK),
                            bare(201, FP_TCP_ACK)};
    FpStream stream;
    FpVerdict verdict;

    fp_stream_begin(&stream, 1, 0);
    for (guint i = 0; i < G_N_ELEMENTS(segments); i++) {
        const unsigned from_server = i == 1 || i == 4;
        const gboolean is_taken = fp_stream_is_told_by_marks(&stream) && fp_stream_take_short(&stream, from_server, &segments[i], 0xfff);
        g_assert_cmpint(is_taken, ==, i > 2); /* before the handshake's end it is in a class */
        if (!is_taken)
            fp_stream_take(&stream, NULL, from_server, &segments[i], &rules, &verdict);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/stream-short/as-fp-stream-take", test_short_ways);
    g_test_add_func("/stream-short/in-no-class", test_in_no_class);
    return g_test_run();
}
