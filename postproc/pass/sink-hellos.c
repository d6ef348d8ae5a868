/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sink-hellos.c - frames of the opening -> the messages among them that are, or may be, later ClientHellos. See sink.h, hellos.h. */
#include "sink.h"

/* Begins the message at a place in a frame, if it may be a hello. */
static FpMessage *begin_at(FpSink *sink, const FpFound *found, const FpHelloPlace *place)
{
    FpDecodeNotes notes;
    FpLogEntry entry;
    FpMessagePart part;

    fp_sink_entry(sink, found, &notes, &entry, &part);
    part.payload = fp_span_after(part.payload, MIN(place->skip, part.payload.captured));
    part.offset = place->offset;
    entry.payload = part.payload;
    entry.turn = place->turn;
    return fp_messages_begin_later(sink->log.messages, &entry, &part, place->direction);
}

static void go_on_at(FpSink *sink, const FpFound *found, const FpHelloPlace *place)
{
    FpDecodeNotes notes;
    FpLogEntry entry;
    FpMessagePart part;

    fp_sink_entry(sink, found, &notes, &entry, &part);
    part.offset = place->offset;
    fp_messages_add_later(sink->log.messages, found->verdict->stream, place->direction, &part);
}

/* Ends what goes on of a stream that is over. */
static void close_side(FpMessages *messages, const FpFound *found)
{
    const uint32_t stream = found->verdict->stream;

    if (!fp_hellos_close(fp_messages_hellos(messages), stream, found->segment))
        return;
    fp_messages_end_later(messages, stream, 0);
    fp_messages_end_later(messages, stream, 1);
}

/* A frame that holds no more than the first message, or that goes on where nothing may be a hello, is not looked into. */
static FpMessage *follow_payload(FpSink *sink, const FpFound *found)
{
    FpMessages *messages = sink->log.messages;
    FpHellos *hellos = fp_messages_hellos(messages);
    const FpVerdict *verdict = found->verdict;
    FpMessage *message = NULL;
    FpHelloPlace place;

    if (!(verdict->classes & FP_CLASS_FIRST)) {
        place = fp_hellos_take(hellos, verdict->stream, found->segment, verdict->payload_bytes);
        if (place.begins)
            message = begin_at(sink, found, &place);
        else if (place.turn != 0 && fp_messages_later(messages, verdict->stream, place.direction) != NULL)
            go_on_at(sink, found, &place);
    }
    while (fp_hellos_rest(hellos, verdict->stream, found->segment, verdict->payload_bytes, &place))
        message = begin_at(sink, found, &place);
    return message;
}

bool fp_sink_ends_opening(const FpSink *sink, const FpSegment *segment, const FpVerdict *verdict)
{
    const FpMessages *messages = sink->log.messages;

    if (!(verdict->classes & FP_CLASS_OPENING) || sink->selection->keep & FP_CLASS_OPENING || segment->transport != FP_TRANSPORT_TCP)
        return false;
    return messages != NULL && !fp_messages_is_open(messages, verdict->stream) &&
           !(sink->log.replies != NULL && fp_replies_is_open(sink->log.replies, verdict->stream)) &&
           !(fp_messages_hellos(messages) != NULL && fp_hellos_has(fp_messages_hellos(messages), verdict->stream));
}

FpMessage *fp_sink_follow(FpSink *sink, const FpFound *found)
{
    FpMessages *messages = sink->log.messages;
    FpMessage *message = NULL;

    if (messages == NULL || fp_messages_hellos(messages) == NULL || !fp_hellos_has(fp_messages_hellos(messages), found->verdict->stream))
        return NULL;
    if (found->verdict->classes & FP_CLASS_OPENING)
        message = follow_payload(sink, found);
    if (found->verdict->classes & FP_CLASS_CLOSING)
        close_side(messages, found);
    return message;
}
