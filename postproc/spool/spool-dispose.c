/* SPDX-License-Identifier: GPL-2.0-or-later */
/* spool-dispose.c - what happens to claims that have been taken, or cannot be. See spool.h. */
#include "spool-internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/journal.h"
#include "base/message.h"
#include "compressed-copies.h"

#define GUESSES_MAX 256U /* files in done/ that are looked at; beyond that the oldest is no longer */

/* Whether the file stays where it is. Files in claim/ have no identity: they were moved there, some perhaps before --then keep was set. */
static bool is_left_alone(const FpClaim *claim)
{
    return claim->identity != 0;
}

/* A failure is ignored: the reason has been logged too. */
static void write_reason(const char *failed_path, const char *why)
{
    g_autofree char *path = g_strconcat(failed_path, ".why", NULL);
    g_autofree char *shown = fp_message_printable(why), *line = g_strconcat(shown, "\n", NULL);
    int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);

    if (fd < 0)
        return;
    (void)!write(fd, line, strlen(line));
    close(fd);
}

static bool put_aside(FpSpool *spool, const FpClaim *claim, const char *why, GError **error)
{
    g_autofree char *to = fp_spool_path(spool->failed_folder, claim->number, 0, claim->name);

    write_reason(to, why); /* first, so that a crash leaves no file in failed/ without its reason */
    spool->has_moved = true;
    if (!fp_folder_move(claim->path, to) && (errno != ENOENT || access(spool->failed_folder, F_OK) != 0))
        return fp_error_set_errno(error, FP_ERROR_IO, claim->path, "cannot be moved to failed/");
    return true;
}

bool fp_spool_fail(FpSpool *spool, guint i, const char *why, GError **error)
{
    const FpClaim *claim = fp_spool_claim_at(spool, i);

    if (!is_left_alone(claim) && !put_aside(spool, claim, why, error))
        return false;
    fp_journal(G_LOG_LEVEL_WARNING, claim->number, claim->name, "%s; %s", why,
               is_left_alone(claim) ? "it is left where it is" : "it was moved to failed/");
    g_ptr_array_remove_index(spool->claims, i);
    return true;
}

/* Claims a file again that was written to after it was taken. If it was only added to, the records that were taken are skipped; if it
 * begins differently now, all of it is left to take. */
static bool claim_anew(FpSpool *spool, const FpClaim *claim, bool is_added_to, GError **error)
{
    uint64_t number = spool->highest + 1, records_before = is_added_to ? claim->records : 0;
    char *to = fp_spool_path(spool->claim_folder, number, records_before, claim->name);

    spool->has_moved = true;
    if (!fp_folder_rename(claim->path, to)) {
        g_free(to);
        return fp_error_set_errno(error, FP_ERROR_IO, claim->path, "was written to after it was taken, and cannot be claimed anew");
    }
    fp_journal(G_LOG_LEVEL_WARNING, number, claim->name,
               "%s: was written to after it was taken; what came later is taken as a capture of its own", claim->name);
    FpClaim *fresh = fp_claim_new(number, claim->name, to);
    fresh->records_before = records_before;
    spool->highest = number;
    spool->is_disordered = true;
    g_ptr_array_add(spool->claims, fresh);
    return true;
}

/* The same for a file that was taken before a crash: how much of it was taken is not known. */
static bool put_aside_changed(FpSpool *spool, const FpClaim *claim, GError **error)
{
    g_autofree char *why =
        g_strdup_printf("%s: was written to after it was taken, and the watcher ended meanwhile; its beginning is in the "
                        "outputs, what came later is not",
                        claim->name);

    fp_journal(G_LOG_LEVEL_WARNING, claim->number, claim->name, "%s; it was moved to failed/", why);
    return put_aside(spool, claim, why, error);
}

/* What an earlier process took under a number; NULL: nobody knows. */
static const FpTaken *find_taken(const FpSpool *spool, uint64_t number)
{
    for (guint i = 0; i < spool->taken->len; i++)
        if (g_array_index(spool->taken, FpTaken, i).number == number)
            return &g_array_index(spool->taken, FpTaken, i);
    return NULL;
}

GArray *fp_spool_taken(const FpSpool *spool, uint64_t number)
{
    GArray *taken = g_array_new(FALSE, FALSE, sizeof(FpTaken));

    for (guint i = 0; i < spool->claims->len && fp_spool_claim_at(spool, i)->number <= number; i++) {
        const FpClaim *claim = fp_spool_claim_at(spool, i);
        const FpTaken by_us = {claim->number, claim->bytes, claim->changed_ns};
        const FpTaken *it = claim->is_taken ? &by_us : find_taken(spool, claim->number);
        if (it != NULL && claim->identity == 0)
            g_array_append_vals(taken, it, 1);
    }
    return taken;
}

void fp_spool_set_taken(FpSpool *spool, const GArray *taken)
{
    g_array_set_size(spool->taken, 0);
    g_array_append_vals(spool->taken, taken->data, taken->len);
}

/* Whether it was written to after the commit, by its times. These advance in steps of some milliseconds, so a change in the commit's own
 * step counts: a file that is put aside for nothing is not lost. */
static bool is_younger_than_commit(const FpSpool *spool, const struct stat *status)
{
    return fp_folder_changed_ns(status) >= spool->committed_ns &&
           (int64_t)status->st_ctim.tv_sec * 1000000000 + status->st_ctim.tv_nsec >= spool->committed_ns;
}

/* Whether it was written to after an earlier process took it. Times alone do not tell: the clock may have been set, and a power cut may
 * leave a checkpoint with the time of the one that was in its place, and a capture shorter than it was. */
static bool is_changed_since_commit(const FpSpool *spool, const FpClaim *claim)
{
    const FpTaken *taken = find_taken(spool, claim->number);
    struct stat status;

    if (lstat(claim->path, &status) != 0)
        return false;
    if (taken != NULL && (uint64_t)status.st_size > taken->bytes)
        return true;
    bool is_same = taken != NULL && (uint64_t)status.st_size == taken->bytes && fp_folder_changed_ns(&status) == taken->changed_ns;
    return !is_same && is_younger_than_commit(spool, &status);
}

/* Whether it is deleted rather than archived. After a crash, looks once more whether it is finished. */
static bool is_deleted(FpSpool *spool, const FpClaim *claim)
{
    if (spool->then != FP_THEN_DELETE || spool->deletes_guesses || claim->is_sure)
        return spool->then == FP_THEN_DELETE;
    if (!claim->is_taken && fp_inbox_ending(spool->inbox, claim->path) == FP_ENDING_SURE)
        return true;
    fp_journal(
        G_LOG_LEVEL_WARNING, claim->number, claim->name,
        "%s: nobody can tell whether it is still being written, so it is not deleted, but moved to done/; --then delete-unsure deletes "
        "such files too",
        claim->name);
    return false;
}

/* Remembers what was taken of a file archived at path, in case it grows. */
static void note_guess(FpSpool *spool, const FpClaim *claim, const char *path)
{
    FpClaim *guess = fp_claim_new(claim->number, claim->name, g_strdup(path));

    guess->bytes = claim->bytes;
    guess->changed_ns = claim->changed_ns;
    guess->is_taken = true;
    guess->records = claim->records;
    guess->beginning = claim->beginning;
    g_ptr_array_add(spool->guesses, guess);
    if (spool->guesses->len > GUESSES_MAX)
        g_ptr_array_remove_index(spool->guesses, 0);
}

static bool archive(FpSpool *spool, const FpClaim *claim, GError **error)
{
    g_autofree char *to = fp_spool_path(spool->done_folder, claim->number, 0, claim->name);

    spool->has_moved = true;
    if (!fp_archive_move(spool->archive, claim->path, to, claim->bytes))
        return fp_error_set_errno(error, FP_ERROR_IO, claim->path, "cannot be moved to the archive");
    if (claim->is_taken && !claim->is_sure)
        note_guess(spool, claim, to);
    return true;
}

static bool begins_as_it_did(const FpSpool *spool, const FpClaim *claim)
{
    FpAttemptsPast past = fp_attempts_past(spool->attempts, claim->path);

    if (fp_attempts_are_over(&past))
        return false;
    fp_attempts_begin(spool->attempts, claim->path);
    uint64_t beginning = fp_compressed_copies_beginning(claim->path);
    fp_attempts_end(spool->attempts);
    return beginning == claim->beginning;
}

/* Whether a taken claim has been written to since. *is_added_to: only at its end. */
static bool is_written_to(const FpSpool *spool, const FpClaim *claim, bool *is_added_to)
{
    if (fp_claim_compare(claim) != FP_OVERWRITTEN)
        return false;
    *is_added_to = begins_as_it_did(spool, claim);
    return !*is_added_to || fp_claim_bytes_now(claim) != claim->bytes; /* otherwise only its times have changed */
}

bool fp_spool_look_at_guesses(FpSpool *spool, GError **error)
{
    for (guint i = spool->guesses->len; i-- > 0;) {
        const FpClaim *guess = g_ptr_array_index(spool->guesses, i);
        bool is_added_to;
        if (!is_written_to(spool, guess, &is_added_to))
            continue;
        if (!claim_anew(spool, guess, is_added_to, error))
            return false;
        fp_archive_forget(spool->archive, guess->path);
        g_ptr_array_remove_index(spool->guesses, i);
    }
    return true;
}

static bool dispose(FpSpool *spool, const FpClaim *claim, GError **error)
{
    bool is_added_to;

    if (is_left_alone(claim))
        return true;
    FpSameness sameness = claim->is_taken ? fp_claim_compare(claim) : FP_AS_CLAIMED;
    if (sameness == FP_CANNOT_TELL)
        return fp_error_set_errno(error, FP_ERROR_IO, claim->path, "cannot be looked at");
    if (sameness == FP_OVERWRITTEN && is_written_to(spool, claim, &is_added_to))
        return claim_anew(spool, claim, is_added_to, error);
    if (!claim->is_taken && is_changed_since_commit(spool, claim))
        return put_aside_changed(spool, claim, error);
    if (is_deleted(spool, claim))
        return unlink(claim->path) == 0 || errno == ENOENT || fp_error_set_errno(error, FP_ERROR_IO, claim->path, "cannot be deleted");
    return archive(spool, claim, error);
}

bool fp_spool_dispose(FpSpool *spool, uint64_t number, GError **error)
{
    guint n = 0;
    bool is_done = true;

    spool->highest = MAX(spool->highest, number);
    fp_archive_trim(spool->archive); /* not before: who may not take the state deletes nothing */
    while (n < spool->claims->len && fp_spool_claim_at(spool, n)->number <= number && is_done) {
        is_done = dispose(spool, fp_spool_claim_at(spool, n), error);
        n += is_done;
    }
    if (n > 0)
        g_ptr_array_remove_range(spool->claims, 0, n);
    return is_done;
}
