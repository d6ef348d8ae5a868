/* SPDX-License-Identifier: GPL-2.0-or-later */
/* watch-folders.c - the folders that the watcher needs when it begins, and what it does when somebody deletes them. See watch-internal.h.
 */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/journal.h"
#include "watch-internal.h"

static bool is_folder(const char *path)
{
    int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC), failure = errno;

    if (fd >= 0)
        close(fd);
    errno = failure;
    return fd >= 0;
}

bool fp_watch_begin_folders(const Watch *watch, GError **error)
{
    const char *inbox = watch->options->spool.inbox, *output = watch->options->output;

    if (!is_folder(inbox)) {
        g_set_error(error, FP_ERROR, FP_ERROR_NO_INPUT, "%s: cannot be opened: %s; INBOX is the folder into which captures are rotated",
                    inbox, g_strerror(errno));
        return false;
    }
    if (access(output, F_OK) != 0 && !fp_folder_make(output))
        return fp_error_set_errno(error, FP_ERROR_CANNOT_CREATE, output, "cannot be created");
    return is_folder(output) || fp_error_set_errno(error, FP_ERROR_CANNOT_CREATE, output, "cannot be written to");
}

/* What is in memory was committed, or is being committed: it is saved again. If the checkpoint on the disk is newer, only the lock was
 * gone, and another watcher has worked there meanwhile. */
static bool make_state_again(Watch *watch, GError **error)
{
    g_autofree char *output = g_canonicalize_filename(watch->options->output, NULL);

    if (!fp_state_folder_make_again(&watch->folder, error) || !fp_state_folder_note_output(&watch->folder, output, error))
        return false;
    fp_watch_end_ahead(watch);
    fp_attempts_free(watch->attempts);
    watch->attempts = fp_attempts_open(watch->folder.path, error);
    fp_spool_set_attempts(watch->spool, watch->attempts);
    if (watch->attempts == NULL)
        return false;
    bool is_known = watch->pass != NULL && fp_checkpoint_newest(watch->folder.path) <= watch->state.generation;
    fp_journal(G_LOG_LEVEL_WARNING, watch->state.committed, NULL, "%s: somebody has deleted the state folder, or its lock; %s",
               watch->folder.path, is_known ? "it was created again, and nothing is forgotten" : "what it has now is read again");
    watch->is_undecided = is_known;
    if (!is_known)
        fp_watch_forget_uncommitted(watch);
    return true;
}

bool fp_watch_find_folders(Watch *watch, GError **error)
{
    return (fp_state_folder_is_there(&watch->folder) || make_state_again(watch, error)) && fp_spool_make_folders(watch->spool, error) &&
           fp_inbox_lock_renew(watch->inbox_lock, error);
}

/* Puts aside the claims that were committed but not disposed of yet. */
static bool put_aside_unpublished(Watch *watch, GError **error)
{
    while (fp_spool_n_claims(watch->spool) > 0 && fp_spool_claim_at(watch->spool, 0)->number <= watch->state.committed) {
        const FpClaim *claim = fp_spool_claim_at(watch->spool, 0);
        g_autofree char *why = g_strdup_printf(
            "%s: somebody has deleted the folder with its output before that was published; firstpayload slim makes it again", claim->path);
        fp_status_set_word(&watch->status, FP_WORD_LAST_FAILURE, why);
        if (!fp_spool_fail(watch->spool, 0, why, error))
            return false;
        watch->state.totals.files_failed++;
    }
    return true;
}

bool fp_watch_find_outbox(Watch *watch, GError **error)
{
    bool is_new = false;

    if (!fp_outbox_find(watch->outbox, &is_new, error))
        return false;
    return !is_new || watch->is_settled || put_aside_unpublished(watch, error);
}
