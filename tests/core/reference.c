/* SPDX-License-Identifier: GPL-2.0-or-later */
/* reference.c - see reference.h. */
#include "reference.h"

#define FLIGHT_BYTES 16384

/* A segment of the past, and what was found out about it at the time. */
typedef struct {
    FpSegment segment;
    unsigned direction;
    gboolean measurable; /* its length is known and holds its header */
    gboolean whole;      /* and the header is a possible one */
    gboolean probe;      /* a zero-window probe */
    gboolean payload;
    gboolean ends_handshake;
    gboolean gapless; /* continues right where its direction was */
    gboolean far;     /* of the flight, gapless, and at least 1 GiB from its beginning */
    unsigned payload_classes;
    gint32 offset; /* of payload, as it was at the time */
} Event;

struct Reference {
    GArray *events; /* of the stream that is open on the endpoints now */
    guint32 number;
    FpRules rules;
};

typedef struct {
    gboolean known;
    guint32 value;
} Number;

Reference *reference_new(const FpRules *rules)
{
    Reference *reference = g_new0(Reference, 1);

    reference->rules = *rules;
    reference->events = g_array_sized_new(FALSE, FALSE, sizeof(Event), 1);
    return reference;
}

void reference_free(Reference *reference)
{
    g_array_unref(reference->events);
    g_free(reference);
}

static const Event *first_of(const GArray *events)
{
    const void *first = events->data;

    return first;
}

static const Event *end_of(const GArray *events)
{
    return first_of(events) + events->len;
}

static gboolean is_syn(const FpSegment *segment)
{
    return segment->flags & FP_TCP_SYN && !(segment->flags & FP_TCP_ACK);
}

static gboolean is_syn_ack(const FpSegment *segment)
{
    return segment->flags & FP_TCP_SYN && segment->flags & FP_TCP_ACK;
}

static guint32 payload_of(const Event *event)
{
    return event->segment.segment_bytes - event->segment.header_bytes;
}

/* Where the bytes of a direction begin. */
static Number base_of(const GArray *events, unsigned direction)
{
    Number base = {FALSE, 0};

    for (const Event *event = first_of(events); event < end_of(events); event++) {
        const FpSegment *segment = &event->segment;
        gboolean own = event->direction == direction;
        if (own && is_syn_ack(segment) && base.known)
            base.value = segment->seq;
        if (base.known || !event->measurable)
            continue;
        if (own)
            base = (Number){TRUE, segment->flags & FP_TCP_SYN ? segment->seq : segment->seq - 1};
        else if (segment->flags & FP_TCP_ACK)
            base = (Number){TRUE, segment->ack - 1};
    }
    return base;
}

/* The highest number that a direction has reached, without zero-window probes. */
static Number next_of(const GArray *events, unsigned direction)
{
    Number next = {FALSE, 0};

    for (const Event *event = first_of(events); event < end_of(events); event++) {
        if (event->direction != direction || !event->measurable || event->probe)
            continue;
        guint32 end = event->segment.seq + payload_of(event);
        if (event->segment.flags & FP_TCP_SYN || event->segment.flags & FP_TCP_FIN)
            end++;
        guint32 ahead = end - next.value;
        if (!next.known || (ahead != 0 && ahead < 0x80000000U))
            next = (Number){TRUE, end};
    }
    return next;
}

static gboolean last_window_is_zero(const GArray *events, unsigned direction)
{
    gboolean zero = FALSE;

    for (const Event *event = first_of(events); event < end_of(events); event++)
        if (event->direction == direction && event->measurable)
            zero = event->segment.window == 0;
    return zero;
}

static gboolean starts_another(const GArray *events, unsigned direction, const FpSegment *segment)
{
    Number base = base_of(events, direction);
    gboolean closed = FALSE, other_number = base.known && base.value != segment->seq;

    for (const Event *event = first_of(events); event < end_of(events); event++)
        closed |= event->whole && event->segment.flags & (FP_TCP_RST | FP_TCP_FIN);
    if (events->len == 0)
        return FALSE;
    if (is_syn_ack(segment))
        return closed && other_number && !(segment->flags & FP_TCP_RST);
    return is_syn(segment) && (closed || other_number);
}

static gboolean is_idle(const GArray *events, unsigned direction, const FpSegment *segment, gint64 idle_ns)
{
    if (idle_ns == 0 || events->len == 0)
        return FALSE;
    const Event *last = &g_array_index(events, Event, events->len - 1);
    Number next = next_of(events, direction);
    gboolean keeps_alive = !segment->length_unknown && segment->segment_bytes - segment->header_bytes <= 1 && next.known &&
                           segment->seq + 1 == next.value && !(segment->flags & (FP_TCP_SYN | FP_TCP_FIN | FP_TCP_RST));

    return segment->time_ns - last->segment.time_ns >= idle_ns && !keeps_alive;
}

static gboolean is_keep_alive(const GArray *events, const Event *event)
{
    Number next = next_of(events, event->direction);

    return payload_of(event) == 1 && !(event->segment.flags & (FP_TCP_SYN | FP_TCP_FIN | FP_TCP_RST)) && next.known &&
           event->segment.seq + 1 == next.value;
}

static gboolean is_probe(const GArray *events, const Event *event)
{
    Number next = next_of(events, event->direction);

    return payload_of(event) == 1 && next.known && event->segment.seq == next.value && last_window_is_zero(events, event->direction ^ 1);
}

/* Whether event is the ACK that ends the handshake; events are those before it. */
static gboolean ends_handshake(const GArray *events, const Event *event)
{
    int synack_from = -1;

    for (const Event *past = first_of(events); past < end_of(events); past++) {
        if (past->ends_handshake)
            return FALSE;
        if (past->whole && is_syn_ack(&past->segment))
            synack_from = (int)past->direction;
    }
    return event->whole && synack_from == (int)(event->direction ^ 1) && event->segment.flags & FP_TCP_ACK &&
           !(event->segment.flags & (FP_TCP_SYN | FP_TCP_RST));
}

static void find_out(const GArray *events, Event *event)
{
    const FpSegment *segment = &event->segment;

    event->measurable = !segment->length_unknown && segment->segment_bytes >= segment->header_bytes;
    event->whole = event->measurable && segment->header_bytes >= 20;
    event->probe = event->measurable && is_probe(events, event);
    event->payload = event->whole && payload_of(event) > 0 && !(segment->flags & FP_TCP_RST) && !is_keep_alive(events, event);
    event->ends_handshake = ends_handshake(events, event);
    event->gapless = next_of(events, event->direction).known && next_of(events, event->direction).value == segment->seq;
}

/* Here and below, events include the segment in question. */
static FpSide side_of(const GArray *events, unsigned direction)
{
    FpSide side = FP_SIDE_UNKNOWN;

    for (const Event *event = first_of(events); event < end_of(events); event++)
        if (event->whole && is_syn(&event->segment))
            return event->direction == direction ? FP_SIDE_CLIENT : FP_SIDE_SERVER;
    for (const Event *event = first_of(events); event < end_of(events); event++)
        if (event->whole && is_syn_ack(&event->segment))
            side = event->direction == direction ? FP_SIDE_SERVER : FP_SIDE_CLIENT;
    return side;
}

static guint payloads(const GArray *events, unsigned direction)
{
    guint count = 0;

    for (const Event *event = first_of(events); event < end_of(events); event++)
        count += event->payload && event->direction == direction;
    return count;
}

static const Event *first_payload(const GArray *events)
{
    for (const Event *event = first_of(events); event < end_of(events); event++)
        if (event->payload)
            return event;
    return NULL;
}

static unsigned payload_classes(const GArray *events, const Event *last, gint32 offset)
{
    guint own = payloads(events, last->direction), others = payloads(events, last->direction ^ 1);

    if (own == 1 && others == 0)
        return FP_CLASS_FIRST | FP_CLASS_FLIGHT;
    if (own == 1)
        return FP_CLASS_REPLY;
    if (others > 0)
        return 0;
    Event *newest = &g_array_index(events, Event, events->len - 1);
    newest->far = newest->gapless && offset >= 1 << 30;
    for (const Event *event = first_of(events); event < end_of(events); event++)
        if (event->far)
            return 0;
    return offset < FLIGHT_BYTES ? FP_CLASS_FLIGHT : 0;
}

static gboolean is_midstream(const GArray *events)
{
    const Event *first = first_payload(events);

    for (const Event *event = first_of(events); event < end_of(events); event++)
        if (event <= first && event->whole && event->segment.flags & FP_TCP_SYN)
            return FALSE;
    return TRUE;
}

/* Whether the last of events is the only one with RST or FIN, and there has been no payload. */
static gboolean ends_silence(const GArray *events)
{
    guint closing = 0;

    for (const Event *event = first_of(events); event < end_of(events); event++)
        closing += event->whole && event->segment.flags & (FP_TCP_RST | FP_TCP_FIN);
    const Event *last = &g_array_index(events, Event, events->len - 1);
    return closing == 1 && last->whole && last->segment.flags & (FP_TCP_RST | FP_TCP_FIN) && first_payload(events) == NULL;
}

static gboolean is_closing(const Event *event, guint8 flags)
{
    return event->whole && event->segment.flags & flags;
}

/* Whether the flight is over with a segment, the last of events. classes: those of its payload. For each segment from the first
 * payload on, what it ends is worked out anew. */
static gboolean ends_flight(const GArray *events)
{
    const Event *first = first_payload(events), *last = &g_array_index(events, Event, events->len - 1);
    guint ends = 0;

    for (const Event *event = first_of(events); event < end_of(events); event++) {
        if (first == NULL || event < first)
            continue;
        gboolean own = event->direction == first->direction;
        gboolean ends_here =
            is_closing(event, FP_TCP_RST) || (own && is_closing(event, FP_TCP_FIN)) ||
            (event->payload && !(event->payload_classes & FP_CLASS_FLIGHT) && (own || event->payload_classes & FP_CLASS_REPLY));
        if (ends_here && event == last && ends == 0)
            return TRUE;
        ends += ends_here ? 1 : 0;
    }
    return FALSE;
}

/* Whether the payload of the last of events is in its side's opening. */
static gboolean is_opening(const GArray *events, gint64 opening_bytes)
{
    const Event *last = &g_array_index(events, Event, events->len - 1), *first = NULL;

    for (const Event *event = first_of(events); event < end_of(events); event++) {
        if (!event->payload || event->direction != last->direction)
            continue;
        if (first == NULL)
            first = event;
        gboolean is_anchor = first->offset < 0 || first->offset >= opening_bytes;
        gint32 way = (gint32)((guint32)event->offset - (is_anchor ? (guint32)first->offset : 0));
        if (event == last)
            return way < opening_bytes;
        if (way >= opening_bytes + (1 << 20))
            return FALSE;
    }
    return FALSE;
}

/* Whether the last of events is its side's first FIN, or the first RST. */
static gboolean is_end(const GArray *events)
{
    const Event *last = &g_array_index(events, Event, events->len - 1);
    gboolean fin = is_closing(last, FP_TCP_FIN), rst = is_closing(last, FP_TCP_RST);

    for (const Event *event = first_of(events); event < end_of(events); event++) {
        if (event == last)
            continue;
        fin &= !(event->direction == last->direction && is_closing(event, FP_TCP_FIN));
        rst &= !is_closing(event, FP_TCP_RST);
    }
    return fin || rst;
}

/* For UDP, if the last of events is a datagram: how much its side had sent before it. */
static guint64 sent_before(const GArray *events, const Event *last)
{
    guint64 bytes = 0;

    for (const Event *event = first_of(events); event < end_of(events); event++)
        if (event != last && event->payload && event->direction == last->direction)
            bytes += payload_of(event);
    return bytes;
}

/* Whether datagrams of the stream count by the rules. */
static gboolean is_taken(const GArray *events, const FpRules *rules)
{
    const Event *first = first_payload(events);

    return rules->transports & FP_TAKES_UDP || (rules->transports & FP_TAKES_QUIC && first != NULL && first->segment.is_quic_long);
}

static gboolean may_begin(const FpSegment *segment, const FpRules *rules)
{
    return segment->transport != FP_TRANSPORT_UDP || rules->transports & FP_TAKES_UDP ||
           (rules->transports & FP_TAKES_QUIC && segment->is_quic_long && !segment->length_unknown);
}

static unsigned datagram_classes(const GArray *events, const FpRules *rules)
{
    const Event *last = &g_array_index(events, Event, events->len - 1);
    guint own = payloads(events, last->direction), others = payloads(events, last->direction ^ 1);
    gboolean opens = rules->asked & FP_CLASS_OPENING && sent_before(events, last) < rules->opening_bytes;
    unsigned classes = opens ? FP_CLASS_OPENING : 0;

    if (own == 1 && others == 0)
        return classes | FP_CLASS_FIRST | FP_CLASS_FLIGHT;
    if (own == 1)
        return classes | FP_CLASS_REPLY;
    return classes | (others == 0 && sent_before(events, last) < FLIGHT_BYTES ? FP_CLASS_FLIGHT : 0);
}

/* Judges the last of events, a datagram. */
static void judge_datagram(const GArray *events, const FpRules *rules, FpVerdict *verdict)
{
    Event *last = &g_array_index(events, Event, events->len - 1);
    const Event *first = first_of(events);

    last->payload = !last->segment.length_unknown && payload_of(last) > 0;
    if (!last->payload || !is_taken(events, rules))
        return;
    verdict->classes = (guint8)datagram_classes(events, rules);
    last->payload_classes = verdict->classes & FP_CLASS_USUAL;
    if (last->payload_classes == 0)
        return;
    verdict->payload_bytes = payload_of(last);
    verdict->relative_seq = (guint32)sent_before(events, last) + 1;
    verdict->age_ns = last->segment.time_ns - first->segment.time_ns;
}

static const Event *first_syn(const GArray *events)
{
    for (const Event *event = first_of(events); event < end_of(events); event++)
        if (event->whole && is_syn(&event->segment))
            return event;
    return NULL;
}

static void judge_payload(const GArray *events, const Event *last, FpVerdict *verdict)
{
    guint32 from_base = last->segment.seq - base_of(events, last->direction).value;
    gint32 offset = (gint32)(last->segment.flags & FP_TCP_SYN ? from_base : from_base - 1);
    unsigned classes = payload_classes(events, last, offset);

    g_array_index(events, Event, events->len - 1).payload_classes = classes;
    g_array_index(events, Event, events->len - 1).offset = offset;
    verdict->classes = (guint8)(verdict->classes | classes);
}

static void describe_payload(const GArray *events, const Event *last, FpVerdict *verdict)
{
    const Event *syn = first_syn(events);
    const Event *known = &g_array_index(events, Event, events->len - 1);

    verdict->payload_bytes = payload_of(last);
    verdict->relative_seq = last->segment.seq - base_of(events, last->direction).value;
    verdict->side = side_of(events, last->direction);
    verdict->midstream = is_midstream(events);
    verdict->out_of_order = verdict->classes & FP_CLASS_FIRST && known->offset > 0;
    verdict->fast_open = (last->segment.flags & FP_TCP_SYN) != 0;
    verdict->age_ns = last->segment.time_ns - first_of(events)->segment.time_ns;
    verdict->has_syn = syn != NULL;
    verdict->delay_ns = syn ? last->segment.time_ns - syn->segment.time_ns : 0;
}

FpVerdict reference_take(Reference *reference, unsigned direction, const FpSegment *segment, guint32 *next_number)
{
    GArray *events = reference->events;
    Event event = {.segment = *segment, .direction = direction};
    FpVerdict verdict = {0};

    if (events->len == 0 || starts_another(events, direction, segment) || is_idle(events, direction, segment, reference->rules.idle_ns)) {
        if (!may_begin(segment, &reference->rules))
            return verdict;
        g_array_set_size(events, 0);
        reference->number = (*next_number)++;
        verdict.begins = TRUE;
    }
    if (segment->transport != FP_TRANSPORT_UDP)
        find_out(events, &event);
    g_array_append_val(events, event);
    if (segment->transport == FP_TRANSPORT_UDP)
        judge_datagram(events, &reference->rules, &verdict);
    if (event.whole && (segment->flags & FP_TCP_SYN || event.ends_handshake))
        verdict.classes = FP_CLASS_HANDSHAKE;
    if (event.payload)
        judge_payload(events, &event, &verdict);
    if (event.payload && reference->rules.asked & FP_CLASS_OPENING && is_opening(events, reference->rules.opening_bytes))
        verdict.classes |= FP_CLASS_OPENING;
    if (event.payload && verdict.classes & (FP_CLASS_FIRST | FP_CLASS_REPLY | FP_CLASS_FLIGHT | FP_CLASS_OPENING))
        describe_payload(events, &event, &verdict);
    if (reference->rules.asked & FP_CLASS_CLOSING && is_end(events)) /* nothing is whole in UDP */
        verdict.classes |= FP_CLASS_CLOSING;
    verdict.ends_silent = ends_silence(events);
    verdict.ends_flight = ends_flight(events);
    if (verdict.classes != 0 || verdict.begins || verdict.ends_silent || verdict.ends_flight)
        verdict.stream = reference->number;
    return verdict;
}
