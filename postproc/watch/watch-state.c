/* SPDX-License-Identifier: GPL-2.0-or-later */
/* watch-state.c - what the watcher has in memory and on the disk, and how each becomes the other. See watch-internal.h. */
#include "watch-internal.h"

#include "base/journal.h"

void fp_watch_forget_uncommitted(Watch *watch)
{
    fp_watch_end_ahead(watch);
    g_clear_pointer(&watch->pass, fp_pass_free); /* so that the next round restores it */
}

bool fp_watch_restore(Watch *watch, GError **error)
{
    const FpSelection *selection = &watch->options->selection;

    fp_watch_forget_uncommitted(watch);
    fp_checkpoint_clear(&watch->state);
    watch->n_built = 0;
    watch->is_settled = false; /* the checkpoint may be newer than what was known */
    if (!fp_checkpoint_load(watch->folder.path, &selection->rules, selection->max_streams, selection->network_kinds, &watch->state, error))
        return false;
    fp_spool_set_taken(watch->spool, watch->state.taken);
    FpStreams *streams = g_steal_pointer(&watch->state.streams);
    const bool has_streams = streams != NULL;
    if (streams == NULL)
        streams = fp_pass_new_streams(selection, true, error);
    if (streams == NULL)
        return false;
    fp_streams_stats(streams, &watch->state.totals.summary.streams); /* for the status, should the rest fail */
    if (!fp_outbox_discard(watch->outbox, watch->state.committed, error)) {
        fp_streams_free(streams);
        return false;
    }
    if (watch->dissector != NULL)
        fp_dissector_restart(watch->dissector, watch->state.seen.matched);
    watch->pass = fp_pass_new(selection, streams, &watch->state.totals.summary, watch->dissector, NULL, NULL);
    fp_pass_load_messages(watch->pass, watch->state.messages, !has_streams);
    return true;
}

void fp_watch_add_seen(Watch *watch, const FpClaim *claim)
{
    if (claim->identity != 0)
        g_array_append_val(watch->state.seen.files, claim->identity);
}

/* Forgets files that are gone from the inbox. */
static void prune_seen(Watch *watch)
{
    g_autoptr(GArray) present = fp_spool_present(watch->spool);
    g_autoptr(GHashTable) set = g_hash_table_new(g_int64_hash, g_int64_equal);
    GArray *files = watch->state.seen.files;
    guint kept = 0;

    if (present == NULL)
        return;
    for (guint i = 0; i < present->len; i++)
        g_hash_table_add(set, &g_array_index(present, uint64_t, i));
    for (guint i = 0; i < files->len; i++)
        if (g_hash_table_contains(set, &g_array_index(files, uint64_t, i)))
            g_array_index(files, uint64_t, kept++) = g_array_index(files, uint64_t, i);
    g_array_set_size(files, kept);
}

static bool save_state(Watch *watch, GError **error)
{
    gint64 began_us = g_get_monotonic_time();

    watch->state.streams = fp_pass_streams(watch->pass);
    fp_pass_save_messages(watch->pass, watch->state.messages);
    g_array_unref(watch->state.taken);
    watch->state.taken = fp_spool_taken(watch->spool, watch->state.committed);
    if (watch->dissector != NULL) {
        g_array_unref(watch->state.seen.matched);
        watch->state.seen.matched = fp_dissector_matched(watch->dissector);
    }
    bool is_saved = fp_checkpoint_save(watch->folder.path, &watch->state, &watch->is_doubtful, error);
    watch->state.streams = NULL;
    watch->status.figures[FP_FIGURE_CHECKPOINT_NS] = (uint64_t)(g_get_monotonic_time() - began_us) * 1000;
    return is_saved;
}

bool fp_watch_commit(Watch *watch, uint64_t number, GError **error)
{
    uint64_t before = watch->state.committed;

    watch->state.committed = number;
    prune_seen(watch);
    if (!fp_watch_find_folders(watch, error) || !fp_spool_sync(watch->spool, error) ||
        !fp_outbox_sync_built(watch->outbox, before, watch->n_built, error)) {
        watch->state.committed = before;
        fp_watch_forget_uncommitted(watch);
        return false;
    }
    watch->n_built = 0;
    watch->is_undecided = true;
    return fp_watch_decide(watch, error);
}

bool fp_watch_withdraw(Watch *watch, uint64_t before)
{
    if (!watch->is_undecided || watch->is_doubtful)
        return false;
    watch->is_undecided = false;
    watch->state.committed = before;
    return true;
}

bool fp_watch_decide(Watch *watch, GError **error)
{
    if (!watch->is_undecided)
        return true;
    watch->is_undecided = !save_state(watch, error);
    if (!watch->is_undecided)
        watch->is_settled = false;
    return !watch->is_undecided;
}

bool fp_watch_settle(Watch *watch, GError **error)
{
    if (watch->is_settled)
        return true;
    if (!fp_outbox_publish(watch->outbox, watch->state.committed, error))
        return false;
    watch->status.figures[FP_FIGURE_LAST_PUBLISHED_NS] = (uint64_t)fp_watch_now_ns();
    watch->is_settled = fp_spool_dispose(watch->spool, watch->state.committed, error);
    return watch->is_settled;
}
