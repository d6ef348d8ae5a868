/* SPDX-License-Identifier: GPL-2.0-or-later */
/* asked-stream.c - a stream that tshark is asked about: its frames and its answers. See dissector-internal.h. */
#include "dissector-internal.h"

FpAskedStream *fp_asked_stream_ref(FpAskedStream *asked)
{
    g_assert(asked->refs > 0);
    asked->refs++;
    return asked;
}

static void clear_held(gpointer data)
{
    g_free(((Held *)data)->frame);
}

void fp_asked_stream_unref(FpAskedStream *asked)
{
    if (--asked->refs > 0)
        return;
    g_slist_free_full(asked->told, g_free);
    g_array_unref(asked->frames);
    g_clear_pointer(&asked->values, g_ptr_array_unref);
    g_clear_pointer(&asked->key, g_bytes_unref);
    g_free(asked->failure);
    g_free(asked);
}

FpAskedStream *fp_asked_stream_new(const FpDissector *dissector, uint32_t number, int64_t time_ns)
{
    FpAskedStream *asked = g_new0(FpAskedStream, 1);

    asked->refs = 1;
    asked->number = number;
    asked->began_ns = time_ns;
    asked->began_us = g_get_monotonic_time();
    asked->frames = g_array_new(FALSE, FALSE, sizeof(Held));
    g_array_set_clear_func(asked->frames, clear_held);
    asked->matches = dissector->questions->filter == NULL;
    if (dissector->questions->fields != NULL)
        asked->values = fp_field_values_new(dissector->questions->fields);
    return asked;
}

bool fp_asked_stream_is_done(const FpAskedStream *asked)
{
    return asked->state == DONE;
}

void fp_asked_stream_on_done(FpAskedStream *asked, void (*tell)(void *user), void *user)
{
    Told *told = g_new(Told, 1);

    *told = (Told){tell, user};
    asked->told = g_slist_prepend(asked->told, told);
}

void fp_asked_stream_forget(FpAskedStream *asked, const void *user)
{
    for (GSList *at = asked->told, *next; at != NULL; at = next) {
        Told *told = at->data;
        next = at->next;
        if (told->user != user)
            continue;
        g_free(told);
        asked->told = g_slist_delete_link(asked->told, at);
    }
}

void fp_asked_stream_tell(FpAskedStream *asked)
{
    for (const GSList *at = asked->told; at != NULL; at = at->next) {
        const Told *told = at->data;
        told->tell(told->user);
    }
}

bool fp_asked_stream_is_kept(const FpAskedStream *asked)
{
    return asked->matches;
}

bool fp_asked_stream_is_cut_off(const FpAskedStream *asked)
{
    return asked->is_cut_off;
}

const char *fp_asked_stream_failure(const FpAskedStream *asked)
{
    return asked->failure;
}

const FpFieldValues *fp_asked_stream_values(const FpAskedStream *asked)
{
    return asked->values;
}

guint fp_asked_stream_unanswered(const FpAskedStream *asked)
{
    return asked->progress[FIELDS].unanswered + asked->progress[FILTER].unanswered;
}

void fp_asked_stream_hold(FpDissector *dissector, FpAskedStream *asked, const Held *held)
{
    size_t bytes = sizeof *held->frame + sizeof *held + held->frame->captured_bytes;

    g_array_append_val(asked->frames, *held);
    asked->bytes += bytes;
    dissector->bytes += bytes;
    if (asked->state == OPEN)
        fp_tshark_pool_give(asked, held);
}

void fp_asked_stream_drop_last(FpDissector *dissector, FpAskedStream *asked)
{
    guint last = asked->frames->len - 1;
    const Held *held = &g_array_index(asked->frames, Held, last);
    size_t bytes = sizeof *held->frame + sizeof *held + held->frame->captured_bytes;

    asked->bytes -= bytes;
    dissector->bytes -= bytes;
    g_array_set_size(asked->frames, last);
}

void fp_asked_stream_fail(FpDissector *dissector, FpAskedStream *asked, const char *why)
{
    if (asked->state == DONE)
        return;
    asked->failure = g_strdup(why);
    asked->matches = true; /* a stream that could not be judged is kept */
    fp_asked_stream_finish(dissector, asked);
}

void fp_asked_stream_apply(FpDissector *dissector, FpAskedStream *asked, Kind kind, FpFieldValues *values)
{
    if (asked->state == DONE || (kind == FIELDS && asked->is_answered))
        return;
    if (kind == FILTER) {
        asked->matches = true;
        return;
    }
    for (guint i = 0; i < values->len; i++) {
        if (g_ptr_array_index(values, i) == NULL || g_ptr_array_index(asked->values, i) != NULL)
            continue;
        g_ptr_array_index(asked->values, i) = g_steal_pointer(&g_ptr_array_index(values, i));
        asked->is_answered |= dissector->ends_asking[i];
    }
}

static bool has_several_segments(const FpAskedStream *asked)
{
    guint n = 0;

    for (guint i = 0; i < asked->frames->len && n < 2; i++) {
        const Held *held = &g_array_index(asked->frames, Held, i);
        n += held->counts && !held->is_piece;
    }
    return n > 1;
}

/* Whether giving the frames as they came leaves a question open. A filter applies to the flight as a whole. */
static bool needs_whole(const FpDissector *dissector, const FpAskedStream *asked, Kind kind)
{
    if (asked->progress[kind].is_interrupted)
        return true;
    return kind == FILTER && (!dissector->filters_parts || has_several_segments(asked));
}

/* Whether tshark has nothing more to say. If that takes one more question, asks it. */
static bool is_settled(const FpDissector *dissector, FpAskedStream *asked, Kind kind)
{
    const Progress *progress = &asked->progress[kind];

    if (!asked->is_over || progress->unanswered > 0)
        return false;
    if (progress->is_whole || !needs_whole(dissector, asked, kind))
        return true;
    if (asked->generation != NULL)
        fp_tshark_pool_give_whole(asked, kind);
    return false;
}

void fp_asked_stream_check(FpDissector *dissector, FpAskedStream *asked)
{
    const FpQuestions *questions = dissector->questions;

    if (asked->state != OPEN)
        return;
    bool is_judged = asked->matches || is_settled(dissector, asked, FILTER);
    bool is_left_out = is_judged && !asked->matches;
    bool has_fields = questions->fields == NULL || asked->is_answered || (!is_left_out && is_settled(dissector, asked, FIELDS));
    if (is_judged && (has_fields || is_left_out))
        fp_asked_stream_finish(dissector, asked);
}
