/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * stream.c - implements the definition in verdict.h.
 *
 * Where a rule has to agree with Wireshark, a comment names the function in epan/dissectors/packet-tcp.c (4.0). There is one departure.
 * After a repeated SYN, Wireshark expects the highest number that it saw without a gap; this code goes on expecting the highest.
 * Wireshark's rule is for a RST whose number is a guess, and that case starts a new stream here.
 */
#include "stream.h"

#include <string.h>

#include "digest.h"
#include "stream-internal.h"

/* An opening is over this many bytes beyond its end. Anything reordered or retransmitted lies nearer. */
#define OPENING_OVER_BYTES 0x100000U

/* Sequence numbers wrap around (RFC 9293 3.4): a is after b if it is ahead by less than half the number space. */
static bool is_after(uint32_t a, uint32_t b)
{
    return (int32_t)(a - b) > 0;
}

void fp_stream_begin(FpStream *stream, uint32_t number, int64_t time_ns)
{
    memset(stream, 0, sizeof *stream);
    stream->number = number;
    stream->first_ns = time_ns;
}

bool fp_stream_is_over(const FpStream *stream, unsigned direction, const FpSegment *segment)
{
    if (!(segment->flags & FP_TCP_SYN))
        return false;
    bool differs = has(stream, BASE_KNOWN << direction) && stream->base[direction] != segment->seq;
    if (segment->flags & FP_TCP_ACK)
        return differs && has(stream, CLOSED) && !(segment->flags & FP_TCP_RST);
    return differs || has(stream, CLOSED);
}

/* Wireshark uses any other segment for nothing but finding its stream: dissect_tcp, "th_have_seglen". */
static bool is_measurable(const FpSegment *segment)
{
    return !segment->length_unknown && segment->segment_bytes >= segment->header_bytes;
}

/* dissect_tcp, "initialize base_seq numbers". */
static void learn_bases(FpStream *stream, unsigned direction, const FpSegment *segment)
{
    unsigned other = direction ^ 1U;

    if (!has(stream, BASE_KNOWN << direction)) {
        stream->base[direction] = segment->flags & FP_TCP_SYN ? segment->seq : segment->seq - 1;
        set(stream, BASE_KNOWN << direction);
    }
    if (!has(stream, BASE_KNOWN << other) && segment->flags & FP_TCP_ACK) {
        stream->base[other] = segment->ack - 1;
        set(stream, BASE_KNOWN << other);
    }
}

/* tcp_analyze_sequence_number, "KEEP ALIVE". The segment must have at most one byte of payload. */
static bool is_before_next(const FpStream *stream, unsigned direction, const FpSegment *segment)
{
    return !(segment->flags & FP_TCP_SYN_FIN_RST) && has(stream, NEXT_KNOWN << direction) && segment->seq == stream->next[direction] - 1;
}

/* An empty keep-alive probe needs no test here: it carries no payload anyway. */
static bool is_keep_alive(const FpStream *stream, unsigned direction, const FpSegment *segment, uint32_t payload_bytes)
{
    return payload_bytes == 1 && is_before_next(stream, direction, segment);
}

/* tcp_analyze_sequence_number, "ZERO WINDOW PROBE". */
static bool is_zero_window_probe(const FpStream *stream, unsigned direction, const FpSegment *segment, uint32_t payload_bytes)
{
    return payload_bytes == 1 && has(stream, WINDOW_ZERO << (direction ^ 1U)) && has(stream, NEXT_KNOWN << direction) &&
           segment->seq == stream->next[direction];
}

/* Advances the next number expected of direction, which is the highest seen: tcp_analyze_sequence_number, "Store the highest number". */
static void advance(FpStream *stream, unsigned direction, const FpSegment *segment, uint32_t payload_bytes)
{
    if (!is_zero_window_probe(stream, direction, segment, payload_bytes)) {
        uint32_t next = segment->seq + payload_bytes + (segment->flags & (FP_TCP_SYN | FP_TCP_FIN) ? 1 : 0);
        if (!has(stream, NEXT_KNOWN << direction) || is_after(next, stream->next[direction])) {
            stream->next[direction] = next;
            set(stream, NEXT_KNOWN << direction);
        }
    }
    if (segment->window == 0)
        set(stream, WINDOW_ZERO << direction);
    else
        clear(stream, WINDOW_ZERO << direction);
}

static void take_syn(FpStream *stream, unsigned direction, const FpSegment *segment, const FpRules *rules)
{
    if (segment->flags & FP_TCP_ACK) {
        clear(stream, SYNACK_SENT | SYNACK_SENT << 1);
        set(stream, SYNACK_SENT << direction);
    } else if (!has(stream, SYN_SENT | SYN_SENT << 1)) {
        stream->syn_ns = segment->time_ns;
        set(stream, SYN_SENT << direction);
    } else if (rules->syn_restarts_clock && has(stream, SYN_SENT << direction)) {
        stream->syn_ns = segment->time_ns;
    }
}

static bool has_start(const FpStream *stream)
{
    return has(stream, SYN_SENT | SYN_SENT << 1 | SYNACK_SENT | SYNACK_SENT << 1);
}

/* Notes a RST or a FIN, and returns the class that it puts the frame in. */
static unsigned take_end(FpStream *stream, unsigned direction, const FpSegment *segment, const FpRules *rules)
{
    unsigned seen = (segment->flags & FP_TCP_FIN ? FIN_SEEN << direction : 0) | (segment->flags & FP_TCP_RST ? RST_SEEN : 0);
    bool is_new = (seen & ~stream->marks) != 0;

    set(stream, CLOSED | seen);
    if (!is_new || (rules->skip_midstream && !has_start(stream)))
        return 0;
    return rules->asked & FP_CLASS_CLOSING;
}

/* Notes all flags but RST and FIN, and returns the class that they put the frame in. */
static unsigned take_flags(FpStream *stream, unsigned direction, const FpSegment *segment, const FpRules *rules)
{
    if (segment->flags & FP_TCP_SYN) {
        take_syn(stream, direction, segment, rules);
        return FP_CLASS_HANDSHAKE;
    }

    if ((segment->flags & (FP_TCP_ACK | FP_TCP_RST)) == FP_TCP_ACK && has(stream, SYNACK_SENT << (direction ^ 1U)) &&
        !has(stream, HANDSHAKE_ENDED)) {
        set(stream, HANDSHAKE_ENDED);
        return FP_CLASS_HANDSHAKE;
    }
    return 0;
}

static FpSide side_of(const FpStream *stream, unsigned direction)
{
    unsigned other = direction ^ 1U;

    if (has(stream, SYN_SENT << direction))
        return FP_SIDE_CLIENT;
    if (has(stream, SYN_SENT << other))
        return FP_SIDE_SERVER;
    if (has(stream, SYNACK_SENT << direction))
        return FP_SIDE_SERVER;
    if (has(stream, SYNACK_SENT << other))
        return FP_SIDE_CLIENT;
    return FP_SIDE_UNKNOWN;
}

/* Takes a later payload frame of the side that spoke first, before the reply. If only that side sends, for long enough, its numbers wrap
 * around. So the flight is over once a gapless segment begins FLIGHT_BYTES_LAST or more beyond the base. */
static unsigned take_flight(FpStream *stream, int32_t offset, bool is_gapless, uint32_t flight_bytes)
{
    if (offset >= FLIGHT_BYTES_LAST && is_gapless)
        set(stream, FLIGHT_OVER);
    return offset < (int32_t)flight_bytes && !has(stream, FLIGHT_OVER) ? FP_CLASS_FLIGHT : 0;
}

/* Whether the segment's flags end the flight. */
static bool is_flight_closed(const FpStream *stream, unsigned direction, const FpSegment *segment)
{
    return segment->flags & FP_TCP_RST || (segment->flags & FP_TCP_FIN && has(stream, FIRST_DIRECTION) == (direction == 1));
}

/* Notes a frame with payload, and returns the classes that the payload puts it in.
 * offset: where the payload begins in its side's sequence space; negative if that is before the presumed start.
 * is_gapless: the payload begins at the next number expected of its side. */
static unsigned take_payload(FpStream *stream, unsigned direction, int32_t offset, bool is_gapless, uint32_t flight_bytes)
{
    if (!has(stream, FIRST_SEEN)) {
        set(stream, FIRST_SEEN);
        if (direction == 1)
            set(stream, FIRST_DIRECTION);
        if (!has_start(stream))
            set(stream, STARTED_MIDSTREAM);
        return FP_CLASS_FIRST | FP_CLASS_FLIGHT;
    }
    if (has(stream, REPLY_SEEN))
        return 0;
    if (has(stream, FIRST_DIRECTION) == (direction == 1))
        return take_flight(stream, offset, is_gapless, flight_bytes);
    set(stream, REPLY_SEEN);
    return FP_CLASS_REPLY;
}

/* Notes the same frame for the opening of its side, and returns FP_CLASS_OPENING if it is within.
 * anchor: where that opening begins; set with the side's first payload frame. classes: what take_payload returned. */
static unsigned take_opening(FpStream *stream, uint32_t *anchor, unsigned direction, int32_t offset, unsigned classes, const FpRules *rules)
{
    int32_t opening_bytes = (int32_t)rules->opening_bytes;

    if (classes & (FP_CLASS_FIRST | FP_CLASS_REPLY))
        *anchor = offset < 0 || offset >= opening_bytes ? (uint32_t)offset : 0;
    int32_t way = (int32_t)((uint32_t)offset - *anchor);
    bool is_within = way < opening_bytes && !has(stream, OPENING_OVER << direction);
    if (way >= opening_bytes + (int32_t)OPENING_OVER_BYTES)
        set(stream, OPENING_OVER << direction);
    return is_within ? FP_CLASS_OPENING : 0;
}

void fp_stream_end_opening(FpStream *stream)
{
    set(stream, OPENING_OVER | OPENING_OVER << 1);
}

/* Whether a SYN/ACK is still waiting for the other side's ACK. */
static bool is_handshake_open(const FpStream *stream)
{
    return has(stream, SYNACK_SENT | SYNACK_SENT << 1) && !has(stream, HANDSHAKE_ENDED);
}

/* Whether sequence numbers still matter once both sides have spoken. */
static bool is_followed(const FpStream *stream, const FpRules *rules)
{
    const unsigned both = OPENING_OVER | OPENING_OVER << 1;

    return rules->idle_ns != 0 || (rules->asked & FP_CLASS_OPENING && (stream->marks & both) != both);
}

uint8_t fp_stream_unsettling(const FpRules *rules)
{
    return rules->asked & FP_CLASS_CLOSING ? FP_TCP_SYN_FIN_RST : FP_TCP_SYN;
}

bool fp_stream_is_settled(const FpStream *stream, const FpRules *rules)
{
    return has(stream, REPLY_SEEN) && !is_handshake_open(stream) && !is_followed(stream, rules);
}

/* Whether only the side of that direction has spoken, and no handshake waits for its end. */
static bool is_alone(const FpStream *stream, unsigned direction)
{
    return (stream->marks & (FIRST_SEEN | REPLY_SEEN)) == FIRST_SEEN && has(stream, FIRST_DIRECTION) == (direction == 1) &&
           !is_handshake_open(stream) && has(stream, NEXT_KNOWN << direction); /* unreached: only a table from a file may not know it */
}

bool fp_stream_confirms(const FpStream *stream, unsigned direction, const FpSegment *segment, const FpRules *rules)
{
    const int32_t last = FLIGHT_BYTES_LAST - (int32_t)FP_DIGEST_ALONE_BYTES - 0x20000; /* see digest.c */
    const int32_t offset = (int32_t)(segment->seq - 1 - stream->base[direction]);

    if (fp_stream_is_settled(stream, rules))
        return true;
    return is_alone(stream, direction) && stream->next[direction] == segment->seq && !is_followed(stream, rules) &&
           (has(stream, FLIGHT_OVER) || (offset >= (int32_t)rules->flight_bytes && offset < last));
}

void fp_stream_catch_up(FpStream *stream, unsigned direction, const FpSegment *segment)
{
    const uint32_t next = segment->seq + segment->segment_bytes - segment->header_bytes;

    if (is_alone(stream, direction) && is_after(next, stream->next[direction]))
        stream->next[direction] = next;
}

bool fp_stream_is_kept_alive(const FpStream *stream, unsigned direction, const FpSegment *segment)
{
    return is_measurable(segment) && segment->segment_bytes - segment->header_bytes <= 1U && is_before_next(stream, direction, segment);
}

bool fp_stream_segment_closes(const FpSegment *segment)
{
    return segment->flags & (FP_TCP_RST | FP_TCP_FIN) && is_measurable(segment) && segment->header_bytes >= FP_TCP_HEADER_MIN_BYTES;
}

void fp_stream_close(FpStream *stream)
{
    set(stream, CLOSED);
}

/* Fills in the members of the verdict that describe a frame with payload. */
static void describe(const FpStream *stream, unsigned direction, const FpSegment *segment, int32_t offset, FpVerdict *verdict)
{
    verdict->payload_bytes = segment->segment_bytes - segment->header_bytes;
    verdict->relative_seq = segment->seq - stream->base[direction];
    verdict->side = side_of(stream, direction);
    verdict->has_syn = has(stream, SYN_SENT | SYN_SENT << 1);
    verdict->midstream = has(stream, STARTED_MIDSTREAM);
    verdict->out_of_order = offset > 0 && verdict->classes & FP_CLASS_FIRST;
    verdict->fast_open = segment->flags & FP_TCP_SYN;
    verdict->age_ns = fp_time_difference(segment->time_ns, stream->first_ns);
    verdict->delay_ns = verdict->has_syn ? fp_time_difference(segment->time_ns, stream->syn_ns) : 0;
}

/* Fills in all of *verdict but stream and ends_silent. It must be all 0 before. */
__attribute__((always_inline)) static inline void take(FpStream *stream, uint32_t *anchors, unsigned direction, const FpSegment *segment,
                                                       const FpRules *rules, FpVerdict *verdict)
{
    if ((segment->flags & (FP_TCP_SYN | FP_TCP_ACK)) == (FP_TCP_SYN | FP_TCP_ACK))
        stream->base[direction] = segment->seq;
    if (!is_measurable(segment))
        return;

    uint32_t payload_bytes = segment->segment_bytes - segment->header_bytes;
    learn_bases(stream, direction, segment);
    bool keep_alive = is_keep_alive(stream, direction, segment, payload_bytes);
    bool is_gapless = has(stream, NEXT_KNOWN << direction) && segment->seq == stream->next[direction];
    advance(stream, direction, segment, payload_bytes);
    if (segment->header_bytes < FP_TCP_HEADER_MIN_BYTES)
        return; /* up to here Wireshark counts the bytes of such a segment; then it gives up on it */

    verdict->classes = (uint8_t)take_flags(stream, direction, segment, rules);
    if (segment->flags & (FP_TCP_RST | FP_TCP_FIN)) /* unreached: in the copy of take_without_ends */
        verdict->classes = (uint8_t)(verdict->classes | take_end(stream, direction, segment, rules));
    if (payload_bytes == 0 || segment->flags & FP_TCP_RST || keep_alive) { /* unreached: in that copy */
        /* unreached: in that copy */
        if (segment->flags & (FP_TCP_RST | FP_TCP_FIN) && is_flight_closed(stream, direction, segment))
            verdict->ends_flight = end_flight(stream, rules);
        return;
    }

    uint32_t syn = segment->flags & FP_TCP_SYN ? 1 : 0; /* a SYN occupies the number before the data (RFC 9293 3.4) */
    int32_t offset = (int32_t)(segment->seq + syn - 1 - stream->base[direction]);
    unsigned classes = take_payload(stream, direction, offset, is_gapless, rules->flight_bytes);
    if (!(classes & FP_CLASS_FLIGHT) || is_flight_closed(stream, direction, segment)) /* unreached: in that copy */
        verdict->ends_flight = end_flight(stream, rules);
    unsigned opening = anchors != NULL ? take_opening(stream, &anchors[direction], direction, offset, classes, rules) : 0;
    if ((classes | opening) == 0 || (has(stream, STARTED_MIDSTREAM) && rules->skip_midstream))
        return;
    verdict->classes = (uint8_t)(verdict->classes | classes | opening);
    describe(stream, direction, segment, offset, verdict);
}

/* take for a segment without SYN, FIN and RST, as most are. In the copy the compiler sees that they are not set, and leaves out all that is
 * done for them. */
static void take_without_ends(FpStream *stream, uint32_t *anchors, unsigned direction, const FpSegment *segment, const FpRules *rules,
                              FpVerdict *verdict)
{
    FpSegment seen = *segment;

    seen.flags &= FP_TCP_ACK; /* unreached: what the copy tests of it */
    take(stream, anchors, direction, &seen, rules, verdict);
}

static void take_with_ends(FpStream *stream, uint32_t *anchors, unsigned direction, const FpSegment *segment, const FpRules *rules,
                           FpVerdict *verdict)
{
    bool was_open = segment->flags & (FP_TCP_RST | FP_TCP_FIN) && !has(stream, CLOSED);

    take(stream, anchors, direction, segment, rules, verdict);
    if (was_open)
        verdict->ends_silent = (stream->marks & (CLOSED | FIRST_SEEN)) == CLOSED;
}

void fp_stream_take(FpStream *stream, uint32_t *anchors, unsigned direction, const FpSegment *segment, const FpRules *rules,
                    FpVerdict *verdict)
{
    memset(verdict, 0, sizeof *verdict);
    if (segment->flags & FP_TCP_SYN_FIN_RST)
        take_with_ends(stream, anchors, direction, segment, rules, verdict);
    else
        take_without_ends(stream, anchors, direction, segment, rules, verdict);
    if (verdict->classes != 0 || verdict->ends_silent || verdict->ends_flight)
        verdict->stream = stream->number;
}

/* What can be known of a stream while nothing but one side's SYN has been seen; exists once per direction. */
#define OF_SYN (BASE_KNOWN | NEXT_KNOWN | WINDOW_ZERO | SYN_SENT)

bool fp_stream_is_unanswered(const FpStream *stream)
{
    if (stream->marks & ~(OF_SYN | OF_SYN << 1))
        return false; /* true of most streams; what follows takes longer */
    unsigned sent = stream->marks & (SYN_SENT | SYN_SENT << 1);
    unsigned direction = sent == SYN_SENT ? 0 : 1;
    unsigned quiet = (unsigned)~(BASE_KNOWN << direction | NEXT_KNOWN << direction | WINDOW_ZERO << direction | sent);

    return sent != 0 && (stream->marks & quiet) == 0 && stream->next[direction] == stream->base[direction] + 1;
}

bool fp_stream_is_told_by_marks(const FpStream *stream)
{
    return (stream->marks & ~(OF_SYN | OF_SYN << 1)) != 0 && !has(stream, REPLY_SEEN);
}

bool fp_stream_is_answered(const FpStream *stream)
{
    const unsigned both = NEXT_KNOWN | NEXT_KNOWN << 1;

    return has(stream, REPLY_SEEN) || ((stream->marks & both) == both && !is_handshake_open(stream));
}

bool fp_stream_is_closed(const FpStream *stream)
{
    return has(stream, CLOSED);
}

/* Whether the SYN of an unanswered stream was seen once, or looks as if it was. */
static bool is_syn_alone(const FpStream *stream, unsigned direction)
{
    return !has(stream, WINDOW_ZERO << direction) && stream->syn_ns == stream->first_ns;
}

static FpStreamBrief brief_of_syn(int64_t time_ns, unsigned direction, uint32_t number, uint32_t seq)
{
    return (FpStreamBrief){.syn = (int64_t)((uint64_t)time_ns * 2 + direction), .number = number, .rest = seq};
}

FpStreamState fp_stream_abridge(const FpStream *stream, const FpRules *rules, FpStreamBrief *brief)
{
    unsigned direction = has(stream, SYN_SENT) ? 0 : 1;

    if (has(stream, REPLY_SEEN)) {
        if (is_followed(stream, rules))
            return FP_STREAM_WHOLE;
        *brief = (FpStreamBrief){.base = {stream->base[0], stream->base[1]}, .number = stream->number, .rest = stream->marks};
        return FP_STREAM_ANSWERED;
    }
    if (!fp_stream_is_unanswered(stream) || !is_syn_alone(stream, direction))
        return FP_STREAM_WHOLE;
    *brief = brief_of_syn(stream->first_ns, direction, stream->number, stream->base[direction]);
    return FP_STREAM_SYN;
}

bool fp_stream_begins_as_syn(const FpSegment *segment, unsigned direction, uint32_t number, FpStreamBrief *brief)
{
    if ((segment->flags & (FP_TCP_SYN | FP_TCP_ACK | FP_TCP_FIN | FP_TCP_RST)) != FP_TCP_SYN || segment->length_unknown ||
        segment->header_bytes < FP_TCP_HEADER_MIN_BYTES || segment->segment_bytes != segment->header_bytes || segment->window == 0)
        return false;
    *brief = brief_of_syn(segment->time_ns, direction, number, segment->seq);
    return true;
}

/* Once both sides have spoken, verdicts depend neither on times nor on the next number expected, which matters for payload alone. So an
 * expanded stream does not know them. */
static void expand_answered(const FpStreamBrief *brief, FpStream *stream)
{
    fp_stream_begin(stream, brief->number, 0);
    stream->base[0] = brief->base[0];
    stream->base[1] = brief->base[1];
    stream->marks = brief->rest & ~(NEXT_KNOWN | NEXT_KNOWN << 1 | WINDOW_ZERO | WINDOW_ZERO << 1);
}

static void expand_syn(const FpStreamBrief *brief, FpStream *stream)
{
    unsigned direction = brief->syn & 1;

    fp_stream_begin(stream, brief->number, (brief->syn - direction) / 2);
    stream->syn_ns = stream->first_ns;
    stream->base[direction] = brief->rest;
    stream->next[direction] = brief->rest + 1;
    stream->marks = (BASE_KNOWN | NEXT_KNOWN | SYN_SENT) << direction;
}

void fp_stream_expand(FpStreamState state, const FpStreamBrief *brief, FpStream *stream)
{
    if (state == FP_STREAM_SYN)
        expand_syn(brief, stream);
    else
        expand_answered(brief, stream);
}
