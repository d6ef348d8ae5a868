/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_senseless.c - saved tables of streams that cannot have come about are refused, each for one thing that is wrong with it. */
#include <glib.h>

#include "saved.h"
#include "streams-internal.h"

#define STREAMS 300U

static const FpRules rules = {.flight_bytes = FP_FLIGHT_BYTES_DEFAULT};

/* Returns a table with streams, some of which have been forgotten. */
static FpStreams *new_table(void)
{
    FpStreams *streams = fp_streams_new(&rules, 1, STREAMS / 2);

    for (guint i = 0; i < STREAMS; i++) {
        const guint8 source[4] = {10, 0, (guint8)(i >> 8), (guint8)i}, destination[4] = {10, 1, 0, 1};
        const FpSegment segment = {.source = source,
                                   .destination = destination,
                                   .address_bytes = 4,
                                   .source_port = 1000,
                                   .destination_port = 80,
                                   .time_ns = i,
                                   .header_bytes = 20,
                                   .segment_bytes = 21,
                                   .flags = FP_TCP_ACK};
        FpVerdict verdict;
        fp_streams_take(streams, fp_streams_key(streams, &segment), &segment, &verdict);
    }
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

    second->index = first->index;
}

static void use_a_free_item(FpStreams *streams)
{
    used_slot(streams, 0)->index = streams->whole.next_free;
}

static void lead_beyond_the_pool(FpStreams *streams)
{
    const uint32_t beyond = UINT32_MAX;

    memcpy(fp_pool_item(&streams->whole, streams->whole.next_free), &beyond, sizeof beyond);
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

static void test_spoilt(gconstpointer data)
{
    void (*const *spoil)(FpStreams *) = data;
    FpStreams *streams = new_table();
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    Saved saved = {.bytes = bytes};

    (*spoil)(streams);
    g_assert_true(fp_streams_save(streams, append, &saved));
    fp_streams_free(streams);
    FpStreams *loaded = fp_streams_load(&rules, STREAMS, take, &saved);
    g_assert_true((loaded != NULL) == (*spoil == spoil_nothing));
    fp_streams_free(loaded);
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
        {"/senseless/free-items-in-a-ring", lead_in_a_ring},
        {"/senseless/slot-that-is-not-found", hide_a_slot},
        {"/senseless/hash-twice", repeat_a_hash},
    };

    g_test_init(&argc, &argv, NULL);
    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        g_test_add_data_func(cases[i].path, &cases[i].spoil, test_spoilt);
    return g_test_run();
}
