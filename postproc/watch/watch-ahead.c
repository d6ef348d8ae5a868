/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * watch-ahead.c - has threads read claims before their turn, while several wait. See watch-internal.h.
 *
 * What they have read counts only if the claim is the next one when its turn comes, finished, and as it was when they began; and as always,
 * if it is still so at the end. In all other cases they are ended, and claims are read at their turn.
 *
 * If one of the threads dies, so does the process, and the claim whose turn it is gets the blame. So after a death nothing is read ahead
 * until no claim waits, which also holds after trouble, nor ever at the turn of a claim that has a death: the next death is blamed on the
 * claim that is read, and what was not to blame is read and forgotten.
 */
#include <unistd.h>

#include "capture/capture.h"
#include "pass/read-ahead.h"
#include "watch-internal.h"

#define FILES_MAX 32U /* each is open twice */

static unsigned n_threads(const Watch *watch)
{
    const unsigned wanted = watch->options->ahead.threads;

    return wanted != 0 ? wanted : fp_read_ahead_threads_default();
}

static bool is_next(Watch *watch, const FpClaim *claim)
{
    const char *next = g_queue_peek_head(&watch->ahead.paths);

    return next != NULL && g_str_equal(next, claim->path);
}

/* Has a death count as that of the next claim. */
static void note_next(Watch *watch)
{
    fp_attempts_note_ahead(watch->attempts, g_queue_peek_head(&watch->ahead.paths));
}

void fp_watch_end_ahead(Watch *watch)
{
    WatchAhead *ahead = &watch->ahead;

    g_clear_pointer(&ahead->threads, fp_read_ahead_free);
    if (g_queue_is_empty(&ahead->paths))
        return;
    for (guint i = 0; i < fp_spool_n_claims(watch->spool); i++)
        fp_spool_end_reading(watch->spool, i);
    g_queue_clear_full(&ahead->paths, g_free);
    note_next(watch);
}

/* Opens the i-th claim for the threads. Returns false if it is one that is better left until its turn. */
static bool begin_reading(Watch *watch, guint i)
{
    const FpClaim *claim = fp_spool_claim_at(watch->spool, i);

    if (claim->records_before > 0 || fp_attempts_past(watch->attempts, claim->path).deaths > 0)
        return false;
    fp_attempts_begin(watch->attempts, claim->path);
    if (fp_spool_is_finished(watch->spool, i))
        (void)fp_spool_begin_reading(watch->spool, i, NULL); /* what is wrong with it is told at its turn */
    fp_attempts_end(watch->attempts);
    if (claim->fd >= 0 && claim->bytes > 0)
        return true;
    fp_spool_end_reading(watch->spool, i);
    return false;
}

/* Has the i-th claim read. Returns false if it is not. */
static bool expect(Watch *watch, guint i)
{
    const FpClaim *claim = fp_spool_claim_at(watch->spool, i);

    if (!begin_reading(watch, i))
        return false;
    if (watch->ahead.threads == NULL)
        watch->ahead.threads = fp_pass_new_ahead(watch->pass, n_threads(watch), watch->options->ahead.memory_bytes);
    g_autofree char *path = fp_claim_reading_path(claim);
    g_queue_push_tail(&watch->ahead.paths, g_strdup(claim->path));
    if (g_queue_get_length(&watch->ahead.paths) == 1)
        note_next(watch);
    fp_read_ahead_expect(watch->ahead.threads, path, claim->path, watch->options->spool.pcapng_by_wiretap);
    return true;
}

void fp_watch_read_ahead(Watch *watch, guint i)
{
    const guint n_files_max = MIN(2 * n_threads(watch), FILES_MAX);
    GQueue *paths = &watch->ahead.paths;

    if (fp_attempts_past(watch->attempts, fp_spool_claim_at(watch->spool, i)->path).deaths > 0) {
        fp_watch_end_ahead(watch);
        return;
    }
    if (watch->ahead.is_off || n_threads(watch) < 2)
        return;
    if (!g_queue_is_empty(paths) && !is_next(watch, fp_spool_claim_at(watch->spool, i)))
        fp_watch_end_ahead(watch); /* an older claim has come */
    guint next = g_queue_is_empty(paths) ? i + 1 : i + g_queue_get_length(paths);
    while (next < fp_spool_n_claims(watch->spool) && g_queue_get_length(paths) < n_files_max && expect(watch, next))
        next++;
    if (g_queue_is_empty(paths))
        fp_watch_end_ahead(watch); /* the backlog is over, and what they have of memory is free again */
}

void fp_watch_rest(Watch *watch)
{
    fp_watch_end_ahead(watch);
    watch->ahead.is_off = false;
}

void fp_watch_check_ahead(Watch *watch, const FpClaim *claim, bool is_written)
{
    if (is_next(watch, claim) && (is_written || access(claim->path, F_OK) != 0 || fp_claim_compare(claim) != FP_AS_CLAIMED))
        fp_watch_end_ahead(watch);
}

static void take_next(Watch *watch)
{
    g_free(g_queue_pop_head(&watch->ahead.paths));
    note_next(watch);
}

FpCapture *fp_watch_open_ahead(Watch *watch, const FpClaim *claim)
{
    if (!is_next(watch, claim))
        return NULL;
    g_autofree char *path = fp_claim_reading_path(claim);
    take_next(watch);
    return fp_read_ahead_open(watch->ahead.threads, path, watch->options->spool.pcapng_by_wiretap);
}

void fp_watch_skip_ahead(Watch *watch, const FpClaim *claim)
{
    if (!is_next(watch, claim))
        return;
    g_autofree char *path = fp_claim_reading_path(claim);
    take_next(watch);
    fp_read_ahead_skip(watch->ahead.threads, path);
}
