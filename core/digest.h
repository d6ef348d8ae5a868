/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * digest.h - which segments of a part of a capture can still matter, whatever came before that part.
 *
 * file -> record -> segment -> [stream] -> verdict -> output
 *
 * A digest of a file is made by somebody who has not seen the files before it. A segment may be left out only if that changes no verdict
 * and no later state for every past that its stream may have had. So what is followed here is not the state of a stream, which nobody
 * knows, but facts: what holds after these segments for every past. Forgetting facts is always allowed; then more is kept.
 *
 * TCP, without the opening. Payload that cannot be a keep-alive probe proves that its side has spoken: it is two bytes or more, or in a
 * segment with SYN or FIN, and no RST. Once both sides have spoken and each has sent an ACK without SYN and RST, the stream is settled for
 * every past (fp_stream_is_settled): first and reply are over, and a SYN/ACK of the past has had its answer. Then only SYN, the first FIN
 * of each side and the first RST matter. A SYN may begin another stream, so all facts end with it; only a base sequence begins.
 *
 * Before that, these may be left out:
 * - A segment without payload, SYN, FIN and RST that repeats the last kept segment of its side, which had none of them either, in sequence
 *   number and in whether its window is 0, if that side has sent an ACK and both base sequences are known. Taking it twice is as good as
 *   taking it once.
 * - What a side alone goes on sending. From a frame on that begins flight_bytes or more beyond the side's first of the file, and where no
 *   byte is missing, up to FP_DIGEST_ALONE_BYTES of its payload are in no class, and change nothing but the next number expected. But that
 *   holds only if the stream is settled, or if its base sequence is where the file lets one expect it. So that frame is an assertion
 *   (FP_DIGEST_ASSERTS): whoever takes the digest asks fp_streams_confirm before it takes the frame, and where the answer is no, reads
 *   the file itself from there on. The next number expected has to be right again before anything else of the stream is taken, and in the
 *   next file: of the segments that were left out, the one that went farthest is kept after all (FP_DIGEST_LATER).
 *
 * With the opening, nothing that has payload is left out, as a base sequence of the past can be anywhere.
 *
 * UDP. What a side has sent since the file began is the least that it has sent. Once that is beyond the flight and the opening, if that is
 * asked for, and the reply is over, or one more datagram has ended the flight, nothing of that side matters until the other side speaks. A
 * QUIC long header may be the first of a stream of its own (FP_TAKES_QUIC), so counting begins anew at the first of them.
 *
 * There is no rule for FpRules.idle_ns: it must be 0, here and for whoever takes the digest. Their flight_bytes and opening_bytes must not
 * be larger than here.
 */
#ifndef FP_DIGEST_H
#define FP_DIGEST_H

#include "segment.h"
#include "verdict.h"

/* What of a frame has to be kept. */
typedef enum {
    FP_DIGEST_NOTHING, /* whatever came before, it is in no class and changes nothing */
    FP_DIGEST_LATER,   /* likewise, if its headers stand before the next frame of the stream that is kept; see fp_digest_take */
    FP_DIGEST_HEADERS, /* it is in no class, but carries state */
    FP_DIGEST_ASSERTS, /* its headers; what is left out after it is right only if fp_streams_confirm says so of it */
    FP_DIGEST_WHOLE,   /* it may be in a class */
} FpDigestPart;

/* What holds of a stream for every past. All 0: nothing is known. */
typedef struct {
    uint32_t base[2];  /* where facts say that it is known */
    uint32_t start[2]; /* TCP: the first payload of the side; UDP: bytes that it has sent */
    uint32_t next[2];  /* TCP: the highest number behind a segment of the side since start */
    uint32_t again[2]; /* the number of the side's last kept segment, if that can be repeated */
    uint32_t asserted; /* the number of the segment that asserts */
    uint32_t facts;    /* see digest.c */
} FpDigestStream;

/* After an assertion, so many sequence numbers are left out until the next one. */
#define FP_DIGEST_ALONE_BYTES 0x100000U

/* Takes the next segment of a stream, in capture order, and says what has to be kept of its frame. direction: as for fp_stream_take.
 * is_reduced: segments of the file were left out before, as it is a digest itself; then there are no new assertions. Sets *flushes when the
 * frame of the stream that was FP_DIGEST_LATER last has to be kept before this one. */
FpDigestPart fp_digest_take(FpDigestStream *known, unsigned direction, const FpSegment *segment, const FpRules *rules, bool is_reduced,
                            bool *flushes);

/* Returns whether a segment has payload that can be left out after an assertion. Others of the stream are always kept. */
bool fp_digest_may_leave_out(const FpSegment *segment);

/* Of two such segments of one side: returns whether the payload of the first ends beyond that of the other. */
bool fp_digest_goes_farther(const FpSegment *segment, const FpSegment *other);

/* Ends a file. Returns whether the frame of the stream that was FP_DIGEST_LATER last has to be kept. */
bool fp_digest_end_file(FpDigestStream *known);

#endif
