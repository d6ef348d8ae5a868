/* SPDX-License-Identifier: GPL-2.0-or-later */
/* replies.c - see replies.h. */
#include "replies.h"

#include <string.h>

#include "base/allocated.h"
#include "base/error.h"
#include "said/answer.h"
#include "said/secrets.h"

/* As in messages.c: after so many questions the next is asked when the reply has grown by so great a part. */
#define ASKED_MAX 64U
#define ASKED_PART 8U

#define ADDRESS_BYTES_MAX 16U

/* What a stream takes in the table, at most: as in messages.c. */
#define HASH_ENTRY_BYTES 48U

/* Who spoke first, and what is known of the reply's first frame. As it is on the disk. */
typedef struct {
    int64_t first_ns, last_ns, delay_ns, offset, base;
    uint64_t frame;
    uint32_t stream, wire, captured;
    uint16_t source_port;
    uint8_t source[ADDRESS_BYTES_MAX];
    uint8_t address_bytes, side, has_come, is_over, is_held, is_midstream;
} Facts;

struct FpReply {
    Facts facts;
    FpMessage *message;   /* NULL: it has not ended yet */
    FpAssembly *assembly; /* NULL: nothing has come */
    uint8_t *payload;     /* facts.captured bytes of the first frame's */
    unsigned capture;     /* that of facts.frame, as FpReplies counts; 0: it was loaded */
    unsigned begun;       /* the capture in which the first payload frame was */
    unsigned n_asked;     /* how often the recognisers were asked */
    size_t wanted_bytes;  /* before there are as many, they are not asked again */
    gint64 last_us;       /* when the newest frame was taken, by the clock */
    bool is_known;        /* it is found by its stream */
    size_t memory;        /* as counted in FpReplies.memory */
    GList in_all, by_age, in_line;
    FpLogReply log;
};

struct FpReplies {
    FpReplyLimits limits;
    FpSaid *said;
    FpSaidAnswer answer;
    unsigned capture;      /* counts captures, from 1 */
    GHashTable *by_stream; /* those that are waited for */
    GQueue all;            /* in the order in which they began */
    GQueue by_age;         /* held, and not over; that of which nothing has come for longest is first */
    GQueue in_line;        /* held, and to be taken */
    unsigned n_held;
    size_t memory;
};

FpReplies *fp_replies_new(const FpReplyLimits *limits, GError **error)
{
    FpSaid *said = fp_said_new();

    if (said == NULL) {
        g_set_error(error, FP_ERROR, FP_ERROR_SOFTWARE, "libgcrypt: cannot be used; install Debian's libgcrypt20");
        return NULL;
    }
    FpReplies *replies = g_new0(FpReplies, 1);
    replies->limits = *limits;
    replies->limits.bytes_max = (uint32_t)MIN(limits->bytes_max, limits->memory_max / FP_MESSAGES_SHARE);
    replies->said = said;
    replies->capture = 1;
    replies->by_stream = g_hash_table_new(NULL, NULL);
    return replies;
}

void fp_reply_free(FpReply *reply)
{
    if (reply->message != NULL)
        fp_message_free(reply->message);
    fp_assembly_free(reply->assembly);
    g_free(reply->payload);
    g_free(reply);
}

void fp_replies_free(FpReplies *replies)
{
    GList *link;

    if (replies == NULL)
        return;
    while ((link = g_queue_pop_head_link(&replies->all)) != NULL)
        fp_reply_free(link->data);
    g_hash_table_unref(replies->by_stream);
    fp_said_free(replies->said);
    g_free(replies);
}

static gpointer key_of(uint32_t stream)
{
    return GSIZE_TO_POINTER((gsize)stream);
}

static FpReply *find(const FpReplies *replies, uint32_t stream)
{
    return g_hash_table_lookup(replies->by_stream, key_of(stream));
}

static void count_memory(FpReplies *replies, FpReply *reply)
{
    size_t memory = fp_allocated(sizeof *reply) + HASH_ENTRY_BYTES + fp_allocated(reply->facts.captured);

    if (reply->assembly != NULL)
        memory += fp_assembly_memory(reply->assembly);
    if (reply->message != NULL)
        memory += fp_message_memory(reply->message);
    replies->memory += memory - reply->memory;
    reply->memory = memory;
}

static FpReply *add_new(FpReplies *replies, uint32_t stream)
{
    FpReply *reply = g_new0(FpReply, 1);

    reply->facts.stream = stream;
    reply->begun = replies->capture;
    reply->in_all.data = reply->by_age.data = reply->in_line.data = reply;
    g_queue_push_tail_link(&replies->all, &reply->in_all);
    count_memory(replies, reply);
    return reply;
}

static void make_known(FpReplies *replies, FpReply *reply)
{
    reply->is_known = true;
    g_hash_table_insert(replies->by_stream, key_of(reply->facts.stream), reply);
}

/* Nothing more of it is wanted. */
static void end(FpReplies *replies, FpReply *reply)
{
    if (reply->facts.is_over)
        return;
    reply->facts.is_over = true;
    if (reply->message == NULL)
        return;
    g_queue_unlink(&replies->by_age, &reply->by_age);
    if (!replies->limits.in_order)
        g_queue_push_tail_link(&replies->in_line, &reply->in_line);
}

static void keep_within_memory(FpReplies *replies)
{
    while (replies->memory > replies->limits.memory_max && replies->by_age.head != NULL) {
        FpReply *oldest = replies->by_age.head->data;
        end(replies, oldest);
        if (!replies->limits.in_order) { /* it is taken at once */
            replies->memory -= oldest->memory;
            oldest->memory = 0;
        }
    }
}

void fp_replies_begin(FpReplies *replies, uint32_t stream, const FpSegment *segment)
{
    if (find(replies, stream) != NULL)
        return;
    FpReply *reply = add_new(replies, stream);
    reply->facts.first_ns = segment->time_ns;
    reply->facts.source_port = segment->source_port;
    reply->facts.address_bytes = segment->address_bytes;
    memcpy(reply->facts.source, segment->source, segment->address_bytes);
    make_known(replies, reply);
}

/* Whether a segment is of the side that spoke first. */
static bool is_of_first(const FpReply *reply, const FpSegment *segment)
{
    return segment->source_port == reply->facts.source_port &&
           memcmp(segment->source, reply->facts.source, reply->facts.address_bytes) == 0;
}

bool fp_replies_is_open(const FpReplies *replies, uint32_t stream)
{
    const FpReply *reply = find(replies, stream);

    return reply != NULL && !reply->facts.is_over;
}

bool fp_replies_wants(const FpReplies *replies, uint32_t stream, const FpSegment *segment)
{
    const FpReply *reply = find(replies, stream);

    return reply != NULL && !reply->facts.is_over && !is_of_first(reply, segment);
}

/* Asks the recognisers, which do not know who is the server; is_over: nothing more will come. The answer is that of replies. */
static FpSaidResult recognise(FpReplies *replies, const FpReply *reply, bool is_over)
{
    FpSaidMessage said = {.speaker = FP_SAID_BY_ANYBODY, .is_over = is_over};

    said.bytes = fp_assembly_bytes(reply->assembly, &said.n);
    return fp_said_answer(replies->said, &said, &replies->answer);
}

static void judge(FpReplies *replies, FpReply *reply, bool is_datagram)
{
    size_t n;

    (void)fp_assembly_bytes(reply->assembly, &n);
    if (is_datagram || fp_assembly_is_full(reply->assembly)) {
        end(replies, reply);
        return;
    }
    if (n == 0 || n < reply->wanted_bytes)
        return;
    reply->wanted_bytes = ++reply->n_asked >= ASKED_MAX ? n + n / ASKED_PART : n + 1;
    if (recognise(replies, reply, false) != FP_SAID_MORE)
        end(replies, reply);
}

/* Notes the first frame. Where the stream's start was not captured, its bytes are counted from here. */
static void note_first(FpReplies *replies, FpReply *reply, const FpSegment *segment, const FpVerdict *verdict, const FpMessagePart *part)
{
    const FpSpan payload = fp_span_first(part->payload, replies->limits.payload_bytes);
    Facts *facts = &reply->facts;

    facts->has_come = true;
    facts->is_midstream = verdict->midstream;
    if (!part->is_datagram)
        facts->base = verdict->midstream ? part->offset : fp_message_base(part, false, replies->limits.bytes_max);
    facts->offset = part->is_datagram ? 0 : part->offset - facts->base;
    facts->delay_ns = fp_time_difference(segment->time_ns, facts->first_ns);
    facts->side = (uint8_t)verdict->side;
    facts->frame = part->frame;
    facts->wire = part->payload.wire;
    facts->captured = payload.captured;
    reply->capture = replies->capture;
    reply->payload = g_memdup2(payload.bytes, payload.captured);
    reply->assembly = fp_assembly_new(replies->limits.bytes_max);
}

static bool is_too_old(const FpReplies *replies, const FpReply *reply, int64_t now_ns)
{
    int64_t difference = fp_time_difference(now_ns, reply->facts.last_ns);

    return difference > replies->limits.wait_ns || difference < -replies->limits.wait_ns;
}

void fp_replies_add(FpReplies *replies, const FpSegment *segment, const FpVerdict *verdict, const FpMessagePart *part)
{
    FpReply *reply = find(replies, verdict->stream);

    if (!reply->facts.has_come && !(verdict->classes & FP_CLASS_REPLY))
        return;
    if (reply->message != NULL && is_too_old(replies, reply, part->time_ns)) { /* behind one in by_age that is not */
        end(replies, reply);
        return;
    }
    if (!reply->facts.has_come)
        note_first(replies, reply, segment, verdict, part);
    if (part->is_datagram)
        fp_assembly_append(reply->assembly, part->payload, 0);
    else
        fp_assembly_add(reply->assembly, part->offset - reply->facts.base, part->payload, 0);
    reply->facts.last_ns = part->time_ns;
    reply->last_us = g_get_monotonic_time();
    if (reply->message != NULL) {
        g_queue_unlink(&replies->by_age, &reply->by_age);
        g_queue_push_tail_link(&replies->by_age, &reply->by_age);
    }
    count_memory(replies, reply);
    judge(replies, reply, part->is_datagram);
    keep_within_memory(replies);
}

void fp_replies_close(FpReplies *replies, uint32_t stream, const FpSegment *segment)
{
    FpReply *reply = find(replies, stream);

    if (reply != NULL && (segment->flags & FP_TCP_RST || (segment->flags & FP_TCP_FIN && !is_of_first(reply, segment))))
        end(replies, reply);
}

static void hold(FpReplies *replies, FpReply *reply, FpMessage *message)
{
    reply->message = message;
    reply->facts.is_held = true;
    reply->facts.last_ns = MAX(reply->facts.last_ns, fp_message_last_ns(message));
    reply->last_us = g_get_monotonic_time();
    replies->n_held++;
    if (!reply->facts.is_over)
        g_queue_push_tail_link(&replies->by_age, &reply->by_age);
    if (reply->facts.is_over || replies->limits.in_order)
        g_queue_push_tail_link(&replies->in_line, &reply->in_line);
    count_memory(replies, reply);
    keep_within_memory(replies);
}

void fp_replies_hold(FpReplies *replies, FpMessage *message)
{
    FpReply *reply = fp_message_is_later(message) ? NULL : find(replies, fp_message_stream(message));

    if (reply == NULL || reply->message != NULL) { /* it waits for none */
        reply = add_new(replies, fp_message_stream(message));
        reply->facts.is_over = true;
    }
    hold(replies, reply, message);
}

FpReply *fp_replies_take(FpReplies *replies)
{
    FpReply *reply = replies->in_line.head != NULL ? replies->in_line.head->data : NULL;

    if (reply == NULL || !reply->facts.is_over)
        return NULL;
    g_queue_unlink(&replies->in_line, &reply->in_line);
    g_queue_unlink(&replies->all, &reply->in_all);
    if (reply->is_known)
        g_hash_table_remove(replies->by_stream, key_of(reply->facts.stream));
    replies->n_held--;
    replies->memory -= reply->memory;
    return reply;
}

FpMessage *fp_reply_message(const FpReply *reply)
{
    return reply->message;
}

/* Hides the secrets of the reply; of its first frame as well, as far as that is part of what was put together. */
static bool redact(FpReplies *replies, FpReply *reply)
{
    const FpSaidFacts facts = {.protocol = replies->answer.protocol};
    const bool begins_before = reply->facts.is_midstream || reply->facts.base != 0 || reply->facts.offset < 0;
    const bool from_middle = begins_before && facts.protocol == FP_SAID_NOTHING;
    uint8_t *bytes = fp_assembly_own_bytes(reply->assembly);
    size_t n;

    (void)fp_assembly_bytes(reply->assembly, &n);
    bool is_redacted = fp_said_redact(bytes, n, &facts, from_middle);
    return fp_message_redact_payload(reply->payload, reply->facts.captured, reply->facts.offset, bytes, n) || is_redacted;
}

void fp_replies_entry(FpReplies *replies, FpReply *reply, FpLogEntry *entry)
{
    if (!reply->facts.has_come)
        return;
    (void)recognise(replies, reply, true);
    if (replies->limits.redacts && redact(replies, reply))
        entry->is_redacted = true;
    reply->log = (FpLogReply){.payload = {.bytes = reply->payload, .captured = reply->facts.captured, .wire = reply->facts.wire},
                              .frame = reply->capture == reply->begun ? reply->facts.frame : 0,
                              .delay_ns = reply->facts.delay_ns,
                              .side = (FpSide)reply->facts.side,
                              .answer = &replies->answer};
    entry->reply = &reply->log;
}

void fp_replies_expire(FpReplies *replies, int64_t now_ns)
{
    while (replies->by_age.head != NULL && is_too_old(replies, replies->by_age.head->data, now_ns))
        end(replies, replies->by_age.head->data);
}

void fp_replies_expire_by_clock(FpReplies *replies)
{
    gint64 before_us = g_get_monotonic_time() - replies->limits.wait_ns / 1000;

    while (replies->by_age.head != NULL && ((const FpReply *)replies->by_age.head->data)->last_us < before_us)
        end(replies, replies->by_age.head->data);
}

/* Those whose messages have yet to be held, too. */
void fp_replies_end_all(FpReplies *replies)
{
    for (GList *link = replies->all.head; link != NULL; link = link->next)
        end(replies, link->data);
}

void fp_replies_next_capture(FpReplies *replies)
{
    replies->capture++;
}

unsigned fp_replies_n_held(const FpReplies *replies)
{
    return replies->n_held;
}

bool fp_replies_has_state(const FpReplies *replies)
{
    return replies->all.length > 0;
}

static bool save(const FpReply *reply, FpStreamsWrite write, void *user)
{
    const Facts *facts = &reply->facts;

    return write(user, facts, sizeof *facts) && (facts->captured == 0 || write(user, reply->payload, facts->captured)) &&
           (!facts->has_come || fp_assembly_save(reply->assembly, write, user)) &&
           (!facts->is_held || fp_message_save(reply->message, write, user));
}

bool fp_replies_save(const FpReplies *replies, FpStreamsWrite write, void *user)
{
    const uint64_t n = replies->all.length;
    bool is_written = write(user, &n, sizeof n);

    for (const GList *link = replies->all.head; is_written && link != NULL; link = link->next)
        is_written = save(link->data, write, user);
    return is_written;
}

static bool makes_sense(const Facts *facts)
{
    return facts->captured <= FP_LOG_PAYLOAD_BYTES_MAX && facts->captured <= facts->wire && facts->side <= FP_SIDE_SERVER &&
           (facts->address_bytes == 0 || facts->address_bytes == 4 || facts->address_bytes == 16) &&
           (facts->has_come || facts->captured == 0);
}

/* What follows the facts of a reply. */
static bool load_rest(FpReply *reply, FpStreamsRead read, void *user)
{
    const Facts *facts = &reply->facts;

    reply->payload = g_malloc(facts->captured);
    if (!read(user, reply->payload, facts->captured))
        return false;
    reply->assembly = facts->has_come ? fp_assembly_load(read, user) : NULL;
    if (facts->has_come && reply->assembly == NULL)
        return false;
    return !facts->is_held || (reply->message = fp_message_load(read, user)) != NULL;
}

static bool load(FpReplies *replies, FpStreamsRead read, void *user)
{
    Facts facts;

    if (!read(user, &facts, sizeof facts) || !makes_sense(&facts))
        return false;
    FpReply *reply = add_new(replies, facts.stream);
    reply->facts = facts;
    reply->begun = 0;
    reply->capture = replies->capture; /* frames of other captures have no numbers in its line */
    if (!load_rest(reply, read, user))
        return false;
    if (find(replies, facts.stream) == NULL)
        make_known(replies, reply);
    if (facts.is_held)
        hold(replies, reply, g_steal_pointer(&reply->message));
    count_memory(replies, reply);
    return facts.is_held || reply->is_known;
}

static gint compare_ages(gconstpointer a, gconstpointer b, gpointer nothing)
{
    int64_t first = ((const FpReply *)a)->facts.last_ns, second = ((const FpReply *)b)->facts.last_ns;

    (void)nothing;
    return first < second ? -1 : first > second;
}

bool fp_replies_load(FpReplies *replies, FpStreamsRead read, void *user)
{
    uint64_t n;

    if (!read(user, &n, sizeof n))
        return false;
    for (; n > 0; n--)
        if (!load(replies, read, user))
            return false;
    g_queue_sort(&replies->by_age, compare_ages, NULL); /* they were saved in the order in which they began */
    return true;
}
