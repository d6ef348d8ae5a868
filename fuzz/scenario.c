/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scenario.c - bytes -> segments between few endpoints, judged by core/ and by the slow reference of tests/core/, which have to agree.
 *
 * The input: a byte for the rules; then for each segment a byte for endpoints and sender, one for flags, one for where its sequence number
 * is, one for how long it is, and one for time and the rest.
 */
#include "target.h"

#include "reference.h"
#include "streams.h"

#define SEGMENTS_MAX 200U
#define PAIRS 4U
#define OVER (1000 + (1 << 20)) /* where an opening of 1000 bytes is over for good */

static const struct {
    uint8_t address[2][16];
    uint8_t address_bytes;
    uint16_t port[2];
    bool is_udp;
} pairs[PAIRS] = {
    {{{192, 0, 2, 1}, {198, 51, 100, 7}}, 4, {49152, 443}, false},
    {{{[15] = 0xff}, {[15] = 0xfe}}, 16, {49152, 443}, false},
    {{{127, 0, 0, 1}, {127, 0, 0, 1}}, 4, {80, 80}, false},
    {{{192, 0, 2, 1}, {198, 51, 100, 7}}, 4, {49152, 443}, true},
};

/* What is around the few places where something changes. */
static const uint32_t places[16] = {0,     0,     1,     2,        6,    999,          1000,       1001,
                                    16383, 16384, 16385, OVER - 1, OVER, OVER + 16384, 0x7fffffff, 0xffffffff};
static const uint32_t sizes[16] = {0, 1, 1, 2, 5, 10, 999, 1000, 1001, 1200, 16383, 16384, 16385, 65507, 0, 1};
static const int64_t steps[8] = {0, 1000, 1000000, -5000000, 9999999999, 10000000000, 10000000001, 500000000};

typedef struct {
    uint32_t isn[PAIRS][2], end[PAIRS][2];
    int64_t now_ns;
} Round;

static FpSegment next_segment(Round *round, Input *input, unsigned *pair, unsigned *sender)
{
    const unsigned who = input_byte(input), flags = input_byte(input), place = input_byte(input), size = input_byte(input),
                   rest = input_byte(input);

    *pair = who % PAIRS;
    *sender = who / PAIRS & 1;
    if (who & 0x80) /* the ports are used again */
        round->isn[*pair][*sender] = places[who >> 3 & 15] * 0x01010101U;
    round->now_ns += steps[rest & 7];
    FpSegment segment = {.source = pairs[*pair].address[*sender],
                         .destination = pairs[*pair].address[!*sender],
                         .source_port = pairs[*pair].port[*sender],
                         .destination_port = pairs[*pair].port[!*sender],
                         .address_bytes = pairs[*pair].address_bytes,
                         .time_ns = round->now_ns,
                         .length_unknown = (size & 0xf0) == 0xf0,
                         .header_bytes = pairs[*pair].is_udp ? FP_UDP_HEADER_BYTES : FP_TCP_HEADER_MIN_BYTES};
    segment.segment_bytes = segment.header_bytes + sizes[size & 15];
    if (pairs[*pair].is_udp) {
        segment.transport = FP_TRANSPORT_UDP;
        segment.is_quic_long = (rest & 0x80) != 0 && segment.segment_bytes > segment.header_bytes;
        return segment;
    }
    segment.header_bytes = (rest & 0x60) == 0x60 ? (uint8_t)(flags >> 6 << 3) : segment.header_bytes;
    segment.flags = flags & (FP_TCP_FIN | FP_TCP_SYN | FP_TCP_RST | FP_TCP_ACK);
    segment.seq = place & 0x80 ? round->isn[*pair][*sender] + places[place & 15] : round->end[*pair][*sender] - (place & 3);
    segment.ack = round->end[*pair][!*sender] - (place >> 2 & 3);
    segment.window = rest & 0x10 ? 0 : 1000;
    round->end[*pair][*sender] =
        segment.seq + segment.segment_bytes - segment.header_bytes + (segment.flags & (FP_TCP_SYN | FP_TCP_FIN) ? 1 : 0);
    return segment;
}

static void require_same(const FpVerdict *found, const FpVerdict *wanted)
{
    REQUIRE(found->classes == wanted->classes && found->side == wanted->side && found->stream == wanted->stream);
    REQUIRE(found->begins == wanted->begins && found->ends_silent == wanted->ends_silent && found->ends_flight == wanted->ends_flight);
    REQUIRE(found->midstream == wanted->midstream && found->out_of_order == wanted->out_of_order && found->fast_open == wanted->fast_open);
    REQUIRE(found->payload_bytes == wanted->payload_bytes && found->relative_seq == wanted->relative_seq);
    REQUIRE(found->has_syn == wanted->has_syn && found->age_ns == wanted->age_ns && found->delay_ns == wanted->delay_ns);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    Input input = {bytes, n};
    const unsigned how = input_byte(&input);
    const FpRules rules = {.flight_bytes = FP_FLIGHT_BYTES_DEFAULT,
                           .opening_bytes = how & 1 ? 1000 : FP_OPENING_BYTES_DEFAULT,
                           .asked = (how & 2 ? FP_CLASS_OPENING : 0) | (how & 4 ? FP_CLASS_CLOSING : 0),
                           .transports = (how >> 3 & 3) << 1,
                           .idle_ns = how & 0x20 ? 10000000000 : 0};
    FpStreams *streams = fp_streams_new(&rules, 1, 1000);
    Reference *references[PAIRS];
    Round round = {0};
    guint32 number = 0;

    REQUIRE(streams != NULL);
    for (unsigned i = 0; i < PAIRS; i++)
        references[i] = reference_new(&rules);
    for (unsigned i = 0; i < SEGMENTS_MAX && input.n >= 5; i++) {
        unsigned pair, sender;
        FpSegment segment = next_segment(&round, &input, &pair, &sender);
        FpVerdict found, wanted = reference_take(references[pair], pair == 2 ? 0 : sender, &segment, &number); /* 2: equal endpoints */
        fp_streams_take(streams, fp_streams_key(streams, &segment), &segment, &found);
        require_same(&found, &wanted);
    }
    for (unsigned i = 0; i < PAIRS; i++)
        reference_free(references[i]);
    fp_streams_free(streams);
    return 0;
}
