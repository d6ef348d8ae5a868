/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stream.h - one TCP stream: segment in, verdict out. No allocation, no clock but the segments', cannot fail.
 *
 * file -> record -> segment -> [stream] -> verdict -> output
 *
 * Which stream a segment belongs to is the business of streams.h.
 */
#ifndef FP_STREAM_H
#define FP_STREAM_H

#include "segment.h"
#include "verdict.h"

/*
 * All there is to know of a stream, 40 bytes. A direction is 0 or 1; which endpoint is which is up to the caller, as
 * long as it stays the same for the stream's life.
 */
typedef struct {
    int64_t first_ns; /* time of the stream's first frame */
    int64_t syn_ns;   /* time of its first SYN without ACK, if marks say that there was one */
    uint32_t base[2]; /* base sequence of each direction, if marks say that it is known */
    uint32_t next[2]; /* next sequence number expected of each direction, likewise */
    uint32_t number;
    uint32_t marks; /* what has been seen, see stream.c */
} FpStream;

/* Readies *stream for its first segment, which must then be given to fp_stream_take. */
void fp_stream_begin(FpStream *stream, uint32_t number, int64_t time_ns);

/* Whether segment, sent in direction on the endpoints of stream, starts another stream there. */
bool fp_stream_is_over(const FpStream *stream, unsigned direction, const FpSegment *segment);

/* Takes the stream's next segment in capture order and says what it is. Fills in all of *verdict; begins is false, as only the caller
 * knows. */
void fp_stream_take(FpStream *stream, unsigned direction, const FpSegment *segment, const FpRules *rules, FpVerdict *verdict);

/* Whether only segments with a flag of FP_STREAM_UNSETTLING can still matter: both sides have spoken, and no handshake waits for its
 * end. The others may as well not be taken: their classes are 0. */
#define FP_STREAM_UNSETTLING (FP_TCP_SYN | FP_TCP_FIN | FP_TCP_RST)
bool fp_stream_is_settled(const FpStream *stream);

/* For choosing which stream to forget. Unanswered: one SYN or several, and nothing else. Closed: a RST or a FIN was seen. */
bool fp_stream_is_unanswered(const FpStream *stream);
bool fp_stream_is_closed(const FpStream *stream);

#endif
