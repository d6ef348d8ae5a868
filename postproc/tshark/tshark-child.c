/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tshark-child.c - one tshark of a dissector: what it is given of streams, and its answers. See dissector-internal.h. */
#include "dissector-internal.h"

#define MARK_EACH 64U /* frames that a filter is asked about */

static void free_given(gpointer data)
{
    Given *given = data;

    if (given->asked != NULL)
        fp_asked_stream_unref(given->asked);
    g_free(given);
}

static void take_answer(void *user, uint64_t number, FpFieldValues *values)
{
    TsharkChild *child = user;
    FpDissector *dissector = child->generation->dissector;

    child->has_answered = true;
    child->progress_us = g_get_monotonic_time();
    for (;;) {
        Given *given = g_queue_peek_head(&child->given);
        if (given == NULL || given->number > number)
            return;
        g_queue_pop_head(&child->given);
        if (given->asked != NULL) {
            given->asked->progress[child->kind].unanswered--;
            if (given->number == number && given->counts)
                fp_asked_stream_apply(dissector, given->asked, child->kind, values);
            fp_asked_stream_check(dissector, given->asked);
        }
        free_given(given);
    }
}

static void push(TsharkChild *child, uint64_t number, FpAskedStream *asked, bool counts)
{
    Given *given = g_new(Given, 1);

    if (g_queue_is_empty(&child->given))
        child->progress_us = g_get_monotonic_time();
    *given = (Given){.number = number, .asked = asked != NULL ? fp_asked_stream_ref(asked) : NULL, .counts = counts};
    g_queue_push_tail(&child->given, given);
}

void fp_tshark_child_mark(TsharkChild *child, size_t bytes)
{
    push(child, fp_tshark_mark(child->tshark, bytes), NULL, false);
    child->unmarked = 0;
    child->marked_us = g_get_monotonic_time();
}

bool fp_tshark_child_start(TsharkChild *child, Generation *generation, Kind kind, GError **error)
{
    const FpQuestions *questions = generation->dissector->questions;
    const FpTsharkQuestion question = {.fields = kind == FIELDS ? questions->fields : NULL,
                                       .filter = kind == FILTER ? questions->filter : NULL};

    child->generation = generation;
    child->kind = kind;
    if (question.fields == NULL && question.filter == NULL)
        return true;
    child->owners = g_hash_table_new_full(g_bytes_hash, g_bytes_equal, (GDestroyNotify)g_bytes_unref, NULL);
    child->tshark = fp_tshark_start(&question, take_answer, child, error);
    return child->tshark != NULL;
}

void fp_tshark_child_clear(TsharkChild *child)
{
    fp_tshark_free(child->tshark);
    g_queue_clear_full(&child->given, free_given);
    g_clear_pointer(&child->owners, g_hash_table_unref);
}

/* Whether frames of streams are given as they come. */
static bool takes_parts(const TsharkChild *child)
{
    return child->tshark != NULL && (child->kind == FIELDS || child->generation->dissector->filters_parts);
}

static void give(TsharkChild *child, FpAskedStream *asked, const FpTsharkFrame *frame, bool counts)
{
    push(child, fp_tshark_give(child->tshark, frame), asked, counts);
    asked->progress[child->kind].unanswered++;
    child->n_frames++;
    child->unmarked++;
    if (child->kind == FILTER && child->unmarked >= MARK_EACH)
        fp_tshark_child_mark(child, FP_MARK_BYTES);
}

static void give_held(TsharkChild *child, FpAskedStream *asked, const Held *held)
{
    give(child, asked, held->frame, held->counts);
}

static void give_own(TsharkChild *child, FpAskedStream *asked, FpTsharkFrame *frame)
{
    give(child, asked, frame, false);
    g_free(frame);
}

static bool is_owner(const TsharkChild *child, const FpAskedStream *asked)
{
    return GPOINTER_TO_SIZE(g_hash_table_lookup(child->owners, asked->key)) == (size_t)asked->number + 1;
}

/* Whether a frame held so far is a SYN outside the flight; a SYN with payload is part of it. */
static bool has_syn(const FpAskedStream *asked)
{
    for (guint i = 0; i < asked->frames->len; i++) {
        const Held *held = &g_array_index(asked->frames, Held, i);
        if (held->is_syn && !held->counts)
            return true;
    }
    return false;
}

/* Makes tshark take what is given next for a new connection. It does so at a SYN whose number is not the one it knows. So if anything was
 * given on these endpoints before, a SYN with a number that no other frame of ours has goes first. */
static void introduce(TsharkChild *child, FpAskedStream *asked, bool needs_syn)
{
    bool is_known = g_hash_table_contains(child->owners, asked->key);

    g_hash_table_replace(child->owners, g_bytes_ref(asked->key), GSIZE_TO_POINTER((size_t)asked->number + 1));
    if (is_known)
        give_own(child, asked, fp_connection_other_syn(&asked->connection));
    if (has_syn(asked) || (!is_known && !needs_syn))
        return;
    give_own(child, asked, fp_connection_syn(&asked->connection));
    give_own(child, asked, fp_connection_syn_ack(&asked->connection));
}

void fp_tshark_pool_join(Generation *generation, FpAskedStream *asked)
{
    asked->generation = generation;
    generation->n_asked++;
    for (Kind kind = FIELDS; kind < N_KINDS; kind++) {
        TsharkChild *child = &generation->children[kind];
        if (!takes_parts(child) || asked->progress[kind].is_interrupted)
            continue;
        introduce(child, asked, false);
        for (guint i = 0; i < asked->frames->len; i++)
            give_held(child, asked, &g_array_index(asked->frames, Held, i));
    }
}

void fp_tshark_pool_leave(FpAskedStream *asked)
{
    if (asked->generation != NULL)
        asked->generation->n_asked--;
    asked->generation = NULL;
    for (Kind kind = FIELDS; kind < N_KINDS; kind++)
        asked->progress[kind].is_interrupted = true;
}

void fp_tshark_pool_give(FpAskedStream *asked, const Held *held)
{
    for (Kind kind = FIELDS; kind < N_KINDS && asked->generation != NULL; kind++) {
        TsharkChild *child = &asked->generation->children[kind];
        Progress *progress = &asked->progress[kind];
        if (!takes_parts(child) || progress->is_interrupted)
            continue;
        progress->is_interrupted = !is_owner(child, asked);
        if (!progress->is_interrupted)
            give_held(child, asked, held);
    }
}

/* Of the frames that begin where the flight does, returns the one that reaches farthest: with it, all before the first gap is there. */
static const Held *find_first_bytes(const FpAskedStream *asked)
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

/* Gives a frame, with the IP fragments before it. */
static void give_datagram(TsharkChild *child, FpAskedStream *asked, const Held *last, bool counts)
{
    const Held *held = last, *begin = &g_array_index(asked->frames, Held, 0);

    while (held > begin && held[-1].is_piece)
        held--;
    for (; held < last; held++)
        give(child, asked, held->frame, false);
    give(child, asked, last->frame, counts);
}

/* tshark keeps segments that come out of order, and takes all of them together for the payload of the one that was missing. */
static void give_first_bytes_last(TsharkChild *child, FpAskedStream *asked)
{
    const Held *first = find_first_bytes(asked);

    for (guint i = 0; i < asked->frames->len; i++) {
        const Held *held = &g_array_index(asked->frames, Held, i);
        if (!held->is_piece && (!held->counts || held->relative_seq != first->relative_seq))
            give_datagram(child, asked, held, false);
    }
    give_datagram(child, asked, first, true);
}

void fp_tshark_pool_give_whole(FpAskedStream *asked, Kind kind)
{
    TsharkChild *child = &asked->generation->children[kind];

    asked->progress[kind].is_whole = true;
    introduce(child, asked, true);
    if (kind == FILTER) {
        give_first_bytes_last(child, asked);
        return;
    }
    for (guint i = 0; i < asked->frames->len; i++)
        give_held(child, asked, &g_array_index(asked->frames, Held, i));
}
