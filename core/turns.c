/* SPDX-License-Identifier: GPL-2.0-or-later */
/* turns.c - carries out what verdict.h says of turns. */
#include "turns.h"

#include <string.h>

/* As in stream.c: sequence numbers wrap around (RFC 9293 3.4). */
static bool is_after(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) > 0;
}

/* Whether a frame acknowledges something that the other side said and that this side had not acknowledged when it last said something. A
 * FIN takes a number, too (RFC 9293 3.4), so one number more proves nothing unless the byte was captured. */
static bool has_heard_more(const FpTurns *turns, unsigned direction, const FpSegment *segment)
{
    const unsigned other = direction ^ 1U;

    if (!(segment->flags & FP_TCP_ACK))
        return false;
    if (!turns->has_heard[direction]) /* it has only spoken in a SYN */
        return turns->number[other] != 0 && is_after(segment->ack, turns->start[other]);
    const uint32_t heard = turns->heard[direction];
    if (!is_after(segment->ack, heard))
        return false;
    return segment->ack != heard + 1 || (turns->number[other] != 0 && is_after(turns->end[other], heard));
}

static void begin(FpTurns *turns, unsigned direction, uint32_t start)
{
    turns->number[direction] = ++turns->n;
    turns->start[direction] = start;
}

/* Notes something new that a side said. */
static void extend(FpTurns *turns, unsigned direction, const FpSegment *segment, uint32_t end)
{
    turns->end[direction] = end;
    if (!(segment->flags & FP_TCP_ACK) || (turns->has_heard[direction] && !is_after(segment->ack, turns->heard[direction])))
        return;
    turns->heard[direction] = segment->ack;
    turns->has_heard[direction] = 1;
}

FpTurnPlace fp_turns_take(FpTurns *turns, unsigned direction, const FpSegment *segment, uint32_t payload_bytes)
{
    const uint32_t seq = segment->seq + ((segment->flags & FP_TCP_SYN) != 0);
    const uint32_t end = seq + payload_bytes;
    FpTurnPlace place = {0};

    if (turns->number[direction] == 0) {
        begin(turns, direction, seq);
        place.begins = true;
        extend(turns, direction, segment, end);
    } else if (is_after(end, turns->end[direction])) {
        if (!is_after(turns->end[direction], seq) && has_heard_more(turns, direction, segment)) {
            begin(turns, direction, turns->end[direction]);
            place.begins = true;
        }
        extend(turns, direction, segment, end);
    }
    place.offset = (int32_t)(seq - turns->start[direction]);
    place.turn = is_after(end, turns->start[direction]) ? turns->number[direction] : 0;
    return place;
}

unsigned fp_turns_direction(const FpSegment *segment)
{
    int order = memcmp(segment->source, segment->destination, segment->address_bytes);

    return order > 0 || (order == 0 && segment->source_port > segment->destination_port);
}
