/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * test_against_reference.c - random segments on few endpoints, judged by core/ and by reference.c.
 *
 * Numbers are drawn from around the few places where something changes. A difference is printed as a scenario.
 */
#include <glib.h>
#include <string.h>

#include "reference.h"
#include "streams.h"

#define OVER (1000 + (1 << 20)) /* where an opening of 1000 bytes is over for good */
#define IDLE_NS (10 * G_GINT64_CONSTANT(1000000000))

enum { ROUNDS = 5000, SEGMENTS = 60, PAIRS = 5, UDP_PAIRS = 3 }; /* pairs from UDP_PAIRS on are of UDP */

typedef struct {
    const char *text; /* as in a scenario */
    guint8 address[2][16];
    guint8 address_bytes;
    guint16 port[2];
} Pair;

static const Pair pairs[PAIRS] = {
    {"192.0.2.1:49152 > 198.51.100.7:443", {{192, 0, 2, 1}, {198, 51, 100, 7}}, 4, {49152, 443}},
    {"[::ff]:49152 > [::fe]:443", {{[15] = 0xff}, {[15] = 0xfe}}, 16, {49152, 443}},
    {"127.0.0.1:80 > 127.0.0.1:80", {{127, 0, 0, 1}, {127, 0, 0, 1}}, 4, {80, 80}},
    {"192.0.2.1:49152 > 198.51.100.7:443 udp", {{192, 0, 2, 1}, {198, 51, 100, 7}}, 4, {49152, 443}},
    {"[::ff]:49152 > [::fe]:443 udp", {{[15] = 0xff}, {[15] = 0xfe}}, 16, {49152, 443}},
};

typedef struct {
    FpSegment segment;
    guint pair;
    guint sender;
} Sent;

/* One capture: what was sent in it so far, and where each sender is. */
typedef struct {
    GRand *rand;
    FpRules rules;
    gboolean is_short; /* segments of TCP take the short ways */
    Sent sent[SEGMENTS];
    guint count;
    guint32 isn[PAIRS][2], end[PAIRS][2];
    guint step[PAIRS]; /* of the orderly connection */
    gint64 now_ns;
} Round;

static guint32 pick(GRand *rand, const guint32 *values, guint count)
{
    return values[g_rand_int_range(rand, 0, (gint32)count)];
}
#define PICK(rand, ...) pick(rand, (const guint32[]){__VA_ARGS__}, sizeof((const guint32[]){__VA_ARGS__}) / sizeof(guint32))

static gboolean chance(GRand *rand, gint percent)
{
    return g_rand_int_range(rand, 0, 100) < percent;
}

static guint32 random_seq(Round *round, const Sent *sent)
{
    guint32 end = round->end[sent->pair][sent->sender];
    guint32 isn = round->isn[sent->pair][sent->sender];

    if (sent->segment.flags & FP_TCP_SYN && chance(round->rand, 80))
        return isn;
    if (chance(round->rand, 70))
        return end - PICK(round->rand, 0, 0, 0, 1, 1, 2);
    return isn + PICK(round->rand, 0, 1, 2, 6, 999, 1000, 1001, 16383, 16384, 16385, OVER - 1, OVER, OVER + 16384, 0x7fffffff, 0x80000000,
                      0xffffffff);
}

static void random_sizes(Round *round, FpSegment *segment)
{
    guint32 payload_bytes = PICK(round->rand, 0, 0, 1, 1, 1, 2, 5, 1000, 16384);

    segment->header_bytes = (guint8)PICK(round->rand, 20, 20, 20, 20, 20, 20, 20, 24, 32, 60);
    segment->segment_bytes = segment->header_bytes + payload_bytes;
    if (chance(round->rand, 4)) {
        segment->header_bytes = (guint8)PICK(round->rand, 0, 16, 24, 60);
        segment->segment_bytes = 20 + payload_bytes;
    }
    segment->length_unknown = chance(round->rand, 2);
}

static void random_datagram(Round *round, FpSegment *segment)
{
    segment->transport = FP_TRANSPORT_UDP;
    segment->header_bytes = FP_UDP_HEADER_BYTES;
    segment->segment_bytes = FP_UDP_HEADER_BYTES + PICK(round->rand, 0, 0, 1, 2, 998, 999, 1000, 1200, 16383, 16384, 65507, 0xfffffff0);
    segment->length_unknown = chance(round->rand, 5);
    segment->is_quic_long = segment->segment_bytes > FP_UDP_HEADER_BYTES && chance(round->rand, 40);
}

static void random_time(Round *round, FpSegment *segment)
{
    segment->time_ns = round->now_ns += (gint64)PICK(round->rand, 0, 1000, 1000000) - (chance(round->rand, 3) ? 5000000 : 0);
    if (round->rules.idle_ns != 0 && chance(round->rand, 6))
        segment->time_ns = round->now_ns += round->rules.idle_ns - (gint64)PICK(round->rand, 0, 1, 1000000);
}

/* Makes the segment the next of a connection that nothing is odd about, as those are that short ways are for. */
static void make_orderly(Round *round, Sent *sent)
{
    enum { S = FP_TCP_SYN, A = FP_TCP_ACK, F = FP_TCP_FIN };
    static const struct {
        guint8 sender, flags;
        guint16 payload_bytes;
    } steps[] = {{0, S, 0}, {1, S | A, 0}, {0, A, 0}, {0, A, 100}, {1, A, 200}, {0, A, 0}, {1, F | A, 0}, {0, F | A, 0}};
    const guint step = round->step[sent->pair]++ % G_N_ELEMENTS(steps);
    guint32 *end = round->end[sent->pair];
    FpSegment *segment = &sent->segment;

    if (step == 0)
        end[0] = end[1] = round->isn[sent->pair][0] = round->isn[sent->pair][1] += 0x10000;
    sent->sender = steps[step].sender;
    segment->flags = steps[step].flags;
    segment->seq = end[sent->sender];
    segment->ack = end[!sent->sender];
    segment->window = 1000;
    segment->header_bytes = 20;
    segment->segment_bytes = 20U + steps[step].payload_bytes;
}

static void set_endpoints(Sent *sent)
{
    const Pair *pair = &pairs[sent->pair];

    sent->segment.source = pair->address[sent->sender];
    sent->segment.destination = pair->address[!sent->sender];
    sent->segment.source_port = pair->port[sent->sender];
    sent->segment.destination_port = pair->port[!sent->sender];
    sent->segment.address_bytes = pair->address_bytes;
}

/* Notes how far the sender is. */
static Sent *note_end(Round *round, Sent *sent)
{
    const FpSegment *segment = &sent->segment;

    round->end[sent->pair][sent->sender] =
        segment->seq + segment->segment_bytes - segment->header_bytes + (segment->flags & (FP_TCP_SYN | FP_TCP_FIN) ? 1 : 0);
    return sent;
}

static Sent *random_segment(Round *round)
{
    enum { S = FP_TCP_SYN, A = FP_TCP_ACK, R = FP_TCP_RST, F = FP_TCP_FIN };
    Sent *sent = &round->sent[round->count++];
    FpSegment *segment = &sent->segment;
    GRand *rand = round->rand;

    *segment = (FpSegment){0};
    sent->pair = round->rules.transports != 0 ? PICK(rand, 0, 0, 0, 1, 2, 3, 3, 3, 4) : PICK(rand, 0, 0, 0, 0, 1, 1, 2, 3);
    sent->sender = PICK(rand, 0, 1);
    if (chance(rand, 2)) /* the ports are used again */
        round->isn[sent->pair][sent->sender] = PICK(rand, 0, 1000, 0xfffffff0, 0x7ffffff0, g_rand_int(rand));
    random_time(round, segment);
    if (round->is_short && sent->pair < UDP_PAIRS && chance(rand, 70)) {
        make_orderly(round, sent);
        set_endpoints(sent);
        return note_end(round, sent);
    }
    set_endpoints(sent);
    if (sent->pair >= UDP_PAIRS) {
        random_datagram(round, segment);
        return sent;
    }
    segment->flags =
        (guint8)PICK(rand, A, A, A, A, A, A, A, A, A, A, A, A, S, S, S | A, S | A, S | A, R, R | A, F | A, F, 0, S | F, S | A | F);
    segment->seq = random_seq(round, sent);
    segment->ack = round->end[sent->pair][!sent->sender] - PICK(rand, 0, 0, 0, 1, 5);
    segment->window = (guint16)PICK(rand, 0, 1000, 1000);
    random_sizes(round, segment);
    return note_end(round, sent);
}

static void print_segment(const Sent *sent, gint64 before_ns)
{
    const FpSegment *segment = &sent->segment;
    guint32 bytes = segment->segment_bytes - 20;
    g_autoptr(GString) flags = g_string_new(NULL);

    if (segment->transport == FP_TRANSPORT_UDP) {
        g_test_message("%+.9f %c udp(%u)%s%s", (double)(segment->time_ns - before_ns) / 1e9, sent->sender == 0 ? '>' : '<',
                       segment->segment_bytes - segment->header_bytes, segment->is_quic_long ? " quic" : "",
                       segment->length_unknown ? " # length unknown" : "");
        return;
    }

    for (guint i = 0; i < 6; i++)
        if (segment->flags & 1U << i)
            g_string_append_c(flags, "FSRP.U"[i]);
    if (flags->len == 0)
        g_string_append_c(flags, '-');
    g_test_message("%+.9f %c %s %" G_GUINT64_FORMAT ":%" G_GUINT64_FORMAT "(%u) ack %u win %u header %u%s",
                   (double)(segment->time_ns - before_ns) / 1e9, sent->sender == 0 ? '>' : '<', flags->str, (guint64)segment->seq,
                   (guint64)segment->seq + bytes, bytes, segment->ack, segment->window, segment->header_bytes,
                   segment->length_unknown ? " # length unknown" : "");
}

static void print_scenario(const Round *round)
{
    guint pair = round->sent[round->count - 1].pair;
    gint64 before_ns = 0;

    g_test_message("connection %s isn 0 0", pairs[pair].text);
    for (guint i = 0; i < round->count; i++) {
        if (round->sent[i].pair == pair) {
            print_segment(&round->sent[i], before_ns);
            before_ns = round->sent[i].segment.time_ns;
        }
    }
}

static char *describe(const FpVerdict *verdict)
{
    char classes[FP_CLASSES_TEXT_BYTES];

    fp_classes_to_text(verdict->classes, classes);
    return g_strdup_printf("(%s) %s%s%s%s%s%s%s seq %u bytes %u age %" G_GINT64_FORMAT " delay %" G_GINT64_FORMAT "%s stream %u", classes,
                           fp_side_name(verdict->side), verdict->midstream ? " midstream" : "",
                           verdict->out_of_order ? " out-of-order" : "", verdict->fast_open ? " fast-open" : "",
                           verdict->begins ? " begins" : "", verdict->ends_silent ? " ends-silent" : "",
                           verdict->ends_flight ? " ends-flight" : "", verdict->relative_seq, verdict->payload_bytes, verdict->age_ns,
                           verdict->delay_ns, verdict->has_syn ? "" : " (no SYN)", verdict->stream);
}

/* How often each class and each remark occurred: a test that never sees them proves nothing. */
typedef struct {
    guint classes[6], datagrams[6], datagram_starts, datagrams_left, midstream, out_of_order, fast_open, ends_silent, ends_flight,
        syn_ack_starts, idle_starts, streams, no_payload;
} Seen;

static void count_seen(Seen *seen, const FpSegment *segment, const FpVerdict *verdict)
{
    gboolean is_datagram = segment->transport == FP_TRANSPORT_UDP;

    for (guint i = 0; i < 6; i++)
        (is_datagram ? seen->datagrams : seen->classes)[i] += verdict->classes >> i & 1;
    if (is_datagram) {
        seen->datagram_starts += verdict->begins;
        seen->datagrams_left += segment->segment_bytes > segment->header_bytes && verdict->classes == 0;
        return;
    }
    seen->midstream += verdict->midstream;
    seen->out_of_order += verdict->out_of_order;
    seen->fast_open += verdict->fast_open;
    seen->ends_silent += verdict->ends_silent;
    seen->ends_flight += verdict->ends_flight;
    seen->idle_starts += verdict->begins && verdict->stream >= PAIRS && !(segment->flags & FP_TCP_SYN);
    seen->syn_ack_starts += verdict->begins && verdict->stream >= PAIRS && segment->flags == (FP_TCP_SYN | FP_TCP_ACK);
    seen->no_payload += verdict->payload_bytes == 0 && segment->segment_bytes > segment->header_bytes;
}

/* Finds the place of the stream first, as for plain frames, and takes the short ways from there. Returns whether there was one. */
static gboolean take_short(FpStreams *streams, FpStreamKey key, const FpSegment *segment, unsigned wanted, FpVerdict *verdict)
{
    FpStreamPlace *place =
        segment->flags & FP_TCP_SYN_FIN_RST ? fp_streams_find(streams, key) : fp_streams_pass_by(streams, key, segment->time_ns);

    if (place == NULL || fp_streams_take_short(streams, place, key, segment, wanted))
        return TRUE;
    fp_streams_take_at(streams, place, key, segment, verdict);
    return FALSE;
}

static guint n_short[8]; /* what has gone a short way, by SYN, FIN and ACK */

static void count_short(const FpSegment *segment)
{
    n_short[(segment->flags & FP_TCP_SYN_FIN_RST & ~FP_TCP_RST) | (segment->flags & FP_TCP_ACK ? 4 : 0)]++;
}

/* Takes a segment, by a short way if there is one: then what is known of the verdict is that it says nothing that was wanted. */
static gboolean take(Round *round, FpStreams *streams, const FpSegment *segment, const FpVerdict *expected, FpVerdict *found)
{
    const FpStreamKey key = fp_streams_key(streams, segment);
    const unsigned wanted = g_rand_boolean(round->rand) ? FP_CLASS_FIRST : FP_CLASS_USUAL | FP_CLASS_ASKED | FP_WANTS_ENDS;

    if (!round->is_short || segment->transport != FP_TRANSPORT_TCP) {
        fp_streams_take(streams, key, segment, found);
        return TRUE;
    }
    if (!take_short(streams, key, segment, wanted, found))
        return TRUE;
    count_short(segment);
    *found = *expected;
    return ((expected->classes | (expected->ends_flight ? FP_WANTS_ENDS : 0)) & wanted) == 0;
}

static gboolean play(Round *round, FpStreams *streams, Reference *references[PAIRS], Seen *seen)
{
    guint32 next_number = 0;

    while (round->count < SEGMENTS) {
        const Sent *sent = random_segment(round);
        const FpSegment *segment = &sent->segment;
        unsigned direction = sent->pair == 2 ? 0 : sent->sender; /* nobody can tell two equal endpoints apart */
        FpVerdict wanted = reference_take(references[sent->pair], direction, segment, &next_number), found;
        const gboolean is_well = take(round, streams, segment, &wanted, &found);
        count_seen(seen, segment, &wanted);
        g_autofree char *found_text = describe(&found), *wanted_text = describe(&wanted);
        if (!is_well || strcmp(found_text, wanted_text) != 0) {
            print_scenario(round);
            g_test_fail_printf("the last segment: core %s; reference %s", found_text, wanted_text);
            return FALSE;
        }
    }
    seen->streams += next_number;
    return TRUE;
}

static gboolean play_round(guint32 seed, Seen *seen)
{
    FpRules rules = {.flight_bytes = FP_FLIGHT_BYTES_DEFAULT,
                     .opening_bytes = seed % 7 ? 1000 : FP_OPENING_BYTES_DEFAULT,
                     .asked = seed % 3 ? seed / 3 % 2 * FP_CLASS_OPENING | seed / 6 % 2 * FP_CLASS_CLOSING : 0,
                     .transports = (seed / 2 % 4) << 1,
                     .idle_ns = seed % 5 ? 0 : IDLE_NS};
    FpStreams *streams = seed % 2 ? fp_streams_new(&rules, seed, 1000) : fp_streams_new_for_saving(&rules, seed, 1000);
    Reference *references[PAIRS];
    Round round = {.rand = g_rand_new_with_seed(seed), .rules = rules, .is_short = seed / 2 % 2 != 0};

    for (guint i = 0; i < PAIRS; i++) {
        references[i] = reference_new(&rules);
        for (guint side = 0; side < 2; side++)
            round.isn[i][side] = round.end[i][side] = PICK(round.rand, 0, 1000, 0xfffffff0, 0xffffffff, 0x7ffffff0);
    }
    gboolean same = play(&round, streams, references, seen);
    for (guint i = 0; i < PAIRS; i++)
        reference_free(references[i]);
    fp_streams_free(streams);
    g_rand_free(round.rand);
    return same;
}

/* What is compared comes up often enough. */
static void check_seen_datagrams(const Seen *seen)
{
    g_assert_cmpuint(seen->datagram_starts, >, 1000);
    g_assert_cmpuint(seen->datagrams_left, >, 1000);
    g_assert_cmpuint(seen->datagrams[0], >, 1000);
    g_assert_cmpuint(seen->datagrams[1], >, 1000);
    g_assert_cmpuint(seen->datagrams[2], >, seen->datagrams[0] + 1000);
    g_assert_cmpuint(seen->datagrams[3], ==, 0);
    g_assert_cmpuint(seen->datagrams[4], >, 1000);
    g_assert_cmpuint(seen->datagrams[5], ==, 0);
}

static void check_seen(const Seen *seen)
{
    const guint often[] = {
        seen->classes[0],  seen->classes[1],     seen->classes[2],   seen->classes[3], seen->classes[4],
        seen->classes[5],  seen->midstream,      seen->out_of_order, seen->fast_open,  seen->ends_silent,
        seen->ends_flight, seen->syn_ack_starts, seen->idle_starts,  seen->no_payload,
    };

    for (guint i = 0; i < G_N_ELEMENTS(often); i++)
        g_assert_cmpuint(often[i], >, 1000);
    g_assert_cmpuint(seen->streams, >, PAIRS * ROUNDS + 1000);
}

static void test_same_answers(void)
{
    Seen seen = {0};

    for (guint32 seed = 1; seed <= ROUNDS; seed++) {
        if (!play_round(seed, &seen)) {
            g_test_message("seed %u", seed);
            return;
        }
    }
    check_seen(&seen);
    check_seen_datagrams(&seen);
    g_assert_true(n_short[FP_TCP_SYN] > 1000 && n_short[FP_TCP_SYN | 4] > 1000 && n_short[FP_TCP_FIN | 4] > 1000 && n_short[4] > 1000);
    g_test_message("%u segments: first %u, reply %u, flight %u, handshake %u, opening %u, closing %u; %u streams", (guint)ROUNDS * SEGMENTS,
                   seen.classes[0], seen.classes[1], seen.classes[2], seen.classes[3], seen.classes[4], seen.classes[5], seen.streams);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/against-reference/same-answers", test_same_answers);
    return g_test_run();
}
