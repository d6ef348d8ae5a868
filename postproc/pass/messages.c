/* SPDX-License-Identifier: GPL-2.0-or-later */
/* messages.c - see messages.h. */
#include "messages.h"

#include <string.h>

#include "base/allocated.h"
#include "base/error.h"

/* After so many questions the next is asked when the message has grown by so great a part: whoever sends a byte in each frame must not have
 * us read all of it each time. */
#define ASKED_MAX 64U
#define ASKED_PART 8U

/* What an entry of a hash table takes: key, value and hash, in a table that is between a quarter and all full. */
#define HASH_ENTRY_BYTES 48U

/* A first message of QUIC takes one to four; more are not looked at. */
#define DATAGRAMS_MAX 32U

struct FpMessage {
    FpHeldEntry *held;
    FpAssembly *assembly;
    FpSaidSpeaker speaker;
    bool is_datagrams;
    unsigned capture;    /* FpMessages.capture when it began; 0: it was loaded */
    unsigned n_asked;    /* how often the recognisers were asked */
    size_t wanted_bytes; /* with fewer the recognisers would say the same as before */
    int64_t last_ns;     /* when its newest frame was captured, */
    gint64 last_us;      /* and taken, by the clock */
    bool has_ended;
    bool is_complete;         /* nothing more is wanted of it */
    bool is_over;             /* its flight is */
    size_t memory;            /* as counted in FpMessages.memory */
    GList by_age;             /* its place there, until it ends */
    GList in_line;            /* its place among those that are to be taken */
    void (*tell)(void *user); /* who is told when it ends; NULL: nobody */
    void *user;
};

struct FpMessages {
    FpMessageLimits limits;
    FpSaid *said;
    FpSaidFacts facts;
    unsigned capture;      /* counts captures, from 1 */
    uint64_t first_frame;  /* of the entry that fp_messages_begin did not hold */
    GHashTable *by_stream; /* those that go on */
    GQueue by_age;         /* the same; that of which nothing has come for longest is first */
    GQueue in_line;        /* those that are to be taken */
    size_t memory;
};

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
    messages->by_stream = g_hash_table_new(NULL, NULL);
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
    g_hash_table_unref(messages->by_stream);
    fp_said_free(messages->said);
    g_free(messages);
}

static gpointer key_of(uint32_t stream)
{
    return GSIZE_TO_POINTER((gsize)stream);
}

static FpMessage *find(const FpMessages *messages, uint32_t stream)
{
    return g_hash_table_lookup(messages->by_stream, key_of(stream));
}

static uint32_t stream_of(const FpMessage *message)
{
    return fp_held_entry_get(message->held)->verdict->stream;
}

static void end(FpMessages *messages, FpMessage *message, bool is_complete)
{
    message->has_ended = true;
    message->is_complete = is_complete;
    g_hash_table_remove(messages->by_stream, key_of(stream_of(message)));
    g_queue_unlink(&messages->by_age, &message->by_age);
    if (message->tell != NULL)
        message->tell(message->user);
    if (messages->limits.in_order)
        return;
    g_queue_push_tail_link(&messages->in_line, &message->in_line);
    messages->memory -= message->memory; /* it is taken at once */
    message->memory = 0;
}

static void count_memory(FpMessages *messages, FpMessage *message)
{
    size_t memory =
        fp_allocated(sizeof *message) + HASH_ENTRY_BYTES + fp_held_entry_bytes(message->held) + fp_assembly_memory(message->assembly);

    messages->memory += memory - message->memory;
    message->memory = memory;
}

/* Asks the recognisers what a message says; facts are those of messages. */
static FpSaidResult recognise(FpMessages *messages, const FpMessage *message, bool is_over)
{
    FpSaidMessage said = {.speaker = message->speaker, .is_over = is_over};
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

/* Asks the recognisers, unless they would say what they said before. Ends the message when nothing more of it is wanted, or can come. */
static void judge(FpMessages *messages, FpMessage *message)
{
    size_t n;

    (void)fp_assembly_bytes(message->assembly, &n);
    if (n > 0 && n >= message->wanted_bytes) {
        message->n_asked++;
        if (recognise(messages, message, false) != FP_SAID_MORE) {
            end(messages, message, true);
            return;
        }
        message->wanted_bytes = messages->facts.wanted_bytes;
        if (message->n_asked >= ASKED_MAX)
            message->wanted_bytes = MAX(message->wanted_bytes, n + n / ASKED_PART);
    }
    if (fp_assembly_is_full(message->assembly))
        end(messages, message, false);
}

/* In order, one that goes on holds up all behind it, so all end. */
static void keep_within_memory(FpMessages *messages)
{
    while (messages->memory > messages->limits.memory_max && messages->by_age.head != NULL)
        end(messages, messages->by_age.head->data, false);
}

static void add_part(FpMessages *messages, FpMessage *message, const FpMessagePart *part)
{
    const uint64_t frame = message->capture == messages->capture ? part->frame : 0;

    if (part->is_datagram)
        fp_assembly_append(message->assembly, part->payload, frame);
    else
        fp_assembly_add(message->assembly, part->offset, part->payload, frame);
    message->last_ns = part->time_ns;
    message->last_us = g_get_monotonic_time();
    count_memory(messages, message);
    judge(messages, message);
}

/* Puts a message where those go on that have not ended. */
static void join(FpMessages *messages, FpMessage *message)
{
    message->by_age.data = message->in_line.data = message;
    g_hash_table_insert(messages->by_stream, key_of(stream_of(message)), message);
    g_queue_push_tail_link(&messages->by_age, &message->by_age);
    if (messages->limits.in_order)
        g_queue_push_tail_link(&messages->in_line, &message->in_line);
}

static FpMessage *hold(const FpMessages *messages, const FpLogEntry *entry, const FpMessagePart *part, FpSaidSpeaker speaker)
{
    FpMessage *message = g_new0(FpMessage, 1);

    message->held = fp_held_entry_new(entry, messages->limits.payload_bytes);
    message->assembly = fp_assembly_new(messages->limits.bytes_max);
    message->speaker = speaker;
    message->is_datagrams = part->is_datagram;
    message->capture = messages->capture;
    return message;
}

/* Whether a first payload frame says all by itself, and its line need not wait for others. Then sets its message and facts. */
static bool is_complete(FpMessages *messages, FpLogEntry *entry, const FpMessagePart *part, FpSaidSpeaker speaker)
{
    const FpSaidMessage said = {.bytes = part->payload.bytes, .n = part->payload.captured, .speaker = speaker};
    const FpSaidText datagram = {said.bytes, said.n};

    if (messages->limits.holds_all || (part->offset != 0 && !part->is_datagram) || said.n == 0 || said.n > messages->limits.bytes_max ||
        messages->in_line.head != NULL)
        return false;
    FpSaidResult result = part->is_datagram ? fp_said_recognise_datagrams(messages->said, &datagram, 1, false, &messages->facts)
                                            : fp_said_recognise(messages->said, &said, &messages->facts);
    if (result == FP_SAID_MORE || (result == FP_SAID_UNKNOWN && said.n < part->payload.wire))
        return false;
    messages->first_frame = part->frame;
    entry->message = (FpLogMessage){.bytes = said.bytes, .n = said.n, .frames = &messages->first_frame, .n_frames = 1, .is_complete = true};
    entry->facts = &messages->facts;
    return true;
}

FpMessage *fp_messages_begin(FpMessages *messages, FpLogEntry *entry, const FpMessagePart *part)
{
    static const FpSaidSpeaker speakers[] = {
        [FP_SIDE_UNKNOWN] = FP_SAID_BY_ANYBODY, [FP_SIDE_CLIENT] = FP_SAID_BY_CLIENT, [FP_SIDE_SERVER] = FP_SAID_BY_SERVER};
    const FpSaidSpeaker speaker = speakers[entry->verdict->side];

    if (is_complete(messages, entry, part, speaker))
        return NULL;
    FpMessage *message = hold(messages, entry, part, speaker);
    join(messages, message);
    add_part(messages, message, part);
    keep_within_memory(messages);
    return message;
}

unsigned fp_messages_n_open(const FpMessages *messages)
{
    return messages->by_age.length;
}

bool fp_messages_is_open(const FpMessages *messages, uint32_t stream)
{
    return messages->by_age.length > 0 && find(messages, stream) != NULL;
}

static bool is_too_old(const FpMessages *messages, const FpMessage *message, int64_t now_ns)
{
    int64_t difference = fp_time_difference(now_ns, message->last_ns);

    return difference > messages->limits.wait_ns || difference < -messages->limits.wait_ns; /* below 0: clocks step back */
}

void fp_messages_add(FpMessages *messages, uint32_t stream, const FpMessagePart *part)
{
    FpMessage *message = find(messages, stream);

    if (message == NULL)
        return;
    if (is_too_old(messages, message, part->time_ns)) {
        end(messages, message, false);
        return;
    }
    g_queue_unlink(&messages->by_age, &message->by_age);
    g_queue_push_tail_link(&messages->by_age, &message->by_age);
    add_part(messages, message, part);
    keep_within_memory(messages);
}

void fp_messages_end(FpMessages *messages, uint32_t stream)
{
    FpMessage *message = find(messages, stream);

    if (message == NULL)
        return;
    message->is_over = true;
    end(messages, message, false);
}

void fp_messages_expire(FpMessages *messages, int64_t now_ns)
{
    while (messages->by_age.head != NULL && is_too_old(messages, messages->by_age.head->data, now_ns))
        end(messages, messages->by_age.head->data, false);
}

void fp_messages_expire_by_clock(FpMessages *messages)
{
    gint64 before_us = g_get_monotonic_time() - messages->limits.wait_ns / 1000;

    while (messages->by_age.head != NULL && ((const FpMessage *)messages->by_age.head->data)->last_us < before_us)
        end(messages, messages->by_age.head->data, false);
}

void fp_messages_end_all(FpMessages *messages)
{
    while (messages->by_age.head != NULL)
        end(messages, messages->by_age.head->data, false);
}

void fp_messages_next_capture(FpMessages *messages)
{
    messages->capture++;
}

FpMessage *fp_messages_take(FpMessages *messages)
{
    FpMessage *message = messages->in_line.head != NULL ? messages->in_line.head->data : NULL;

    if (message == NULL || !message->has_ended)
        return NULL;
    fp_messages_take_out(messages, message);
    return message;
}

void fp_messages_take_out(FpMessages *messages, FpMessage *message)
{
    if (!message->has_ended)
        end(messages, message, false);
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
}

/* A message on the disk; its entry and assembly follow. */
typedef struct {
    int64_t last_ns;
    uint64_t wanted_bytes;
    uint8_t speaker, is_datagrams, has_ended, is_complete, is_over, nothing[3];
} Saved;

static bool save(const FpMessage *message, FpStreamsWrite write, void *user)
{
    const Saved saved = {.last_ns = message->last_ns,
                         .wanted_bytes = message->wanted_bytes,
                         .speaker = (uint8_t)message->speaker,
                         .is_datagrams = message->is_datagrams,
                         .has_ended = message->has_ended,
                         .is_complete = message->is_complete,
                         .is_over = message->is_over};

    return write(user, &saved, sizeof saved) && fp_held_entry_save(message->held, write, user) &&
           fp_assembly_save(message->assembly, write, user);
}

bool fp_messages_save(const FpMessages *messages, FpStreamsWrite write, void *user)
{
    const GQueue *all = messages->limits.in_order ? &messages->in_line : &messages->by_age;
    const uint64_t n = all->length;
    bool is_written = write(user, &n, sizeof n);

    for (const GList *link = all->head; is_written && link != NULL; link = link->next)
        is_written = save(link->data, write, user);
    return is_written;
}

unsigned fp_messages_n_saved(const GByteArray *bytes)
{
    uint64_t n = 0;

    if (bytes->len >= sizeof n)
        memcpy(&n, bytes->data, sizeof n);
    return (unsigned)n;
}

static bool load(FpMessages *messages, FpStreamsRead read, void *user)
{
    Saved saved;

    if (!read(user, &saved, sizeof saved) || saved.speaker > FP_SAID_BY_SERVER)
        return false;
    FpHeldEntry *held = fp_held_entry_load(read, user);
    FpAssembly *assembly = held != NULL ? fp_assembly_load(read, user) : NULL;
    if (assembly == NULL || find(messages, fp_held_entry_get(held)->verdict->stream) != NULL) {
        fp_held_entry_free(held);
        fp_assembly_free(assembly);
        return false;
    }
    FpMessage *message = g_new0(FpMessage, 1);
    *message = (FpMessage){.held = held,
                           .assembly = assembly,
                           .speaker = (FpSaidSpeaker)saved.speaker,
                           .wanted_bytes = (size_t)saved.wanted_bytes,
                           .is_datagrams = saved.is_datagrams,
                           .is_over = saved.is_over,
                           .last_ns = saved.last_ns,
                           .last_us = g_get_monotonic_time()};
    join(messages, message);
    count_memory(messages, message);
    if (saved.has_ended)
        end(messages, message, saved.is_complete);
    return true;
}

/* Streams are numbered as they begin, and where they say something first that order will do. */
static gint compare_streams(gconstpointer a, gconstpointer b, gpointer nothing)
{
    uint32_t first = stream_of(a), second = stream_of(b);

    (void)nothing;
    return first < second ? -1 : first > second;
}

bool fp_messages_load(FpMessages *messages, FpStreamsRead read, void *user)
{
    uint64_t n;

    if (!read(user, &n, sizeof n))
        return false;
    for (; n > 0; n--)
        if (!load(messages, read, user))
            return false;
    g_queue_sort(&messages->in_line, compare_streams, NULL); /* it may have been saved in another order */
    return true;
}
