/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test_digest_rule.c - what digest.h keeps of a file, case by case. test_digest.c has the property that all of it serves. */
#include <glib.h>

#include "digest.h"

enum { CLIENT, SERVER };
enum { S = FP_TCP_SYN, A = FP_TCP_ACK, F = FP_TCP_FIN, R = FP_TCP_RST };

static const FpRules rules = {.flight_bytes = 16384, .asked = FP_CLASS_CLOSING};

typedef struct {
    FpDigestStream known;
    uint32_t next[2]; /* of each side; 1000 and 5000 at first, which are the numbers of its SYN */
    uint16_t window;  /* of both */
    unsigned asked;   /* classes, besides those that are always asked for */
    bool flushes;
} Side;

static Side midstream(void)
{
    return (Side){.next = {1001, 5001}, .window = 1000};
}

/* A segment that is next in order. */
static FpDigestPart send(Side *side, unsigned direction, unsigned flags, uint32_t payload_bytes)
{
    const FpSegment segment = {.seq = side->next[direction],
                               .ack = side->next[direction ^ 1U],
                               .segment_bytes = 20 + payload_bytes,
                               .window = side->window,
                               .header_bytes = 20,
                               .flags = (uint8_t)flags};

    FpRules these = rules;

    these.asked |= side->asked;
    side->next[direction] += payload_bytes + (flags & (S | F) ? 1 : 0);
    return fp_digest_take(&side->known, direction, &segment, &these, false, &side->flushes);
}

static void check(FpDigestPart part, FpDigestPart expected)
{
    g_assert_cmpint(part, ==, expected);
}
#define CHECK(part, expected) check((part), FP_DIGEST_##expected)

static void test_settled(void)
{
    Side side = midstream();

    CHECK(send(&side, CLIENT, A, 100), WHOLE);  /* may be the first, or end the handshake */
    CHECK(send(&side, SERVER, A, 1), WHOLE);    /* may be a keep-alive, so the server may not have spoken */
    CHECK(send(&side, SERVER, A, 1000), WHOLE); /* may be the reply */
    CHECK(send(&side, SERVER, A, 1000), NOTHING);
    CHECK(send(&side, CLIENT, A, 0), NOTHING);
    CHECK(send(&side, CLIENT, A | F, 0), WHOLE);
    CHECK(send(&side, CLIENT, A | F, 0), NOTHING);
    CHECK(send(&side, SERVER, A | F, 0), WHOLE);
    CHECK(send(&side, SERVER, R, 0), WHOLE);
    CHECK(send(&side, CLIENT, R, 0), NOTHING);
    CHECK(send(&side, CLIENT, S, 0), WHOLE); /* another stream, of which nothing is known */
    CHECK(send(&side, SERVER, A, 1000), WHOLE);
}

static void test_silence(void)
{
    Side side = midstream();

    CHECK(send(&side, CLIENT, A, 0), WHOLE); /* may end the handshake */
    CHECK(send(&side, SERVER, A, 0), WHOLE);
    CHECK(send(&side, SERVER, A, 0), NOTHING);
    CHECK(send(&side, CLIENT, A, 0), NOTHING);
    side.next[CLIENT]--;
    CHECK(send(&side, CLIENT, A, 0), HEADERS); /* a keep-alive moves nothing, but that is the stream's affair */
}

/* So far from its beginning that nobody knows whether the numbers have come round. */
static void test_alone_too_far(void)
{
    Side side = midstream();

    CHECK(send(&side, SERVER, A, 0), WHOLE);
    while (side.next[CLIENT] < 1001 + 16384)
        CHECK(send(&side, CLIENT, A, 1400), WHOLE);
    CHECK(send(&side, CLIENT, A, 1400), ASSERTS);
    side.next[CLIENT] += 0x3fee0000;
    g_assert_cmpint(send(&side, CLIENT, A, 1400), !=, FP_DIGEST_ASSERTS); /* behind a gap */
    g_assert_cmpint(send(&side, CLIENT, A, 1400), !=, FP_DIGEST_ASSERTS);
}

/* The last window decides what is a probe, so it matters whether it is 0, and nothing else of it does. */
static void test_window(void)
{
    static const struct {
        uint16_t window;
        FpDigestPart part;
    } rows[] = {{1000, FP_DIGEST_NOTHING}, {1, FP_DIGEST_NOTHING}, {0, FP_DIGEST_HEADERS},         {0, FP_DIGEST_NOTHING},
                {1, FP_DIGEST_HEADERS},    {1, FP_DIGEST_NOTHING}, {UINT16_MAX, FP_DIGEST_NOTHING}};
    Side side = midstream();

    CHECK(send(&side, CLIENT, A, 0), WHOLE);
    CHECK(send(&side, SERVER, A, 0), WHOLE);
    for (size_t i = 0; i < G_N_ELEMENTS(rows); i++) {
        side.window = rows[i].window;
        check(send(&side, CLIENT, A, 0), rows[i].part);
    }
}

static void test_alone(void)
{
    Side side = midstream();
    unsigned n = 0;

    CHECK(send(&side, SERVER, A, 0), WHOLE);
    while (side.next[CLIENT] < 1001 + 16384)
        CHECK(send(&side, CLIENT, A, 1400), WHOLE); /* may be in the flight */
    CHECK(send(&side, CLIENT, A, 1400), ASSERTS);
    const uint32_t asserted = side.next[CLIENT] - 1400;
    for (; side.next[CLIENT] - asserted < FP_DIGEST_ALONE_BYTES; n++)
        CHECK(send(&side, CLIENT, A, 1400), LATER);
    g_assert_cmpuint(n, ==, FP_DIGEST_ALONE_BYTES / 1400);
    CHECK(send(&side, CLIENT, A, 1400), ASSERTS);
    g_assert_true(side.flushes);
    CHECK(send(&side, CLIENT, A, 1400), LATER);
    CHECK(send(&side, SERVER, A, 100), WHOLE); /* the reply */
    g_assert_true(side.flushes);
    CHECK(send(&side, CLIENT, A, 1400), NOTHING);
    g_assert_false(fp_digest_end_file(&side.known));
}

/* With the opening, nothing that has payload is left out, nor headers alone kept. */
static void test_alone_with_opening(void)
{
    Side side = midstream();

    side.asked = FP_CLASS_OPENING;
    CHECK(send(&side, SERVER, A, 0), WHOLE);
    for (unsigned i = 0; i < 100; i++)
        CHECK(send(&side, CLIENT, A, 1400), WHOLE);
    CHECK(send(&side, SERVER, A, 100), WHOLE);
    CHECK(send(&side, CLIENT, A, 1400), WHOLE);
    CHECK(send(&side, SERVER, A, 1400), WHOLE);
    CHECK(send(&side, CLIENT, A, 0), HEADERS);
    g_assert_false(fp_digest_end_file(&side.known));
}

static void test_alone_when_the_file_ends(void)
{
    Side side = midstream();

    send(&side, SERVER, A, 0);
    for (unsigned i = 0; i < 20; i++)
        send(&side, CLIENT, A, 1400);
    g_assert_true(fp_digest_end_file(&side.known));
    g_assert_false(fp_digest_end_file(&side.known));
    CHECK(send(&side, CLIENT, A, 1400), ASSERTS); /* what an earlier file asserts may have been wrong there */
}

/* Where the SYN is in the file, the flight is known, and behind it headers will do. */
static void test_alone_from_the_start(void)
{
    Side side = {.next = {1000, 5000}, .window = 1000};

    CHECK(send(&side, CLIENT, S, 0), WHOLE);
    CHECK(send(&side, CLIENT, A, 16384), WHOLE);
    CHECK(send(&side, CLIENT, A, 1400), HEADERS); /* no assertion before the server has acknowledged */
    CHECK(send(&side, SERVER, S | A, 0), WHOLE);
    CHECK(send(&side, CLIENT, A, 0), WHOLE);
}

/* What slim goes through again, if an assertion was wrong, has to be what was left out, and no more. */
static void test_what_may_be_left_out(void)
{
    const FpSegment data = {.transport = FP_TRANSPORT_TCP, .flags = FP_TCP_ACK, .seq = UINT32_MAX, .header_bytes = 20, .segment_bytes = 22};
    FpSegment other = data;

    g_assert_true(fp_digest_may_leave_out(&data));
    other.segment_bytes = 21; /* it may be a keep-alive probe */
    g_assert_false(fp_digest_may_leave_out(&other));
    g_assert_true(fp_digest_goes_farther(&data, &other));
    other.segment_bytes = 20 + UINT16_MAX;
    g_assert_true(fp_digest_may_leave_out(&other));
    g_assert_true(fp_digest_goes_farther(&other, &data));
    other.segment_bytes++;
    g_assert_false(fp_digest_may_leave_out(&other));
    other = data;
    other.seq = 1; /* behind the number that comes round */
    g_assert_true(fp_digest_goes_farther(&other, &data));
    g_assert_false(fp_digest_goes_farther(&data, &data));
}

static void test_what_may_never_be_left_out(void)
{
    const FpSegment data = {.transport = FP_TRANSPORT_TCP, .flags = FP_TCP_ACK, .seq = UINT32_MAX, .header_bytes = 20, .segment_bytes = 22};
    FpSegment other = data;

    for (unsigned flag = FP_TCP_FIN; flag <= FP_TCP_RST; flag <<= 1) {
        other = data;
        other.flags |= (uint8_t)flag;
        g_assert_false(fp_digest_may_leave_out(&other));
    }
    other = data;
    other.length_unknown = true;
    g_assert_false(fp_digest_may_leave_out(&other));
}

static FpDigestPart say(FpDigestStream *known, unsigned direction, uint32_t payload_bytes, bool is_long)
{
    const FpSegment datagram = {
        .transport = FP_TRANSPORT_UDP, .header_bytes = 8, .segment_bytes = 8 + payload_bytes, .is_quic_long = is_long};
    bool flushes;

    return fp_digest_take(known, direction, &datagram, &rules, false, &flushes);
}

static void test_datagrams(void)
{
    FpDigestStream known = {0};

    CHECK(say(&known, CLIENT, 10000, false), WHOLE);
    CHECK(say(&known, CLIENT, 10000, false), WHOLE);
    CHECK(say(&known, CLIENT, 10000, false), WHOLE); /* ends the flight, if nothing did before */
    CHECK(say(&known, CLIENT, 10000, false), NOTHING);
    CHECK(say(&known, CLIENT, 1200, true), WHOLE); /* may begin a stream of QUIC */
    CHECK(say(&known, SERVER, 1200, true), WHOLE);
    CHECK(say(&known, SERVER, 1200, false), NOTHING);
    CHECK(say(&known, CLIENT, 1200, true), NOTHING);
    CHECK(say(&known, CLIENT, 0, false), NOTHING);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/digest-rule/settled", test_settled);
    g_test_add_func("/digest-rule/silence", test_silence);
    g_test_add_func("/digest-rule/window", test_window);
    g_test_add_func("/digest-rule/alone", test_alone);
    g_test_add_func("/digest-rule/alone-too-far", test_alone_too_far);
    g_test_add_func("/digest-rule/alone-with-opening", test_alone_with_opening);
    g_test_add_func("/digest-rule/alone-when-the-file-ends", test_alone_when_the_file_ends);
    g_test_add_func("/digest-rule/alone-from-the-start", test_alone_from_the_start);
    g_test_add_func("/digest-rule/what-may-be-left-out", test_what_may_be_left_out);
    g_test_add_func("/digest-rule/what-may-never-be-left-out", test_what_may_never_be_left_out);
    g_test_add_func("/digest-rule/datagrams", test_datagrams);
    return g_test_run();
}
