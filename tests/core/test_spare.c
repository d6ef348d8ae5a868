/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_spare.c - segments that a stream spares do not matter: with or without them, all others have the same verdicts.
 *
 * Random conversations, in which each number lies near one that decides something: the base, the flight's end, the number expected next.
 * Two streams take them, one all of it, one without what it spares.
 */
#include <glib.h>
#include <string.h>

#include "stream.h"
#include "streams.h"

#define FLIGHT_BYTES 8U
#define BASE 0xfffffff8U /* numbers wrap around within the flight */
#define ROUNDS 100000
#define SEGMENTS 24

static const uint8_t always = FP_TCP_SYN | FP_TCP_FIN | FP_TCP_RST;

static bool is_spared(const FpSpare *spare, unsigned direction, const FpSegment *segment)
{
    const uint32_t payload_bytes = segment->segment_bytes - segment->header_bytes;

    if (segment->flags & always || spare->kind == FP_SPARE_NOTHING)
        return false;
    if (spare->kind == FP_SPARE_ALL)
        return true;
    return direction == spare->speaker ? segment->seq - spare->seq < spare->n : payload_bytes == 0 && segment->seq == spare->silent_seq;
}

static uint8_t some_flags(GRand *random)
{
    static const uint8_t flags[] = {FP_TCP_SYN,
                                    FP_TCP_SYN | FP_TCP_ACK,
                                    FP_TCP_FIN | FP_TCP_ACK,
                                    FP_TCP_RST,
                                    0,
                                    FP_TCP_ACK,
                                    FP_TCP_ACK,
                                    FP_TCP_ACK,
                                    FP_TCP_ACK,
                                    FP_TCP_ACK,
                                    FP_TCP_ACK,
                                    FP_TCP_ACK};

    return flags[g_rand_int_range(random, 0, G_N_ELEMENTS(flags))];
}

static FpSegment some_segment(GRand *random, int64_t time_ns)
{
    const uint32_t payload_bytes = g_rand_boolean(random) ? 0 : (uint32_t)g_rand_int_range(random, 1, 6);

    return (FpSegment){
        .time_ns = time_ns,
        .seq = BASE + (uint32_t)g_rand_int_range(random, 0, 3 * (int)FLIGHT_BYTES),
        .ack = BASE + (uint32_t)g_rand_int_range(random, 0, 3 * (int)FLIGHT_BYTES),
        .flags = some_flags(random),
        .header_bytes = 20,
        .segment_bytes = 20 + payload_bytes,
        .window = g_rand_int_range(random, 0, 4) == 0 ? 0 : 1000,
    };
}

static void assert_same(const FpVerdict *one, const FpVerdict *other)
{
    g_assert_cmpuint(one->classes, ==, other->classes);
    g_assert_cmpint(one->ends_flight, ==, other->ends_flight);
    g_assert_cmpint(one->ends_silent, ==, other->ends_silent);
    g_assert_cmpuint(one->relative_seq, ==, other->relative_seq);
    g_assert_cmpint(one->side, ==, other->side);
}

static unsigned n_spared[FP_SPARE_SPEAKER + 1];

/* One side speaks more often, as otherwise both have spoken at once. */
static void converse(GRand *random, const FpRules *rules)
{
    FpStream whole, cut;
    FpVerdict expected, verdict;
    const unsigned speaker = (unsigned)g_rand_boolean(random);
    bool has_spared = false;

    fp_stream_begin(&whole, 0, 0);
    fp_stream_begin(&cut, 0, 0);
    for (int i = 0; i < SEGMENTS; i++) {
        FpSpare spare;
        FpSegment segment = some_segment(random, i);
        const unsigned direction = g_rand_int_range(random, 0, 8) == 0 ? speaker ^ 1U : speaker;
        if (direction != speaker && g_rand_int_range(random, 0, 4) != 0)
            segment.segment_bytes = 20;
        fp_stream_spare(&cut, rules, &spare);
        if (segment.flags == (FP_TCP_SYN | FP_TCP_ACK) && has_spared)
            segment.seq = whole.base[direction]; /* see stream-spare.c: another would move the flight */
        g_assert_cmpint(fp_stream_is_over(&whole, direction, &segment), ==, fp_stream_is_over(&cut, direction, &segment));
        fp_stream_take(&whole, NULL, direction, &segment, rules, &expected);
        if (is_spared(&spare, direction, &segment)) {
            n_spared[spare.kind]++;
            has_spared = true;
            g_assert_cmpuint(expected.classes, ==, 0);
            g_assert_false(expected.ends_flight || expected.ends_silent);
            continue;
        }
        fp_stream_take(&cut, NULL, direction, &segment, rules, &verdict);
        assert_same(&expected, &verdict);
    }
}

static void test_nothing_changes(void)
{
    const FpRules rules = {.flight_bytes = FLIGHT_BYTES}, closing = {.flight_bytes = FLIGHT_BYTES, .asked = FP_CLASS_CLOSING};
    GRand *random = g_rand_new_with_seed(18);

    for (int i = 0; i < ROUNDS; i++)
        converse(random, i % 2 ? &rules : &closing);
    g_assert_cmpuint(n_spared[FP_SPARE_ALL], >, ROUNDS / 10);
    g_assert_cmpuint(n_spared[FP_SPARE_SPEAKER], >, ROUNDS / 100);
    g_rand_free(random);
}

static FpVerdict give(FpStream *stream, const FpRules *rules, unsigned direction, uint8_t flags, uint32_t seq, uint32_t payload_bytes)
{
    const FpSegment segment = {
        .seq = seq, .ack = 1, .flags = flags, .header_bytes = 20, .segment_bytes = 20 + payload_bytes, .window = 1000};
    FpVerdict verdict;

    fp_stream_take(stream, NULL, direction, &segment, rules, &verdict);
    return verdict;
}

/* A stream of which side 0 has spoken, and gone on until offset. */
static FpStream one_sided(const FpRules *rules, uint32_t offset)
{
    FpStream stream;

    fp_stream_begin(&stream, 0, 0);
    give(&stream, rules, 0, FP_TCP_SYN, 0, 0);
    give(&stream, rules, 1, FP_TCP_SYN | FP_TCP_ACK, 0, 0);
    give(&stream, rules, 0, FP_TCP_ACK, 1, 1);
    give(&stream, rules, 0, FP_TCP_ACK, 1 + offset, 1);
    return stream;
}

static FpSpareKind kind_of(const FpStream *stream, const FpRules *rules)
{
    FpSpare spare;

    fp_stream_spare(stream, rules, &spare);
    return spare.kind;
}

static void test_speaker(void)
{
    const FpRules rules = {.flight_bytes = 100};
    FpSpare spare;
    FpStream stream = one_sided(&rules, 100);

    g_assert_cmpint(kind_of(&stream, &rules), ==, FP_SPARE_NOTHING); /* a probe of its last byte would be in the flight */
    stream = one_sided(&rules, 101);
    fp_stream_spare(&stream, &rules, &spare);
    g_assert_cmpint(spare.kind, ==, FP_SPARE_SPEAKER);
    g_assert_cmpuint(spare.speaker, ==, 0);
    g_assert_cmpuint(spare.seq, ==, 101);
    g_assert_cmpuint(spare.seq + spare.n, ==, 1 + 0x40000000 - 0x100000);
    g_assert_cmpuint(spare.silent_seq, ==, 1);
    give(&stream, &rules, 1, FP_TCP_ACK, 1, 1);
    g_assert_cmpint(kind_of(&stream, &rules), ==, FP_SPARE_ALL);
}

/* Where numbers may wrap around, nothing is spared until the flight is over for good, and then all of the side. */
static void test_far_on(void)
{
    const FpRules rules = {.flight_bytes = 100};
    FpSpare spare;
    FpStream stream = one_sided(&rules, 0x40000000);

    g_assert_cmpint(kind_of(&stream, &rules), ==, FP_SPARE_NOTHING);
    give(&stream, &rules, 0, FP_TCP_ACK, 1 + 0x40000001, 1);
    fp_stream_spare(&stream, &rules, &spare);
    g_assert_cmpint(spare.kind, ==, FP_SPARE_SPEAKER);
    g_assert_cmpuint(spare.n, ==, UINT32_MAX);
}

/* A segment comes just before numbers may wrap around, and the next one there: what was spared before does not matter to whether that is
 * gapless. */
static void test_up_to_there(void)
{
    const FpRules rules = {.flight_bytes = 100};
    const uint32_t there = 1 + 0x40000000, bytes[] = {1, 1000, 65495, 0x100000};

    for (size_t i = 0; i < G_N_ELEMENTS(bytes); i++) {
        FpStream whole = one_sided(&rules, 1000), cut = whole;
        FpSpare spare;
        fp_stream_spare(&cut, &rules, &spare);
        g_assert_cmpint(spare.kind, ==, FP_SPARE_SPEAKER);
        const uint32_t seqs[] = {there - bytes[i], there, 1 + 50};
        for (size_t j = 0; j < G_N_ELEMENTS(seqs); j++) {
            FpVerdict expected = give(&whole, &rules, 0, FP_TCP_ACK, seqs[j], j == 0 ? bytes[i] : 1);
            g_assert_cmpuint(expected.classes, ==, 0);
            if (seqs[j] - spare.seq >= spare.n)
                g_assert_cmpuint(give(&cut, &rules, 0, FP_TCP_ACK, seqs[j], j == 0 ? bytes[i] : 1).classes, ==, 0);
        }
    }
}

static void test_rules(void)
{
    const FpRules usual = {.flight_bytes = 100}, idle = {.flight_bytes = 100, .idle_ns = 1},
                  opening = {.flight_bytes = 100, .asked = FP_CLASS_OPENING}, most = {.flight_bytes = FP_FLIGHT_BYTES_MAX};
    FpStream stream = one_sided(&usual, 1000);

    g_assert_cmpint(kind_of(&stream, &usual), ==, FP_SPARE_SPEAKER);
    g_assert_cmpint(kind_of(&stream, &idle), ==, FP_SPARE_NOTHING);
    g_assert_cmpint(kind_of(&stream, &opening), ==, FP_SPARE_NOTHING);
    g_assert_cmpint(kind_of(&stream, &most), ==, FP_SPARE_NOTHING);
}

static void test_open_handshake(void)
{
    const FpRules rules = {.flight_bytes = 100};
    FpStream stream;

    fp_stream_begin(&stream, 0, 0);
    give(&stream, &rules, 0, FP_TCP_SYN, 0, 0);
    give(&stream, &rules, 0, 0, 1, 1); /* without ACK: it does not end the handshake */
    give(&stream, &rules, 1, FP_TCP_SYN | FP_TCP_ACK, 0, 0);
    give(&stream, &rules, 0, 0, 500, 1);
    g_assert_cmpint(kind_of(&stream, &rules), ==, FP_SPARE_NOTHING);
    give(&stream, &rules, 0, FP_TCP_ACK, 501, 1);
    g_assert_cmpint(kind_of(&stream, &rules), ==, FP_SPARE_SPEAKER);
}

/* The table says of each stream what that stream says. */
static void test_table(void)
{
    static const uint8_t client[4] = {192, 0, 2, 1}, server[4] = {192, 0, 2, 2};
    const FpRules rules = {.flight_bytes = 100};
    FpStreams *streams = fp_streams_new(&rules, 1, 16);
    FpSegment segment = {.source = client,
                         .destination = server,
                         .address_bytes = 4,
                         .source_port = 1000,
                         .destination_port = 443,
                         .flags = FP_TCP_ACK,
                         .header_bytes = 20,
                         .segment_bytes = 30};
    FpSpare spare;
    FpVerdict verdict;
    const FpStreamKey key = fp_streams_key(streams, &segment);

    fp_streams_spare(streams, key, &spare);
    g_assert_cmpint(spare.kind, ==, FP_SPARE_NOTHING);
    fp_streams_take(streams, key, &segment, &verdict);
    fp_streams_spare(streams, key, &spare);
    g_assert_cmpint(spare.kind, ==, FP_SPARE_NOTHING);
    segment.source = server;
    segment.destination = client;
    segment.source_port = 443;
    segment.destination_port = 1000;
    fp_streams_take(streams, fp_streams_key(streams, &segment), &segment, &verdict);
    g_assert_cmpuint(verdict.classes, ==, FP_CLASS_REPLY);
    fp_streams_spare(streams, key, &spare);
    g_assert_cmpint(spare.kind, ==, FP_SPARE_ALL);
    fp_streams_free(streams);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/spare/nothing-changes", test_nothing_changes);
    g_test_add_func("/spare/speaker", test_speaker);
    g_test_add_func("/spare/far-on", test_far_on);
    g_test_add_func("/spare/up-to-there", test_up_to_there);
    g_test_add_func("/spare/rules", test_rules);
    g_test_add_func("/spare/open-handshake", test_open_handshake);
    g_test_add_func("/spare/table", test_table);
    return g_test_run();
}
