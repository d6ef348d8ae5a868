/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stream.h - one stream, of TCP or UDP: segment in, verdict out. No allocation, no clock but the segments', cannot fail.
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
    int64_t first_ns; /* time of the stream's first frame, as fp_time_ns has it */
    int64_t syn_ns;   /* time of its first SYN without ACK, if marks say that there was one */
    uint32_t base[2]; /* base sequence of each direction, if marks say that it is known; of UDP how many bytes it has sent */
    uint32_t next[2]; /* next sequence number expected of each direction, likewise */
    uint32_t number;
    uint32_t marks; /* what has been seen, see stream.c */
} FpStream;

/* Readies *stream for its first segment, which must then be given to fp_stream_take. */
void fp_stream_begin(FpStream *stream, uint32_t number, int64_t time_ns);

/* Whether segment, sent in direction on the endpoints of stream, starts another stream there. */
bool fp_stream_is_over(const FpStream *stream, unsigned direction, const FpSegment *segment);

/* Whether segment is a keep-alive probe of the stream (RFC 1122 4.2.3.6). */
bool fp_stream_is_kept_alive(const FpStream *stream, unsigned direction, const FpSegment *segment);

/* Takes the stream's next segment in capture order and says what it is. Fills in all of *verdict; begins is false, as only the caller
 * knows. anchors: for each direction where its opening begins, as the offset of a byte; where the stream was there before opening was asked
 * for, 0. The caller keeps them for the stream's life. NULL where opening is not asked for. */
void fp_stream_take(FpStream *stream, uint32_t *anchors, unsigned direction, const FpSegment *segment, const FpRules *rules,
                    FpVerdict *verdict);

/* The same of a stream of UDP, whose openings need no anchors. */
void fp_stream_take_datagram(FpStream *stream, unsigned direction, const FpSegment *datagram, const FpRules *rules, FpVerdict *verdict);

/* Whether datagram may be the first of a stream: by the rules not every one may. */
bool fp_stream_datagram_may_begin(const FpSegment *datagram, const FpRules *rules);

/* Whether only segments with a flag of fp_stream_unsettling can still matter: both sides have spoken, no handshake waits for its end, and
 * nobody asks for more. The others may as well not be taken, as their classes are 0; but one that closes the stream must be told of by
 * fp_stream_close. */
uint8_t fp_stream_unsettling(const FpRules *rules);
bool fp_stream_is_settled(const FpStream *stream, const FpRules *rules);
bool fp_stream_segment_closes(const FpSegment *segment);
void fp_stream_close(FpStream *stream);

/*
 * Nearly all streams of a large table are in one of two states in which 16 bytes say all that can still matter: only the SYN has been seen,
 * or both sides have spoken.
 */
typedef enum {
    FP_STREAM_WHOLE, /* in neither */
    FP_STREAM_SYN,
    FP_STREAM_ANSWERED,
} FpStreamState;

typedef struct {
    union {
        int64_t syn;      /* FP_STREAM_SYN: twice its time in ns, less the highest bit, and 1 more when its direction is 1 */
        uint32_t base[2]; /* FP_STREAM_ANSWERED */
    };
    uint32_t number;
    uint32_t rest; /* FP_STREAM_SYN: its sequence number; FP_STREAM_ANSWERED: marks */
} FpStreamBrief;

/* Fills in *brief unless the state is FP_STREAM_WHOLE. Expanded again, the stream gives the verdicts that it would have given by these
 * rules; by others those of a stream that has just been found to be there. */
FpStreamState fp_stream_abridge(const FpStream *stream, const FpRules *rules, FpStreamBrief *brief);
void fp_stream_expand(FpStreamState state, const FpStreamBrief *brief, FpStream *stream);

/* For choosing which stream to forget: whether one SYN, or several, is all that was seen of it. */
bool fp_stream_is_unanswered(const FpStream *stream);

/* For choosing which stream to forget: whether both sides have sent something, and a SYN/ACK was followed by an ACK of the other side.
 * Whoever floods a network with packets from addresses that are not his does not get that far. */
bool fp_stream_is_answered(const FpStream *stream);

/* Whether a RST or a FIN was seen. */
bool fp_stream_is_closed(const FpStream *stream);

#endif
