/* SPDX-License-Identifier: GPL-2.0-or-later */
/* messages.c - see messages.h. */
#include "messages.h"

#include <string.h>

#include "base/allocated.h"
#include "base/error.h"
#include "said/secrets.h"

/* After so many questions the next is asked when the message has grown by so great a part: whoever sends a byte in each frame must not have
 * us read all of it each time. */
#define ASKED_MAX 64U
#define ASKED_PART 8U

/* What an entry of a hash table takes: key, value and hash, in a table that is between a quarter and all full. */
#define HASH_ENTRY_BYTES 48U

/* A first message of QUIC takes one to four; more are not looked at. */
#define DATAGRAMS_MAX 32U

/* Which message of its stream one is. */
enum { FIRST, LATER /* of direction 0; and of 1 */, N_PLACES = LATER + 2 };

/* Of a message that was loaded, if its first payload frame does not have its first byte. */
#define OFFSET_UNKNOWN INT64_MIN

struct FpMessage {
    FpHeldEntry *held;
    FpAssembly *assembly;
    FpSaidSpeaker speaker;
    uint8_t place;
    bool is_datagrams;
    bool is_from_middle; /* what the side said before its first payload frame is not known */
    int64_t offset;      /* of that frame's payload, see FpMessagePart; OFFSET_UNKNOWN */
    bool is_left_out;    /* it has ended, and is no ClientHello where one was looked for */
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
    unsigned capture;                /* counts captures, from 1 */
    uint64_t first_frame;            /* of the entry that fp_messages_begin did not hold */
    GByteArray *redacted;            /* its payload, if secrets are hidden */
    GHashTable *by_stream[N_PLACES]; /* those that go on */
    GQueue by_age;                   /* the same; that of which nothing has come for longest is first */
    GQueue in_line;                  /* those that are to be taken */
    size_t memory;
    FpHellos *hellos; /* NULL: later ones are not looked for */
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

static FpMessage *find(const FpMessages *messages, uint32_t stream, unsigned place)
{
    return g_hash_table_lookup(messages->by_stream[place], key_of(stream));
}

static uint32_t stream_of(const FpMessage *message)
{
    return fp_held_entry_get(message->held)->verdict->stream;
}

uint32_t fp_message_stream(const FpMessage *message)
{
    return stream_of(message);
}

int64_t fp_message_last_ns(const FpMessage *message)
{
    return message->last_ns;
}

size_t fp_message_memory(const FpMessage *message)
{
    return fp_allocated(sizeof *message) + HASH_ENTRY_BYTES + fp_held_entry_bytes(message->held) + fp_assembly_memory(message->assembly);
}

static void count_memory(FpMessages *messages, FpMessage *message)
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

static void end(FpMessages *messages, FpMessage *message, bool is_complete);

/* Ends what else may be a hello of a stream, which has had one. */
static void drop_later(FpMessages *messages, uint32_t stream)
{
    for (unsigned place = LATER; place < N_PLACES; place++) {
        FpMessage *other = find(messages, stream, place);
        if (other != NULL)
            end(messages, other, false);
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

static void end(FpMessages *messages, FpMessage *message, bool is_complete)
{
    message->has_ended = true;
    message->is_complete = is_complete;
    g_hash_table_remove(messages->by_stream[message->place], key_of(stream_of(message)));
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
    g_hash_table_insert(messages->by_stream[message->place], key_of(stream_of(message)), message);
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
    message->is_from_middle = entry->verdict->midstream;
    message->offset = part->is_datagram ? 0 : part->offset;
    message->capture = messages->capture;
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

static FpSaidSpeaker speaker_of(const FpLogEntry *entry)
{
    static const FpSaidSpeaker speakers[] = {
        [FP_SIDE_UNKNOWN] = FP_SAID_BY_ANYBODY, [FP_SIDE_CLIENT] = FP_SAID_BY_CLIENT, [FP_SIDE_SERVER] = FP_SAID_BY_SERVER};

    return speakers[entry->verdict->side];
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

    if (messages->limits.holds_all || (part->offset != 0 && !part->is_datagram) || said.n == 0 || said.n > messages->limits.bytes_max ||
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
        entry->is_redacted =
            fp_said_redact(messages->redacted->data, said.n, &messages->facts, is_from_middle(messages, entry->verdict->midstream));
    return true;
}

FpMessage *fp_messages_begin(FpMessages *messages, FpLogEntry *entry, const FpMessagePart *part)
{
    const FpSaidSpeaker speaker = speaker_of(entry);
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
    FpMessage *message = hold(messages, entry, part, speaker);
    join(messages, message);
    add_part(messages, message, part);
    keep_within_memory(messages);
    return message;
}

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
    const FpSaidMessage said = {.bytes = part->payload.bytes, .n = part->payload.captured, .speaker = speaker_of(entry), .is_later = true};

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
    FpMessage *message = hold(messages, entry, &first, speaker_of(entry));
    message->place = (uint8_t)(LATER + direction);
    join(messages, message);
    add_part(messages, message, &first);
    keep_within_memory(messages);
    return message;
}

FpMessage *fp_messages_later(const FpMessages *messages, uint32_t stream, unsigned direction)
{
    return messages->by_age.length > 0 ? find(messages, stream, LATER + direction) : NULL;
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

FpHellos *fp_messages_hellos(const FpMessages *messages)
{
    return messages->hellos;
}

unsigned fp_messages_n_open(const FpMessages *messages)
{
    return messages->by_age.length;
}

bool fp_messages_is_open(const FpMessages *messages, uint32_t stream)
{
    return messages->by_age.length > 0 && find(messages, stream, FIRST) != NULL;
}

static bool is_too_old(const FpMessages *messages, const FpMessage *message, int64_t now_ns)
{
    int64_t difference = fp_time_difference(now_ns, message->last_ns);

    return difference > messages->limits.wait_ns || difference < -messages->limits.wait_ns; /* below 0: clocks step back */
}

static void add(FpMessages *messages, uint32_t stream, unsigned place, const FpMessagePart *part)
{
    FpMessage *message = find(messages, stream, place);

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

void fp_messages_add(FpMessages *messages, uint32_t stream, const FpMessagePart *part)
{
    add(messages, stream, FIRST, part);
}

void fp_messages_add_later(FpMessages *messages, uint32_t stream, unsigned direction, const FpMessagePart *part)
{
    add(messages, stream, LATER + direction, part);
}

static void end_of(FpMessages *messages, uint32_t stream, unsigned place)
{
    FpMessage *message = find(messages, stream, place);

    if (message == NULL)
        return;
    message->is_over = true;
    end(messages, message, false);
}

void fp_messages_end(FpMessages *messages, uint32_t stream)
{
    end_of(messages, stream, FIRST);
}

void fp_messages_end_later(FpMessages *messages, uint32_t stream, unsigned direction)
{
    end_of(messages, stream, LATER + direction);
}

void fp_messages_expire(FpMessages *messages, int64_t now_ns)
{
    if (messages->hellos != NULL)
        fp_hellos_expire(messages->hellos, now_ns);
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
        end(messages, message, false);
    g_queue_unlink(&messages->in_line, &message->in_line);
    messages->memory -= message->memory;
}

bool fp_message_is_left_out(const FpMessage *message)
{
    return message->is_left_out;
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

/* A message on the disk; its entry and assembly follow. */
typedef struct {
    int64_t last_ns;
    uint64_t wanted_bytes;
    uint8_t speaker, is_datagrams, has_ended, is_complete, is_over, place, begins_elsewhere,
        nothing; /* place: since there are later ones */
} Saved;

/* With later messages, or streams that are followed: a bit in their number, and of each later message this behind it. */
#define HAS_HELLOS (UINT64_C(1) << 63)

typedef struct {
    uint32_t turn;
    uint8_t way, nothing[3];
} SavedLater;

bool fp_message_save(const FpMessage *message, FpStreamsWrite write, void *user)
{
    const Saved saved = {.last_ns = message->last_ns,
                         .wanted_bytes = message->wanted_bytes,
                         .speaker = (uint8_t)message->speaker,
                         .is_datagrams = message->is_datagrams,
                         .has_ended = message->has_ended,
                         .is_complete = message->is_complete,
                         .is_over = message->is_over,
                         .place = message->place,
                         .begins_elsewhere = message->offset != 0};
    const FpLogEntry *entry = fp_held_entry_get(message->held);
    const SavedLater later = {.turn = entry->turn, .way = entry->way};

    return write(user, &saved, sizeof saved) && (message->place == FIRST || write(user, &later, sizeof later)) &&
           fp_held_entry_save(message->held, write, user) && fp_assembly_save(message->assembly, write, user);
}

/* Whether there is something of later hellos: a message has not been taken, or a stream is followed. */
static bool has_later(const FpMessages *messages)
{
    return messages->hellos != NULL && (fp_hellos_n(messages->hellos) > 0 || g_hash_table_size(messages->by_stream[LATER]) > 0 ||
                                        g_hash_table_size(messages->by_stream[LATER + 1]) > 0);
}

bool fp_messages_has_state(const FpMessages *messages)
{
    return messages->by_age.length > 0 || has_later(messages);
}

bool fp_messages_save(const FpMessages *messages, FpStreamsWrite write, void *user)
{
    const GQueue *all = messages->limits.in_order ? &messages->in_line : &messages->by_age;
    const bool has_hellos = has_later(messages);
    uint64_t n = has_hellos ? HAS_HELLOS : 0;

    for (const GList *link = all->head; link != NULL; link = link->next)
        n += !((const FpMessage *)link->data)->is_left_out;
    bool is_written = write(user, &n, sizeof n);
    for (const GList *link = all->head; is_written && link != NULL; link = link->next)
        is_written = ((const FpMessage *)link->data)->is_left_out || fp_message_save(link->data, write, user);
    return is_written && (!has_hellos || fp_hellos_save(messages->hellos, write, user));
}

static uint64_t saved_number(const GByteArray *bytes)
{
    uint64_t n = 0;

    if (bytes->len >= sizeof n)
        memcpy(&n, bytes->data, sizeof n);
    return n;
}

unsigned fp_messages_n_saved(const GByteArray *bytes)
{
    return (unsigned)(saved_number(bytes) & ~HAS_HELLOS);
}

bool fp_messages_saved_hellos(const GByteArray *bytes)
{
    return (saved_number(bytes) & HAS_HELLOS) != 0;
}

FpMessage *fp_message_load(FpStreamsRead read, void *user)
{
    Saved saved;
    SavedLater later = {0};

    if (!read(user, &saved, sizeof saved) || saved.speaker > FP_SAID_BY_SERVER || saved.place >= N_PLACES)
        return NULL;
    if (saved.place != FIRST && !read(user, &later, sizeof later))
        return NULL;
    FpHeldEntry *held = fp_held_entry_load(read, user);
    FpAssembly *assembly = held != NULL ? fp_assembly_load(read, user) : NULL;
    if (assembly == NULL) {
        fp_held_entry_free(held);
        return NULL;
    }
    fp_held_entry_set_turn(held, later.turn, later.way);
    const FpVerdict *verdict = fp_held_entry_get(held)->verdict;
    FpMessage *message = g_new0(FpMessage, 1);
    *message = (FpMessage){.held = held,
                           .assembly = assembly,
                           .speaker = (FpSaidSpeaker)saved.speaker,
                           .wanted_bytes = (size_t)saved.wanted_bytes,
                           .place = saved.place,
                           .is_datagrams = saved.is_datagrams,
                           .has_ended = saved.has_ended,
                           .is_complete = saved.is_complete,
                           .is_over = saved.is_over,
                           .is_from_middle = verdict->midstream,
                           .offset = saved.begins_elsewhere || verdict->out_of_order ? OFFSET_UNKNOWN : 0,
                           .last_ns = saved.last_ns,
                           .last_us = g_get_monotonic_time()};
    return message;
}

static bool load(FpMessages *messages, FpStreamsRead read, void *user)
{
    FpMessage *message = fp_message_load(read, user);

    if (message == NULL)
        return false;
    if (find(messages, stream_of(message), message->place) != NULL) {
        fp_message_free(message);
        return false;
    }
    join(messages, message);
    count_memory(messages, message);
    if (message->has_ended)
        end(messages, message, message->is_complete);
    return true;
}

/* Streams are numbered as they begin, and where they say something first that order will do. */
static gint compare_streams(gconstpointer a, gconstpointer b, gpointer nothing)
{
    uint32_t first = stream_of(a), second = stream_of(b);

    (void)nothing;
    return first < second ? -1 : first > second;
}

/* Where later hellos are no longer looked for, what there is of them goes: its lines are not wanted. */
static bool load_hellos(FpMessages *messages, FpStreamsRead read, void *user)
{
    if (messages->hellos != NULL)
        return fp_hellos_load(messages->hellos, read, user);
    FpHellos *nobody = fp_hellos_new(1);
    bool is_read = fp_hellos_load(nobody, read, user);
    fp_hellos_free(nobody);
    for (GList *link = messages->by_age.head, *next; link != NULL; link = next) {
        FpMessage *message = link->data;
        next = link->next;
        message->is_left_out = message->place != FIRST;
        if (message->is_left_out)
            end(messages, message, false);
    }
    return is_read;
}

void fp_messages_take_hellos(FpMessages *messages, FpMessages *other)
{
    fp_hellos_free(messages->hellos);
    messages->hellos = g_steal_pointer(&other->hellos);
}

bool fp_messages_load(FpMessages *messages, FpStreamsRead read, void *user)
{
    uint64_t n;

    if (!read(user, &n, sizeof n))
        return false;
    const bool has_hellos = n & HAS_HELLOS;
    for (n &= ~HAS_HELLOS; n > 0; n--)
        if (!load(messages, read, user))
            return false;
    if (has_hellos)
        return load_hellos(messages, read, user);
    g_queue_sort(&messages->in_line, compare_streams, NULL); /* it may have been saved in another order */
    return true;
}
