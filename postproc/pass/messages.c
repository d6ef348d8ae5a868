/* SPDX-License-Identifier: GPL-2.0-or-later */
/* messages.c - see messages.h. */
#include <string.h>

#include "base/allocated.h"
#include "base/error.h"
#include "messages-internal.h"
#include "said/secrets.h"

/* After so many questions the next is asked when the message has grown by so great a part: whoever sends a byte in each frame must not have
 * us read all of it each time. */
#define ASKED_MAX 64U
#define ASKED_PART 8U

/* What an entry of a hash table takes: key, value and hash, in a table that is between a quarter and all full. */
#define HASH_ENTRY_BYTES 48U

/* A first message of QUIC takes one to four; more are not looked at. */
#define DATAGRAMS_MAX 32U

FpMessages *fp_messages_new(const FpMessageLimits *limits, GError **error)
{
    FpSaid *said = fp_said_new();

    if (said == NULL) {
        g_set_error(error, FP_ERROR, FP_ERROR_SOFTWARE, "libgcrypt: cannot be used for SHA-256 and AES; install Debian's libgcrypt20");
        return NULL;
    }
    FpMessages *messages = g_new0(FpMessages, 1);
    messages->limits = *limits;
    messages->limits.bytes_max = (uint32_t)MIN(limits->bytes_max, limits->memory_max / FP_MESSAGES_SHARE);
    messages->said = said;
    messages->capture = 1;
    messages->redacted = g_byte_array_new();
    for (unsigned i = 0; i < N_PLACES; i++)
        messages->by_stream[i] = g_hash_table_new(NULL, NULL);
    if (limits->all_hellos)
        messages->hellos = fp_hellos_new(limits->memory_max / FP_MESSAGES_HELLOS_SHARE);
    return messages;
}

void fp_message_free(FpMessage *message)
{
    fp_held_entry_free(message->held);
    fp_assembly_free(message->assembly);
    g_free(message);
}

void fp_messages_free(FpMessages *messages)
{
    GList *link;

    if (messages == NULL)
        return;
    fp_messages_end_all(messages);
    while ((link = g_queue_pop_head_link(&messages->in_line)) != NULL)
        fp_message_free(link->data);
    for (unsigned i = 0; i < N_PLACES; i++)
        g_hash_table_unref(messages->by_stream[i]);
    fp_hellos_free(messages->hellos);
    g_byte_array_unref(messages->redacted);
    fp_said_free(messages->said);
    g_free(messages);
}

static gpointer key_of(uint32_t stream)
{
    return GSIZE_TO_POINTER((gsize)stream);
}

FpMessage *fp_messages_find(const FpMessages *messages, uint32_t stream, unsigned place)
{
    return g_hash_table_lookup(messages->by_stream[place], key_of(stream));
}

uint32_t fp_message_stream(const FpMessage *message)
{
    return fp_held_entry_get(message->held)->verdict->stream;
}

int64_t fp_message_last_ns(const FpMessage *message)
{
    return message->last_ns;
}

size_t fp_message_memory(const FpMessage *message)
{
    return fp_allocated(sizeof *message) + HASH_ENTRY_BYTES + fp_held_entry_bytes(message->held) + fp_assembly_memory(message->assembly);
}

void fp_messages_count_memory(FpMessages *messages, FpMessage *message)
{
    size_t memory = fp_message_memory(message);

    messages->memory += memory - message->memory;
    message->memory = memory;
}

/* Asks the recognisers what a message says; facts are those of messages. */
static FpSaidResult recognise(FpMessages *messages, const FpMessage *message, bool is_over)
{
    FpSaidMessage said = {.speaker = message->speaker, .is_later = message->place != FIRST, .is_over = is_over};
    FpSaidText datagrams[DATAGRAMS_MAX];
    unsigned n = 0;

    if (!message->is_datagrams) {
        said.bytes = fp_assembly_bytes(message->assembly, &said.n);
        return fp_said_recognise(messages->said, &said, &messages->facts);
    }
    while (n < DATAGRAMS_MAX && (datagrams[n].bytes = fp_assembly_datagram(message->assembly, n, &datagrams[n].n)) != NULL)
        n++;
    return fp_said_recognise_datagrams(messages->said, datagrams, n, is_over || n == DATAGRAMS_MAX, &messages->facts);
}

/* Ends what else may be a hello of a stream, which has had one. */
static void drop_later(FpMessages *messages, uint32_t stream)
{
    for (unsigned place = LATER; place < N_PLACES; place++) {
        FpMessage *other = fp_messages_find(messages, stream, place);
        if (other != NULL)
            fp_messages_finish(messages, other, false);
    }
}

/* Has those who follow the stream know what a message that has ended says. If that is complete, facts have it already. */
static void learn(FpMessages *messages, FpMessage *message)
{
    const FpLogEntry *entry = fp_held_entry_get(message->held);
    size_t n;

    if (message->is_datagrams)
        return;
    if (!message->is_complete) {
        (void)fp_assembly_bytes(message->assembly, &n);
        memset(&messages->facts, 0, sizeof messages->facts);
        if (n > 0)
            (void)recognise(messages, message, true);
    }
    message->is_left_out = message->place != FIRST && messages->facts.protocol != FP_SAID_TLS;
    if (message->place != FIRST && message->is_over)
        messages->facts.tls_at = 0; /* its turn is over, too, and with it the place */
    fp_hellos_learn(messages->hellos, entry->verdict->stream, fp_turns_direction(entry->segment), &messages->facts);
    if (messages->facts.protocol == FP_SAID_TLS)
        drop_later(messages, entry->verdict->stream);
}

void fp_messages_finish(FpMessages *messages, FpMessage *message, bool is_complete)
{
    message->has_ended = true;
    message->is_complete = is_complete;
    g_hash_table_remove(messages->by_stream[message->place], key_of(fp_message_stream(message)));
    g_queue_unlink(&messages->by_age, &message->by_age);
    if (messages->hellos != NULL)
        learn(messages, message);
    if (message->tell != NULL)
        message->tell(message->user);
    if (messages->limits.in_order)
        return;
    g_queue_push_tail_link(&messages->in_line, &message->in_line);
    messages->memory -= message->memory; /* it is taken at once */
    message->memory = 0;
}

/* Asks the recognisers, unless they would say what they said before. Ends the message when nothing more of it is wanted, or can come. */
static void judge(FpMessages *messages, FpMessage *message)
{
    size_t n;

    (void)fp_assembly_bytes(message->assembly, &n);
    if (n > 0 && n >= message->wanted_bytes) {
        message->n_asked++;
        if (recognise(messages, message, false) != FP_SAID_MORE) {
            fp_messages_finish(messages, message, true);
            return;
        }
        message->wanted_bytes = messages->facts.wanted_bytes;
        if (message->n_asked >= ASKED_MAX)
            message->wanted_bytes = MAX(message->wanted_bytes, n + n / ASKED_PART);
    }
    if (fp_assembly_is_full(message->assembly))
        fp_messages_finish(messages, message, false);
}

/* In order, one that goes on holds up all behind it, so all end. */
static void keep_within_memory(FpMessages *messages)
{
    while (messages->memory > messages->limits.memory_max && messages->by_age.head != NULL)
        fp_messages_finish(messages, messages->by_age.head->data, false);
}

static void add_part(FpMessages *messages, FpMessage *message, const FpMessagePart *part)
{
    const uint64_t frame = message->capture == messages->capture ? part->frame : 0;

    if (message->is_datagrams)
        fp_assembly_append(message->assembly, part->payload, frame);
    else
        fp_assembly_add(message->assembly, part->offset - message->base, part->payload, frame);
    message->last_ns = part->time_ns;
    message->last_us = g_get_monotonic_time();
    fp_messages_count_memory(messages, message);
    judge(messages, message);
}

void fp_messages_join(FpMessages *messages, FpMessage *message)
{
    message->by_age.data = message->in_line.data = message;
    g_hash_table_insert(messages->by_stream[message->place], key_of(fp_message_stream(message)), message);
    g_queue_push_tail_link(&messages->by_age, &message->by_age);
    if (messages->limits.in_order)
        g_queue_push_tail_link(&messages->in_line, &message->in_line);
}

FpSaidSpeaker fp_messages_speaker(const FpLogEntry *entry)
{
    static const FpSaidSpeaker speakers[] = {
        [FP_SIDE_UNKNOWN] = FP_SAID_BY_ANYBODY, [FP_SIDE_CLIENT] = FP_SAID_BY_CLIENT, [FP_SIDE_SERVER] = FP_SAID_BY_SERVER};

    return speakers[entry->verdict->side];
}

int64_t fp_message_base(const FpMessagePart *part, bool is_midstream, uint32_t bytes_max)
{
    const bool is_before = part->offset < 0 && (is_midstream || part->offset + part->payload.wire <= 0);

    return !part->is_datagram && (is_before || part->offset >= bytes_max) ? part->offset : 0;
}

FpMessage *fp_messages_hold(FpMessages *messages, const FpLogEntry *entry, const FpMessagePart *part, unsigned place)
{
    FpMessage *message = g_new0(FpMessage, 1);

    message->held = fp_held_entry_new(entry, messages->limits.payload_bytes);
    message->assembly = fp_assembly_new(messages->limits.bytes_max);
    message->speaker = fp_messages_speaker(entry);
    message->place = (uint8_t)place;
    message->is_datagrams = part->is_datagram;
    message->base = place == FIRST ? fp_message_base(part, entry->verdict->midstream, messages->limits.bytes_max) : 0;
    message->offset = part->is_datagram ? 0 : part->offset - message->base;
    message->is_from_middle = entry->verdict->midstream || message->base != 0 || message->offset < 0;
    message->capture = messages->capture;
    fp_messages_join(messages, message);
    add_part(messages, message, part);
    keep_within_memory(messages);
    return message;
}

/* Asks the recognisers about a payload alone. */
static FpSaidResult recognise_payload(FpMessages *messages, const uint8_t *bytes, size_t n, bool is_datagram, FpSaidSpeaker speaker)
{
    const FpSaidMessage said = {.bytes = bytes, .n = n, .speaker = speaker};
    const FpSaidText datagram = {bytes, n};

    return is_datagram ? fp_said_recognise_datagrams(messages->said, &datagram, 1, false, &messages->facts)
                       : fp_said_recognise(messages->said, &said, &messages->facts);
}

/* Whether the facts of messages leave open what stands before the first byte. */
static bool is_from_middle(const FpMessages *messages, bool is_midstream)
{
    return is_midstream && messages->facts.protocol == FP_SAID_NOTHING;
}

/* Copies a payload, as it is the capture's, to where its secrets can be hidden. */
static const uint8_t *copy_payload(FpMessages *messages, FpSpan payload)
{
    g_byte_array_set_size(messages->redacted, 0);
    g_byte_array_append(messages->redacted, payload.bytes, payload.captured);
    return messages->redacted->data;
}

static void follow(FpMessages *messages, const FpLogEntry *entry, const FpMessagePart *part)
{
    fp_hellos_begin(messages->hellos, entry->verdict->stream, entry->segment, entry->verdict->payload_bytes, part->offset);
}

/* A hello behind a PROXY header is in the same message, and not the first thing said either. */
static void note_preamble(const FpMessages *messages, FpLogEntry *entry)
{
    if (messages->hellos == NULL || entry->turn != 0 || messages->facts.protocol != FP_SAID_TLS || messages->facts.proxy.version == 0)
        return;
    entry->turn = 1;
    entry->way = FP_SAID_PROXY;
}

/* Whether a first payload frame says all by itself, and its line need not wait for others. Then sets its message and facts. */
static bool is_complete(FpMessages *messages, FpLogEntry *entry, const FpMessagePart *part, FpSaidSpeaker speaker)
{
    FpSaidText said = {part->payload.bytes, part->payload.captured};
    const int64_t base = fp_message_base(part, entry->verdict->midstream, messages->limits.bytes_max);

    if (messages->limits.holds_all || (part->offset != base && !part->is_datagram) || said.n == 0 || said.n > messages->limits.bytes_max ||
        messages->in_line.head != NULL)
        return false;
    if (messages->limits.redacts)
        entry->payload.bytes = said.bytes = copy_payload(messages, part->payload);
    FpSaidResult result = recognise_payload(messages, said.bytes, said.n, part->is_datagram, speaker);
    if (result == FP_SAID_MORE || (result == FP_SAID_UNKNOWN && said.n < part->payload.wire))
        return false;
    messages->first_frame = part->frame;
    entry->message = (FpLogMessage){.bytes = said.bytes, .n = said.n, .frames = &messages->first_frame, .n_frames = 1, .is_complete = true};
    entry->facts = &messages->facts;
    note_preamble(messages, entry);
    if (messages->limits.redacts)
        entry->is_redacted = fp_said_redact(messages->redacted->data, said.n, &messages->facts,
                                            is_from_middle(messages, entry->verdict->midstream || base != 0));
    return true;
}

FpMessage *fp_messages_begin(FpMessages *messages, FpLogEntry *entry, const FpMessagePart *part)
{
    const FpSaidSpeaker speaker = fp_messages_speaker(entry);
    const bool is_followed = messages->hellos != NULL && !part->is_datagram;

    if (is_complete(messages, entry, part, speaker)) {
        if (is_followed && messages->facts.protocol != FP_SAID_TLS) {
            follow(messages, entry, part);
            fp_hellos_learn(messages->hellos, entry->verdict->stream, fp_turns_direction(entry->segment), &messages->facts);
        }
        return NULL;
    }
    if (is_followed)
        follow(messages, entry, part);
    return fp_messages_hold(messages, entry, part, FIRST);
}

unsigned fp_messages_n_open(const FpMessages *messages)
{
    return messages->by_age.length;
}

bool fp_messages_is_open(const FpMessages *messages, uint32_t stream)
{
    return messages->by_age.length > 0 && fp_messages_find(messages, stream, FIRST) != NULL;
}

static bool is_too_old(const FpMessages *messages, const FpMessage *message, int64_t now_ns)
{
    int64_t difference = fp_time_difference(now_ns, message->last_ns);

    return difference > messages->limits.wait_ns || difference < -messages->limits.wait_ns; /* below 0: clocks step back */
}

void fp_messages_add_to(FpMessages *messages, uint32_t stream, unsigned place, const FpMessagePart *part)
{
    FpMessage *message = fp_messages_find(messages, stream, place);

    if (message == NULL)
        return;
    if (is_too_old(messages, message, part->time_ns)) {
        fp_messages_finish(messages, message, false);
        return;
    }
    g_queue_unlink(&messages->by_age, &message->by_age);
    g_queue_push_tail_link(&messages->by_age, &message->by_age);
    add_part(messages, message, part);
    keep_within_memory(messages);
}

void fp_messages_add(FpMessages *messages, uint32_t stream, const FpMessagePart *part)
{
    fp_messages_add_to(messages, stream, FIRST, part);
}

void fp_messages_end_one(FpMessages *messages, uint32_t stream, unsigned place)
{
    FpMessage *message = fp_messages_find(messages, stream, place);

    if (message == NULL)
        return;
    message->is_over = true;
    fp_messages_finish(messages, message, false);
}

void fp_messages_end(FpMessages *messages, uint32_t stream)
{
    fp_messages_end_one(messages, stream, FIRST);
}

void fp_messages_expire(FpMessages *messages, int64_t now_ns)
{
    if (messages->hellos != NULL)
        fp_hellos_expire(messages->hellos, now_ns);
    while (messages->by_age.head != NULL && is_too_old(messages, messages->by_age.head->data, now_ns))
        fp_messages_finish(messages, messages->by_age.head->data, false);
}

void fp_messages_expire_by_clock(FpMessages *messages)
{
    gint64 before_us = g_get_monotonic_time() - messages->limits.wait_ns / 1000;

    while (messages->by_age.head != NULL && ((const FpMessage *)messages->by_age.head->data)->last_us < before_us)
        fp_messages_finish(messages, messages->by_age.head->data, false);
}

void fp_messages_end_all(FpMessages *messages)
{
    while (messages->by_age.head != NULL)
        fp_messages_finish(messages, messages->by_age.head->data, false);
}

void fp_messages_next_capture(FpMessages *messages)
{
    messages->capture++;
}

FpMessage *fp_messages_take(FpMessages *messages)
{
    while (messages->in_line.head != NULL) {
        FpMessage *message = messages->in_line.head->data;
        if (!message->has_ended)
            return NULL;
        fp_messages_take_out(messages, message);
        if (!message->is_left_out)
            return message;
        fp_message_free(message);
    }
    return NULL;
}

void fp_messages_take_out(FpMessages *messages, FpMessage *message)
{
    if (!message->has_ended)
        fp_messages_finish(messages, message, false);
    g_queue_unlink(&messages->in_line, &message->in_line);
    messages->memory -= message->memory;
}

bool fp_message_has_ended(const FpMessage *message)
{
    return message->has_ended;
}

void fp_message_on_end(FpMessage *message, void (*tell)(void *user), void *user)
{
    message->tell = tell;
    message->user = user;
}

size_t fp_messages_memory(const FpMessages *messages)
{
    return messages->memory;
}

bool fp_message_redact_payload(uint8_t *payload, size_t n, int64_t offset, const uint8_t *all, size_t all_n)
{
    const size_t before = offset == OFFSET_UNKNOWN ? n : offset < 0 ? (size_t)MIN((uint64_t)-offset, n) : 0;
    const uint64_t start = offset > 0 ? (uint64_t)offset : 0;
    const size_t known = start < all_n ? MIN(n - before, all_n - (size_t)start) : 0;

    if (n == 0)
        return false;
    memset(payload, '*', before);
    if (known > 0)
        memcpy(payload + before, all + start, known);
    memset(payload + before + known, '*', n - before - known);
    return known < n;
}

static void redact(FpMessages *messages, FpMessage *message, FpLogEntry *entry)
{
    uint8_t *bytes = fp_assembly_own_bytes(message->assembly);
    const bool from_middle = is_from_middle(messages, message->is_from_middle);

    entry->is_redacted = fp_said_redact(bytes, entry->message.n, &messages->facts, from_middle);
    size_t n;
    uint8_t *payload = fp_held_entry_payload(message->held, &n);
    if (fp_message_redact_payload(payload, n, message->offset, bytes, entry->message.n))
        entry->is_redacted = true;
}

void fp_messages_entry(FpMessages *messages, FpMessage *message, FpLogEntry *entry)
{
    *entry = *fp_held_entry_get(message->held);
    entry->message = (FpLogMessage){.is_complete = message->is_complete};
    entry->message.bytes = fp_assembly_bytes(message->assembly, &entry->message.n);
    entry->message.frames = fp_assembly_frames(message->assembly, &entry->message.n_frames);
    memset(&messages->facts, 0, sizeof messages->facts);
    if (entry->message.n > 0)
        (void)recognise(messages, message, true);
    entry->facts = &messages->facts;
    if (message->is_over && fp_assembly_is_whole(message->assembly) && !messages->facts.is_cut)
        entry->message.is_complete = true;
    note_preamble(messages, entry);
    if (messages->limits.redacts)
        redact(messages, message, entry);
}
