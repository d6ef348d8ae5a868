/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_stream.c - one stream: what scenarios cannot express.
 *
 * The rules that may be adjusted, the size, and what the table asks when it must forget streams.
 */
#include <glib.h>

#include "stream.h"

#define SECOND G_GINT64_CONSTANT(1000000000)

enum { CLIENT, SERVER };

static uint32_t anchors[2]; /* the stream whose opening is asked about */

static uint32_t *anchors_of(const FpRules *rules)
{
    return rules->asked & FP_CLASS_OPENING ? anchors : NULL;
}

static FpVerdict take(FpStream *stream, unsigned direction, unsigned flags, uint32_t seq, uint32_t payload_bytes, const FpRules *rules)
{
    FpSegment segment = {
        .seq = seq, .ack = 1, .flags = (uint8_t)flags, .header_bytes = 20, .window = 1000, .segment_bytes = 20 + payload_bytes};
    FpRules usual = {.flight_bytes = FP_FLIGHT_BYTES_DEFAULT};
    FpVerdict verdict;

    fp_stream_take(stream, rules ? anchors_of(rules) : NULL, direction, &segment, rules ? rules : &usual, &verdict);
    return verdict;
}

static FpStream begin(void)
{
    FpStream stream;

    fp_stream_begin(&stream, 7, 0);
    return stream;
}

static void test_size(void)
{
    g_assert_cmpuint(sizeof(FpStream), ==, 40);
}

static void test_number_is_said(void)
{
    FpStream stream = begin();

    g_assert_cmpuint(take(&stream, CLIENT, FP_TCP_SYN, 100, 0, NULL).stream, ==, 7);
}

static void test_flight_bytes(void)
{
    FpRules rules = {.flight_bytes = 100};
    FpStream stream = begin();

    take(&stream, CLIENT, FP_TCP_SYN, 1000, 0, &rules);
    g_assert_cmpuint(take(&stream, CLIENT, FP_TCP_ACK, 1001, 50, &rules).classes, ==, FP_CLASS_FIRST | FP_CLASS_FLIGHT);
    g_assert_cmpuint(take(&stream, CLIENT, FP_TCP_ACK, 1051, 49, &rules).classes, ==, FP_CLASS_FLIGHT);
    g_assert_cmpuint(take(&stream, CLIENT, FP_TCP_ACK, 1100, 50, &rules).classes, ==, FP_CLASS_FLIGHT);
    g_assert_cmpuint(take(&stream, CLIENT, FP_TCP_ACK, 1101, 50, &rules).classes, ==, 0);
}

static void test_flight_of_no_bytes_is_the_first(void)
{
    FpRules rules = {.flight_bytes = 0};
    FpStream stream = begin();

    take(&stream, CLIENT, FP_TCP_SYN, 1000, 0, &rules);
    g_assert_cmpuint(take(&stream, CLIENT, FP_TCP_ACK, 1001, 50, &rules).classes, ==, FP_CLASS_FIRST | FP_CLASS_FLIGHT);
    g_assert_cmpuint(take(&stream, CLIENT, FP_TCP_ACK, 1001, 50, &rules).classes, ==, 0);

    stream = begin(); /* data in a SYN begins at 0, too */
    take(&stream, CLIENT, FP_TCP_SYN, 1000, 5, &rules);
    g_assert_cmpuint(take(&stream, CLIENT, FP_TCP_SYN, 1000, 5, &rules).classes, ==, FP_CLASS_HANDSHAKE);
}

static void test_flight_of_most_bytes(void)
{
    FpRules rules = {.flight_bytes = FP_FLIGHT_BYTES_MAX};
    FpStream stream = begin();

    take(&stream, CLIENT, FP_TCP_SYN, 1000, 0, &rules);
    take(&stream, CLIENT, FP_TCP_ACK, 1001, 50, &rules);
    g_assert_cmpuint(take(&stream, CLIENT, FP_TCP_ACK, 0x7fffffff, 50, &rules).classes, ==, FP_CLASS_FLIGHT);
}

static void test_midstream_is_skipped_when_asked(void)
{
    FpRules rules = {.flight_bytes = FP_FLIGHT_BYTES_DEFAULT, .skip_midstream = true};
    FpStream stream = begin();

    g_assert_cmpuint(take(&stream, CLIENT, FP_TCP_ACK, 1000, 50, &rules).classes, ==, 0);
    g_assert_cmpuint(take(&stream, CLIENT, FP_TCP_ACK, 1050, 50, &rules).classes, ==, 0);
    g_assert_cmpuint(take(&stream, SERVER, FP_TCP_ACK, 9, 50, &rules).classes, ==, 0);
}

static void test_skipping_midstream_leaves_the_rest(void)
{
    FpRules rules = {.flight_bytes = FP_FLIGHT_BYTES_DEFAULT, .skip_midstream = true};
    FpStream stream = begin();

    g_assert_cmpuint(take(&stream, CLIENT, FP_TCP_SYN, 999, 0, &rules).classes, ==, FP_CLASS_HANDSHAKE);
    g_assert_cmpuint(take(&stream, CLIENT, FP_TCP_ACK, 1000, 50, &rules).classes, ==, FP_CLASS_FIRST | FP_CLASS_FLIGHT);
    g_assert_cmpuint(take(&stream, SERVER, FP_TCP_ACK, 9, 50, &rules).classes, ==, FP_CLASS_REPLY);

    stream = begin(); /* a SYN/ACK is a start, too; and the handshake of a midstream stream stays */
    take(&stream, SERVER, FP_TCP_SYN | FP_TCP_ACK, 5, 0, &rules);
    g_assert_cmpuint(take(&stream, CLIENT, FP_TCP_ACK, 1, 50, &rules).classes, ==, FP_CLASS_FIRST | FP_CLASS_FLIGHT | FP_CLASS_HANDSHAKE);
    stream = begin();
    take(&stream, CLIENT, FP_TCP_ACK, 1000, 50, &rules);
    g_assert_cmpuint(take(&stream, SERVER, FP_TCP_SYN, 0, 0, &rules).classes, ==, FP_CLASS_HANDSHAKE);
}

static void test_opening_bytes(void)
{
    FpRules rules = {.opening_bytes = 100, .asked = FP_CLASS_OPENING};
    FpStream stream = begin();

    take(&stream, CLIENT, FP_TCP_SYN, 1000, 0, &rules);
    g_assert_cmpuint(take(&stream, CLIENT, FP_TCP_ACK, 1001, 50, &rules).classes, ==, FP_CLASS_FIRST | FP_CLASS_FLIGHT | FP_CLASS_OPENING);
    g_assert_cmpuint(take(&stream, SERVER, FP_TCP_ACK, 9, 500, &rules).classes, ==, FP_CLASS_REPLY | FP_CLASS_OPENING);
    g_assert_cmpuint(take(&stream, SERVER, FP_TCP_ACK, 509, 500, &rules).classes, ==, 0);
    g_assert_cmpuint(take(&stream, CLIENT, FP_TCP_ACK, 1100, 50, &rules).classes, ==, FP_CLASS_OPENING);
    FpVerdict verdict = take(&stream, CLIENT, FP_TCP_ACK, 1101, 50, &rules);
    g_assert_cmpuint(verdict.classes, ==, 0);
    verdict = take(&stream, CLIENT, FP_TCP_ACK, 1001, 50, &rules);
    g_assert_cmpuint(verdict.classes, ==, FP_CLASS_OPENING);
    g_assert_cmpuint(verdict.stream, ==, 7);
    g_assert_cmpuint(verdict.payload_bytes, ==, 50);
    g_assert_cmpuint(verdict.side, ==, FP_SIDE_CLIENT);
}

static void test_opening_of_no_bytes_is_none(void)
{
    FpRules rules = {.opening_bytes = 0, .asked = FP_CLASS_OPENING};
    FpStream stream = begin();

    take(&stream, CLIENT, FP_TCP_SYN, 1000, 0, &rules);
    g_assert_cmpuint(take(&stream, CLIENT, FP_TCP_ACK, 1001, 50, &rules).classes, ==, FP_CLASS_FIRST | FP_CLASS_FLIGHT);
    g_assert_cmpuint(take(&stream, SERVER, FP_TCP_ACK, 1, 50, &rules).classes, ==, FP_CLASS_REPLY);
}

static void test_opening_of_most_bytes(void)
{
    const uint32_t end = 1001 + FP_OPENING_BYTES_MAX, over = end + (1U << 20);
    FpRules rules = {.opening_bytes = FP_OPENING_BYTES_MAX, .asked = FP_CLASS_OPENING};
    FpStream stream = begin();

    take(&stream, CLIENT, FP_TCP_SYN, 1000, 0, &rules);
    take(&stream, CLIENT, FP_TCP_ACK, 1001, 50, &rules);
    g_assert_cmpuint(take(&stream, CLIENT, FP_TCP_ACK, end - 1, 50, &rules).classes, ==, FP_CLASS_OPENING);
    g_assert_cmpuint(take(&stream, CLIENT, FP_TCP_ACK, end, 50, &rules).classes, ==, 0);
    g_assert_cmpuint(take(&stream, CLIENT, FP_TCP_ACK, over - 1, 50, &rules).classes, ==, 0);
    g_assert_cmpuint(take(&stream, CLIENT, FP_TCP_ACK, end - 1, 50, &rules).classes, ==, FP_CLASS_OPENING);
    g_assert_cmpuint(take(&stream, CLIENT, FP_TCP_ACK, over, 50, &rules).classes, ==, 0);
    g_assert_cmpuint(take(&stream, CLIENT, FP_TCP_ACK, end - 1, 50, &rules).classes, ==, 0);
}

/* 5 GiB of each side in turn: the sequence numbers wrap around, the opening does not come back. */
static void test_opening_does_not_come_round(void)
{
    FpRules rules = {.flight_bytes = FP_FLIGHT_BYTES_DEFAULT, .opening_bytes = FP_OPENING_BYTES_DEFAULT, .asked = FP_CLASS_OPENING};
    FpStream stream = begin();
    guint n[2] = {0, 0};

    take(&stream, CLIENT, FP_TCP_SYN, 1000, 0, &rules);
    take(&stream, SERVER, FP_TCP_SYN | FP_TCP_ACK, 0, 0, &rules);
    for (uint32_t i = 0; i < 5U << (30 - 12); i++) {
        n[CLIENT] += take(&stream, CLIENT, FP_TCP_ACK, 1001 + (i << 12), 1U << 12, &rules).classes != 0;
        n[SERVER] += take(&stream, SERVER, FP_TCP_ACK, 1 + (i << 12), 1U << 12, &rules).classes != 0;
    }
    g_assert_cmpuint(n[CLIENT], ==, 4);
    g_assert_cmpuint(n[SERVER], ==, 4);
}

/* A stream whose start was not captured has none. */
static void test_skipping_midstream_skips_opening_and_closing(void)
{
    FpRules rules = {.opening_bytes = 100, .asked = FP_CLASS_ASKED, .skip_midstream = true};
    FpStream stream = begin();

    g_assert_cmpuint(take(&stream, CLIENT, FP_TCP_ACK, 1000, 50, &rules).classes, ==, 0);
    g_assert_cmpuint(take(&stream, CLIENT, FP_TCP_ACK | FP_TCP_FIN, 1050, 0, &rules).classes, ==, 0);
    g_assert_cmpuint(take(&stream, SERVER, FP_TCP_RST, 1, 0, &rules).classes, ==, 0);
    stream = begin();
    g_assert_cmpuint(take(&stream, CLIENT, FP_TCP_SYN | FP_TCP_FIN, 1000, 0, &rules).classes, ==, FP_CLASS_HANDSHAKE | FP_CLASS_CLOSING);
}

static int64_t delay_after_syns(const FpRules *rules, unsigned other_side)
{
    FpStream stream = begin();
    FpVerdict verdict;

    for (int i = 0; i < 4; i++) { /* two SYNs a second apart, then what the other side does, then the payload */
        unsigned direction = i == 2 ? SERVER : CLIENT;
        FpSegment segment = {.seq = direction == SERVER ? 500
                                    : i == 3            ? 101
                                                        : 100,
                             .ack = 1,
                             .header_bytes = 20,
                             .window = 1000,
                             .flags = (uint8_t)(i == 3   ? FP_TCP_ACK
                                                : i == 2 ? other_side
                                                         : FP_TCP_SYN),
                             .time_ns = i * SECOND,
                             .segment_bytes = i == 3 ? 30 : 20};
        fp_stream_take(&stream, NULL, direction, &segment, rules, &verdict);
    }
    g_assert_cmpuint(verdict.classes & FP_CLASS_FIRST, ==, FP_CLASS_FIRST);
    return verdict.delay_ns;
}

static void test_syn_restarts_the_clock_when_asked(void)
{
    FpRules usual = {.flight_bytes = FP_FLIGHT_BYTES_DEFAULT};
    FpRules last = {.flight_bytes = FP_FLIGHT_BYTES_DEFAULT, .syn_restarts_clock = true};

    g_assert_cmpint(delay_after_syns(&usual, FP_TCP_SYN | FP_TCP_ACK), ==, 3 * SECOND);
    g_assert_cmpint(delay_after_syns(&last, FP_TCP_SYN | FP_TCP_ACK), ==, 2 * SECOND);
    g_assert_cmpint(delay_after_syns(&last, FP_TCP_SYN), ==, 2 * SECOND); /* both sides open: the other side has a clock of its own */
}

static void test_end_of_a_silent_stream(void)
{
    static const unsigned ends[] = {FP_TCP_RST, FP_TCP_FIN | FP_TCP_ACK};

    for (guint i = 0; i < G_N_ELEMENTS(ends); i++) {
        FpStream stream = begin();
        g_assert_false(take(&stream, CLIENT, FP_TCP_SYN, 100, 0, NULL).ends_silent);
        FpVerdict verdict = take(&stream, SERVER, ends[i], 1, 0, NULL);
        g_assert_true(verdict.ends_silent);
        g_assert_cmpuint(verdict.stream, ==, 7);
        g_assert_false(take(&stream, CLIENT, ends[i], 101, 0, NULL).ends_silent);

        stream = begin(); /* a stream that has spoken is not silent; nor is one that speaks at its end */
        take(&stream, CLIENT, FP_TCP_ACK, 100, 1, NULL);
        g_assert_false(take(&stream, CLIENT, ends[i], 101, 0, NULL).ends_silent);
        stream = begin();
        g_assert_cmpint(take(&stream, CLIENT, ends[i], 101, 5, NULL).ends_silent, ==, ends[i] == FP_TCP_RST);
    }
}

static void test_unanswered(void)
{
    FpStream stream = begin();

    g_assert_false(fp_stream_is_unanswered(&stream));
    take(&stream, SERVER, FP_TCP_SYN, 1000, 0, NULL);
    g_assert_true(fp_stream_is_unanswered(&stream));
    take(&stream, SERVER, FP_TCP_SYN, 1000, 0, NULL);
    g_assert_true(fp_stream_is_unanswered(&stream));
    take(&stream, CLIENT, FP_TCP_SYN | FP_TCP_ACK, 50, 0, NULL);
    g_assert_false(fp_stream_is_unanswered(&stream));
}

static void test_unanswered_is_a_syn_alone(void)
{
    static const unsigned flags[] = {FP_TCP_ACK, FP_TCP_RST | FP_TCP_ACK, FP_TCP_FIN | FP_TCP_ACK, FP_TCP_SYN, 0};

    for (guint i = 0; i < G_N_ELEMENTS(flags); i++) {
        FpStream stream = begin();
        take(&stream, CLIENT, FP_TCP_SYN, 1000, 0, NULL);
        take(&stream, SERVER, flags[i], 77, 0, NULL);
        g_assert_false(fp_stream_is_unanswered(&stream));
    }
    FpStream stream = begin(); /* it carries data and must be kept: a second one is not first */
    take(&stream, CLIENT, FP_TCP_SYN, 1000, 5, NULL);
    g_assert_false(fp_stream_is_unanswered(&stream));
    stream = begin();
    take(&stream, CLIENT, FP_TCP_SYN, 1000, 0, NULL);
    take(&stream, CLIENT, FP_TCP_ACK, 1001, 5, NULL);
    g_assert_false(fp_stream_is_unanswered(&stream));
    stream = begin();
    take(&stream, CLIENT, FP_TCP_SYN, 1000, 0, NULL);
    take(&stream, CLIENT, 0, 5000, 0, NULL);
    g_assert_false(fp_stream_is_unanswered(&stream));
    stream = begin();
    take(&stream, CLIENT, FP_TCP_ACK, 1000, 0, NULL);
    g_assert_false(fp_stream_is_unanswered(&stream));
}

/* On SYNs of all kinds: where fp_stream_begins_as_syn takes one, it says what fp_stream_begin, take and abridge say. */
static void test_begins_as_syn(void)
{
    const FpRules rules = {.flight_bytes = FP_FLIGHT_BYTES_DEFAULT, .opening_bytes = FP_OPENING_BYTES_DEFAULT, .asked = FP_CLASS_ASKED};
    unsigned n_taken = 0;

    for (unsigned i = 0; i < 1U << 12; i++) {
        const FpSegment segment = {.time_ns = i % 2 == 0 ? 1700000000000000000 : -5,
                                   .seq = i % 3 == 0 ? UINT32_MAX : i,
                                   .header_bytes = (uint8_t)(16 + (i >> 4 & 3) * 4),
                                   .segment_bytes = 16 + (i >> 6 & 3) * 4U,
                                   .flags = (uint8_t)((i >> 8 & 7) | (i >> 11 & 1) * FP_TCP_ACK),
                                   .window = (uint16_t)(i >> 1 & 1),
                                   .length_unknown = (i & 12) == 12};
        const unsigned direction = i >> 2 & 1;
        FpStreamBrief brief, other;
        FpStream stream;
        FpVerdict verdict;
        uint32_t anchors_here[2] = {0};
        fp_stream_begin(&stream, 7, segment.time_ns);
        fp_stream_take(&stream, anchors_here, direction, &segment, &rules, &verdict);
        bool is_taken = fp_stream_begins_as_syn(&segment, direction, 7, &brief);
        g_assert_cmpint(is_taken, ==, fp_stream_abridge(&stream, &rules, &other) == FP_STREAM_SYN);
        if (!is_taken)
            continue;
        n_taken++;
        g_assert_true(memcmp(&brief, &other, sizeof brief) == 0);
        g_assert_cmpuint(verdict.classes, ==, FP_CLASS_HANDSHAKE);
        g_assert_cmpuint(verdict.stream, ==, 7);
        g_assert_false(verdict.begins || verdict.ends_silent || verdict.ends_flight || verdict.payload_bytes != 0);
        g_assert_true(fp_stream_is_unanswered(&stream));
        g_assert_false(fp_stream_is_answered(&stream) || fp_stream_is_closed(&stream) || fp_stream_is_settled(&stream, &rules));
    }
    g_assert_cmpuint(n_taken, >, 10);
}

static void test_closed(void)
{
    static const unsigned flags[] = {FP_TCP_RST, FP_TCP_FIN, FP_TCP_RST | FP_TCP_ACK, FP_TCP_FIN | FP_TCP_ACK, FP_TCP_SYN | FP_TCP_FIN};

    for (guint i = 0; i < G_N_ELEMENTS(flags); i++) {
        FpStream stream = begin();
        take(&stream, CLIENT, FP_TCP_SYN, 1000, 0, NULL);
        g_assert_false(fp_stream_is_closed(&stream));
        take(&stream, SERVER, flags[i], 1000, 0, NULL);
        g_assert_true(fp_stream_is_closed(&stream));
        take(&stream, SERVER, FP_TCP_ACK, 1000, 5, NULL);
        g_assert_true(fp_stream_is_closed(&stream));
    }
}

/* Whoever has no table asks the stream itself, also when it is settled. */
static void test_confirms_what_is_settled(void)
{
    const FpRules rules = {.flight_bytes = FP_FLIGHT_BYTES_DEFAULT};
    const FpSegment anywhere = {.seq = 12345, .flags = FP_TCP_ACK, .header_bytes = 20, .segment_bytes = 30};
    FpStream stream = begin();

    take(&stream, 0, FP_TCP_ACK, 101, 10, &rules);
    g_assert_false(fp_stream_confirms(&stream, 0, &anywhere, &rules));
    take(&stream, 1, FP_TCP_ACK, 501, 10, &rules);
    g_assert_true(fp_stream_confirms(&stream, 0, &anywhere, &rules));
}

/* Behind its flight a side that alone has spoken can assert, unless a pause would end the stream. */
static void test_confirms_what_is_alone(void)
{
    const FpRules rules = {.flight_bytes = FP_FLIGHT_BYTES_DEFAULT}, idle = {.flight_bytes = FP_FLIGHT_BYTES_DEFAULT, .idle_ns = SECOND};
    FpSegment next = {.seq = 1010, .flags = FP_TCP_ACK, .header_bytes = 20, .segment_bytes = 30};
    FpStream stream = begin();

    take(&stream, 0, FP_TCP_ACK, 1000, 10, &rules);
    g_assert_false(fp_stream_confirms(&stream, 0, &next, &rules)); /* in its flight */
    take(&stream, 0, FP_TCP_ACK, 1010, FP_FLIGHT_BYTES_DEFAULT, &rules);
    next.seq += FP_FLIGHT_BYTES_DEFAULT;
    g_assert_true(fp_stream_confirms(&stream, 0, &next, &rules));
    g_assert_false(fp_stream_confirms(&stream, 0, &next, &idle));
    g_assert_false(fp_stream_confirms(&stream, 1, &next, &rules));
    next.seq++;
    g_assert_false(fp_stream_confirms(&stream, 0, &next, &rules));
    take(&stream, 1, FP_TCP_ACK, next.seq, 0, &rules); /* as far, and has said nothing */
    g_assert_false(fp_stream_confirms(&stream, 1, &next, &rules));
}

/* A settled stream is not asked what a segment is, so that this has to say the same as fp_stream_take does. */
static void test_what_closes(void)
{
    const FpSegment rst = {.flags = FP_TCP_RST, .header_bytes = 20, .window = 1000, .segment_bytes = 20};
    FpSegment segments[] = {rst, rst, rst, rst, rst, rst};

    segments[1].flags = FP_TCP_FIN | FP_TCP_ACK;
    segments[2].flags = FP_TCP_SYN | FP_TCP_ACK;
    segments[3].length_unknown = true;
    segments[4].segment_bytes = 19;
    segments[5].header_bytes = 16;
    segments[5].segment_bytes = 16;
    for (guint i = 0; i < G_N_ELEMENTS(segments); i++) {
        const FpRules rules = {.flight_bytes = FP_FLIGHT_BYTES_DEFAULT};
        FpStream stream = begin();
        FpVerdict verdict;
        fp_stream_take(&stream, NULL, CLIENT, &segments[i], &rules, &verdict);
        g_assert_cmpint(fp_stream_segment_closes(&segments[i]), ==, i < 2);
        g_assert_cmpint(fp_stream_is_closed(&stream), ==, i < 2);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/stream/size", test_size);
    g_test_add_func("/stream/number-is-said", test_number_is_said);
    g_test_add_func("/stream/flight-bytes", test_flight_bytes);
    g_test_add_func("/stream/flight-of-no-bytes-is-the-first", test_flight_of_no_bytes_is_the_first);
    g_test_add_func("/stream/flight-of-most-bytes", test_flight_of_most_bytes);
    g_test_add_func("/stream/opening-bytes", test_opening_bytes);
    g_test_add_func("/stream/opening-of-no-bytes-is-none", test_opening_of_no_bytes_is_none);
    g_test_add_func("/stream/opening-of-most-bytes", test_opening_of_most_bytes);
    g_test_add_func("/stream/opening-does-not-come-round", test_opening_does_not_come_round);
    g_test_add_func("/stream/skipping-midstream-skips-opening-and-closing", test_skipping_midstream_skips_opening_and_closing);
    g_test_add_func("/stream/midstream-is-skipped-when-asked", test_midstream_is_skipped_when_asked);
    g_test_add_func("/stream/skipping-midstream-leaves-the-rest", test_skipping_midstream_leaves_the_rest);
    g_test_add_func("/stream/syn-restarts-the-clock-when-asked", test_syn_restarts_the_clock_when_asked);
    g_test_add_func("/stream/end-of-a-silent-stream", test_end_of_a_silent_stream);
    g_test_add_func("/stream/unanswered", test_unanswered);
    g_test_add_func("/stream/unanswered-is-a-syn-alone", test_unanswered_is_a_syn_alone);
    g_test_add_func("/stream/begins-as-syn", test_begins_as_syn);
    g_test_add_func("/stream/closed", test_closed);
    g_test_add_func("/stream/confirms-what-is-settled", test_confirms_what_is_settled);
    g_test_add_func("/stream/confirms-what-is-alone", test_confirms_what_is_alone);
    g_test_add_func("/stream/what-closes", test_what_closes);
    return g_test_run();
}
