/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_streams.c - the table of streams: finding, growing, and what it takes. What it forgets is in test_streams_forget.c. */
#include <glib.h>
#include <string.h>
#include <unistd.h>

#include "saved.h"
#include "streams.h"
#include "table.h"

static void check_symmetry(const FpStreams *streams, const Pair *pair)
{
    FpSegment there = segment_of(pair, 0, FP_TCP_ACK, 0, 0), back = segment_of(pair, 1, FP_TCP_ACK, 0, 0);
    FpStreamKey a = fp_streams_key(streams, &there), b = fp_streams_key(streams, &back);

    g_assert_cmpuint(a.hash, ==, b.hash);
    g_assert_cmpuint(a.direction + b.direction, ==, 1);
}

static void test_key_is_the_same_both_ways(void)
{
    FpStreams *streams = table(1, 16);
    g_autoptr(GRand) rand = g_rand_new_with_seed(1);

    for (guint round = 0; round < 10000; round++) {
        Pair pair = {.address_bytes = round % 2 ? 4 : 16,
                     .port = {(guint16)g_rand_int_range(rand, 0, 32768), (guint16)g_rand_int_range(rand, 32768, 65536)}};
        for (guint i = 0; i < 16; i++) {
            pair.address[0][i] = (guint8)g_rand_int(rand);
            pair.address[1][i] = round % 4 < 2 ? pair.address[0][i] : (guint8)g_rand_int(rand); /* only the ports differ */
        }
        check_symmetry(streams, &pair);
    }
    fp_streams_free(streams);
}

static guint64 hash_of(const FpStreams *streams, const Pair *pair)
{
    FpSegment segment = segment_of(pair, 0, FP_TCP_ACK, 0, 0);

    return fp_streams_key(streams, &segment).hash;
}

static void test_key_holds_all_of_the_endpoints(void)
{
    FpStreams *streams = table(1, 16);

    for (guint8 address_bytes = 4; address_bytes <= 16; address_bytes += 12) {
        Pair pair = {.address_bytes = address_bytes, .address = {{1}, {2}}, .port = {1, 2}};
        guint64 hash = hash_of(streams, &pair);
        for (guint side = 0; side < 2; side++) {
            for (guint bit = 0; bit < address_bytes * 8U; bit++) {
                Pair other = pair;
                other.address[side][bit / 8] = (guint8)(other.address[side][bit / 8] ^ 1U << bit % 8);
                g_assert_cmpuint(hash_of(streams, &other), !=, hash);
            }
            for (guint bit = 0; bit < 16; bit++) {
                Pair other = pair;
                other.port[side] = (guint16)(other.port[side] ^ 1U << bit);
                g_assert_cmpuint(hash_of(streams, &other), !=, hash);
            }
        }
        Pair crossed = pair; /* each address with the port of the other */
        crossed.port[0] = pair.port[1];
        crossed.port[1] = pair.port[0];
        g_assert_cmpuint(hash_of(streams, &crossed), !=, hash);
    }
    fp_streams_free(streams);
}

static void test_key_tells_ip_versions_apart(void)
{
    FpStreams *streams = table(1, 16);
    Pair four = {.address_bytes = 4, .address = {{1, 2, 3, 4}, {5, 6, 7, 8}}, .port = {1, 2}};
    Pair six = four;

    six.address_bytes = 16;
    g_assert_cmpuint(hash_of(streams, &four), !=, hash_of(streams, &six));
    fp_streams_free(streams);
}

static guint64 hash_in(const FpStreams *streams, const Pair *pair, guint from, guint64 network)
{
    FpSegment segment = segment_of(pair, from, FP_TCP_ACK, 0, 0);

    return fp_streams_key_in_network(streams, fp_streams_key(streams, &segment), network).hash;
}

static void test_key_holds_the_network(void)
{
    FpStreams *streams = table(1, 16), *other = table(2, 16);

    for (guint8 address_bytes = 4; address_bytes <= 16; address_bytes += 12) {
        Pair pair = {.address_bytes = address_bytes, .address = {{1}, {2}}, .port = {1, 2}};
        g_autoptr(GHashTable) seen = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
        for (guint bit = 0; bit <= 64; bit++) {
            guint64 network = bit < 64 ? G_GUINT64_CONSTANT(1) << bit : 0, hash = hash_in(streams, &pair, 0, network);
            g_assert_cmpuint(hash_in(streams, &pair, 1, network), ==, hash);
            g_assert_cmpuint(hash_in(other, &pair, 0, network), !=, hash);
            g_assert_cmpuint(hash_of(streams, &pair) == hash, ==, network == 0);
            g_assert_true(g_hash_table_add(seen, g_memdup2(&hash, sizeof hash)));
        }
    }
    fp_streams_free(streams);
    fp_streams_free(other);
}

static void test_networks_have_streams_of_their_own(void)
{
    FpStreams *streams = table(1, 16);
    Pair pair = pair_of(1);

    for (guint round = 0; round < 2; round++) {
        for (guint64 network = 0; network < 3; network++) {
            FpSegment segment = segment_of(&pair, round, FP_TCP_ACK, 1, 5);
            FpStreamKey key = fp_streams_key_in_network(streams, fp_streams_key(streams, &segment), network);
            FpVerdict verdict;
            fp_streams_take(streams, key, &segment, &verdict);
            g_assert_cmpuint(verdict.stream, ==, network);
            g_assert_cmpuint(verdict.classes, ==, round == 0 ? FP_CLASS_FIRST | FP_CLASS_FLIGHT : FP_CLASS_REPLY);
        }
    }
    fp_streams_free(streams);
}

static void test_key_depends_on_the_seed(void)
{
    FpStreams *one = table(1, 16), *two = table(2, 16);
    Pair pair = pair_of(5);

    g_assert_cmpuint(hash_of(one, &pair), !=, hash_of(two, &pair));
    fp_streams_free(one);
    fp_streams_free(two);
}

static void test_growth_keeps_every_stream(void)
{
    enum { N = 1000000 };
    FpStreams *streams = table(3, N);

    for (guint32 i = 0; i < N; i++)
        g_assert_cmpuint(give(streams, i, 0, FP_TCP_SYN, 0, 0).stream, ==, i);
    for (guint32 i = 0; i < N; i++) {
        FpVerdict verdict = give(streams, i, 1, FP_TCP_ACK, 5, 0);
        g_assert_cmpuint(verdict.stream, ==, i);
        g_assert_cmpuint(verdict.classes, ==, FP_CLASS_FIRST | FP_CLASS_FLIGHT);
        g_assert_cmpint(verdict.side, ==, FP_SIDE_SERVER);
    }
    FpStreamsStats stats = stats_of(streams);
    g_assert_cmpuint(stats.started, ==, N);
    g_assert_cmpuint(stats.open, ==, N);
    g_assert_cmpuint(stats.forgotten_unanswered + stats.forgotten_closed + stats.forgotten_idle, ==, 0);
    g_assert_cmpuint(stats.table_bytes, <=,
                     (gsize)N * 40 + (gsize)N * 16 * 3); /* between splits, there may be nearly three slots for each stream */
    fp_streams_free(streams);
}

static void test_small_bound_is_raised(void)
{
    FpStreams *streams = table(3, 0);

    for (guint32 i = 0; i < 16; i++)
        give(streams, i, 0, FP_TCP_SYN, 0, 0);
    g_assert_cmpuint(stats_of(streams).open, ==, 16);
    g_assert_cmpuint(stats_of(streams).forgotten_unanswered, ==, 0);
    give(streams, 16, 0, FP_TCP_SYN, 0, 0);
    g_assert_cmpuint(stats_of(streams).forgotten_unanswered, ==, 2); /* a sixteenth, and one more */
    g_assert_cmpuint(stats_of(streams).open, ==, 15);
    fp_streams_free(streams);
}

/* One random history on many endpoints, so that entries are removed and moved all the time. */
static void play(guint64 seed, gsize max_streams, GArray *verdicts)
{
    FpStreams *streams = table(seed, max_streams);
    g_autoptr(GRand) rand = g_rand_new_with_seed(7);

    for (guint i = 0; i < 100000; i++) {
        static const unsigned flags[] = {FP_TCP_SYN, FP_TCP_SYN | FP_TCP_ACK, FP_TCP_ACK, FP_TCP_ACK, FP_TCP_RST, FP_TCP_FIN | FP_TCP_ACK};
        guint32 number = (guint32)g_rand_int_range(rand, 0, 3000);
        guint from = (guint)g_rand_int_range(rand, 0, 2);
        unsigned chosen = flags[g_rand_int_range(rand, 0, (gint32)G_N_ELEMENTS(flags))];
        guint32 bytes = (guint32)g_rand_int_range(rand, 0, 3);
        FpVerdict verdict = give(streams, number, from, chosen, bytes, (gint64)i * SECOND);
        g_array_append_val(verdicts, verdict);
    }
    g_assert_cmpuint(stats_of(streams).open, <=, MAX(max_streams, 16));
    fp_streams_free(streams);
}

static void test_same_answers_for_any_seed(void)
{
    g_autoptr(GArray) reference = g_array_new(FALSE, TRUE, sizeof(FpVerdict));

    play(0, 5000, reference);
    for (guint64 seed = 1; seed < 10; seed++) {
        g_autoptr(GArray) verdicts = g_array_new(FALSE, TRUE, sizeof(FpVerdict));
        play(seed * G_GUINT64_CONSTANT(0x9e3779b97f4a7c15), 5000, verdicts);
        g_assert_cmpuint(verdicts->len, ==, reference->len);
        g_assert_true(memcmp(verdicts->data, reference->data, reference->len * sizeof(FpVerdict)) == 0);
    }
}

static void test_full_table_loses_no_track(void)
{
    for (guint64 seed = 0; seed < 4; seed++) {
        g_autoptr(GArray) verdicts = g_array_new(FALSE, TRUE, sizeof(FpVerdict));
        g_autoptr(GHashTable) firsts = g_hash_table_new(NULL, NULL);
        play(seed, 500 + seed * 500, verdicts);
        for (guint i = 0; i < verdicts->len; i++) {
            const FpVerdict *verdict = &g_array_index(verdicts, FpVerdict, i);
            g_assert_cmpuint(verdict->stream, <=, i); /* a frame starts at most one stream */
            if (verdict->classes & FP_CLASS_FIRST)    /* and a stream has one first payload frame */
                g_assert_true(g_hash_table_add(firsts, GUINT_TO_POINTER(verdict->stream)));
        }
        g_assert_cmpuint(g_hash_table_size(firsts), >, 1000);
    }
}

/* A SYN and, if it is answered, everything up to the server's first data. */
static void converse(FpStreams *streams, guint32 number, bool is_answered)
{
    give(streams, number, 0, FP_TCP_SYN, 0, 0);
    if (!is_answered)
        return;
    give(streams, number, 1, FP_TCP_SYN | FP_TCP_ACK, 0, 1);
    give(streams, number, 0, FP_TCP_ACK, 0, 2);
    g_assert_cmpuint(give(streams, number, 0, FP_TCP_ACK, 9, 3).classes, ==, FP_CLASS_FIRST | FP_CLASS_FLIGHT);
    g_assert_cmpuint(give(streams, number, 1, FP_TCP_ACK, 9, 4).classes, ==, FP_CLASS_REPLY);
}

/* However far the table has grown: its segments are not all equally full. */
static void test_a_stream_takes_48_bytes(void)
{
    enum { BEGIN = 300000, END = 1000000 };
    FpStreams *streams = table(1, END);

    for (guint32 i = 0; i < END; i++) {
        converse(streams, i, i % 5 < 2);
        FpStreamsStats stats = stats_of(streams);
        if (i >= BEGIN)
            g_assert_cmpuint(stats.table_bytes, <=, stats.open * 48);
    }
    fp_streams_free(streams);
}

/* When one side has spoken, a stream is whole; SYNs after that need the other pool. */
static void fill(FpStreams *streams, guint32 begin, guint32 n, unsigned flags, gsize bytes)
{
    for (guint32 i = begin; i < begin + n; i++) {
        give(streams, i, 0, flags, flags & FP_TCP_SYN ? 0 : 9, i * (SECOND / 1000));
        g_assert_cmpuint(stats_of(streams).table_bytes, <=, bytes);
    }
}

static void test_fitting_streams_fit(void)
{
    const FpRules usual = {0}, idle = {.idle_ns = 1};

    g_assert_cmpuint(fp_streams_fitting(&usual, 200000), ==, 0);
    g_assert_cmpuint(fp_streams_fitting(&idle, 100000000), <, fp_streams_fitting(&usual, 100000000));
    for (gsize bytes = 300000; bytes < 20000000; bytes = bytes * 4 / 3) {
        gsize max_streams = fp_streams_fitting(&usual, bytes);
        FpStreams *streams = table(bytes, max_streams);
        guint32 n = (guint32)max_streams * 5 / 4;
        fill(streams, 0, n, FP_TCP_ACK, bytes);
        fill(streams, n, n * 2, FP_TCP_SYN, bytes);
        fill(streams, n * 3, n, FP_TCP_ACK, bytes);
        g_assert_cmpuint(stats_of(streams).open, >, max_streams * 15 / 16);
        g_assert_cmpuint(stats_of(streams).table_bytes, >, bytes / 5 * 2);
        fp_streams_free(streams);
    }
}

/* Whether a segment with flags closes a stream in which both sides have spoken: then the SYN that began it begins another stream. */
static bool closes(unsigned flags, guint8 header_bytes)
{
    FpStreams *streams = table(1, 100);
    Pair pair = pair_of(1);
    FpSegment segment = segment_of(&pair, 1, flags, 110, 0);
    FpVerdict verdict;

    converse(streams, 1, true);
    segment.header_bytes = header_bytes;
    fp_streams_take(streams, fp_streams_key(streams, &segment), &segment, &verdict);
    g_assert_cmpuint(verdict.classes, ==, 0);
    give(streams, 1, 0, FP_TCP_ACK, 9, 6);
    bool begins = give(streams, 1, 0, FP_TCP_SYN, 0, 7).begins;
    fp_streams_free(streams);
    return begins;
}

/* A SYN, and 3.5 s later the first payload: that is the delay, whenever it was, even where nanoseconds have wrapped around. */
static void test_delay_at_any_time(void)
{
    static const int64_t seconds[] = {0,          -1,          -3,          4294967294,       4611686017,     4611686018,
                                      9223372035, -9223372037, -9223372038, 1700000000123456, INT64_MAX - 10, INT64_MIN};

    for (gsize i = 0; i < G_N_ELEMENTS(seconds); i++) {
        FpStreams *streams = table(1, 16);
        give(streams, 0, 0, FP_TCP_SYN, 0, fp_time_ns(seconds[i], 700000000));
        FpVerdict verdict = give(streams, 0, 0, FP_TCP_ACK, 9, fp_time_ns(seconds[i] + 4, 200000000));
        g_assert_cmpuint(verdict.classes, ==, FP_CLASS_FIRST | FP_CLASS_FLIGHT);
        g_assert_cmpint(verdict.delay_ns, ==, SECOND / 2 * 7);
        g_assert_cmpint(verdict.age_ns, ==, SECOND / 2 * 7);
        fp_streams_free(streams);
    }
    g_assert_cmpint(fp_time_difference(fp_time_ns(-5, 0), fp_time_ns(5, 1)), ==, -10 * SECOND - 1);
}

static unsigned classes_after_end(bool is_answered)
{
    FpRules rules = {.flight_bytes = 1000, .opening_bytes = 1000, .asked = FP_CLASS_ASKED};
    FpStreams *streams = fp_streams_new(&rules, 1, 16);
    const Pair pair = pair_of(1);
    const FpSegment segment = segment_of(&pair, 0, FP_TCP_ACK, 0, 0);

    give(streams, 1, 0, FP_TCP_SYN, 0, 0);
    g_assert_cmpuint(give(streams, 1, 0, FP_TCP_ACK, 10, 0).classes, ==, FP_CLASS_FIRST | FP_CLASS_FLIGHT | FP_CLASS_OPENING);
    if (is_answered)
        g_assert_cmpuint(give(streams, 1, 1, FP_TCP_ACK, 10, 0).classes, ==, FP_CLASS_REPLY | FP_CLASS_OPENING);
    fp_streams_end_opening(streams, fp_streams_key(streams, &segment));
    fp_streams_end_opening(streams, fp_streams_key(streams, &segment));
    unsigned classes = give(streams, 1, 1, FP_TCP_ACK, 10, 0).classes;
    g_assert_cmpuint(give(streams, 1, 0, FP_TCP_ACK | FP_TCP_FIN, 10, 0).classes, ==, FP_CLASS_CLOSING);
    g_assert_cmpuint(give(streams, 2, 0, FP_TCP_ACK, 10, 0).classes, ==, FP_CLASS_FIRST | FP_CLASS_FLIGHT | FP_CLASS_OPENING);
    fp_streams_free(streams);
    return classes;
}

/* Nothing more of the opening is reported, whatever was to come yet; all else is. */
static void test_opening_is_ended(void)
{
    g_assert_cmpuint(classes_after_end(false), ==, FP_CLASS_REPLY);
    g_assert_cmpuint(classes_after_end(true), ==, 0);
}

/* The way of those who look at many segments before they take any: a stream that is settled is passed by, others are taken where they are.
 */
static void test_passed_by(void)
{
    FpStreams *streams = table(1, 16), *other = table(1, 16);
    const Pair pair = pair_of(5);
    const struct {
        guint from;
        unsigned flags;
        guint32 seq, payload_bytes;
    } steps[] = {{0, FP_TCP_SYN, 100, 0}, {0, FP_TCP_ACK, 101, 10}, {1, FP_TCP_ACK, 101, 20}, {0, FP_TCP_ACK, 111, 10}};

    for (guint i = 0; i < G_N_ELEMENTS(steps); i++) {
        FpSegment segment = segment_of(&pair, steps[i].from, steps[i].flags, steps[i].seq, steps[i].payload_bytes);
        FpVerdict verdict = {0}, expected;
        segment.time_ns = (gint64)i * SECOND;
        FpStreamKey key = fp_streams_key(streams, &segment);
        FpStreamPlace *place = fp_streams_pass_by(streams, key, segment.time_ns);
        g_assert_true((place == NULL) == (i == 3));
        if (place != NULL)
            g_assert_true(fp_streams_take_at(streams, place, key, &segment, &verdict));
        g_assert_true(fp_streams_take(other, key, &segment, &expected) == (place != NULL));
        g_assert_cmpuint(verdict.classes, ==, expected.classes);
        if (verdict.classes & FP_CLASS_FIRST)
            g_assert_cmpint(fp_payload_offset(&segment, &verdict), ==, 0);
    }
    fp_streams_free(streams);
    fp_streams_free(other);
}

static bool confirms(FpStreams *streams, guint32 number, guint from, guint32 seq)
{
    const Pair pair = pair_of(number);
    const FpSegment segment = segment_of(&pair, from, FP_TCP_ACK, seq, 10);

    return fp_streams_confirm(streams, fp_streams_key(streams, &segment), &segment);
}

static void catch_up(FpStreams *streams, guint32 number, guint from, guint32 seq)
{
    const Pair pair = pair_of(number);
    const FpSegment segment = segment_of(&pair, from, FP_TCP_ACK, seq, 10);

    fp_streams_catch_up(streams, fp_streams_key(streams, &segment), &segment);
}

/* A digest's assertion holds of a side that speaks alone, beyond its flight, from the number expected next; and of a settled stream. */
static void test_digests_ask(void)
{
    const FpRules rules = {.flight_bytes = 20};
    FpStreams *streams = fp_streams_new(&rules, 1, 16);

    g_assert_false(confirms(streams, 1, 0, 101)); /* there is no such stream */
    catch_up(streams, 1, 0, 101);
    g_assert_cmpuint(stats_of(streams).open, ==, 0);
    give(streams, 1, 0, FP_TCP_SYN, 0, 0);
    g_assert_false(confirms(streams, 1, 0, 101)); /* it has not spoken */
    catch_up(streams, 1, 0, 101);
    give(streams, 1, 0, FP_TCP_ACK, 10, 0);
    g_assert_false(confirms(streams, 1, 0, 111)); /* the flight goes on */
    catch_up(streams, 1, 0, 91);                  /* nothing new */
    g_assert_false(confirms(streams, 1, 0, 121));
    catch_up(streams, 1, 0, 111);
    g_assert_true(confirms(streams, 1, 0, 121));
    g_assert_false(confirms(streams, 1, 0, 122));
    g_assert_false(confirms(streams, 1, 1, 121)); /* the other side */
    catch_up(streams, 1, 1, 121);
    g_assert_true(confirms(streams, 1, 0, 121));
    give(streams, 1, 1, FP_TCP_ACK, 10, 0);
    g_assert_true(confirms(streams, 1, 0, 7)); /* settled */
    catch_up(streams, 1, 0, 7);
    fp_streams_free(streams);
}

/* A stream that only a SYN has begun spares nothing, and where there is no stream, or it is settled, there is no opening to end. */
static void test_little_is_known(void)
{
    const FpRules rules = {.flight_bytes = 20, .asked = FP_CLASS_OPENING, .opening_bytes = 10};
    FpStreams *streams = fp_streams_new(&rules, 1, 16);
    const Pair pair = pair_of(1);
    const FpSegment segment = segment_of(&pair, 0, FP_TCP_ACK, 101, 10);
    const FpStreamKey key = fp_streams_key(streams, &segment);
    FpSpare spare;

    fp_streams_end_opening(streams, key);
    fp_streams_spare(streams, key, &spare);
    g_assert_cmpint(spare.kind, ==, FP_SPARE_NOTHING);
    give(streams, 1, 0, FP_TCP_SYN, 0, 0);
    fp_streams_spare(streams, key, &spare);
    g_assert_cmpint(spare.kind, ==, FP_SPARE_NOTHING);
    give(streams, 1, 0, FP_TCP_ACK, 10, 0);
    give(streams, 1, 1, FP_TCP_ACK, 10, 0);
    fp_streams_end_opening(streams, key);
    fp_streams_spare(streams, key, &spare);
    g_assert_cmpint(spare.kind, ==, FP_SPARE_ALL);
    fp_streams_end_opening(streams, key);
    fp_streams_free(streams);
}

/* What was answered and saved, and is loaded by whoever asks for more, confirms nothing. */
static void test_digests_ask_of_what_was_answered(void)
{
    const FpRules opening = {.flight_bytes = 20, .asked = FP_CLASS_OPENING, .opening_bytes = 100};
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    Saved saved = {.bytes = bytes};
    FpStreams *streams = table(2, 16);

    give(streams, 1, 0, FP_TCP_SYN, 0, 0);
    give(streams, 1, 0, FP_TCP_ACK, 10, 0);
    give(streams, 1, 1, FP_TCP_ACK, 10, 0);
    g_assert_true(confirms(streams, 1, 0, 121));
    g_assert_true(fp_streams_save(streams, append, &saved));
    fp_streams_free(streams);
    streams = fp_streams_load(&opening, 16, take, &saved);
    g_assert_nonnull(streams);
    g_assert_false(confirms(streams, 1, 0, 121));
    catch_up(streams, 1, 0, 121);
    fp_streams_free(streams);
}

/* Nor while a SYN/ACK waits to be acknowledged, or where the opening is asked for. */
static void test_digests_ask_of_handshakes(void)
{
    const FpRules plain = {.flight_bytes = 0}, opening = {.flight_bytes = 0, .asked = FP_CLASS_OPENING, .opening_bytes = 100};

    for (guint i = 0; i < 2; i++) {
        FpStreams *streams = fp_streams_new(i == 0 ? &plain : &opening, 1, 16);
        give(streams, 1, 0, FP_TCP_SYN, 0, 0);
        give(streams, 1, 1, FP_TCP_SYN | FP_TCP_ACK, 0, 0);
        g_assert_false(confirms(streams, 1, 0, 101));
        give(streams, 1, 1, FP_TCP_ACK, 10, 0); /* the server speaks before the handshake is over */
        g_assert_false(confirms(streams, 1, 1, 111));
        give(streams, 1, 0, FP_TCP_ACK, 0, 0);
        g_assert_true(confirms(streams, 1, 1, 111) == (i == 0));
        fp_streams_free(streams);
    }
}

static void test_settled_streams_close(void)
{
    g_assert_false(closes(FP_TCP_ACK, 20));
    g_assert_true(closes(FP_TCP_ACK | FP_TCP_FIN, 20));
    g_assert_true(closes(FP_TCP_RST, 20));
    g_assert_false(closes(FP_TCP_RST, 16)); /* Wireshark gives up on it before it reads the flags */
    g_assert_false(closes(FP_TCP_RST, 24)); /* beyond the end of the segment */
}

static gint64 process_pages(void)
{
    g_autofree char *text = NULL;

    g_assert_true(g_file_get_contents("/proc/self/statm", &text, NULL, NULL));
    return g_ascii_strtoll(text, NULL, 10);
}

/* Tables that are freed leave no address space taken. */
static void test_nothing_stays(void)
{
    const gint64 before = process_pages();
    gint64 bytes = 0;

    for (guint i = 0; i < 200; i++) {
        FpStreams *streams = table(4, 160);
        give(streams, 0, 0, FP_TCP_SYN, 0, 0);
        bytes += (gint64)stats_of(streams).table_bytes;
        fp_streams_free(streams);
    }
    g_assert_cmpint((process_pages() - before) * sysconf(_SC_PAGESIZE), <, bytes / 2);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/streams/key-is-the-same-both-ways", test_key_is_the_same_both_ways);
    g_test_add_func("/streams/key-holds-all-of-the-endpoints", test_key_holds_all_of_the_endpoints);
    g_test_add_func("/streams/key-tells-ip-versions-apart", test_key_tells_ip_versions_apart);
    g_test_add_func("/streams/key-holds-the-network", test_key_holds_the_network);
    g_test_add_func("/streams/networks-have-streams-of-their-own", test_networks_have_streams_of_their_own);
    g_test_add_func("/streams/key-depends-on-the-seed", test_key_depends_on_the_seed);
    g_test_add_func("/streams/growth-keeps-every-stream", test_growth_keeps_every_stream);
    g_test_add_func("/streams/a-stream-takes-48-bytes", test_a_stream_takes_48_bytes);
    g_test_add_func("/streams/fitting-streams-fit", test_fitting_streams_fit);
    g_test_add_func("/streams/delay-at-any-time", test_delay_at_any_time);
    g_test_add_func("/streams/settled-streams-close", test_settled_streams_close);
    g_test_add_func("/streams/passed-by", test_passed_by);
    g_test_add_func("/streams/digests-ask", test_digests_ask);
    g_test_add_func("/streams/digests-ask-of-handshakes", test_digests_ask_of_handshakes);
    g_test_add_func("/streams/digests-ask-of-what-was-answered", test_digests_ask_of_what_was_answered);
    g_test_add_func("/streams/little-is-known", test_little_is_known);
    g_test_add_func("/streams/opening-is-ended", test_opening_is_ended);
    g_test_add_func("/streams/small-bound-is-raised", test_small_bound_is_raised);
    g_test_add_func("/streams/same-answers-for-any-seed", test_same_answers_for_any_seed);
    g_test_add_func("/streams/full-table-loses-no-track", test_full_table_loses_no_track);
    g_test_add_func("/streams/nothing-stays", test_nothing_stays);
    return g_test_run();
}
