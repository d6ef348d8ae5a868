/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stream-short.c - see stream.h. What fp_stream_take does with the two segments that follow most SYNs, and with nothing else around it.
 *
 * What is left out, and why that is exact: each function first makes sure that the segment is whole as far as the definition looks at it,
 * and that its window is not 0. Then fp_stream_take would end at its first return after the flags, as there is no payload. On the way it
 * would learn no base, or one that is known here; expect a keep-alive or a zero-window probe nowhere, as these have payload; and see no end
 * of a flight, as there is neither FIN nor RST. A test has both take the same segments and compares.
 */
#include <string.h>

#include "stream-internal.h"

/* Whether a segment has a header and nothing else, and leaves the other side room to send. */
static inline bool is_bare(const FpSegment *segment)
{
    return segment->segment_bytes == segment->header_bytes && segment->header_bytes >= FP_TCP_HEADER_MIN_BYTES &&
           !segment->length_unknown && segment->window != 0;
}

bool fp_stream_syn_is_answered_by(const FpStreamBrief *brief, unsigned direction, const FpSegment *segment)
{
    return (segment->flags & (FP_TCP_SYN_FIN_RST | FP_TCP_ACK)) == (FP_TCP_SYN | FP_TCP_ACK) && (brief->syn & 1) != direction &&
           is_bare(segment);
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

bool fp_stream_take_ack(FpStream *stream, unsigned direction, const FpSegment *segment, unsigned *classes)
{
    const unsigned mine = stream->marks >> direction, others = stream->marks >> (direction ^ 1U);

    if (segment->flags & FP_TCP_SYN_FIN_RST || !is_bare(segment) || (mine & (BASE_KNOWN | NEXT_KNOWN)) != (BASE_KNOWN | NEXT_KNOWN) ||
        !(others & BASE_KNOWN))
        return false;
    if ((int32_t)(segment->seq - stream->next[direction]) > 0)
        stream->next[direction] = segment->seq;
    clear(stream, WINDOW_ZERO << direction);
    const bool ends_handshake = segment->flags & FP_TCP_ACK && others & SYNACK_SENT && !has(stream, HANDSHAKE_ENDED);
    if (ends_handshake)
        set(stream, HANDSHAKE_ENDED);
    *classes = ends_handshake ? FP_CLASS_HANDSHAKE : 0;
    return true;
}
