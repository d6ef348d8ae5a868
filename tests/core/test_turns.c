/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_turns.c - which payload frames begin a turn (verdict.h, turns.h). */
#include <glib.h>

#include "turns.h"

enum { CLIENT, SERVER };

static FpTurnPlace say(FpTurns *turns, unsigned direction, uint32_t seq, uint32_t n, uint32_t ack)
{
    const FpSegment segment = {.seq = seq, .ack = ack, .flags = FP_TCP_ACK, .address_bytes = 4};

    return fp_turns_take(turns, direction, &segment, n);
}

/* Functions with assertions are long for clang-tidy, so that there is one for all. */
static void check(int line, FpTurnPlace found, uint32_t turn, bool begins, int32_t offset)
{
    if (found.turn != turn || found.begins != begins || found.offset != offset)
        g_error("line %d: turn %u, begins %d, offset %d; and not %u, %d, %d", line, found.turn, found.begins, found.offset, turn, begins,
                offset);
}

#define CHECK(place, turn, begins, offset) check(__LINE__, place, turn, begins, offset)

/* 220 greeting, EHLO, 250, STARTTLS, 220, hello. */
static FpTurns up_to_starttls(void)
{
    FpTurns turns = {0};

    CHECK(say(&turns, SERVER, 5001, 20, 1001), 1, true, 0);
    CHECK(say(&turns, CLIENT, 1001, 6, 5021), 2, true, 0);
    CHECK(say(&turns, SERVER, 5021, 30, 1007), 3, true, 0);
    CHECK(say(&turns, CLIENT, 1007, 10, 5051), 4, true, 0);
    return turns;
}

static void test_in_order(void)
{
    FpTurns turns = up_to_starttls();

    CHECK(say(&turns, SERVER, 5051, 12, 1017), 5, true, 0);
    CHECK(say(&turns, CLIENT, 1017, 500, 5063), 6, true, 0);
    CHECK(say(&turns, CLIENT, 1517, 300, 5063), 6, false, 500);
}

static void test_answer_captured_later(void)
{
    FpTurns turns = up_to_starttls();

    CHECK(say(&turns, CLIENT, 1017, 500, 5063), 5, true, 0);
    CHECK(say(&turns, SERVER, 5051, 12, 1017), 6, true, 0);
    CHECK(say(&turns, CLIENT, 1517, 300, 5063), 5, false, 500);
}

static void test_one_direction(void)
{
    FpTurns turns = {0};

    CHECK(say(&turns, CLIENT, 1001, 6, 5021), 1, true, 0);
    CHECK(say(&turns, CLIENT, 1007, 10, 5051), 2, true, 0);
    CHECK(say(&turns, CLIENT, 1017, 500, 5063), 3, true, 0);
}

static void test_out_of_order(void)
{
    FpTurns turns = up_to_starttls();

    CHECK(say(&turns, SERVER, 5051, 12, 1017), 5, true, 0);
    CHECK(say(&turns, CLIENT, 1517, 300, 5063), 6, true, 500);
    CHECK(say(&turns, CLIENT, 1017, 500, 5063), 6, false, 0);
}

static void test_retransmission_begins_none(void)
{
    FpTurns turns = up_to_starttls();

    CHECK(say(&turns, SERVER, 5051, 12, 1017), 5, true, 0);
    CHECK(say(&turns, CLIENT, 1007, 10, 5063), 4, false, 0); /* again, though it acknowledges what came meanwhile */
    CHECK(say(&turns, CLIENT, 1017, 500, 5063), 6, true, 0);
    CHECK(say(&turns, CLIENT, 1007, 10, 5063), 0, false, -10);
    CHECK(say(&turns, CLIENT, 1017, 500, 5063), 6, false, 0);
    CHECK(say(&turns, CLIENT, 1007, 510, 5063), 6, false, -10);
}

static void test_crossing_begins_none(void)
{
    FpTurns turns = {0};

    CHECK(say(&turns, CLIENT, 1001, 100, 5001), 1, true, 0);
    CHECK(say(&turns, SERVER, 5001, 1000, 1101), 2, true, 0);
    CHECK(say(&turns, CLIENT, 1101, 50, 5001), 1, false, 100); /* sent before it had heard */
    CHECK(say(&turns, SERVER, 6001, 1000, 1101), 2, false, 1000);
    CHECK(say(&turns, SERVER, 7001, 1000, 1151), 3, true, 0);
}

static void test_fin_is_no_word(void)
{
    FpTurns turns = {0};

    CHECK(say(&turns, CLIENT, 1001, 100, 5001), 1, true, 0);
    CHECK(say(&turns, SERVER, 5001, 1000, 1101), 2, true, 0);
    CHECK(say(&turns, SERVER, 6001, 1000, 1102), 2, false, 1000); /* the client sent FIN */
}

static void test_one_byte_is_a_word(void)
{
    FpTurns turns = {0};

    CHECK(say(&turns, CLIENT, 1001, 8, 5001), 1, true, 0);
    CHECK(say(&turns, SERVER, 5001, 1, 1009), 2, true, 0);
    CHECK(say(&turns, CLIENT, 1009, 500, 5002), 3, true, 0);
}

static void test_fast_open(void)
{
    FpTurns turns = {0};
    const FpSegment syn = {.seq = 1000, .flags = FP_TCP_SYN, .address_bytes = 4};

    CHECK(fp_turns_take(&turns, CLIENT, &syn, 100), 1, true, 0);
    CHECK(say(&turns, CLIENT, 1101, 100, 5001), 1, false, 100);
    CHECK(say(&turns, SERVER, 5001, 10, 1201), 2, true, 0);
    CHECK(say(&turns, CLIENT, 1201, 100, 5011), 3, true, 0);
}

static FpTurnPlace say_without_ack(FpTurns *turns, unsigned direction, uint32_t seq, uint32_t n)
{
    const FpSegment segment = {.seq = seq, .address_bytes = 4};

    return fp_turns_take(turns, direction, &segment, n);
}

/* What acknowledges nothing has heard nothing, whatever number stands where that would be. */
static void test_without_ack(void)
{
    FpTurns turns = {0};

    CHECK(say_without_ack(&turns, CLIENT, 1001, 10), 1, true, 0);
    CHECK(say(&turns, SERVER, 5001, 10, 1011), 2, true, 0);
    CHECK(say_without_ack(&turns, CLIENT, 1011, 10), 1, false, 10);
    CHECK(say(&turns, CLIENT, 1021, 10, 5001), 1, false, 20); /* nothing yet of what the server said */
    CHECK(say(&turns, CLIENT, 1031, 10, 5002), 3, true, 0);
    CHECK(say_without_ack(&turns, CLIENT, 1041, 10), 3, false, 10);
}

/* A side that has heard nothing, as it only spoke without ACK, and that the other has not answered. */
static void test_nobody_else(void)
{
    FpTurns turns = {0};

    CHECK(say_without_ack(&turns, CLIENT, 1001, 10), 1, true, 0);
    CHECK(say(&turns, CLIENT, 1011, 10, 5001), 1, false, 10);
    CHECK(say(&turns, CLIENT, 1016, 10, 5011), 1, false, 15); /* overlaps */
    CHECK(say(&turns, CLIENT, 1026, 10, 5012), 1, false, 25); /* a FIN perhaps */
}

static void test_first_word_without_ack(void)
{
    FpTurns turns = {0};

    CHECK(say_without_ack(&turns, CLIENT, 1001, 10), 1, true, 0);
    CHECK(say(&turns, SERVER, 5001, 10, 1011), 2, true, 0);
    CHECK(say(&turns, CLIENT, 1011, 10, 5011), 3, true, 0);
}

/* The same with numbers that lie before 0. */
static void test_nobody_else_and_high_numbers(void)
{
    FpTurns turns = {0};

    CHECK(say(&turns, CLIENT, 1001, 10, 0xfffffff0U), 1, true, 0);
    CHECK(say(&turns, CLIENT, 1011, 10, 0xfffffff1U), 1, false, 10);
    CHECK(say(&turns, CLIENT, 1021, 10, 0xfffffff3U), 2, true, 0);
}

/* A byte that the side that spoke first said before it had heard the other. */
static void test_one_byte_of_the_first_turn(void)
{
    FpTurns turns = {0};

    CHECK(say(&turns, SERVER, 5001, 10, 1001), 1, true, 0);
    CHECK(say(&turns, CLIENT, 1001, 10, 5011), 2, true, 0);
    CHECK(say(&turns, SERVER, 5011, 1, 1001), 1, false, 10);
    CHECK(say(&turns, CLIENT, 1011, 10, 5012), 3, true, 0);
}

/* What a side has heard it does not forget, though it acknowledges less. */
static void test_older_acknowledgment(void)
{
    FpTurns turns = {0};

    CHECK(say(&turns, CLIENT, 1001, 10, 5001), 1, true, 0);
    CHECK(say(&turns, SERVER, 5001, 100, 1011), 2, true, 0);
    CHECK(say(&turns, CLIENT, 1011, 10, 5101), 3, true, 0);
    CHECK(say(&turns, CLIENT, 1021, 10, 5050), 3, false, 10);
    CHECK(say(&turns, CLIENT, 1031, 10, 5101), 3, false, 20);
}

/* The first number that a side acknowledges may be any. */
static void test_first_acknowledgment_is_high(void)
{
    FpTurns turns = {0};

    CHECK(say(&turns, CLIENT, 0x90000000U, 10, 5001), 1, true, 0);
    CHECK(say(&turns, SERVER, 5001, 10, 0x9000000aU), 2, true, 0);
    CHECK(say(&turns, SERVER, 5011, 10, 0x9000000aU), 2, false, 10);
}

static void test_wraps_around(void)
{
    FpTurns turns = {0};

    CHECK(say(&turns, SERVER, 0xfffffff0U, 20, 0xffffff00U), 1, true, 0);
    CHECK(say(&turns, CLIENT, 0xffffff00U, 0x100, 4), 2, true, 0);
    CHECK(say(&turns, SERVER, 4, 10, 0), 3, true, 0);
    CHECK(say(&turns, CLIENT, 0, 10, 14), 4, true, 0);
    CHECK(say(&turns, CLIENT, 0xffffff00U, 0x100, 14), 0, false, -0x100);
}

static void test_direction(void)
{
    const uint8_t low[4] = {10, 0, 0, 1}, next[4] = {10, 0, 0, 2}, high[4] = {192, 0, 2, 1};
    FpSegment segment = {.source = low, .destination = high, .source_port = 9, .destination_port = 1, .address_bytes = 4};

    g_assert_cmpuint(fp_turns_direction(&segment), ==, 0);
    segment.destination = low;
    g_assert_cmpuint(fp_turns_direction(&segment), ==, 1);
    segment.source_port = 1;
    g_assert_cmpuint(fp_turns_direction(&segment), ==, 0);
    segment.source = high;
    g_assert_cmpuint(fp_turns_direction(&segment), ==, 1);
    segment.source = next;
    g_assert_cmpuint(fp_turns_direction(&segment), ==, 1);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/turns/in-order", test_in_order);
    g_test_add_func("/turns/answer-captured-later", test_answer_captured_later);
    g_test_add_func("/turns/one-direction", test_one_direction);
    g_test_add_func("/turns/out-of-order", test_out_of_order);
    g_test_add_func("/turns/retransmission-begins-none", test_retransmission_begins_none);
    g_test_add_func("/turns/crossing-begins-none", test_crossing_begins_none);
    g_test_add_func("/turns/fin-is-no-word", test_fin_is_no_word);
    g_test_add_func("/turns/one-byte-is-a-word", test_one_byte_is_a_word);
    g_test_add_func("/turns/fast-open", test_fast_open);
    g_test_add_func("/turns/without-ack", test_without_ack);
    g_test_add_func("/turns/first-word-without-ack", test_first_word_without_ack);
    g_test_add_func("/turns/nobody-else", test_nobody_else);
    g_test_add_func("/turns/nobody-else-and-high-numbers", test_nobody_else_and_high_numbers);
    g_test_add_func("/turns/one-byte-of-the-first-turn", test_one_byte_of_the_first_turn);
    g_test_add_func("/turns/older-acknowledgment", test_older_acknowledgment);
    g_test_add_func("/turns/first-acknowledgment-is-high", test_first_acknowledgment_is_high);
    g_test_add_func("/turns/wraps-around", test_wraps_around);
    g_test_add_func("/turns/direction", test_direction);
    return g_test_run();
}
