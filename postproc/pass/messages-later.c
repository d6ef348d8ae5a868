/* SPDX-License-Identifier: GPL-2.0-or-later */
/* messages-later.c - ClientHellos that come later in a stream, see messages.h. */
#include <string.h>

#include "messages-internal.h"

/* Whether bytes may begin a ClientHello of TLS (tls.c has the rest): a handshake record of version 3, and a type in it. */
static bool looks_like_hello(FpSpan payload, uint32_t sure_bytes)
{
    static const uint8_t start[] = {22, 3};

    return payload.captured >= sure_bytes && memcmp(payload.bytes, start, sizeof start) == 0 &&
           (payload.captured <= 5 || payload.bytes[5] == 1);
}

/* Whether the recognisers know, from the first frame, that a message is no ClientHello. Then what else it says is learnt. */
static bool is_something_else(FpMessages *messages, const FpLogEntry *entry, const FpMessagePart *part, unsigned direction)
{
    const FpSaidMessage said = {
        .bytes = part->payload.bytes, .n = part->payload.captured, .speaker = fp_messages_speaker(entry), .is_later = true};

    if (part->offset != 0 || looks_like_hello(part->payload, 2))
        return false;
    const FpSaidResult result = fp_said_recognise(messages->said, &said, &messages->facts);
    if (result == FP_SAID_MORE)
        return false;
    if (result == FP_SAID_ENOUGH)
        fp_hellos_learn(messages->hellos, entry->verdict->stream, direction, &messages->facts);
    return true;
}

FpMessage *fp_messages_begin_later(FpMessages *messages, FpLogEntry *entry, const FpMessagePart *part, unsigned direction)
{
    const uint32_t stream = entry->verdict->stream;
    FpMessagePart first = *part;

    fp_messages_end_later(messages, stream, direction);
    if (first.payload.captured == 0)
        return NULL;
    if (first.offset > 0 && looks_like_hello(first.payload, 6)) { /* what comes before it was lost, or said before */
        fp_hellos_move(messages->hellos, stream, direction, first.offset);
        first.offset = 0;
    }
    if (first.offset > messages->limits.bytes_max || is_something_else(messages, entry, &first, direction))
        return NULL;
    entry->way = fp_hellos_way(messages->hellos, stream);
    return fp_messages_hold(messages, entry, &first, LATER + direction);
}

FpMessage *fp_messages_later(const FpMessages *messages, uint32_t stream, unsigned direction)
{
    return messages->by_age.length > 0 ? fp_messages_find(messages, stream, LATER + direction) : NULL;
}

bool fp_message_is_later(const FpMessage *message)
{
    return message->place != FIRST;
}

bool fp_message_may_be_hello(const FpMessage *message)
{
    size_t n;
    const uint8_t *bytes = fp_assembly_bytes(message->assembly, &n);

    return !message->is_left_out && (n < 2 || looks_like_hello((FpSpan){.bytes = bytes, .captured = (uint32_t)n}, 2));
}

void fp_messages_add_later(FpMessages *messages, uint32_t stream, unsigned direction, const FpMessagePart *part)
{
    fp_messages_add_to(messages, stream, LATER + direction, part);
}

void fp_messages_end_later(FpMessages *messages, uint32_t stream, unsigned direction)
{
    fp_messages_end_one(messages, stream, LATER + direction);
}

bool fp_message_is_left_out(const FpMessage *message)
{
    return message->is_left_out;
}

FpHellos *fp_messages_hellos(const FpMessages *messages)
{
    return messages->hellos;
}

void fp_messages_take_hellos(FpMessages *messages, FpMessages *other)
{
    fp_hellos_free(messages->hellos);
    messages->hellos = g_steal_pointer(&other->hellos);
}
