/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_saved.c - a table of streams that is saved and loaded again and again, checked against one that is not. Built for the table as
 * it is, and for one with very small segments, which often splits and forgets.
 */
#include <glib.h>
#include <string.h>

#include "same-verdict.h"
#include "saved.h"
#include "streams-internal.h"
#include "streams.h"

#define SEGMENTS 20000U
#define ENDPOINTS 3000U
#define MAX_STREAMS 700U

#define SECOND G_GINT64_CONSTANT(1000000000)

static const FpRules plain_rules = {.flight_bytes = FP_FLIGHT_BYTES_DEFAULT};
static const FpRules idle_rules = {.flight_bytes = FP_FLIGHT_BYTES_DEFAULT, .idle_ns = 10 * SECOND};
static const FpRules opening_rules = {.flight_bytes = FP_FLIGHT_BYTES_DEFAULT, .opening_bytes = 250, .asked = FP_CLASS_ASKED};
static const FpRules all_rules = {
    .flight_bytes = FP_FLIGHT_BYTES_DEFAULT, .opening_bytes = 250, .asked = FP_CLASS_ASKED, .idle_ns = 200 * SECOND};
static const FpRules udp_rules = {
    .flight_bytes = FP_FLIGHT_BYTES_DEFAULT, .opening_bytes = 250, .asked = FP_CLASS_ASKED, .transports = FP_TAKES_TCP | FP_TAKES_UDP};
static const FpRules quic_rules = {
    .flight_bytes = FP_FLIGHT_BYTES_DEFAULT, .idle_ns = 10 * SECOND, .transports = FP_TAKES_TCP | FP_TAKES_QUIC};
static FpRules rules = {.flight_bytes = FP_FLIGHT_BYTES_DEFAULT}; /* with which tables are made and loaded */

static GByteArray *save(const FpStreams *streams)
{
    Saved file = {.bytes = g_byte_array_new()};

    g_assert_true(fp_streams_save(streams, append, &file));
    return file.bytes;
}

static FpStreams *load(GByteArray *bytes)
{
    Saved file = {.bytes = bytes};
    FpStreams *streams = fp_streams_load(&rules, MAX_STREAMS, take, &file);

    g_assert_true(streams == NULL || file.at == bytes->len);
    return streams;
}

static FpStreams *saved_and_loaded(FpStreams *streams)
{
    g_autoptr(GByteArray) bytes = save(streams);

    fp_streams_free(streams);
    streams = load(bytes);
    g_assert_nonnull(streams);
    g_autoptr(GByteArray) again = save(streams);
    g_assert_true(bytes->len == again->len && memcmp(bytes->data, again->data, bytes->len) == 0);
    return streams;
}

/* Makes a segment of any kind on one of many endpoints. addresses: 8 bytes that it borrows. */
static FpSegment random_segment(GRand *rand, guint n, uint8_t *addresses)
{
    static const uint8_t flags[] = {FP_TCP_SYN, FP_TCP_SYN | FP_TCP_ACK, FP_TCP_ACK, FP_TCP_ACK, FP_TCP_ACK | FP_TCP_FIN, FP_TCP_RST};
    guint32 client = (guint32)g_rand_int_range(rand, 0, ENDPOINTS);
    bool is_reply = g_rand_boolean(rand);

    memcpy(addresses + (is_reply ? 4 : 0), &client, 4);
    memset(addresses + (is_reply ? 0 : 4), 7, 4);
    if (rules.transports != 0 && g_rand_boolean(rand))
        return (FpSegment){.source = addresses,
                           .destination = addresses + 4,
                           .address_bytes = 4,
                           .source_port = is_reply ? 443 : 40000,
                           .destination_port = is_reply ? 40000 : 443,
                           .header_bytes = 8,
                           .segment_bytes = 8 + (guint32)g_rand_int_range(rand, 0, 2) * 100,
                           .transport = FP_TRANSPORT_UDP,
                           .is_quic_long = g_rand_boolean(rand),
                           .time_ns = (gint64)n * 100000000};
    return (FpSegment){.source = addresses,
                       .destination = addresses + 4,
                       .address_bytes = 4,
                       .source_port = is_reply ? 443 : 40000,
                       .destination_port = is_reply ? 40000 : 443,
                       .seq = (guint32)g_rand_int_range(rand, 0, 5) * 100,
                       .ack = 1,
                       .flags = flags[g_rand_int_range(rand, 0, G_N_ELEMENTS(flags))],
                       .header_bytes = 20,
                       .segment_bytes = 20 + (guint32)g_rand_int_range(rand, 0, 2) * 100,
                       .window = 1000,
                       .time_ns = (gint64)n * 100000000};
}

static void give(FpStreams *streams, const FpSegment *segment, FpVerdict *verdict)
{
    fp_streams_take(streams, fp_streams_key(streams, segment), segment, verdict);
}

static void compare_stats(const FpStreams *one, const FpStreams *other)
{
    FpStreamsStats first, second;

    fp_streams_stats(one, &first);
    fp_streams_stats(other, &second);
    g_assert_cmpint(memcmp(&first, &second, sizeof first), ==, 0);
}

static FpStreams *filled(GRand *rand, guint n)
{
    FpStreams *streams = fp_streams_new_for_saving(&rules, 99, MAX_STREAMS);

    for (guint i = 0; i < n; i++) {
        uint8_t addresses[8];
        FpVerdict verdict;
        FpSegment segment = random_segment(rand, i, addresses);
        give(streams, &segment, &verdict);
    }
    return streams;
}

static void test_goes_on_as_if_nothing_had_been(gconstpointer by)
{
    rules = *(const FpRules *)by;
    GRand *rand = g_rand_new_with_seed(5);
    FpStreams *plain = fp_streams_new_for_saving(&rules, 99, MAX_STREAMS), *moved = fp_streams_new_for_saving(&rules, 99, MAX_STREAMS);
    FpStreamsStats stats;

    for (guint i = 0; i < SEGMENTS; i++) {
        uint8_t addresses[8];
        FpVerdict one, other;
        FpSegment segment = random_segment(rand, i, addresses);
        if (i % 97 == 0)
            moved = saved_and_loaded(moved);
        give(plain, &segment, &one);
        give(moved, &segment, &other);
        g_assert_true(same_verdict(&one, &other));
    }
    compare_stats(plain, moved);
    fp_streams_stats(plain, &stats);
    g_assert_cmpuint(stats.forgotten_unanswered + stats.forgotten_closed + stats.forgotten_idle, >, 1000);
    fp_streams_free(plain);
    fp_streams_free(moved);
    g_rand_free(rand);
    rules = plain_rules;
}

/* Makes a segment of 10 bytes, or a SYN without payload, of one of several clients or of their server. Returns whether it begins a
 * stream. */
static bool begins(FpStreams *streams, guint32 client, bool is_reply, uint8_t flags, gint64 time_ns)
{
    guint32 addresses[2] = {is_reply ? 0xffffffff : client, is_reply ? client : 0xffffffff};
    FpVerdict verdict;
    FpSegment segment = {.source = (const uint8_t *)&addresses[0],
                         .destination = (const uint8_t *)&addresses[1],
                         .address_bytes = 4,
                         .source_port = 1,
                         .destination_port = 1,
                         .seq = flags & FP_TCP_SYN ? 99 : 100,
                         .ack = 100,
                         .flags = flags,
                         .header_bytes = 20,
                         .segment_bytes = flags & FP_TCP_SYN ? 20 : 30,
                         .window = 1000,
                         .time_ns = time_ns};

    give(streams, &segment, &verdict);
    return verdict.begins;
}

static FpStreams *moved_to(FpStreams *streams, const FpRules *new_rules)
{
    g_autoptr(GByteArray) bytes = save(streams);

    fp_streams_free(streams);
    rules = *new_rules;
    streams = load(bytes);
    g_assert_nonnull(streams);
    return streams;
}

/* Three streams at 100 s, saved when nothing more was asked for: one with a SYN only, one in which one side has spoken, and one in
 * which both have. */
static FpStreams *three_streams(void)
{
    rules = plain_rules;
    FpStreams *streams = fp_streams_new_for_saving(&rules, 99, MAX_STREAMS);

    g_assert_true(begins(streams, 1, false, FP_TCP_SYN, 100 * SECOND));
    g_assert_true(begins(streams, 2, false, FP_TCP_ACK, 100 * SECOND));
    g_assert_true(begins(streams, 3, false, FP_TCP_ACK, 100 * SECOND));
    g_assert_false(begins(streams, 3, true, FP_TCP_ACK, 100 * SECOND));
    return streams;
}

static void assert_each_begins(FpStreams *streams, bool wanted, gint64 time_ns)
{
    for (guint32 client = 1; client <= 3; client++)
        g_assert_cmpint(begins(streams, client, client == 3, FP_TCP_ACK, time_ns), ==, wanted);
}

/* Of streams that were saved when idle was not asked for, it is known roughly how long nothing has come; from then on, exactly. */
static void test_idle_is_asked_for_later(void)
{
    FpStreams *streams = moved_to(three_streams(), &idle_rules);
    assert_each_begins(streams, true, 110 * SECOND + SECOND / 10);
    fp_streams_free(streams);

    streams = moved_to(three_streams(), &idle_rules);
    assert_each_begins(streams, false, 109 * SECOND);
    streams = saved_and_loaded(streams);
    assert_each_begins(streams, false, 119 * SECOND - 1);
    streams = saved_and_loaded(streams);
    assert_each_begins(streams, true, 129 * SECOND - 1);
    streams = moved_to(streams, &plain_rules);
    assert_each_begins(streams, false, 1000 * SECOND);
    fp_streams_free(streams);
}

/* Gives payload of a client, 10 bytes that begin at this offset of its side, or payload of its server. Returns the classes. */
static unsigned classes_at(FpStreams *streams, guint32 client, bool is_reply, uint8_t flags, guint32 offset)
{
    guint32 addresses[2] = {is_reply ? 0xffffffff : client, is_reply ? client : 0xffffffff};
    FpVerdict verdict;
    FpSegment segment = {.source = (const uint8_t *)&addresses[0],
                         .destination = (const uint8_t *)&addresses[1],
                         .address_bytes = 4,
                         .source_port = 1,
                         .destination_port = 1,
                         .seq = 100 + offset,
                         .ack = 100,
                         .flags = flags,
                         .header_bytes = 20,
                         .segment_bytes = 30,
                         .window = 1000,
                         .time_ns = 100 * SECOND};

    give(streams, &segment, &verdict);
    return verdict.classes;
}

/* Streams in which both sides had spoken, and which were no longer followed, keep their base; a keep-alive is recognised only once a
 * segment has come since. What was noted with opening and without idle is known when both are asked for. */
static void test_opening_is_asked_for_later(void)
{
    FpStreams *streams = moved_to(three_streams(), &opening_rules);

    for (guint32 client = 2; client <= 3; client++) {
        g_assert_cmpuint(classes_at(streams, client, false, FP_TCP_ACK, 10) & FP_CLASS_ASKED, ==, FP_CLASS_OPENING);
        g_assert_cmpuint(classes_at(streams, client, false, FP_TCP_ACK, 250) & FP_CLASS_ASKED, ==, 0);
    }
    g_assert_cmpuint(classes_at(streams, 4, false, FP_TCP_ACK, 0), ==, FP_CLASS_FIRST | FP_CLASS_FLIGHT | FP_CLASS_OPENING);
    g_assert_cmpuint(classes_at(streams, 4, true, FP_TCP_ACK, 1000), ==, FP_CLASS_REPLY | FP_CLASS_OPENING); /* from there on */
    streams = moved_to(saved_and_loaded(streams), &all_rules);
    g_assert_cmpuint(classes_at(streams, 4, true, FP_TCP_ACK, 1249), ==, FP_CLASS_OPENING);
    g_assert_cmpuint(classes_at(streams, 4, true, FP_TCP_ACK, 1250), ==, 0);
    g_assert_cmpuint(classes_at(streams, 3, true, FP_TCP_ACK | FP_TCP_FIN, 10), ==, FP_CLASS_OPENING | FP_CLASS_CLOSING);
    streams = moved_to(streams, &plain_rules);
    g_assert_cmpuint(classes_at(streams, 4, true, FP_TCP_ACK | FP_TCP_FIN, 20), ==, 0);
    streams = moved_to(streams, &opening_rules);
    g_assert_cmpuint(classes_at(streams, 3, true, FP_TCP_ACK | FP_TCP_FIN, 20), ==, FP_CLASS_OPENING);
    fp_streams_free(streams);
    rules = plain_rules;
}

/* A SYN that was repeated is remembered in 16 bytes only if they hold its time. */
static void test_idle_counts_from_the_last_syn(void)
{
    rules = idle_rules;
    FpStreams *streams = fp_streams_new_for_saving(&rules, 99, MAX_STREAMS);

    g_assert_true(begins(streams, 1, false, FP_TCP_SYN, 0));
    g_assert_false(begins(streams, 1, false, FP_TCP_SYN, 9 * SECOND));
    streams = saved_and_loaded(streams);
    g_assert_false(begins(streams, 1, false, FP_TCP_SYN, 18 * SECOND));
    g_assert_true(begins(streams, 1, false, FP_TCP_SYN, 28 * SECOND));
    fp_streams_free(streams);
    rules = plain_rules;
}

static void test_cut_file(void)
{
    GRand *rand = g_rand_new_with_seed(6);
    FpStreams *streams = filled(rand, 500);
    g_autoptr(GByteArray) bytes = save(streams);

    for (guint length = 0; length < bytes->len; length += 1 + length / 50) {
        g_autoptr(GByteArray) cut = g_byte_array_new();
        g_byte_array_append(cut, bytes->data, length);
        g_assert_null(load(cut));
    }
    fp_streams_free(streams);
    g_rand_free(rand);
}

/* A checksum detects damage; but what passes it must not make the program read or write beyond what there is. */
static void test_damaged_file(gconstpointer by)
{
    rules = *(const FpRules *)by;
    GRand *rand = g_rand_new_with_seed(7);
    FpStreams *streams = filled(rand, 500);
    g_autoptr(GByteArray) bytes = save(streams);

    for (guint i = 0; i < 2000; i++) {
        g_autoptr(GByteArray) damaged = g_byte_array_new();
        g_byte_array_append(damaged, bytes->data, bytes->len);
        guint place = (guint)g_rand_int_range(rand, 0, (gint32)(i % 2 == 0 ? MIN(200, bytes->len) : bytes->len));
        damaged->data[place] ^= (guint8)(1U << g_rand_int_range(rand, 0, 8));
        Saved file = {.bytes = damaged};
        FpStreams *loaded = fp_streams_load(&rules, MAX_STREAMS, take, &file);
        for (guint n = 0; loaded != NULL && n < 50; n++) {
            uint8_t addresses[8];
            FpVerdict verdict;
            FpSegment segment = random_segment(rand, n, addresses);
            give(loaded, &segment, &verdict);
        }
        fp_streams_free(loaded);
    }
    fp_streams_free(streams);
    g_rand_free(rand);
    rules = plain_rules;
}

/* What tests/core/saved/ holds was written before slots had finer times and is_answered, or before there was anything after whole
 * streams: each is of a table as filled makes it, with 200 segments. */
static FpStreams *load_older(const char *path)
{
    gchar *contents;
    gsize n;

    g_assert_true(g_file_get_contents(path, &contents, &n, NULL));
    g_autoptr(GByteArray) bytes = g_byte_array_new_take((guint8 *)contents, n);
    return load(bytes);
}

static const Slot *slot_of(const FpStreams *streams, uint64_t hash)
{
    const Segment *segment = streams->directory[fp_highest_bits(hash, streams->depth)];

    for (size_t i = 0; i < SEGMENT_SLOTS; i++)
        if (segment->slots[i].hash == hash)
            return &segment->slots[i];
    return NULL;
}

static void test_older(gconstpointer path)
{
    GRand *rand = g_rand_new_with_seed(8);
    FpStreams *fresh = filled(rand, 200), *loaded = load_older(path);

    g_assert_nonnull(loaded);
    for (size_t i = 0; i < SEGMENT_SLOTS; i++) {
        const Slot *slot = &fresh->hand->slots[i];
        if (slot->hash == 0)
            continue;
        const Slot *other = slot_of(loaded, slot->hash);
        g_assert_nonnull(other);
        g_assert_cmpuint(other->is_answered, ==, slot->is_answered);
        g_assert_cmpuint(other->is_closed, ==, slot->is_closed);
        g_assert_cmpuint(other->is_settled, ==, slot->is_settled);
        g_assert_cmpuint(other->last_active >> 10, ==, slot->last_active >> 10);
    }
    for (guint i = 200; i < 5000; i++) {
        uint8_t addresses[8];
        FpVerdict one, other;
        FpSegment segment = random_segment(rand, i, addresses);
        give(fresh, &segment, &one);
        give(loaded, &segment, &other);
        one.ends_flight = other.ends_flight = false; /* that it had been said before was not noted then */
        if (one.classes == 0 && !one.begins && !one.ends_silent)
            one.stream = other.stream = 0;
        if (i < 500) /* before the table is full */
            g_assert_true(same_verdict(&one, &other));
    }
    fp_streams_free(fresh);
    fp_streams_free(loaded);
    g_rand_free(rand);
}

/* Where a full table forgets one stream after the other, free slots stay spread over it: searches end at the next one. */
static void test_runs_stay_short(void)
{
    FpStreams *streams = fp_streams_new_for_saving(&rules, 99, SEGMENT_SLOTS * 5 / 4);

    for (guint32 i = 0; i < SEGMENT_SLOTS * 30; i++) {
        FpVerdict verdict;
        FpSegment segment = {.source = (const uint8_t *)&i,
                             .destination = (const uint8_t[]){192, 0, 2, 1},
                             .address_bytes = 4,
                             .flags = FP_TCP_SYN,
                             .header_bytes = 20,
                             .segment_bytes = 20,
                             .time_ns = (gint64)i * 1000};
        give(streams, &segment, &verdict);
    }
    size_t run = 0, longest = 0;
    for (size_t i = 0; i < SEGMENT_SLOTS * 2; i++) {
        run = streams->hand->slots[i & SEGMENT_MASK].hash != 0 ? run + 1 : 0;
        longest = MAX(longest, run);
    }
    g_assert_cmpuint(longest, <, SEGMENT_SLOTS / 16);
    fp_streams_free(streams);
}

/* Classes of a datagram of 10 bytes. */
static unsigned classes_of(FpStreams *streams, guint32 client, bool is_reply, bool is_quic_long)
{
    guint32 addresses[2] = {is_reply ? 0xffffffff : client, is_reply ? client : 0xffffffff};
    FpVerdict verdict;
    FpSegment segment = {.source = (const uint8_t *)&addresses[0],
                         .destination = (const uint8_t *)&addresses[1],
                         .address_bytes = 4,
                         .header_bytes = 8,
                         .segment_bytes = 18,
                         .transport = FP_TRANSPORT_UDP,
                         .is_quic_long = is_quic_long};

    give(streams, &segment, &verdict);
    return verdict.classes;
}

/* Streams that are saved where all of UDP was asked for, and loaded where only QUIC is: those that began as QUIC go on, and no others. */
static void test_quic_is_asked_for_later(void)
{
    FpRules udp = plain_rules, quic = plain_rules;

    udp.transports = FP_TAKES_UDP;
    quic.transports = FP_TAKES_QUIC;
    FpStreams *streams = fp_streams_new_for_saving(&udp, 99, MAX_STREAMS);
    g_assert_cmpuint(classes_of(streams, 1, false, true), ==, FP_CLASS_FIRST | FP_CLASS_FLIGHT);
    g_assert_cmpuint(classes_of(streams, 2, false, false), ==, FP_CLASS_FIRST | FP_CLASS_FLIGHT);
    streams = moved_to(streams, &quic);
    g_assert_cmpuint(classes_of(streams, 1, true, false), ==, FP_CLASS_REPLY);
    g_assert_cmpuint(classes_of(streams, 2, true, true), ==, 0); /* its first datagram is known not to have been one */
    g_assert_cmpuint(classes_of(streams, 3, false, false), ==, 0);
    g_assert_cmpuint(classes_of(streams, 3, false, true), ==, FP_CLASS_FIRST | FP_CLASS_FLIGHT);
    streams = moved_to(streams, &plain_rules); /* nothing of UDP */
    g_assert_cmpuint(classes_of(streams, 3, true, true), ==, 0);
    g_assert_cmpuint(classes_of(streams, 4, true, true), ==, 0);
    fp_streams_free(streams);
}

static void test_empty_table(void)
{
    FpStreams *streams = saved_and_loaded(fp_streams_new_for_saving(&rules, 1, MAX_STREAMS));
    FpStreamsStats stats;

    fp_streams_stats(streams, &stats);
    g_assert_cmpuint(stats.open, ==, 0);
    fp_streams_free(streams);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_data_func("/saved/goes-on-as-if-nothing-had-been", &plain_rules, test_goes_on_as_if_nothing_had_been);
    g_test_add_data_func("/saved/goes-on-as-if-nothing-had-been-idle", &idle_rules, test_goes_on_as_if_nothing_had_been);
    g_test_add_data_func("/saved/goes-on-as-if-nothing-had-been-opening", &opening_rules, test_goes_on_as_if_nothing_had_been);
    g_test_add_data_func("/saved/goes-on-as-if-nothing-had-been-all", &all_rules, test_goes_on_as_if_nothing_had_been);
    g_test_add_data_func("/saved/goes-on-as-if-nothing-had-been-udp", &udp_rules, test_goes_on_as_if_nothing_had_been);
    g_test_add_data_func("/saved/goes-on-as-if-nothing-had-been-quic", &quic_rules, test_goes_on_as_if_nothing_had_been);
    g_test_add_func("/saved/quic-is-asked-for-later", test_quic_is_asked_for_later);
    g_test_add_func("/saved/opening-is-asked-for-later", test_opening_is_asked_for_later);
    g_test_add_func("/saved/idle-is-asked-for-later", test_idle_is_asked_for_later);
    g_test_add_func("/saved/idle-counts-from-the-last-syn", test_idle_counts_from_the_last_syn);
    g_test_add_func("/saved/cut-file", test_cut_file);
    g_test_add_data_func("/saved/damaged-file", &plain_rules, test_damaged_file);
    g_test_add_data_func("/saved/damaged-file-idle", &idle_rules, test_damaged_file);
    g_test_add_data_func("/saved/damaged-file-all", &all_rules, test_damaged_file);
    g_test_add_func("/saved/empty-table", test_empty_table);
    if (SEGMENT_BITS == 13) { /* what was saved, and what is long, is the same in the table as it is */
        g_test_add_data_func("/saved/first-format", argv[1], test_older);
        g_test_add_data_func("/saved/before-parts", argv[2], test_older);
        g_test_add_func("/saved/runs-stay-short", test_runs_stay_short);
    }
    return g_test_run();
}
