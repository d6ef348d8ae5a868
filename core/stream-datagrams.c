/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stream-datagrams.c - carries out what verdict.h says of UDP. */
#include <string.h>

#include "stream-internal.h"

/* A stream of datagrams has no sequence numbers: what each side has sent so far stands where those of TCP have their base. */
static uint32_t *sent_by(FpStream *stream, unsigned direction)
{
    return &stream->base[direction];
}

static bool is_quic_version(uint32_t version)
{
    return version == 0x00000001 || version == 0x6b3343cf ||   /* RFC 9000, RFC 9369 */
           (version >= 0xff00001b && version <= 0xff000022) || /* drafts 27 to 34 */
           (version >= 0xfaceb000 && version <= 0xfaceb01f);   /* mvfst */
}

bool fp_datagram_is_quic_long(const uint8_t *payload, size_t n)
{
    const size_t id_bytes_max = 20;

    if (n < 7 || (payload[0] & 0xc0) != 0xc0 || payload[5] > id_bytes_max)
        return false;
    uint32_t version = (uint32_t)payload[1] << 24 | (uint32_t)payload[2] << 16 | (uint32_t)payload[3] << 8 | payload[4];
    return is_quic_version(version) && n > 6U + payload[5] && payload[6 + payload[5]] <= id_bytes_max;
}

bool fp_stream_datagram_may_begin(const FpSegment *datagram, const FpRules *rules)
{
    return rules->transports & FP_TAKES_UDP || (rules->transports & FP_TAKES_QUIC && datagram->is_quic_long && !datagram->length_unknown);
}

/* Whether datagrams of the stream are in classes. The first with payload, which is datagram where there was none yet, says whether it is
 * QUIC. */
static bool is_taken(FpStream *stream, const FpSegment *datagram, const FpRules *rules)
{
    if (!has(stream, FIRST_SEEN) && datagram->is_quic_long)
        set(stream, QUIC);
    return rules->transports & FP_TAKES_UDP || (rules->transports & FP_TAKES_QUIC && has(stream, QUIC));
}

/* The classes of a datagram with payload whose side had sent so many bytes before. */
static unsigned take_payload(FpStream *stream, unsigned direction, uint32_t sent, uint32_t flight_bytes)
{
    if (!has(stream, FIRST_SEEN)) {
        set(stream, FIRST_SEEN);
        if (direction == 1)
            set(stream, FIRST_DIRECTION);
        return FP_CLASS_FIRST | FP_CLASS_FLIGHT;
    }
    if (has(stream, REPLY_SEEN))
        return 0;
    if (has(stream, FIRST_DIRECTION) == (direction == 1))
        return sent < flight_bytes ? FP_CLASS_FLIGHT : 0;
    set(stream, REPLY_SEEN);
    return FP_CLASS_REPLY;
}

static unsigned take_opening(FpStream *stream, unsigned direction, uint32_t sent, const FpRules *rules)
{
    if (!(rules->asked & FP_CLASS_OPENING))
        return 0;
    if (*sent_by(stream, direction) >= rules->opening_bytes)
        set(stream, OPENING_OVER << direction);
    return sent < rules->opening_bytes ? FP_CLASS_OPENING : 0;
}

/* Fills in *verdict, which is all 0, but for the stream. */
static void take(FpStream *stream, unsigned direction, const FpSegment *datagram, const FpRules *rules, FpVerdict *verdict)
{
    if (datagram->length_unknown || datagram->segment_bytes <= datagram->header_bytes || !is_taken(stream, datagram, rules))
        return;
    uint32_t payload_bytes = datagram->segment_bytes - datagram->header_bytes, sent = *sent_by(stream, direction);
    *sent_by(stream, direction) = payload_bytes < UINT32_MAX - sent ? sent + payload_bytes : UINT32_MAX;
    unsigned classes = take_payload(stream, direction, sent, rules->flight_bytes);
    if (!(classes & FP_CLASS_FLIGHT))
        verdict->ends_flight = end_flight(stream, rules);
    verdict->classes = (uint8_t)(classes | take_opening(stream, direction, sent, rules));
    if (classes == 0)
        return;
    verdict->payload_bytes = payload_bytes;
    verdict->relative_seq = sent + 1;
    verdict->age_ns = fp_time_difference(datagram->time_ns, stream->first_ns);
}

void fp_stream_take_datagram(FpStream *stream, unsigned direction, const FpSegment *datagram, const FpRules *rules, FpVerdict *verdict)
{
    memset(verdict, 0, sizeof *verdict);
    take(stream, direction, datagram, rules, verdict);
    if (verdict->classes != 0 || verdict->ends_flight)
        verdict->stream = stream->number;
}
