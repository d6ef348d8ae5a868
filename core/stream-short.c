/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stream-short.c - see stream.h. What fp_stream_take does with the segments of which most short connections consist, and with nothing else
 * around it.
 *
 * What is left out, and why that is exact. Each function first makes sure that the segment is whole as far as the definition looks at it,
 * that its window is not 0, and that nothing is to be learned of bases and of the next number of its side. It has no payload of one byte,
 * so that it can be neither keep-alive nor zero-window probe. Payload is left to fp_stream_take but where it is the reply: of the first
 * payload frame and its flight there is something to say. So are SYNs and RSTs, but for the SYN/ACK that comes first. A test has both take
 * the same segments and compares.
 */
#include "stream-internal.h"

/* Whether the header is whole, payload_bytes is right, and the other side has room to send. */
static inline bool is_whole(const FpSegment *segment)
{
    return segment->segment_bytes >= segment->header_bytes && segment->header_bytes >= FP_TCP_HEADER_MIN_BYTES &&
           !segment->length_unknown && segment->window != 0;
}

bool fp_stream_syn_is_answered_by(const FpStreamBrief *brief, unsigned direction, const FpSegment *segment)
{
    return (segment->flags & (FP_TCP_SYN_FIN_RST | FP_TCP_ACK)) == (FP_TCP_SYN | FP_TCP_ACK) && (brief->syn & 1) != direction &&
           is_whole(segment) && segment->segment_bytes == segment->header_bytes;
}

void fp_stream_begin_answered(const FpStreamBrief *brief, unsigned direction, const FpSegment *segment, FpStream *stream)
{
    const unsigned client = direction ^ 1U;

    stream->first_ns = (brief->syn - client) / 2;
    stream->syn_ns = stream->first_ns;
    stream->base[client] = brief->rest;
    stream->base[direction] = segment->seq;
    stream->next[client] = brief->rest + 1;
    stream->next[direction] = segment->seq + 1;
    stream->number = brief->number;
    stream->marks = BASE_KNOWN | BASE_KNOWN << 1 | NEXT_KNOWN | NEXT_KNOWN << 1 | SYN_SENT << client | SYNACK_SENT << direction;
}

/* What a segment makes of the marks, and what fp_stream_take would say of it: classes, and FP_WANTS_ENDS. */
typedef struct {
    unsigned marks, says;
} Outcome;

static inline Outcome outcome_of_flags(const FpStream *stream, unsigned direction, const FpSegment *segment)
{
    const unsigned marks = stream->marks & ~(WINDOW_ZERO << direction);

    if (!(segment->flags & FP_TCP_ACK) || !(marks & SYNACK_SENT << (direction ^ 1U)) || marks & HANDSHAKE_ENDED)
        return (Outcome){marks, 0};
    return (Outcome){marks | HANDSHAKE_ENDED, FP_CLASS_HANDSHAKE};
}

/* Whether the side of that direction has spoken first. */
static inline bool is_first(const FpStream *stream, unsigned direction)
{
    return has(stream, FIRST_SEEN) && has(stream, FIRST_DIRECTION) == (direction == 1);
}

bool fp_stream_take_short(FpStream *stream, unsigned direction, const FpSegment *segment, unsigned wanted)
{
    const unsigned mine = stream->marks >> direction, others = stream->marks >> (direction ^ 1U);
    const uint32_t payload_bytes = segment->segment_bytes - segment->header_bytes;
    const bool is_fin = segment->flags & FP_TCP_FIN;
    uint32_t next = segment->seq + payload_bytes;

    if (segment->flags & (FP_TCP_SYN | FP_TCP_RST) || !is_whole(segment) ||
        (mine & (BASE_KNOWN | NEXT_KNOWN)) != (BASE_KNOWN | NEXT_KNOWN) || !(others & BASE_KNOWN))
        return false;
    Outcome outcome = outcome_of_flags(stream, direction, segment);
    if (payload_bytes != 0) {
        if (payload_bytes == 1 || is_fin || !is_first(stream, direction ^ 1U))
            return false;
        outcome.marks |= REPLY_SEEN | FLIGHT_ENDED;
        outcome.says |= FP_CLASS_REPLY | FP_WANTS_ENDS;
    } else if (is_fin) {
        outcome.marks |= CLOSED | FIN_SEEN << direction | (is_first(stream, direction) ? FLIGHT_ENDED : 0);
        outcome.says |= FP_CLASS_CLOSING | FP_WANTS_ENDS;
        next++;
    }
    if (outcome.says & wanted)
        return false;
    stream->marks = outcome.marks;
    if ((int32_t)(next - stream->next[direction]) > 0)
        stream->next[direction] = next;
    return true;
}
