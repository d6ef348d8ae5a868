/* SPDX-License-Identifier: GPL-2.0-or-later */
/* asker.c - one tshark of a dissector: what it is given of streams, and its answers. See asked.h. */
#include "asked.h"

#define MARK_EACH 64U /* frames that a filter is asked of */

static void free_given(gpointer data)
{
    Given *given = data;

    if (given->asked != NULL)
        fp_asked_unref(given->asked);
    g_free(given);
}

static void take_answer(void *user, uint64_t number, FpFieldValues *values)
{
    Asker *asker = user;
    FpDissector *dissector = asker->generation->dissector;

    asker->has_answered = true;
    asker->progress_us = g_get_monotonic_time();
    for (;;) {
        Given *given = g_queue_peek_head(&asker->given);
        if (given == NULL || given->number > number)
            return;
        g_queue_pop_head(&asker->given);
        if (given->asked != NULL) {
            given->asked->progress[asker->kind].unanswered--;
            if (given->number == number && given->counts)
                fp_asked_apply(dissector, given->asked, asker->kind, values);
            fp_asked_check(dissector, given->asked);
        }
        free_given(given);
    }
}

static void push(Asker *asker, uint64_t number, FpAsked *asked, bool counts)
{
    Given *given = g_new(Given, 1);

    if (g_queue_is_empty(&asker->given))
        asker->progress_us = g_get_monotonic_time();
    *given = (Given){.number = number, .asked = asked != NULL ? fp_asked_ref(asked) : NULL, .counts = counts};
    g_queue_push_tail(&asker->given, given);
}

void fp_asker_mark(Asker *asker, size_t bytes)
{
    push(asker, fp_tshark_mark(asker->tshark, bytes), NULL, false);
    asker->unmarked = 0;
    asker->marked_us = g_get_monotonic_time();
}

bool fp_asker_start(Asker *asker, Generation *generation, Kind kind, GError **error)
{
    const FpQuestions *questions = generation->dissector->questions;
    const FpTsharkQuestion question = {.fields = kind == FIELDS ? questions->fields : NULL,
                                       .filter = kind == FILTER ? questions->filter : NULL};

    asker->generation = generation;
    asker->kind = kind;
    if (question.fields == NULL && question.filter == NULL)
        return true;
    asker->owners = g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
    asker->tshark = fp_tshark_start(&question, take_answer, asker, error);
    return asker->tshark != NULL;
}

void fp_asker_clear(Asker *asker)
{
    fp_tshark_free(asker->tshark);
    g_queue_clear_full(&asker->given, free_given);
    g_clear_pointer(&asker->owners, g_hash_table_unref);
}

/* Whether a stream's frames are given as they come. */
static bool takes_parts(const Asker *asker)
{
    return asker->tshark != NULL && (asker->kind == FIELDS || asker->generation->dissector->filters_parts);
}

static void give(Asker *asker, FpAsked *asked, const FpTsharkFrame *frame, bool counts)
{
    push(asker, fp_tshark_give(asker->tshark, frame), asked, counts);
    asked->progress[asker->kind].unanswered++;
    asker->n_frames++;
    asker->unmarked++;
    if (asker->kind == FILTER && asker->unmarked >= MARK_EACH)
        fp_asker_mark(asker, FP_MARK_BYTES);
}

static void give_held(Asker *asker, FpAsked *asked, const Held *held)
{
    give(asker, asked, held->frame, held->counts);
}

static void give_own(Asker *asker, FpAsked *asked, FpTsharkFrame *frame)
{
    give(asker, asked, frame, false);
    g_free(frame);
}

static bool is_owner(const Asker *asker, const FpAsked *asked)
{
    return GPOINTER_TO_SIZE(g_hash_table_lookup(asker->owners, asked->key)) == (size_t)asked->number + 1;
}

/* Whether one of the frames held so far is a SYN; besides those of the flight, as payload may be in one. */
static bool has_syn(const FpAsked *asked)
{
    for (guint i = 0; i < asked->frames->len; i++) {
        const Held *held = &g_array_index(asked->frames, Held, i);
        if (held->is_syn && !held->counts)
            return true;
    }
    return false;
}

/* Has what is given next be a new connection's for tshark: it takes a SYN for that whose number is not the one it knows. So one with a
 * number that no frame of ours has goes first, if anything was given on these endpoints before. */
static void introduce(Asker *asker, FpAsked *asked, bool needs_syn)
{
    bool is_known = g_hash_table_contains(asker->owners, asked->key);

    g_hash_table_replace(asker->owners, g_bytes_ref(asked->key), GSIZE_TO_POINTER((size_t)asked->number + 1));
    if (is_known)
        give_own(asker, asked, fp_connection_other_syn(&asked->connection));
    if (has_syn(asked) || (!is_known && !needs_syn))
        return;
    give_own(asker, asked, fp_connection_syn(&asked->connection));
    give_own(asker, asked, fp_connection_syn_ack(&asked->connection));
}

void fp_askers_join(Generation *generation, FpAsked *asked)
{
    asked->generation = generation;
    generation->n_asked++;
    for (Kind kind = FIELDS; kind < N_KINDS; kind++) {
        Asker *asker = &generation->askers[kind];
        if (!takes_parts(asker) || asked->progress[kind].is_interrupted)
            continue;
        introduce(asker, asked, false);
        for (guint i = 0; i < asked->frames->len; i++)
            give_held(asker, asked, &g_array_index(asked->frames, Held, i));
    }
}

void fp_askers_leave(FpAsked *asked)
{
    if (asked->generation != NULL)
        asked->generation->n_asked--;
    asked->generation = NULL;
    for (Kind kind = FIELDS; kind < N_KINDS; kind++)
        asked->progress[kind].is_interrupted = true;
}

void fp_askers_give(FpAsked *asked, const Held *held)
{
    for (Kind kind = FIELDS; kind < N_KINDS && asked->generation != NULL; kind++) {
        Asker *asker = &asked->generation->askers[kind];
        Progress *progress = &asked->progress[kind];
        if (!takes_parts(asker) || progress->is_interrupted)
            continue;
        progress->is_interrupted = !is_owner(asker, asked);
        if (!progress->is_interrupted)
            give_held(asker, asked, held);
    }
}

/* Of the frames that begin where the flight does, the one that goes farthest: with it all before the first gap is there. */
static const Held *find_first_bytes(const FpAsked *asked)
{
    const Held *found = NULL;

    for (guint i = 0; i < asked->frames->len; i++) {
        const Held *held = &g_array_index(asked->frames, Held, i);
        if (!held->counts || held->is_piece)
            continue;
        if (found == NULL || held->relative_seq < found->relative_seq ||
            (held->relative_seq == found->relative_seq && held->payload_bytes > found->payload_bytes))
            found = held;
    }
    return found;
}

/* A frame with the pieces before it. */
static void give_datagram(Asker *asker, FpAsked *asked, const Held *last, bool counts)
{
    const Held *held = last, *begin = &g_array_index(asked->frames, Held, 0);

    while (held > begin && held[-1].is_piece)
        held--;
    for (; held < last; held++)
        give(asker, asked, held->frame, false);
    give(asker, asked, last->frame, counts);
}

/* tshark keeps segments that come before their turn, and takes all of them together for the payload of the one that was missing. */
static void give_first_bytes_last(Asker *asker, FpAsked *asked)
{
    const Held *first = find_first_bytes(asked);

    for (guint i = 0; i < asked->frames->len; i++) {
        const Held *held = &g_array_index(asked->frames, Held, i);
        if (!held->is_piece && (!held->counts || held->relative_seq != first->relative_seq))
            give_datagram(asker, asked, held, false);
    }
    give_datagram(asker, asked, first, true);
}

void fp_askers_give_whole(FpAsked *asked, Kind kind)
{
    Asker *asker = &asked->generation->askers[kind];

    asked->progress[kind].is_whole = true;
    introduce(asker, asked, true);
    if (kind == FILTER) {
        give_first_bytes_last(asker, asked);
        return;
    }
    for (guint i = 0; i < asked->frames->len; i++)
        give_held(asker, asked, &g_array_index(asked->frames, Held, i));
}
