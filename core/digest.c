/* SPDX-License-Identifier: GPL-2.0-or-later */
/* digest.c - see digest.h. */
#include "digest.h"

#include <string.h>

/* Bits of FpDigestStream.facts. A bit that exists once per direction is shifted left by the direction. */
#define KNOWN 0x0001U    /* a segment has come, so the stream exists */
#define MEASURED 0x0002U /* and 0x0004: a segment of the side with a length has come, so core/ knows its base sequence */
#define SPOKE 0x0008U    /* and 0x0010: the side has sent payload */
#define ACKED 0x0020U    /* and 0x0040: the side has sent an ACK without SYN and RST, and no SYN/ACK has come since */
#define FIN_CAME 0x0080U /* and 0x0100 */
#define RST_CAME 0x0200U
#define BASED 0x0400U       /* and 0x0800: base is the side's base sequence */
#define OPEN 0x1000U        /* neither a RST nor a FIN can have come */
#define LONG 0x2000U        /* UDP: a QUIC long header has come */
#define ENDED 0x4000U       /* and 0x8000: UDP: a datagram behind the flight has come */
#define REPEATS 0x10000U    /* and 0x20000: the side's last kept segment can be repeated */
#define ZERO 0x40000U       /* and 0x80000: its window was 0 */
#define FOLLOWED 0x100000U  /* and 0x200000: next is what core/ expects, if it was that before the file or start is in the file */
#define ALONE 0x400000U     /* and 0x800000: payload of the side may be left out, from asserted on */
#define LEFT_OUT 0x1000000U /* some was, and next is behind it */

#define BOTH(fact) ((fact) | (fact) << 1)

/* As in stream.c. Payload that is left out has to begin before that, or FLIGHT_OVER would be lost; no segment is longer than 64 KiB. */
#define FLIGHT_BYTES_LAST 0x40000000
#define ALONE_FROM_MAX (FLIGHT_BYTES_LAST - (int32_t)FP_DIGEST_ALONE_BYTES - 0x20000)

static bool has(const FpDigestStream *known, unsigned fact)
{
    return (known->facts & fact) != 0;
}

static bool has_all(const FpDigestStream *known, unsigned facts)
{
    return (known->facts & facts) == facts;
}

static void set(FpDigestStream *known, unsigned fact)
{
    known->facts |= fact;
}

static void clear(FpDigestStream *known, unsigned fact)
{
    known->facts &= ~fact;
}

/* As in stream.c (RFC 9293 3.4). */
static bool is_after(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) > 0;
}

/* As in stream.c. */
static bool is_measurable(const FpSegment *segment)
{
    return !segment->length_unknown && segment->segment_bytes >= segment->header_bytes;
}

/* Whether a segment has all of a TCP header, so that what it carries counts. */
static bool is_sound(const FpSegment *segment)
{
    return is_measurable(segment) && segment->header_bytes >= FP_TCP_HEADER_MIN_BYTES;
}

/* How much payload there is; RFC 9293 3.5.3 allows a text in a RST, which is none. */
static uint32_t payload_of(const FpSegment *segment)
{
    return is_sound(segment) && !(segment->flags & FP_TCP_RST) ? segment->segment_bytes - segment->header_bytes : 0;
}

/* Notes that a side has spoken, if for every past that is true. */
static void note_payload(FpDigestStream *known, unsigned direction, const FpSegment *segment)
{
    uint32_t payload_bytes = payload_of(segment);

    if (payload_bytes >= 2 || (payload_bytes == 1 && segment->flags & (FP_TCP_SYN | FP_TCP_FIN)))
        set(known, SPOKE << direction);
}

/* A SYN without ACK: the stream is another, or goes on and has the same base sequence. It is not closed, as on a closed one every such SYN
 * begins another. A SYN/ACK begins another on a closed stream only; else it opens the handshake again. */
static void take_syn(FpDigestStream *known, unsigned direction, const FpSegment *segment)
{
    const bool goes_on = segment->flags & FP_TCP_ACK && has(known, OPEN);
    const unsigned kept = goes_on ? BOTH(MEASURED) | BOTH(SPOKE) | BASED << (direction ^ 1U) | OPEN : 0;

    known->facts = (known->facts & kept) | KNOWN;
    if (!(segment->flags & FP_TCP_ACK))
        set(known, OPEN);
    if (segment->flags & (FP_TCP_FIN | FP_TCP_RST))
        clear(known, OPEN);
    if (!is_measurable(segment))
        return;
    set(known, MEASURED << direction | BASED << direction);
    known->base[direction] = segment->seq;
    note_payload(known, direction, segment);
}

/* A RST or FIN of a stream that is settled for every past. */
static FpDigestPart take_end(FpDigestStream *known, unsigned direction, const FpSegment *segment)
{
    unsigned came = (segment->flags & FP_TCP_FIN ? FIN_CAME << direction : 0) | (segment->flags & FP_TCP_RST ? RST_CAME : 0);

    if (!is_sound(segment))
        return FP_DIGEST_NOTHING;
    clear(known, OPEN);
    if (has_all(known, came))
        return FP_DIGEST_NOTHING;
    set(known, came);
    return FP_DIGEST_WHOLE;
}

static bool has_zero_window(const FpSegment *segment)
{
    return segment->window == 0;
}

/* Whether the window is 0 as often as that of the side's last kept segment, so that leaving it out loses nothing. */
static bool has_same_window(const FpDigestStream *known, unsigned direction, const FpSegment *segment)
{
    return has(known, ZERO << direction) == has_zero_window(segment);
}

static bool is_bare(const FpSegment *segment)
{
    return is_sound(segment) && segment->segment_bytes == segment->header_bytes && !(segment->flags & FP_TCP_SYN_FIN_RST);
}

/* Whether a segment repeats the side's last kept one. */
static bool is_repetition(const FpDigestStream *known, unsigned direction, const FpSegment *segment)
{
    return is_bare(segment) && has_all(known, REPEATS << direction | ACKED << direction | BOTH(MEASURED)) &&
           known->again[direction] == segment->seq && has_same_window(known, direction, segment);
}

static void note_kept(FpDigestStream *known, unsigned direction, const FpSegment *segment)
{
    clear(known, REPEATS << direction | ZERO << direction);
    if (is_bare(segment))
        set(known, REPEATS << direction);
    if (has_zero_window(segment))
        set(known, ZERO << direction);
    known->again[direction] = segment->seq;
}

/* Whether payload is in no flight of the side that alone has spoken, as its base sequence is known. */
static bool is_behind_flight(const FpDigestStream *known, unsigned direction, const FpSegment *segment, const FpRules *rules)
{
    return has(known, BASED << direction) && (int32_t)(segment->seq - 1 - known->base[direction]) >= (int32_t)rules->flight_bytes;
}

/* Whether a frame may assert: it is behind the flight as far as the file tells, and nothing is missing before it. */
static bool may_assert(const FpDigestStream *known, unsigned direction, const FpSegment *segment, const FpRules *rules)
{
    const uint32_t start = has(known, BASED << direction) ? known->base[direction] + 1 : known->start[direction];
    const int32_t offset = (int32_t)(segment->seq - start);

    return has_all(known, FOLLOWED << direction | BOTH(ACKED) | BOTH(MEASURED) | SPOKE << direction) &&
           /* unreached: where both have spoken and acknowledged, nobody asks */
           !has(known, SPOKE << (direction ^ 1U)) && segment->seq == known->next[direction] && offset >= (int32_t)rules->flight_bytes &&
           offset < ALONE_FROM_MAX;
}

bool fp_digest_may_leave_out(const FpSegment *segment)
{
    return payload_of(segment) >= 2 && payload_of(segment) <= UINT16_MAX && !(segment->flags & FP_TCP_SYN_FIN_RST);
}

bool fp_digest_goes_farther(const FpSegment *segment, const FpSegment *other)
{
    return is_after(segment->seq + payload_of(segment), other->seq + payload_of(other));
}

/* Follows the numbers of a side. What may be a probe, or tells less than a whole header, moves the next number in some pasts only. */
static void follow(FpDigestStream *known, unsigned direction, const FpSegment *segment)
{
    const uint32_t end = segment->seq + payload_of(segment);

    if (is_bare(segment) && has(known, FOLLOWED << direction) && !is_after(end, known->next[direction]))
        return;
    if (!fp_digest_may_leave_out(segment)) {
        clear(known, FOLLOWED << direction | ALONE << direction);
        return;
    }
    if (!has(known, SPOKE << direction))
        known->start[direction] = segment->seq;
    if (!has(known, FOLLOWED << direction) || is_after(end, known->next[direction]))
        known->next[direction] = end;
    set(known, FOLLOWED << direction);
}

/* Leaves payload out after an assertion. */
static FpDigestPart leave_out(FpDigestStream *known, unsigned direction, const FpSegment *segment)
{
    const uint32_t end = segment->seq + payload_of(segment);

    if (!is_after(end, known->next[direction]))
        return FP_DIGEST_NOTHING;
    known->next[direction] = end;
    set(known, LEFT_OUT);
    return FP_DIGEST_LATER;
}

/* Whether payload can be left out, as the stream is settled or has gone too far for its flight. */
static bool may_leave_out(const FpDigestStream *known, unsigned direction, const FpSegment *segment)
{
    return has(known, ALONE << direction) && fp_digest_may_leave_out(segment) && segment->seq - known->asserted < FP_DIGEST_ALONE_BYTES &&
           has_same_window(known, direction, segment);
}

/* What to keep of a segment without SYN, FIN and RST that is kept. */
static FpDigestPart choose_part(FpDigestStream *known, unsigned direction, const FpSegment *segment, const FpRules *rules, bool is_reduced)
{
    const bool has_opening = rules->asked & FP_CLASS_OPENING;

    if (!has(known, ACKED << direction) && is_sound(segment) && segment->flags & FP_TCP_ACK)
        return FP_DIGEST_WHOLE; /* it may end the handshake */
    if (payload_of(segment) == 0)
        return FP_DIGEST_HEADERS;
    if (!has_opening && !is_reduced && fp_digest_may_leave_out(segment) && may_assert(known, direction, segment, rules)) {
        set(known, ALONE << direction);
        known->asserted = segment->seq;
        return FP_DIGEST_ASSERTS;
    }
    if (!has_opening &&
        (has_all(known, BOTH(SPOKE)) || (has(known, SPOKE << direction) && is_behind_flight(known, direction, segment, rules))))
        return FP_DIGEST_HEADERS;
    return FP_DIGEST_WHOLE;
}

/* A segment without SYN that has a length, of a stream that is not settled for every past. */
static FpDigestPart take_unsettled(FpDigestStream *known, unsigned direction, const FpSegment *segment, const FpRules *rules,
                                   bool is_reduced)
{
    FpDigestPart part = FP_DIGEST_WHOLE;

    if (is_repetition(known, direction, segment))
        return FP_DIGEST_NOTHING;
    if (may_leave_out(known, direction, segment))
        return leave_out(known, direction, segment);
    if (segment->flags & (FP_TCP_FIN | FP_TCP_RST))
        clear(known, OPEN);
    else
        part = choose_part(known, direction, segment, rules, is_reduced);
    follow(known, direction, segment);
    note_payload(known, direction, segment);
    note_kept(known, direction, segment);
    set(known, KNOWN | MEASURED << direction);
    if (is_sound(segment) && (segment->flags & (FP_TCP_ACK | FP_TCP_RST)) == FP_TCP_ACK)
        set(known, ACKED << direction);
    return part;
}

static FpDigestPart take_segment(FpDigestStream *known, unsigned direction, const FpSegment *segment, const FpRules *rules, bool is_reduced)
{
    if (segment->flags & FP_TCP_SYN) {
        take_syn(known, direction, segment);
        return FP_DIGEST_WHOLE;
    }
    if (!is_measurable(segment)) {
        bool is_known = has(known, KNOWN);
        set(known, KNOWN);
        return is_known ? FP_DIGEST_NOTHING : FP_DIGEST_WHOLE;
    }
    if (rules->asked & FP_CLASS_OPENING || !has_all(known, BOTH(SPOKE) | BOTH(ACKED)))
        return take_unsettled(known, direction, segment, rules, is_reduced);
    return segment->flags & (FP_TCP_FIN | FP_TCP_RST) ? take_end(known, direction, segment) : FP_DIGEST_NOTHING;
}

/* Whether nothing that the side sends is in a class, or ends the flight, before the other side speaks. sent: before this datagram. */
static bool is_over(const FpDigestStream *known, unsigned direction, const FpRules *rules)
{
    const uint32_t sent = known->start[direction];

    if (!has(known, SPOKE << direction) || (rules->asked & FP_CLASS_OPENING && sent < rules->opening_bytes))
        return false;
    return has(known, SPOKE << (direction ^ 1U)) || (sent >= rules->flight_bytes && has(known, ENDED << direction));
}

static FpDigestPart take_datagram(FpDigestStream *known, unsigned direction, const FpSegment *datagram, const FpRules *rules)
{
    const bool has_payload = !datagram->length_unknown && datagram->segment_bytes > datagram->header_bytes;

    if (!has_payload) {
        bool is_known = has(known, KNOWN);
        set(known, KNOWN);
        return is_known ? FP_DIGEST_NOTHING : FP_DIGEST_WHOLE;
    }
    if (datagram->is_quic_long && !has(known, LONG))
        *known = (FpDigestStream){.facts = LONG};
    if (is_over(known, direction, rules))
        return FP_DIGEST_NOTHING;
    const uint32_t payload_bytes = datagram->segment_bytes - datagram->header_bytes, sent = known->start[direction];
    if (has(known, SPOKE << direction) && sent >= rules->flight_bytes)
        set(known, ENDED << direction);
    known->start[direction] = payload_bytes < UINT32_MAX - sent ? sent + payload_bytes : UINT32_MAX;
    set(known, KNOWN | SPOKE << direction);
    return FP_DIGEST_WHOLE;
}

FpDigestPart fp_digest_take(FpDigestStream *known, unsigned direction, const FpSegment *segment, const FpRules *rules, bool is_reduced,
                            bool *flushes)
{
    const bool has_left_out = has(known, LEFT_OUT);
    FpDigestPart part = segment->transport == FP_TRANSPORT_UDP ? take_datagram(known, direction, segment, rules)
                                                               : take_segment(known, direction, segment, rules, is_reduced);

    *flushes = has_left_out && part >= FP_DIGEST_HEADERS;
    if (*flushes)
        clear(known, LEFT_OUT);
    return part;
}

bool fp_digest_end_file(FpDigestStream *known)
{
    const bool has_left_out = has(known, LEFT_OUT);

    clear(known, LEFT_OUT | BOTH(ALONE));
    return has_left_out;
}
