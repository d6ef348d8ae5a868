/* SPDX-License-Identifier: GPL-2.0-or-later */
/* messages-saved.c - messages on the disk, see messages.h. */
#include <string.h>

#include "messages-internal.h"

/* A message on the disk; its entry and assembly follow. */
typedef struct {
    int64_t last_ns;
    uint64_t wanted_bytes;
    uint8_t speaker, is_datagrams, has_ended, is_complete, is_over, place, begins_elsewhere,
        has_base; /* place: since there are later ones; has_base: base follows */
} Saved;

/* Saved.begins_elsewhere: where the first payload frame begins, if not with the first byte. What is before that byte is not in the message.
 */
enum { BEHIND = 1, BEFORE };

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
                         .begins_elsewhere = message->offset == 0      ? 0
                                             : message->is_from_middle ? BEFORE
                                                                       : BEHIND,
                         .has_base = message->base != 0};
    const FpLogEntry *entry = fp_held_entry_get(message->held);
    const SavedLater later = {.turn = entry->turn, .way = entry->way};

    return write(user, &saved, sizeof saved) && (message->base == 0 || write(user, &message->base, sizeof message->base)) &&
           (message->place == FIRST || write(user, &later, sizeof later)) && fp_held_entry_save(message->held, write, user) &&
           fp_assembly_save(message->assembly, write, user);
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
    int64_t base = 0;

    if (!read(user, &saved, sizeof saved) || saved.speaker > FP_SAID_BY_SERVER || saved.place >= N_PLACES)
        return NULL;
    if (saved.has_base && (!read(user, &base, sizeof base) || base != (int32_t)base))
        return NULL;
    if (saved.place != FIRST && !read(user, &later, sizeof later))
        return NULL;
    FpHeldEntry *held = fp_held_entry_load(read, user);
    FpAssembly *assembly = held != NULL ? fp_assembly_load(read, user) : NULL;
    if (assembly == NULL || (saved.is_datagrams && !fp_assembly_may_be_datagrams(assembly))) {
        fp_assembly_free(assembly);
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
                           .base = base,
                           .is_from_middle = verdict->midstream || base != 0 || saved.begins_elsewhere == BEFORE,
                           .offset = saved.begins_elsewhere || (verdict->out_of_order && base == 0) ? OFFSET_UNKNOWN : 0,
                           .last_ns = saved.last_ns,
                           .last_us = g_get_monotonic_time()};
    return message;
}

static bool load(FpMessages *messages, FpStreamsRead read, void *user)
{
    FpMessage *message = fp_message_load(read, user);

    if (message == NULL)
        return false;
    if (fp_messages_find(messages, fp_message_stream(message), message->place) != NULL) {
        fp_message_free(message);
        return false;
    }
    fp_messages_join(messages, message);
    fp_messages_count_memory(messages, message);
    if (message->has_ended)
        fp_messages_finish(messages, message, message->is_complete);
    return true;
}

/* Streams are numbered as they begin, and where they say something first that order will do. */
static gint compare_streams(gconstpointer a, gconstpointer b, gpointer nothing)
{
    uint32_t first = fp_message_stream(a), second = fp_message_stream(b);

    (void)nothing;
    return first < second ? -1 : first > second;
}

static gint compare_ages(gconstpointer a, gconstpointer b, gpointer nothing)
{
    int64_t first = fp_message_last_ns(a), second = fp_message_last_ns(b);

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
            fp_messages_finish(messages, message, false);
    }
    return is_read;
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
    g_queue_sort(&messages->by_age, compare_ages, NULL);
    if (has_hellos)
        return load_hellos(messages, read, user);
    g_queue_sort(&messages->in_line, compare_streams, NULL); /* it may have been saved in another order */
    return true;
}
