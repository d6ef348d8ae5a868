/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stream.h - one stream of TCP or UDP: segment in, verdict out. It allocates nothing, has no clock but the segments' times, and cannot
 * fail.
 *
 * file -> record -> segment -> [stream] -> verdict -> output
 *
 * streams.h finds the stream that a segment belongs to.
 */
#ifndef FP_STREAM_H
#define FP_STREAM_H

#include "segment.h"
#include "verdict.h"

/*
 * Everything that is known about a stream, in 40 bytes. A direction is 0 or 1. The caller chooses which is which, and must not change that
 * during the stream's life.
 */
typedef struct {
    int64_t first_ns; /* time of the stream's first frame, from fp_time_ns */
    int64_t syn_ns;   /* time of its first SYN without ACK; valid if marks say that there was one */
    uint32_t base[2]; /* base sequence of each direction; valid if marks say that it is known; for UDP the bytes that it has sent */
    uint32_t next[2]; /* next sequence number expected of each direction; likewise */
    uint32_t number;
    uint32_t marks; /* what has been seen; see stream-internal.h */
} FpStream;

/* Initialises *stream for its first segment. Pass that segment to fp_stream_take next. */
void fp_stream_begin(FpStream *stream, uint32_t number, int64_t time_ns);

/* Returns whether segment, sent in direction between the stream's endpoints, starts another stream. */
bool fp_stream_is_over(const FpStream *stream, unsigned direction, const FpSegment *segment);

/* Returns whether segment is a keep-alive probe of the stream (RFC 1122 4.2.3.6), with a byte or without. */
bool fp_stream_is_kept_alive(const FpStream *stream, unsigned direction, const FpSegment *segment);

/*
 * Takes the stream's next segment in capture order. Fills in all of *verdict; begins is always false, as only the caller knows.
 *
 * anchors: where the opening of each direction begins, as the offset of a byte. The caller keeps them for the stream's life, and sets them
 * to 0 at its beginning, or when the opening is asked for later. NULL if the opening is not asked for.
 */
void fp_stream_take(FpStream *stream, uint32_t *anchors, unsigned direction, const FpSegment *segment, const FpRules *rules,
                    FpVerdict *verdict);

/* The same for a stream of UDP. Its opening needs no anchors. */
void fp_stream_take_datagram(FpStream *stream, unsigned direction, const FpSegment *datagram, const FpRules *rules, FpVerdict *verdict);

/* Returns whether datagram may be the first of a stream. Under FP_TAKES_QUIC not every datagram may. */
bool fp_stream_datagram_may_begin(const FpSegment *datagram, const FpRules *rules);

/* For digests (digest.h): returns whether an assertion is right, before segment, which asserts, is taken. */
bool fp_stream_confirms(const FpStream *stream, unsigned direction, const FpSegment *segment, const FpRules *rules);

/* For digests: if only the side that sent segment has spoken, and segment goes beyond the next number expected, expects what follows it.
 * That is all that segments left out after an assertion do. */
void fp_stream_catch_up(FpStream *stream, unsigned direction, const FpSegment *segment);

/* Ends the opening of both sides. */
void fp_stream_end_opening(FpStream *stream);

/* Returns the TCP flags, a set of FP_TCP_..., with which a segment still matters to a settled stream. */
uint8_t fp_stream_unsettling(const FpRules *rules);

/* Returns whether the stream is settled: both sides have spoken, no handshake waits for its end, and the rules ask for nothing more. Then
 * only segments with a flag of fp_stream_unsettling can still matter. The caller may skip the others, as they are in no class; if such a
 * segment closes the stream (fp_stream_segment_closes), call fp_stream_close instead. */
bool fp_stream_is_settled(const FpStream *stream, const FpRules *rules);

/* Which segments to come do not matter to a stream, so that whoever captures may leave them out. Those with SYN, FIN or RST always matter,
 * and so do those that are no whole TCP segments. */
typedef enum {
    FP_SPARE_NOTHING,
    FP_SPARE_ALL,     /* the stream is settled */
    FP_SPARE_SPEAKER, /* one side has gone on beyond its flight, and the other has not spoken yet */
} FpSpareKind;

typedef struct {
    FpSpareKind kind;
    /* With FP_SPARE_SPEAKER: */
    unsigned speaker;    /* direction of the side that spoke first */
    uint32_t seq;        /* of this side, those do not matter whose sequence number is seq or up to n - 1 beyond it, */
    uint32_t n;          /* with payload or without; */
    uint32_t silent_seq; /* of the other, those without payload and with this number */
} FpSpare;

/* Fills in *spare for a stream of TCP. What it says holds until the stream takes a segment that is not among those spared. */
void fp_stream_spare(const FpStream *stream, const FpRules *rules, FpSpare *spare);

/* Returns whether segment is a RST or a FIN that closes its stream. */
bool fp_stream_segment_closes(const FpSegment *segment);

/* Notes that a settled stream was closed by a segment that fp_stream_take did not see. */
void fp_stream_close(FpStream *stream);

/*
 * The two states in which 16 bytes hold everything about a stream that can still matter: only the SYN has been seen, or both sides have
 * spoken. In a large table nearly all streams are in one of them.
 */
typedef enum {
    FP_STREAM_WHOLE, /* in neither state: takes an FpStream */
    FP_STREAM_SYN,
    FP_STREAM_ANSWERED,
} FpStreamState;

typedef struct {
    union {
        int64_t syn;      /* FP_STREAM_SYN: its time in ns, times 2, plus its direction; the highest bit of the time is lost */
        uint32_t base[2]; /* FP_STREAM_ANSWERED */
    };
    uint32_t number;
    uint32_t rest; /* FP_STREAM_SYN: its sequence number; FP_STREAM_ANSWERED: marks */
} FpStreamBrief;

/* Fills in *brief unless the state that it returns is FP_STREAM_WHOLE. Under the same rules, the expanded stream then gives the same
 * verdicts as the original. Under other rules, it gives those of a stream that has only now been noticed. */
FpStreamState fp_stream_abridge(const FpStream *stream, const FpRules *rules, FpStreamBrief *brief);
/* Returns whether a stream that begins with segment, a lone SYN as most are, is FP_STREAM_SYN after it. Then fills in *brief, and the
 * verdict is the handshake and nothing else: begin, take and abridge at once. */
bool fp_stream_begins_as_syn(const FpSegment *segment, unsigned direction, uint32_t number, FpStreamBrief *brief);
/* Fills in all of *stream from what fp_stream_abridge left in *brief. state must not be FP_STREAM_WHOLE. */
void fp_stream_expand(FpStreamState state, const FpStreamBrief *brief, FpStream *stream);

/*
 * The short ways of stream-short.c. Each is for what its condition says, and does then what fp_stream_take would do, but gives no verdict.
 * wanted: the classes that something is done for, and FP_WANTS_ENDS if something is done for segments that end a flight.
 *
 * Whether segment is the SYN/ACK of a stream that is FP_STREAM_SYN, and nothing is odd about it. fp_stream_begin_answered fills in all of
 * *stream: as it is after that segment. The verdict is the handshake and nothing else.
 */
#define FP_WANTS_ENDS 0x100U
bool fp_stream_syn_is_answered_by(const FpStreamBrief *brief, unsigned direction, const FpSegment *segment);
void fp_stream_begin_answered(const FpStreamBrief *brief, unsigned direction, const FpSegment *segment, FpStream *stream);
/* For a stream of which marks tell all (fp_stream_is_told_by_marks), without an opening. If segment is an ACK or a FIN without payload, or
 * the reply, nothing is odd about it, and it is in no wanted class, takes it and returns true. Otherwise changes nothing. */
bool fp_stream_take_short(FpStream *stream, unsigned direction, const FpSegment *segment, unsigned wanted);

/* For choosing which stream to forget: returns whether nothing but its SYN, once or repeated, has been seen. */
bool fp_stream_is_unanswered(const FpStream *stream);

/* For choosing which stream to forget: returns whether both sides have sent something, and any SYN/ACK was followed by an ACK of the other
 * side. A flood from spoofed addresses does not get that far. */
bool fp_stream_is_answered(const FpStream *stream);

/* Returns whether the answers of these three functions, of fp_stream_is_settled and of fp_stream_abridge stay the same for as long as the
 * marks do. Such a stream is neither unanswered nor settled, and cannot be abridged. */
bool fp_stream_is_told_by_marks(const FpStream *stream);

/* Returns whether a RST or a FIN has been seen. */
bool fp_stream_is_closed(const FpStream *stream);

#endif
