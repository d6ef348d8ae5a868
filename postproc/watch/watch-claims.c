/* SPDX-License-Identifier: GPL-2.0-or-later */
/* watch-claims.c - takes claimed captures, one after the other, and puts aside those of which no outputs can be built. See
 * watch-internal.h. */
#include "watch-internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/journal.h"
#include "base/notify.h"
#include "capture/capture.h"
#include "spool/compressed-copies.h"

#define GROUP_US 250000 /* files taken within this time share a checkpoint */
#define GROUP_FILES FP_CHECKPOINT_TAKEN

/* What came of a claim. */
typedef enum {
    BUILT,
    BAD,     /* it is not a capture, or is damaged */
    TROUBLE, /* something else does not work */
    CHANGED, /* it was written to while it was read: it is begun anew once that has ended */
    STOPPED, /* a signal came */
    WAITS,   /* it was not begun: somebody writes to it, or claims before it must be committed first */
} Built;

/* Warns of streams that tshark could not be asked about. It is not asked again: the outputs of that file stay as they are. */
static void note_unanswered(const FpClaim *claim, const FpSummary *before, const FpSummary *now)
{
    if (fp_summary_unanswered(now) == fp_summary_unanswered(before))
        return;
    fp_journal(G_LOG_LEVEL_WARNING, claim->number, claim->name,
               "%s: tshark could not be asked about all its streams: %" G_GUINT64_FORMAT " have no fields, %" G_GUINT64_FORMAT
               " are kept without being judged",
               claim->name, now->without_fields - before->without_fields, now->unjudged - before->unjudged);
}

static void note_built(Watch *watch, const FpClaim *claim, const FpCapture *capture, const FpSummary *before, guint n_waiting)
{
    FpTotals *totals = &watch->state.totals;

    totals->files++;
    totals->summary.bytes_in += fp_capture_bytes_read(capture);
    totals->files_empty += totals->summary.frames == before->frames;
    totals->last_frame_ns = MAX(totals->last_frame_ns, fp_pass_newest_ns(watch->pass));
    if (fp_capture_cut(capture) != NULL) {
        totals->summary.captures_cut++;
        fp_journal(G_LOG_LEVEL_MESSAGE, claim->number, claim->name, "%s: %s", claim->name, fp_capture_cut(capture));
    }
    note_unanswered(claim, before, &totals->summary);
    fp_journal(G_LOG_LEVEL_INFO, claim->number, claim->name,
               "%s: %" G_GUINT64_FORMAT " frames, %" G_GUINT64_FORMAT " kept, %" G_GUINT64_FORMAT " streams with payload; waiting: %u",
               claim->name, totals->summary.frames - before->frames, totals->summary.kept - before->kept,
               totals->summary.streams_with_payload - before->streams_with_payload, n_waiting);
}

/* Why a claim cannot be opened: an errno; 0: it can. */
static int opening_failure(const FpClaim *claim)
{
    int fd = open(claim->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW), failure = errno;

    if (fd < 0)
        return failure;
    close(fd);
    return 0;
}

/* Decides what to blame for a claim that could not be taken. A failure to read may be gone the next time. */
static Built blame(Watch *watch, const FpClaim *claim, bool is_reading, const GError *failure)
{
    if (failure->code == FP_ERROR_DATA || failure->code == FP_ERROR_USAGE) /* usage: --filter does not suit its link type */
        return BAD;
    if (!is_reading)
        return TROUBLE;
    switch (opening_failure(claim)) {
    case ENOENT:
    case EACCES:
    case EPERM:
    case ELOOP:
        return BAD;
    case EMFILE:
    case ENFILE:
    case ENOMEM:
        return TROUBLE;
    default:
        watch->read_failures = watch->read_failed == claim->number ? watch->read_failures + 1 : 1;
        watch->read_failed = claim->number;
        return watch->read_failures >= READ_ATTEMPTS ? BAD : TROUBLE;
    }
}

/* Whether the claim holds the same as one that was taken, and so needs no output. */
static bool is_copy(Watch *watch, const FpClaim *claim, uint64_t beginning)
{
    if (claim->records_before > 0 || !fp_compressed_copies_is_copy(claim->name, beginning, watch->state.seen.names))
        return false;
    fp_journal(G_LOG_LEVEL_MESSAGE, claim->number, claim->name,
               "%s: a copy, compressed differently, of a capture that has been taken; it has no output", claim->name);
    return true;
}

/* A file that stays in the inbox may be overwritten while it is read; then its output would be of neither. A file that was moved is still
 * there and can be read again: for that error is not set. */
static bool is_as_claimed(const FpClaim *claim, GError **error)
{
    FpSameness sameness = fp_claim_compare(claim);

    if (sameness == FP_OVERWRITTEN && claim->identity != 0)
        g_set_error(error, FP_ERROR, FP_ERROR_DATA, "%s: was overwritten before it was read; what it held is lost", claim->path);
    if (sameness == FP_CANNOT_TELL)
        fp_error_set_errno(error, FP_ERROR_IO, claim->path, "cannot be looked at");
    return sameness == FP_AS_CLAIMED;
}

static FpCapture *open_claim(Watch *watch, const FpClaim *claim, const char *path, const FpFollower *follower, GError **error)
{
    bool by_wiretap = watch->options->spool.pcapng_by_wiretap;

    if (follower != NULL)
        return fp_capture_follow(path, by_wiretap, follower, error);
    FpCapture *capture = fp_watch_open_ahead(watch, claim);
    return capture != NULL ? capture : fp_capture_open_as(path, claim->path, by_wiretap, error);
}

/* A writer that shortens its file takes back what has been read. */
static bool is_all_there(const FpCapture *capture, GError **error)
{
    if (fp_capture_early_end(capture) == NULL)
        return true;
    g_set_error(error, FP_ERROR, FP_ERROR_DATA, "%s: %s", fp_capture_path(capture), fp_capture_early_end(capture));
    return false;
}

/* Notes what was taken of the claim. */
static void note_read(Watch *watch, guint i, const FpSummary *before, uint64_t beginning)
{
    const FpClaim *claim = fp_spool_claim_at(watch->spool, i);

    fp_spool_note_taken(watch->spool, i, claim->records_before + watch->state.totals.summary.frames - before->frames, beginning);
    fp_compressed_copies_note(watch->state.seen.names, claim->name, beginning);
}

/* Builds the outputs of a claim that has been opened. is_written: it is unfinished, and is followed. */
static Built build_opened(Watch *watch, guint i, bool is_written, GError **error)
{
    const FpClaim *claim = fp_spool_claim_at(watch->spool, i);
    g_autofree char *path = fp_claim_reading_path(claim);
    WatchFollowing following = {.watch = watch, .i = i};
    FpFollower follower = {fp_watch_wait_for_more, &following};
    FpSummary before = watch->state.totals.summary;
    GError *failure = NULL;

    if (claim->fd >= 0 && claim->bytes == 0) {
        watch->state.totals.files++;
        watch->state.totals.files_empty++;
        note_read(watch, i, &before, 0);
        return BUILT;
    }
    uint64_t beginning = fp_compressed_copies_beginning(path);
    if (is_copy(watch, claim, beginning)) {
        watch->state.totals.files++;
        fp_spool_note_taken(watch->spool, i, 0, beginning);
        return BUILT;
    }
    g_autoptr(FpCapture) capture = open_claim(watch, claim, path, is_written ? &follower : NULL, &failure);
    if (watch->dissector != NULL)
        fp_dissector_set_live(watch->dissector, is_written, false);
    bool is_built = capture != NULL && fp_watch_build_outputs(watch, claim, capture, is_written ? &following : NULL, &failure);
    g_clear_error(&following.failure);
    if (is_built && (watch->signals.stop || (is_written && watch->signals.reload)))
        return STOPPED;
    is_built = is_built && is_as_claimed(claim, &failure) && is_all_there(capture, &failure);
    if (!is_built && failure == NULL)
        return CHANGED;
    if (!is_built) {
        Built blamed = blame(watch, claim, capture == NULL || fp_pass_failed_reading(watch->pass), failure);
        g_propagate_error(error, failure);
        return blamed;
    }
    note_built(watch, claim, capture, &before, fp_spool_n_claims(watch->spool) - i - 1);
    note_read(watch, i, &before, beginning);
    return BUILT;
}

/* A disk may take long for that, and who is killed meanwhile was not reading. */
static void sync_claim(Watch *watch, guint i)
{
    fp_attempts_begin(watch->attempts, NULL);
    fp_notify("WATCHDOG=1");
    fp_spool_sync_claim(watch->spool, i);
    fp_attempts_end(watch->attempts);
}

static Built build(Watch *watch, guint i, bool is_written, GError **error)
{
    GError *failure = NULL;
    Built built;

    fp_watch_check_ahead(watch, fp_spool_claim_at(watch->spool, i), is_written);
    if (fp_spool_begin_reading(watch->spool, i, &failure)) {
        built = build_opened(watch, i, is_written, error);
        fp_watch_skip_ahead(watch, fp_spool_claim_at(watch->spool, i)); /* a copy has not been opened */
        if (built == BUILT)
            sync_claim(watch, i);
    } else {
        built = blame(watch, fp_spool_claim_at(watch->spool, i), true, failure);
        g_propagate_error(error, failure);
    }
    fp_spool_end_reading(watch->spool, i);
    return built;
}

/* Puts a bad claim aside. Takes ownership of why. */
static bool fail_claim(Watch *watch, guint i, GError *why, GError **error)
{
    const FpClaim *claim = fp_spool_claim_at(watch->spool, i);

    fp_status_set_word(&watch->status, FP_WORD_LAST_FAILURE, why->message);
    fp_watch_add_seen(watch, claim);
    bool is_moved = fp_outbox_discard(watch->outbox, claim->number - 1, error) && fp_spool_fail(watch->spool, i, why->message, error);
    watch->state.totals.files_failed += is_moved;
    g_error_free(why);
    return is_moved;
}

/* Puts a claim aside that turned out bad only after some of it had been taken. All is then as if it had not been there. */
static bool fail_claim_begun(Watch *watch, guint i, GError *why, GError **error)
{
    if (fp_watch_restore(watch, error) && fail_claim(watch, i, g_steal_pointer(&why), error))
        return fp_watch_commit(watch, watch->state.committed, error);
    g_clear_error(&why);
    return false;
}

static void note_taken(Watch *watch, const FpClaim *claim)
{
    fp_watch_add_seen(watch, claim);
    fp_status_set_word(&watch->status, FP_WORD_LAST_FILE, claim->name);
    watch->status.figures[FP_FIGURE_LAG_NS] = (uint64_t)MAX(fp_watch_now_ns() - claim->changed_ns, 0);
}

static bool can_follow(const Watch *watch, const FpClaim *claim)
{
    const FpWatchOptions *options = watch->options;

    return options->spool.follows && fp_capture_can_be_followed(claim->path, options->spool.pcapng_by_wiretap);
}

/* Whether reading the claim has killed the process too often. Then sets error. */
static bool is_given_up(const FpAttemptsPast *past, const FpClaim *claim, GError **error)
{
    if (!fp_attempts_are_over(past))
        return false;
    g_set_error(error, FP_ERROR, FP_ERROR_DATA,
                "%s: offset %" G_GUINT64_FORMAT ": the process has died %u times while it read this file, last here or up to %u MiB "
                "further on; it is not tried again; please report this, with the file",
                claim->path, past->offset, past->deaths, FP_ATTEMPTS_STEP_BYTES >> 20);
    return true;
}

/* Builds the outputs of a claim, if it may be read. */
static Built attempt(Watch *watch, guint i, GError **error)
{
    const FpClaim *claim = fp_spool_claim_at(watch->spool, i);
    FpAttemptsPast past = fp_attempts_past(watch->attempts, claim->path);
    Built built = WAITS;

    if (fp_spool_is_held(watch->spool, i))
        return WAITS;
    watch->building = claim->number;
    if (i > 0 && past.deaths > 0)
        return WAITS; /* it may kill the process again: those before it are committed first */
    if (is_given_up(&past, claim, error))
        return BAD;
    fp_attempts_begin(watch->attempts, claim->path);
    watch->is_reading = true;
    bool is_written = !fp_spool_is_finished(watch->spool, i);
    if (!is_written || (i == 0 && can_follow(watch, claim))) {
        if (past.deaths > 0)
            fp_journal(G_LOG_LEVEL_WARNING, claim->number, claim->name,
                       "%s: the process has died while it read this file, %u times so far; it is tried again", claim->name, past.deaths);
        built = build(watch, i, is_written, error);
    } else {
        fp_spool_note_unfinished(watch->spool, i);
    }
    watch->is_reading = false;
    fp_attempts_end(watch->attempts);
    return built;
}

/* Forgets the deaths on a file that was read, or goes to failed/, from where it may be moved back. */
static void forget_attempts(const Watch *watch, const FpClaim *claim, Built built)
{
    if (built == BUILT || (built == BAD && claim->identity == 0))
        fp_attempts_forget(watch->attempts, claim->path);
}

static guint group_files(const Watch *watch)
{
    return MIN(fp_spool_n_claims(watch->spool), watch->group_files > 0 ? watch->group_files : GROUP_FILES);
}

/* Something does not work, and nothing comes of this group. Its first n claims are taken by themselves next, as theirs may be the outputs
 * that fill the disk until they are published. */
static bool put_off(Watch *watch, guint n, GError *failure, GError **error)
{
    fp_watch_forget_uncommitted(watch);
    watch->group_files = n;
    if (n > 0)
        g_error_free(failure);
    else
        g_propagate_error(error, failure);
    return n > 0;
}

/* Commits a group of n claims. Where their outputs have left no room for the checkpoint, those of half of them may. */
static bool commit_group(Watch *watch, guint n, uint64_t number, GError **error)
{
    uint64_t before = watch->state.committed;
    GError *failure = NULL;

    watch->group_files = 0;
    if (fp_watch_commit(watch, number, &failure))
        return true;
    if (n > 1 && fp_watch_withdraw(watch, before))
        return put_off(watch, n / 2, failure, error);
    g_propagate_error(error, failure);
    return false;
}

bool fp_watch_take_group(Watch *watch, bool *is_any, GError **error)
{
    gint64 began_us = g_get_monotonic_time();
    uint64_t number = watch->state.committed;
    guint i = 0;

    *is_any = false;
    watch->building = 0;
    if (fp_spool_n_claims(watch->spool) == 0)
        fp_watch_rest(watch);
    while (i < group_files(watch) && g_get_monotonic_time() - began_us < GROUP_US) {
        const FpClaim *claim = fp_spool_claim_at(watch->spool, i);
        uint64_t frames = watch->state.totals.summary.frames;
        GError *failure = NULL;
        fp_watch_read_ahead(watch, i);
        Built built = attempt(watch, i, &failure);
        if (built == WAITS)
            break; /* later claims wait, as order matters; earlier ones do not */
        forget_attempts(watch, claim, built);
        *is_any = true;
        number = claim->number;
        if (built == BAD && frames != watch->state.totals.summary.frames)
            return fail_claim_begun(watch, i, failure, error);
        if (built == BAD && fail_claim(watch, i, failure, error))
            continue;
        if (built == TROUBLE)
            return put_off(watch, i, failure, error);
        if (built != BUILT) {
            fp_watch_forget_uncommitted(watch);
            return built == STOPPED || built == CHANGED;
        }
        note_taken(watch, claim);
        i++;
    }
    return !*is_any || commit_group(watch, i, number, error);
}
