/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_streams_forget.c - which streams a full table forgets and which it does not, whatever floods it. */
#include <glib.h>

#include "streams-internal.h"
#include "table.h"

static void establish(FpStreams *streams, guint32 number, gint64 time_ns)
{
    give(streams, number, 0, FP_TCP_SYN, 0, time_ns);
    give(streams, number, 1, FP_TCP_SYN | FP_TCP_ACK, 0, time_ns);
    give(streams, number, 0, FP_TCP_ACK, 5, time_ns);
}

/* Whether the stream's first payload frame is remembered: then more of it is in the flight, and nothing else is. */
static gboolean is_remembered(FpStreams *streams, guint32 number, gint64 time_ns)
{
    return give(streams, number, 0, FP_TCP_ACK, 9, time_ns).classes == FP_CLASS_FLIGHT;
}

static void test_unanswered_are_forgotten_first(void)
{
    FpStreams *streams = table(4, 160);

    for (guint32 i = 0; i < 40; i++) /* idle for longest, and established */
        establish(streams, i, 0);
    for (guint32 i = 40; i < 100; i++) { /* closed */
        establish(streams, i, 1000 * SECOND);
        give(streams, i, 0, FP_TCP_RST, 0, 1000 * SECOND);
    }
    for (guint32 i = 100; i < 160; i++) /* fresh, but unanswered */
        give(streams, i, 0, FP_TCP_SYN, 0, 2000 * SECOND);
    for (guint32 i = 160; i < 200; i++)
        give(streams, i, 0, FP_TCP_SYN, 0, 2001 * SECOND);

    FpStreamsStats stats = stats_of(streams);
    g_assert_cmpuint(stats.forgotten_unanswered, >=, 40);
    g_assert_cmpuint(stats.forgotten_closed, ==, 0);
    g_assert_cmpuint(stats.forgotten_idle, ==, 0);
    g_assert_cmpuint(stats.open, <=, 160);
    for (guint32 i = 0; i < 100; i++)
        g_assert_true(is_remembered(streams, i, 2002 * SECOND));
    fp_streams_free(streams);
}

static void test_closed_are_forgotten_before_idle(void)
{
    FpStreams *streams = table(4, 160);

    for (guint32 i = 0; i < 160; i++) {
        establish(streams, i, i < 80 ? 0 : 1000 * SECOND);
        if (i >= 80)
            give(streams, i, 1, FP_TCP_FIN, 0, 1000 * SECOND);
    }
    for (guint32 i = 160; i < 240; i++)
        establish(streams, i, 2000 * SECOND);

    FpStreamsStats stats = stats_of(streams);
    g_assert_cmpuint(stats.forgotten_closed, ==, 80);
    g_assert_cmpuint(stats.forgotten_idle, <=, 160 / 16 + 1);
    for (guint32 i = 160; i < 240; i++)
        g_assert_true(is_remembered(streams, i, 2001 * SECOND));
    fp_streams_free(streams);
}

/* Idle times that are told apart: each is a twenty-fifth longer than the next. */
static void test_longest_idle_are_forgotten_last(void)
{
    FpStreams *streams = table(4, 160);
    gdouble idle_seconds[160] = {16000};

    for (guint32 i = 1; i < 160; i++)
        idle_seconds[i] = idle_seconds[i - 1] / 1.04;
    for (guint32 i = 0; i < 160; i++)
        establish(streams, i, 16000 * SECOND - (gint64)(idle_seconds[i * 7 % 160] * (gdouble)SECOND));
    establish(streams, 160, 16000 * SECOND);

    FpStreamsStats stats = stats_of(streams);
    g_assert_cmpuint(stats.forgotten_idle, ==, 11);
    g_assert_cmpuint(stats.forgotten_unanswered + stats.forgotten_closed, ==, 0);
    for (guint32 i = 0; i < 160; i++)
        if (i * 7 % 160 >= 11) /* the eleven that were idle for longest are gone; looking them up would make them new */
            g_assert_true(is_remembered(streams, i, 16001 * SECOND));
    g_assert_cmpuint(stats_of(streams).started, ==, 161);
    fp_streams_free(streams);
}

static void test_idle_by_the_last_segment(void)
{
    FpStreams *streams = table(4, 16);

    for (guint32 i = 0; i < 16; i++)
        establish(streams, i, i * SECOND);
    give(streams, 0, 1, FP_TCP_ACK, 0, 1000 * SECOND); /* the oldest, but active */
    establish(streams, 16, 1001 * SECOND);
    g_assert_cmpuint(stats_of(streams).forgotten_idle, ==, 2);
    g_assert_true(is_remembered(streams, 0, 1002 * SECOND));
    fp_streams_free(streams);
}

/* Both kinds are mixed in the table, so that entries are moved all the time. */
static void test_established_survive_a_syn_flood(void)
{
    enum { ESTABLISHED = 5000, SYNS = 500000, MAX = 12000 };
    FpStreams *streams = table(5, MAX);

    for (guint32 i = 0; i < ESTABLISHED; i++) {
        give(streams, ESTABLISHED + i, 0, FP_TCP_SYN, 0, 0);
        establish(streams, i, 0);
    }
    for (guint32 i = ESTABLISHED; i < SYNS; i++)
        give(streams, ESTABLISHED + i, 0, FP_TCP_SYN, 0, (gint64)i * SECOND / 1000);
    for (guint32 i = 0; i < ESTABLISHED; i++) {
        FpVerdict verdict = give(streams, i, 0, FP_TCP_ACK, 9, SYNS / 1000 * SECOND);
        g_assert_cmpuint(verdict.stream, ==, 2 * i + 1);
        g_assert_cmpuint(verdict.classes, ==, FP_CLASS_FLIGHT);
    }
    FpStreamsStats stats = stats_of(streams);
    g_assert_cmpuint(stats.started, ==, ESTABLISHED + SYNS);
    g_assert_cmpuint(stats.open, <=, MAX);
    g_assert_cmpuint(stats.forgotten_unanswered, ==, ESTABLISHED + SYNS - stats.open);
    g_assert_cmpuint(stats.forgotten_closed + stats.forgotten_idle, ==, 0);
    g_assert_cmpuint(stats.table_bytes, <=, MAX * 40 + MAX * 16 * 3);
    fp_streams_free(streams);
}

/* What floods bring: packets of somebody who gets no answers, because the addresses belong to others. */
typedef enum {
    FLOOD_SYN_DATA,
    FLOOD_SYN_ACKNOWLEDGED, /* the server answers, and nobody completes the handshake */
    FLOOD_DATA,
    FLOOD_EMPTY,
    FLOOD_FIN,
    FLOOD_RST,
    FLOOD_MIXED,
    N_FLOODS,
} Flood;

static void flood(FpStreams *streams, Flood kind, guint32 number, gint64 time_ns)
{
    static const unsigned flags[FLOOD_MIXED] = {FP_TCP_SYN, FP_TCP_SYN, FP_TCP_ACK, FP_TCP_ACK, FP_TCP_FIN | FP_TCP_ACK, FP_TCP_RST};
    Flood chosen = kind == FLOOD_MIXED ? (Flood)(number % FLOOD_MIXED) : kind;
    bool has_data = chosen == FLOOD_SYN_DATA || chosen == FLOOD_DATA || chosen == FLOOD_FIN;

    give(streams, number, number & 1, flags[chosen], has_data ? 100 : 0, time_ns);
    if (chosen == FLOOD_SYN_ACKNOWLEDGED)
        give(streams, number, !(number & 1), FP_TCP_SYN | FP_TCP_ACK, 0, time_ns);
}

/* Streams that were answered: whole, without payload so far, without a beginning, half closed. */
static void begin_answered(FpStreams *streams, guint32 number)
{
    if (number % 4 < 2) {
        give(streams, number, 0, FP_TCP_SYN, 0, 0);
        give(streams, number, 1, FP_TCP_SYN | FP_TCP_ACK, 0, 0);
    }
    give(streams, number, 0, FP_TCP_ACK, number % 4 == 1 ? 0 : 5, 0);
    give(streams, number, 1, number % 4 == 3 ? FP_TCP_FIN | FP_TCP_ACK : FP_TCP_ACK, number % 4 == 1 ? 0 : 5, 0);
}

/* A table of 12,000 streams, of which 5,000 were answered before 200,000 other streams begin within a second. */
static void survive(Flood kind)
{
    enum { ANSWERED = 5000, OTHERS = 200000, MAX = 12000 };
    FpStreams *streams = table((guint64)kind, MAX);

    for (guint32 i = 0; i < ANSWERED; i++)
        begin_answered(streams, i);
    for (guint32 i = 0; i < OTHERS; i++)
        flood(streams, kind, ANSWERED + i, SECOND + (gint64)i * SECOND / OTHERS);
    for (guint32 i = 0; i < ANSWERED; i++) {
        FpVerdict verdict = give(streams, i, 0, FP_TCP_ACK, 9, 2 * SECOND);
        g_assert_cmpuint(verdict.classes, ==, i % 4 == 1 ? FP_CLASS_FIRST | FP_CLASS_FLIGHT : 0);
        g_assert_false(verdict.begins || verdict.midstream);
    }
    g_assert_cmpuint(stats_of(streams).started, ==, ANSWERED + OTHERS);
    g_assert_cmpuint(stats_of(streams).open, >, MAX / 16 * 14);
    fp_streams_free(streams);
}

static void test_answered_survive_any_flood(void)
{
    for (int kind = 0; kind < N_FLOODS; kind++)
        survive((Flood)kind);
}

/* On a tap that sees one direction, nobody is answered; there, a stream that goes on sending stays. */
static void test_active_survive_a_flood_on_a_one_way_tap(void)
{
    enum { ACTIVE = 1000, ROUNDS = 40, OTHERS = 5000, MAX = 20000 };
    FpStreams *streams = table(8, MAX);

    for (guint32 round = 0; round < ROUNDS; round++) {
        gint64 now = round * (SECOND / 10);
        for (guint32 i = 0; i < ACTIVE; i++)
            g_assert_cmpint(give(streams, i, 0, FP_TCP_ACK, 5, now).begins, ==, round == 0);
        for (guint32 i = 0; i < OTHERS; i++)
            flood(streams, FLOOD_DATA, ACTIVE + round * OTHERS + i, now + (gint64)i * SECOND / 10 / OTHERS);
    }
    g_assert_cmpuint(stats_of(streams).forgotten_idle, >, ROUNDS * OTHERS - MAX);
    fp_streams_free(streams);
}

/* Times are kept coarsely, and wrap around after six and a half days. A time that seems to be ahead does not count as idle: the clock
 * was set back. */
static void test_idle_for_days_and_ahead(void)
{
    enum { DAY = 86400 };
    gint64 now = 1700000000 * SECOND;
    FpStreams *streams = table(7, 16);

    establish(streams, 0, now - 6 * DAY * SECOND);
    for (guint32 i = 1; i < 15; i++)
        establish(streams, i, now + 3600 * SECOND);
    establish(streams, 15, now - 5 * DAY * SECOND);
    establish(streams, 16, now); /* two must go to make room for it */
    for (guint32 i = 1; i < 15; i++)
        g_assert_true(is_remembered(streams, i, now));
    g_assert_cmpuint(stats_of(streams).forgotten_idle, ==, 2);
    g_assert_false(is_remembered(streams, 15, now));
    fp_streams_free(streams);
}

/* Streams that nobody has answered for days go like others, and not before their time. */
static void test_unanswered_for_days(void)
{
    const gint64 days = 5 * 86400 * SECOND;
    FpStreams *streams = table(7, 160);

    for (guint32 i = 0; i < 160; i++)
        give(streams, i, 0, FP_TCP_SYN, 0, 0);
    give(streams, 160, 0, FP_TCP_SYN, 0, days);
    g_assert_cmpuint(stats_of(streams).forgotten_unanswered, ==, 11);
    fp_streams_free(streams);
}

/* What was answered and closed stays for a minute longer than what was not answered. */
static void check_closing(gint64 seconds, gboolean are_kept)
{
    FpStreams *streams = table(6, 160);

    for (guint32 i = 0; i < 160; i++) {
        give(streams, i, 0, FP_TCP_SYN, 0, 0);
        give(streams, i, 1, FP_TCP_SYN | FP_TCP_ACK, 0, 0);
        if (i % 2 == 0)
            continue;
        give(streams, i, 0, FP_TCP_ACK, 5, 0);
        give(streams, i, 1, FP_TCP_RST, 0, 0);
    }
    give(streams, 160, 0, FP_TCP_SYN, 0, seconds * SECOND);
    g_assert_cmpuint(stats_of(streams).forgotten_closed, ==, are_kept ? 0 : 11);
    g_assert_cmpuint(stats_of(streams).forgotten_idle, ==, are_kept ? 11 : 0);
    fp_streams_free(streams);
}

static void test_closing_stay_for_a_minute(void)
{
    check_closing(59, TRUE);
    check_closing(61, FALSE);
}

static gboolean is_passed_by(FpStreams *streams, guint32 number, gint64 time_ns)
{
    const Pair pair = pair_of(number);
    const FpSegment segment = segment_of(&pair, 0, FP_TCP_ACK, 106, 0);

    return fp_streams_pass_by(streams, fp_streams_key(streams, &segment), time_ns) == NULL;
}

/* A settled stream is alive while its frames are passed by; and once it is forgotten they are not. */
static void test_passed_by_is_alive(void)
{
    FpStreams *streams = table(4, 160);
    guint n_alive = 0, n_idle = 0;

    for (guint32 i = 0; i < 160; i++) {
        establish(streams, i, 0);
        give(streams, i, 1, FP_TCP_ACK, 9, 0);
    }
    for (guint32 i = 0; i < 80; i++)
        g_assert_true(is_passed_by(streams, i, 100 * SECOND));
    give(streams, 160, 0, FP_TCP_SYN, 0, 200 * SECOND);
    for (guint32 i = 0; i < 160; i++)
        *(i < 80 ? &n_alive : &n_idle) += is_passed_by(streams, i, 200 * SECOND) ? 1 : 0;
    g_assert_cmpuint(n_alive, ==, 80);
    g_assert_cmpuint(n_idle, ==, 80 - 11);
    fp_streams_free(streams);
}

/* What the table has to know when streams must go is noted by the short ways, too. */
static void test_short_ways_note(void)
{
    static const unsigned flags[] = {FP_TCP_SYN, FP_TCP_SYN | FP_TCP_ACK, FP_TCP_ACK, FP_TCP_FIN | FP_TCP_ACK};
    const Pair pair = pair_of(1);
    FpStreams *streams = table(5, 16);

    for (guint i = 0; i < G_N_ELEMENTS(flags); i++) {
        FpSegment segment = segment_of(&pair, i == 1, flags[i], i < 2 ? 100 : 101, 0);
        segment.time_ns = (2 * (gint64)i + 1) << 24; /* the unit of coarse times */
        const FpStreamKey key = fp_streams_key(streams, &segment);
        FpStreamPlace *place = fp_streams_find(streams, key);
        g_assert_true(fp_streams_take_short(streams, place, key, &segment, 0));
        const Slot *slot = (const Slot *)fp_streams_find(streams, key);
        g_assert_true(slot->is_unanswered == (i == 0) && slot->is_answered == (i >= 2) && slot->is_closed == (i == 3));
        g_assert_cmpuint(slot->last_active, ==, 2 * i + 1);
    }
    fp_streams_free(streams);
}

/* A stream whose reply goes the short way is settled, and small. */
static void test_short_reply_settles(void)
{
    const Pair pair = pair_of(1);
    const FpSegment reply = segment_of(&pair, 1, FP_TCP_ACK, 101, 9);
    FpStreams *streams = table(5, 16);
    const FpStreamKey key = fp_streams_key(streams, &reply);

    establish(streams, 1, 0);
    FpStreamPlace *place = fp_streams_find(streams, key);
    g_assert_true(fp_streams_take_short(streams, place, key, &reply, 0));
    const Slot *slot = (const Slot *)place;
    g_assert_true(slot->is_settled && slot->is_answered);
    g_assert_cmpuint(slot->state, ==, FP_STREAM_ANSWERED);
    fp_streams_free(streams);
}

/* That nothing more of the opening is wanted says nothing about when the stream was active. */
static void test_ended_opening_is_no_activity(void)
{
    const FpRules rules = {.flight_bytes = 1000, .opening_bytes = 1000, .asked = FP_CLASS_ASKED};
    FpStreams *streams = fp_streams_new(&rules, 1, 16);
    const Pair pair = pair_of(1);
    const FpSegment segment = segment_of(&pair, 0, FP_TCP_ACK, 101, 10);
    const FpStreamKey key = fp_streams_key(streams, &segment);

    give(streams, 1, 0, FP_TCP_SYN, 0, G_GINT64_CONSTANT(5) << 24); /* the unit of coarse times */
    give(streams, 1, 0, FP_TCP_ACK, 10, G_GINT64_CONSTANT(7) << 24);
    fp_streams_end_opening(streams, key);
    const Slot *slot = (const Slot *)fp_streams_find(streams, key);
    g_assert_false(slot->is_settled);
    g_assert_cmpuint(slot->last_active, ==, 7);
    give(streams, 1, 1, FP_TCP_ACK, 10, G_GINT64_CONSTANT(9) << 24);
    fp_streams_end_opening(streams, key);
    slot = (const Slot *)fp_streams_find(streams, key);
    g_assert_cmpuint(slot->last_active, ==, 9);
    fp_streams_free(streams);
}

static void test_forgotten_stream_is_a_new_one(void)
{
    FpStreams *streams = table(6, 16);

    for (guint32 i = 0; i < 16; i++)
        establish(streams, i, i * 100 * SECOND);
    establish(streams, 16, 5000 * SECOND);
    FpVerdict verdict = give(streams, 0, 0, FP_TCP_ACK, 9, 5001 * SECOND);
    g_assert_cmpuint(verdict.stream, ==, 17);
    g_assert_cmpuint(verdict.classes, ==, FP_CLASS_FIRST | FP_CLASS_FLIGHT);
    g_assert_true(verdict.midstream);
    fp_streams_free(streams);
}

/* A sixteenth goes at once, which is few enough for the others, and often enough. */
static void test_a_sixteenth_goes(void)
{
    FpStreams *streams = table(4, 1600);

    for (guint32 i = 0; i < 1600; i++)
        give(streams, i, 0, FP_TCP_SYN, 0, 0);
    g_assert_cmpuint(stats_of(streams).open, ==, 1600);
    give(streams, 1600, 0, FP_TCP_SYN, 0, 0);
    g_assert_cmpuint(stats_of(streams).forgotten_unanswered, ==, 1600 / 16 + 1);
    g_assert_cmpuint(stats_of(streams).open, ==, 1600 - 1600 / 16);
    fp_streams_free(streams);
}

#define CROWD 9U

/* Keys that share a home, at the end of the segment, so that their streams go on at its beginning; there three others have their home. */
static FpStreamKey key_in_crowd(guint i, unsigned direction)
{
    const guint64 home = i % 3 != 2 ? SEGMENT_SLOTS - LINE_SLOTS : 0;

    return (FpStreamKey){.hash = (guint64)(i + 1) << 32 | home, .direction = direction};
}

static void give_in_crowd(FpStreams *streams, guint i, guint from, unsigned flags, guint32 payload_bytes)
{
    const Pair pair = pair_of(i);
    const FpSegment segment = segment_of(&pair, from, flags, flags & FP_TCP_SYN ? 100 : 101, payload_bytes);
    FpVerdict verdict;

    fp_streams_take(streams, key_in_crowd(i, from), &segment, &verdict);
}

/* Whichever stream goes, the others are found, and free slots are the last ones of their line. */
static void test_gaps_are_closed(void)
{
    for (guint victim = 0; victim < CROWD; victim++) {
        FpStreams *streams = table(4, 160);
        for (guint i = 0; i < CROWD; i++) {
            give_in_crowd(streams, i, 0, FP_TCP_SYN, 0);
            if (i == victim)
                continue;
            give_in_crowd(streams, i, 1, FP_TCP_SYN | FP_TCP_ACK, 0);
            give_in_crowd(streams, i, 0, FP_TCP_ACK, 5);
        }
        fp_streams_forget_some(streams, streams->hand, 0);
        const Slot *slots = streams->hand->slots;
        g_assert_cmpuint(stats_of(streams).forgotten_unanswered, ==, 1);
        for (guint i = 0; i < CROWD; i++)
            g_assert_cmpint(fp_slot_find(streams->hand, key_in_crowd(i, 0).hash)->hash != 0, ==, i != victim);
        for (gsize i = 0; i < SEGMENT_SLOTS; i++)
            g_assert_true(slots[i].hash != 0 || i % LINE_SLOTS == LINE_SLOTS - 1 || slots[i + 1].hash == 0);
        fp_streams_free(streams);
    }
}

/* A time in the table's unit, which is 2^24 ns. Streams are idle until then. */
#define NOW (3U << 25)

/* Keys whose home is a line of their own, from the table's beginning on. */
static FpStreamKey key_in_line(guint i)
{
    return (FpStreamKey){.hash = (guint64)(i + 1) << 32 | i * LINE_SLOTS};
}

static FpStreams *table_of_idle(const unsigned *idle, guint n)
{
    FpStreams *streams = table(4, 160);

    for (guint i = 0; i < n; i++) {
        const Pair pair = pair_of(i);
        FpSegment segment = segment_of(&pair, 0, FP_TCP_SYN, 100, 0);
        FpVerdict verdict;

        segment.time_ns = (gint64)(NOW - idle[i]) << 24;
        fp_streams_take(streams, key_in_line(i), &segment, &verdict);
    }
    return streams;
}

static gboolean is_there(const FpStreams *streams, guint i)
{
    return fp_slot_find(streams->hand, key_in_line(i).hash)->hash != 0;
}

/* Of two streams of which one has been idle for a thirty-second longer, that one goes. */
static void check_longer_goes(unsigned idle)
{
    const unsigned longer = idle + (idle < 64 ? 1 : 1U << (g_bit_storage(idle) - 6));

    for (guint older = 0; older < 2; older++) {
        FpStreams *streams = table_of_idle((const unsigned[]){older == 0 ? longer : idle, older == 1 ? longer : idle}, 2);
        fp_streams_forget_some(streams, streams->hand, NOW % IDLE_STEPS);
        g_assert_false(is_there(streams, older));
        g_assert_true(is_there(streams, !older));
        fp_streams_free(streams);
    }
}

/* From a step to three days. */
static void test_idle_times_are_told_apart(void)
{
    for (unsigned idle = 0; idle < 130; idle++)
        check_longer_goes(idle);
    for (unsigned idle = 128; idle < IDLE_STEPS / 2; idle *= 2)
        for (unsigned part = 0; part < 32; part += 6) {
            check_longer_goes(idle + idle / 32 * part);
            check_longer_goes(idle + idle / 32 * part + idle / 32 - 1);
        }
}

/* Two of sixteen go. The one in the table's first slot counts like the others. */
static void test_first_slot_counts(void)
{
    FpStreams *streams = table_of_idle((const unsigned[16]){1000, 800, 900}, 16);

    fp_streams_forget_some(streams, streams->hand, NOW % IDLE_STEPS);
    for (guint i = 0; i < 16; i++)
        g_assert_cmpint(is_there(streams, i), ==, i != 0 && i != 2);
    fp_streams_free(streams);
}

static void test_none_and_the_last_one(void)
{
    FpStreams *streams = table_of_idle((const unsigned[]){0}, 1);

    fp_streams_forget_some(streams, streams->hand, NOW % IDLE_STEPS);
    g_assert_cmpuint(stats_of(streams).open, ==, 0);
    fp_streams_forget_some(streams, streams->hand, NOW % IDLE_STEPS);
    g_assert_cmpuint(stats_of(streams).open, ==, 0);
    fp_streams_free(streams);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/streams-forget/unanswered-are-forgotten-first", test_unanswered_are_forgotten_first);
    g_test_add_func("/streams-forget/closed-are-forgotten-before-idle", test_closed_are_forgotten_before_idle);
    g_test_add_func("/streams-forget/longest-idle-are-forgotten-last", test_longest_idle_are_forgotten_last);
    g_test_add_func("/streams-forget/idle-by-the-last-segment", test_idle_by_the_last_segment);
    g_test_add_func("/streams-forget/established-survive-a-syn-flood", test_established_survive_a_syn_flood);
    g_test_add_func("/streams-forget/answered-survive-any-flood", test_answered_survive_any_flood);
    g_test_add_func("/streams-forget/active-survive-a-flood-on-a-one-way-tap", test_active_survive_a_flood_on_a_one_way_tap);
    g_test_add_func("/streams-forget/idle-for-days-and-ahead", test_idle_for_days_and_ahead);
    g_test_add_func("/streams-forget/unanswered-for-days", test_unanswered_for_days);
    g_test_add_func("/streams-forget/closing-stay-for-a-minute", test_closing_stay_for_a_minute);
    g_test_add_func("/streams-forget/passed-by-is-alive", test_passed_by_is_alive);
    g_test_add_func("/streams-forget/short-ways-note", test_short_ways_note);
    g_test_add_func("/streams-forget/short-reply-settles", test_short_reply_settles);
    g_test_add_func("/streams-forget/ended-opening-is-no-activity", test_ended_opening_is_no_activity);
    g_test_add_func("/streams-forget/forgotten-stream-is-a-new-one", test_forgotten_stream_is_a_new_one);
    g_test_add_func("/streams-forget/gaps-are-closed", test_gaps_are_closed);
    g_test_add_func("/streams-forget/a-sixteenth-goes", test_a_sixteenth_goes);
    g_test_add_func("/streams-forget/idle-times-are-told-apart", test_idle_times_are_told_apart);
    g_test_add_func("/streams-forget/first-slot-counts", test_first_slot_counts);
    g_test_add_func("/streams-forget/none-and-the-last-one", test_none_and_the_last_one);
    return g_test_run();
}
