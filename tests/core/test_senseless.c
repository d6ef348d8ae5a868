/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_senseless.c - saved tables of streams that cannot have come about are refused, each for one thing that is wrong with it. */
#include <glib.h>
#include <stdlib.h>

#include "saved.h"
#include "streams-internal.h"

#define STREAMS 300U
#define LARGE 20000U

static const FpRules rules = {.flight_bytes = FP_FLIGHT_BYTES_DEFAULT};

static void fill(FpStreams *streams, guint n, uint8_t flags, uint32_t payload_bytes)
{
    for (guint i = 0; i < n; i++) {
        const guint8 source[4] = {10, 0, (guint8)(i >> 8), (guint8)i}, destination[4] = {10, 1, 0, 1};
        const FpSegment segment = {.source = source,
                                   .destination = destination,
                                   .address_bytes = 4,
                                   .source_port = 1000,
                                   .destination_port = 80,
                                   .window = 1000,
                                   .time_ns = i,
                                   .header_bytes = 20,
                                   .segment_bytes = 20 + payload_bytes,
                                   .flags = flags};
        FpVerdict verdict;
        fp_streams_take(streams, fp_streams_key(streams, &segment), &segment, &verdict);
    }
}

/* Returns a table with streams, some of which have been forgotten. */
static FpStreams *new_table(void)
{
    FpStreams *streams = fp_streams_new_for_saving(&rules, 1, STREAMS / 2);

    fill(streams, STREAMS, FP_TCP_ACK, 1);
    fp_streams_forget_some(streams, streams->hand, 0);
    g_assert_cmpuint(streams->whole.n_free, >=, 2);
    return streams;
}

/* Returns the first slot in use from index i on. */
static Slot *used_slot(FpStreams *streams, size_t i)
{
    while (streams->hand->slots[i].hash == 0)
        i++;
    return &streams->hand->slots[i];
}

static void spoil_nothing(FpStreams *streams)
{
    (void)streams;
}

static void share_an_item(FpStreams *streams)
{
    Slot *first = used_slot(streams, 0), *second = used_slot(streams, (size_t)(first - streams->hand->slots) + 1);

    second->place = first->place;
}

static void use_a_free_item(FpStreams *streams)
{
    used_slot(streams, 0)->place = streams->whole.next_free;
}

static void lead_beyond_the_pool(FpStreams *streams)
{
    const uint32_t beyond = UINT32_MAX;

    memcpy(fp_pool_item(&streams->whole, streams->whole.next_free), &beyond, sizeof beyond);
}

/* The last of the free items is not the one that is left, but one behind all that there are. */
static void lead_to_the_end(FpStreams *streams)
{
    const uint32_t end = (uint32_t)streams->whole.end;
    uint32_t index = streams->whole.next_free;

    for (uint32_t i = 2; i < streams->whole.n_free; i++)
        memcpy(&index, fp_pool_item(&streams->whole, index), sizeof index);
    memcpy(fp_pool_item(&streams->whole, index), &end, sizeof end);
}

static void lead_in_a_ring(FpStreams *streams)
{
    memcpy(fp_pool_item(&streams->whole, streams->whole.next_free), &streams->whole.next_free, sizeof streams->whole.next_free);
}

static void hide_a_slot(FpStreams *streams)
{
    Slot *slot = used_slot(streams, 0);
    size_t away = (fp_home_of(slot->hash) + SEGMENT_SLOTS / 2) & SEGMENT_MASK;

    while (streams->hand->slots[away].hash != 0)
        away++;
    streams->hand->slots[away] = *slot;
    slot->hash = 0;
}

static void repeat_a_hash(FpStreams *streams)
{
    Slot *slot = used_slot(streams, 0);
    size_t i = (size_t)(slot - streams->hand->slots);
    Slot *other = used_slot(streams, i + 1), taken = *other;

    other->hash = 0;
    while (streams->hand->slots[i].hash != 0)
        i++;
    taken.hash = slot->hash;
    streams->hand->slots[i] = taken;
}

/* All slots of a segment are in use, so that a search for another hash would never end. */
static void leave_no_slot_free(FpStreams *streams)
{
    const Slot taken = *used_slot(streams, 0);

    g_assert_true(fp_pool_make_room(&streams->whole, SEGMENT_SLOTS));
    for (size_t i = 0; i < SEGMENT_SLOTS; i++)
        if (streams->hand->slots[i].hash == 0)
            streams->hand->slots[i] = taken;
    streams->used = streams->hand->used = SEGMENT_SLOTS;
    streams->whole.n_free = streams->brief.n_free = 0;
    streams->whole.end = SEGMENT_SLOTS - streams->brief.end;
}

/* Two segments, of which one has all hashes. */
static void cover_twice(FpStreams *streams)
{
    Segment *other = fp_segments_take(&streams->segments), *hand = streams->hand;

    *other = (Segment){.next = hand, .depth = 1, .bits = 1};
    hand->next = other;
    Segment **directory = realloc(streams->directory, 2 * sizeof(Segment *));
    g_assert_nonnull(directory);
    streams->directory = directory;
    streams->directory[0] = hand;
    streams->directory[1] = other;
    streams->depth = 1;
}

/* Two segments without streams, both for the hashes that begin with this bit. */
static void cover_half(FpStreams *streams, uint32_t bit)
{
    while (streams->used > 0)
        fp_streams_forget_some(streams, streams->hand, 0);
    cover_twice(streams);
    streams->hand->depth = 1;
    streams->hand->bits = streams->hand->next->bits = bit;
}

static void cover_the_lower_half(FpStreams *streams)
{
    cover_half(streams, 0);
}

static void cover_the_upper_half(FpStreams *streams)
{
    cover_half(streams, 1);
}

/* The same in the pool of brief streams, of which the table has none. */
static void lead_in_a_ring_of_brief_ones(FpStreams *streams)
{
    const uint32_t first = 0;

    memcpy(fp_pool_item(&streams->brief, first), &first, sizeof first);
    streams->brief.end = streams->brief.n_free = 2;
    streams->brief.next_free = first;
}

/* In a table of several segments, all in 16 bytes. */
static void lie_in_another_segment(FpStreams *streams)
{
    g_assert_cmpuint(streams->hand->depth, >=, 1);
    used_slot(streams, 0)->hash ^= (uint64_t)1 << 63;
}

static void have_no_state(FpStreams *streams)
{
    Slot *slot = used_slot(streams, 0);

    g_assert_cmpuint(slot->state, ==, FP_STREAM_SYN);
    slot->state = FP_STREAM_ANSWERED + 1U;
    g_assert_cmpuint(slot->state, ==, FP_STREAM_ANSWERED + 1U);
}

static void check_spoilt(FpStreams *streams, void (*spoil)(FpStreams *))
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    Saved saved = {.bytes = bytes};

    spoil(streams);
    g_assert_true(fp_streams_save(streams, append, &saved));
    fp_streams_free(streams);
    FpStreams *loaded = fp_streams_load(&rules, STREAMS, take, &saved);
    g_assert_true((loaded != NULL) == (spoil == spoil_nothing));
    fp_streams_free(loaded);
}

/* Saves a table; returns its bytes. */
static GByteArray *saved_table(void)
{
    FpStreams *streams = new_table();
    Saved saved = {.bytes = g_byte_array_new()};

    g_assert_true(fp_streams_save(streams, append, &saved));
    fp_streams_free(streams);
    return saved.bytes;
}

/* Loads bytes, and uses the table if there is one: whatever it holds, that must not do harm. Returns whether there is one. */
static bool is_loaded(GByteArray *bytes, const FpRules *with)
{
    Saved saved = {.bytes = bytes};
    FpStreams *streams = fp_streams_load(with, STREAMS, take, &saved);

    if (streams == NULL)
        return false;
    for (unsigned round = 0; round < 3; round++) {
        streams->hand = streams->hand->next;
        fp_streams_forget_some(streams, streams->hand, round << 20);
    }
    fp_streams_free(streams);
    return true;
}

/* Each byte with its lowest or with all bits changed; and each word of the header with numbers that somebody might choose. */
static void test_changed(void)
{
    static const guint64 numbers[] = {0, 1, 2, 0x7fffffff, 0xffffffff, 0x100000000, 0x7fffffffffffffff, G_MAXUINT64};
    static const FpRules followed = {.flight_bytes = FP_FLIGHT_BYTES_DEFAULT, .asked = FP_CLASS_ASKED, .idle_ns = 1, .opening_bytes = 1};
    g_autoptr(GByteArray) bytes = saved_table();
    guint n_refused = 0;

    for (guint i = 0; i < bytes->len; i++) {
        const guint8 change = i % 4 < 2 ? 1 : 0xff;
        bytes->data[i] ^= change;
        n_refused += !is_loaded(bytes, i % 2 != 0 ? &rules : &followed);
        bytes->data[i] ^= change;
    }
    g_assert_cmpuint(n_refused, >, bytes->len / 8); /* times, numbers and sequence numbers may be any */
    g_assert_cmpuint(n_refused, <, bytes->len);
    for (guint i = 0; i < 160; i += 4)
        for (guint n = 0; n < G_N_ELEMENTS(numbers); n++) {
            guint8 kept[8];
            memcpy(kept, bytes->data + i, sizeof kept);
            memcpy(bytes->data + i, &numbers[n], i % 8 == 0 ? 8 : 4);
            (void)is_loaded(bytes, &rules);
            memcpy(bytes->data + i, kept, sizeof kept);
        }
    g_assert_true(is_loaded(bytes, &rules));
}

/* A file that ends too early, at each of its bytes. */
static void test_cut(void)
{
    g_autoptr(GByteArray) bytes = saved_table();
    const guint whole = bytes->len;

    for (guint length = 0; length < whole; length++) {
        bytes->len = length;
        g_assert_false(is_loaded(bytes, &rules));
    }
    bytes->len = whole;
    g_assert_true(is_loaded(bytes, &rules));
}

/* See FpStreamsWrite. user: how many more calls go well. */
static bool write_some(void *user, const void *bytes, size_t n)
{
    unsigned *left = user;

    (void)bytes;
    (void)n;
    return (*left)-- > 0;
}

/* A disk that is full, at each write. */
static void test_not_written(void)
{
    FpStreams *streams = new_table();
    unsigned well = 0, left;

    do
        left = well++;
    while (!fp_streams_save(streams, write_some, &left));
    g_assert_cmpuint(left, ==, 0);
    g_assert_cmpuint(well, >, 100); /* two for each 64 slots of a segment */
    fp_streams_free(streams);
}

static void test_spoilt(gconstpointer data)
{
    void (*const *spoil)(FpStreams *) = data;

    check_spoilt(new_table(), *spoil);
}

static void test_spoilt_large(gconstpointer data)
{
    void (*const *spoil)(FpStreams *) = data;
    FpStreams *streams = fp_streams_new_for_saving(&rules, 1, LARGE);

    fill(streams, LARGE, FP_TCP_SYN, 0);
    check_spoilt(streams, *spoil);
}

int main(int argc, char **argv)
{
    static const struct {
        const char *path;
        void (*spoil)(FpStreams *);
    } cases[] = {
        {"/senseless/nothing", spoil_nothing},
        {"/senseless/two-slots-for-one-item", share_an_item},
        {"/senseless/slot-with-free-item", use_a_free_item},
        {"/senseless/free-item-beyond-pool", lead_beyond_the_pool},
        {"/senseless/free-item-behind-the-last", lead_to_the_end},
        {"/senseless/free-items-in-a-ring", lead_in_a_ring},
        {"/senseless/free-brief-items-in-a-ring", lead_in_a_ring_of_brief_ones},
        {"/senseless/slot-that-is-not-found", hide_a_slot},
        {"/senseless/hash-twice", repeat_a_hash},
        {"/senseless/no-slot-free", leave_no_slot_free},
        {"/senseless/covered-twice", cover_twice},
        {"/senseless/lower-half-twice", cover_the_lower_half},
        {"/senseless/upper-half-twice", cover_the_upper_half},
    };

    static void (*const large_cases[])(FpStreams *) = {spoil_nothing, lie_in_another_segment, have_no_state};

    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        g_test_add_data_func(cases[i].path, &cases[i].spoil, test_spoilt);
    g_test_add_func("/senseless/changed", test_changed);
    g_test_add_func("/senseless/cut", test_cut);
    g_test_add_func("/senseless/not-written", test_not_written);
    g_test_add_data_func("/senseless/large", &large_cases[0], test_spoilt_large);
    g_test_add_data_func("/senseless/slot-in-another-segment", &large_cases[1], test_spoilt_large);
    g_test_add_data_func("/senseless/slot-without-state", &large_cases[2], test_spoilt_large);
    return g_test_run();
}
