/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_growth.c - the table of streams while it grows, checked against the reference.
 *
 * It is built for the table as it is, and for two with very small segments: in one they are split again and again; in the other they
 * soon cannot be split any more, so that full ones forget.
 */
#include <glib.h>
#include <string.h>

#include "reference.h"
#include "streams.h"

#define SECOND G_GINT64_CONSTANT(1000000000)

/* Many endpoints, what the reference knows of each, and which of them the table has been given. */
typedef struct {
    FpStreams *streams;
    GRand *rand;
    GPtrArray *references;
    gint64 now_ns;
    guint32 next_number;
    guint64 lost; /* streams found to be forgotten */
} Play;

static const FpRules rules = {.flight_bytes = FP_FLIGHT_BYTES_DEFAULT};

static Play play_new(guint32 seed, gsize max_streams)
{
    Play play = {.rand = g_rand_new_with_seed(seed)};

    play.streams = seed % 2 ? fp_streams_new(&rules, seed, max_streams) : fp_streams_new_for_saving(&rules, seed, max_streams);
    g_assert_nonnull(play.streams);
    play.references = g_ptr_array_new_with_free_func((GDestroyNotify)reference_free);
    return play;
}

static void play_free(Play *play)
{
    fp_streams_free(play->streams);
    g_rand_free(play->rand);
    g_ptr_array_unref(play->references);
}

static FpStreamsStats stats_of(const Play *play)
{
    FpStreamsStats stats;

    fp_streams_stats(play->streams, &stats);
    return stats;
}

static guint64 forgotten(const FpStreamsStats *stats)
{
    return stats->forgotten_unanswered + stats->forgotten_closed + stats->forgotten_idle;
}

static void compare(const FpVerdict *found, const FpVerdict *wanted)
{
    g_assert_cmpuint(found->classes, ==, wanted->classes);
    g_assert_cmpuint(found->stream, ==, wanted->stream);
    g_assert_cmpuint(found->payload_bytes, ==, wanted->payload_bytes);
    g_assert_cmpuint(found->relative_seq, ==, wanted->relative_seq);
    g_assert_cmpint(found->side, ==, wanted->side);
    g_assert_cmpint(found->midstream, ==, wanted->midstream);
    g_assert_cmpint(found->age_ns, ==, wanted->age_ns);
    g_assert_cmpint(found->delay_ns, ==, wanted->delay_ns);
}

/* Gives a segment to both. If the table takes endpoints for new that it should still have, it has forgotten them, and the reference
 * forgets them, too. */
static void give(Play *play, guint number, unsigned direction, guint8 flags, guint32 payload_bytes)
{
    guint8 address[2][4] = {{10, (guint8)(number >> 16), (guint8)(number >> 8), (guint8)number}, {192, 0, 2, 1}};
    FpSegment segment = {
        .source = address[direction],
        .destination = address[direction ^ 1],
        .source_port = direction ? 443 : 1024,
        .destination_port = direction ? 1024 : 443,
        .address_bytes = 4,
        .flags = flags,
        .seq = flags & FP_TCP_SYN ? 100 : 101,
        .ack = 101,
        .window = 1000,
        .header_bytes = 20,
        .segment_bytes = 20 + payload_bytes,
        .time_ns = play->now_ns,
    };
    Reference **reference = (Reference **)&g_ptr_array_index(play->references, number);
    FpStreamKey key = fp_streams_key(play->streams, &segment);
    FpStreamsStats before = stats_of(play);
    guint32 next_number = play->next_number;
    FpVerdict found;

    fp_streams_prefetch(play->streams, key);
    fp_streams_take(play->streams, key, &segment, &found);
    FpStreamsStats after = stats_of(play);
    guint64 added = after.open + forgotten(&after) - before.open - forgotten(&before);
    g_assert_cmpuint(added, <=, 1);
    if (added == 1 && *reference != NULL) {
        reference_free(*reference);
        *reference = NULL;
        play->lost++;
    }
    g_assert_cmpint(*reference == NULL, ==, added == 1);
    if (*reference == NULL)
        *reference = reference_new(&rules);
    FpVerdict wanted = reference_take(*reference, direction, &segment, &play->next_number);
    g_assert_cmpuint(after.started - before.started, ==, play->next_number - next_number);
    compare(&found, &wanted);
}

static void give_anything(Play *play, guint number)
{
    static const guint8 flags[] = {FP_TCP_SYN, FP_TCP_SYN | FP_TCP_ACK, FP_TCP_ACK, FP_TCP_ACK, FP_TCP_ACK,
                                   FP_TCP_RST, FP_TCP_FIN | FP_TCP_ACK};

    give(play, number, (unsigned)g_rand_int_range(play->rand, 0, 2), flags[g_rand_int_range(play->rand, 0, G_N_ELEMENTS(flags))],
         (guint32)g_rand_int_range(play->rand, 0, 3));
}

/* All that has been added is in the table or counted as forgotten, and nothing else is missing. */
static void check_sums(const Play *play, gsize max_streams)
{
    FpStreamsStats stats = stats_of(play);

    g_assert_cmpuint(stats.open + forgotten(&stats), ==, play->references->len + play->lost);
    g_assert_cmpuint(play->lost, <=, forgotten(&stats));
    g_assert_cmpuint(stats.open, <=, max_streams);
    g_assert_cmpuint(stats.table_bytes, >=, stats.open * 32); /* a slot of 16 bytes and a stream of at least 16 */
}

/* New endpoints one after the other, and between them segments on existing ones. */
static void grow(Play *play, guint n, gsize max_streams)
{
    for (guint i = 0; i < n; i++) {
        g_ptr_array_add(play->references, NULL);
        play->now_ns += SECOND;
        give_anything(play, i);
        for (guint other = 0; other < 3; other++)
            give_anything(play, (guint)g_rand_int_range(play->rand, 0, (gint32)i + 1));
        check_sums(play, max_streams);
    }
}

static void test_nothing_is_lost(void)
{
    for (guint32 seed = 1; seed <= 2; seed++) {
        Play play = play_new(seed, 1000000);
        grow(&play, STREAMS, 1000000);
        for (guint i = 0; i < STREAMS; i++)
            give(&play, i, 0, FP_TCP_ACK, 1);
        FpStreamsStats stats = stats_of(&play);
        if (MAY_FORGET)
            g_assert_cmpuint(forgotten(&stats), >, 1000);
        else
            g_assert_cmpuint(stats.open, ==, STREAMS);
        check_sums(&play, 1000000);
        play_free(&play);
    }
}

/* The limit is reached when some segments have been split and others have not. */
static void test_forgetting_between_splits(void)
{
    for (guint32 seed = 1; seed <= 6; seed++) {
        gsize max_streams = STREAMS / 4 + seed * STREAMS / 16;
        Play play = play_new(seed, max_streams);
        grow(&play, STREAMS, max_streams);
        FpStreamsStats stats = stats_of(&play);
        g_assert_cmpuint(forgotten(&stats), >, STREAMS / 16);
        g_assert_cmpuint(play.lost, >, STREAMS / 100);
        play_free(&play);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/growth/nothing-is-lost", test_nothing_is_lost);
    g_test_add_func("/growth/forgetting-between-splits", test_forgetting_between_splits);
    return g_test_run();
}
