/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stream-internal.h - what the files of one stream share: stream.c (TCP) and stream-datagrams.c (UDP). No other file includes it. */
#ifndef FP_STREAM_INTERNAL_H
#define FP_STREAM_INTERNAL_H

#include "stream.h"

/* Bits of FpStream.marks. A bit that exists once per direction is shifted left by the direction. */
#define BASE_KNOWN 0x0001U      /* and 0x0002 */
#define NEXT_KNOWN 0x0004U      /* and 0x0008 */
#define WINDOW_ZERO 0x0010U     /* and 0x0020: the last window that this direction advertised was 0 */
#define SYN_SENT 0x0040U        /* and 0x0080: this direction sent the stream's first SYN without ACK */
#define SYNACK_SENT 0x0100U     /* and 0x0200: this direction sent the last SYN/ACK */
#define HANDSHAKE_ENDED 0x0400U /* the ACK that follows a SYN/ACK was seen */
#define FIRST_SEEN 0x0800U
#define FIRST_DIRECTION 0x1000U /* the direction of the first payload frame: set: 1, clear: 0 */
#define REPLY_SEEN 0x2000U
#define CLOSED 0x4000U            /* a RST or a FIN was seen */
#define STARTED_MIDSTREAM 0x8000U /* set with the first payload frame */
#define FLIGHT_OVER 0x10000U      /* the side that spoke first has advanced so far that its numbers may soon wrap around */
#define FLIGHT_ENDED 0x20000U     /* the end of the flight has been reported */
#define OPENING_OVER 0x40000U     /* and 0x80000 */
#define FIN_SEEN 0x100000U        /* and 0x200000: of this direction */
#define RST_SEEN 0x400000U
#define QUIC 0x800000U /* UDP only: its first datagram with payload begins with a QUIC long header */

/* A flight that has advanced this far is over, whatever later numbers look like: they wrap around at four times this. */
#define FLIGHT_BYTES_LAST 0x40000000

static inline bool has(const FpStream *stream, unsigned mark)
{
    return (stream->marks & mark) != 0;
}

static inline void set(FpStream *stream, unsigned mark)
{
    stream->marks |= mark;
}

static inline void clear(FpStream *stream, unsigned mark)
{
    stream->marks &= ~mark;
}

/* Notes that the flight is over. Returns whether to report that. */
static inline bool end_flight(FpStream *stream, const FpRules *rules)
{
    if ((stream->marks & (FIRST_SEEN | FLIGHT_ENDED)) != FIRST_SEEN)
        return false;
    set(stream, FLIGHT_ENDED);
    return !(has(stream, STARTED_MIDSTREAM) && rules->skip_midstream);
}

#endif
