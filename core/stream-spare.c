/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stream-spare.c - which segments to come do not matter to a stream. See stream.h.
 *
 * Of a settled stream that is said by fp_stream_is_settled. Before that, one side may send gigabytes and be answered by nothing but ACKs.
 *
 * Of the side that speaks, segments that begin beyond the flight are in no class. All that they change is the number expected next and the
 * last window. The number tells keep-alive probes and gapless segments. A probe lies one below it, and so beyond the flight, where it is in
 * no class whether it is one or not: hence the distance of two numbers below. Gapless segments matter from FLIGHT_BYTES_LAST on, and there,
 * and as far before as the segment before one may begin, they are not spared until that has ended the flight for good. The window tells
 * zero-window probes of the other side, which are payload, so that the first of them is the reply in any case.
 *
 * Of the other side, a segment without payload that has the number expected next of it leaves that as it is, and changes the window alone.
 * That tells zero-window probes of the side that speaks, which are beyond its flight.
 *
 * All of that supposes that both bases are known, that no handshake waits for its ACK, and that the base stays where it is. Only a SYN/ACK
 * could move it that comes in the middle of its stream with another number. Then a frame of one byte that is in the flight so moved may be
 * taken for a keep-alive probe, as the number expected next is not up to date.
 */
#include "stream-internal.h"

/* What begins behind this may be followed by a gapless segment that begins at FLIGHT_BYTES_LAST: no segment is as long as the difference.
 */
#define SPARED_BYTES_LAST (FLIGHT_BYTES_LAST - 0x100000)

/* Whether all is known that segments without payload could still tell. */
static bool is_known(const FpStream *stream)
{
    const unsigned both = BASE_KNOWN | BASE_KNOWN << 1 | NEXT_KNOWN | NEXT_KNOWN << 1;

    return (stream->marks & both) == both && (!has(stream, SYNACK_SENT | SYNACK_SENT << 1) || has(stream, HANDSHAKE_ENDED));
}

/* Whether the rules ask for more than the flight and the reply. */
static bool are_followed(const FpRules *rules)
{
    return rules->idle_ns != 0 || rules->asked & FP_CLASS_OPENING;
}

void fp_stream_spare(const FpStream *stream, const FpRules *rules, FpSpare *spare)
{
    const unsigned speaker = has(stream, FIRST_DIRECTION);

    *spare = (FpSpare){.kind = fp_stream_is_settled(stream, rules) ? FP_SPARE_ALL : FP_SPARE_NOTHING};
    if ((stream->marks & (FIRST_SEEN | FLIGHT_ENDED | REPLY_SEEN)) != (FIRST_SEEN | FLIGHT_ENDED) || are_followed(rules) ||
        !is_known(stream))
        return;
    const uint32_t first = stream->base[speaker] + 1;
    const int32_t offset = (int32_t)(stream->next[speaker] - first);
    const bool is_over = has(stream, FLIGHT_OVER);
    if (!is_over &&
        (rules->flight_bytes > SPARED_BYTES_LAST - 2 || offset < (int32_t)rules->flight_bytes + 2 || offset >= FLIGHT_BYTES_LAST))
        return;
    *spare = (FpSpare){
        .kind = FP_SPARE_SPEAKER,
        .speaker = speaker,
        .seq = is_over ? first : first + rules->flight_bytes,
        .n = is_over ? UINT32_MAX : SPARED_BYTES_LAST - rules->flight_bytes,
        .silent_seq = stream->next[speaker ^ 1U],
    };
}
