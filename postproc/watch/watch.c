/* SPDX-License-Identifier: GPL-2.0-or-later */
/* watch.c - the rounds of the watcher. See watch.h. */
#include "watch-internal.h"

#include <stdio.h>
#include <unistd.h>

#include "base/error.h"
#include "base/journal.h"
#include "base/message.h"
#include "base/notify.h"
#include "capture/follower.h"
#include "capture/formats.h"
#include "spool/inbox.h"

#define SCAN_MS 30000 /* events are only hints: look at the folder this often in any case */
#define ONCE_TROUBLE_MS 20
#define TROUBLE_MS 2000 /* before trying again, or between looks where there are no events */

/* Takes new options, if they make sense. What was under way has been committed before. */
static void reload_options(Watch *watch)
{
    GError *failure = NULL;
    const FpWatchOptions *options;
    FpDissector *dissector = NULL;

    watch->signals.reload = false;
    if (watch->reload == NULL)
        return;
    fp_notify("RELOADING=1");
    options = watch->reload(watch->user, &failure);
    if (options == NULL || !fp_watch_has_rights_for(watch, options, &failure) ||
        !fp_watch_new_dissector(watch, options, &dissector, &failure)) {
        fp_journal(G_LOG_LEVEL_WARNING, 0, NULL, "%s; the old options are kept", failure->message);
        g_error_free(failure);
    } else {
        watch->options = options;
        fp_watch_forget_uncommitted(watch); /* before the options and dissector that the pass borrows */
        fp_dissector_free(watch->dissector);
        watch->dissector = dissector;
        fp_journal(G_LOG_LEVEL_MESSAGE, 0, NULL, "options were read again");
    }
    fp_notify("READY=1");
}

static void take_signals(Watch *watch)
{
    fp_wakeup_signals(watch->wakeup, &watch->signals);
    if (watch->signals.report)
        fp_watch_report(watch);
    watch->signals.report = false;
    if (watch->signals.reload && !watch->is_undecided)
        reload_options(watch);
}

static bool is_keeping(const Watch *watch)
{
    return watch->options->spool.then == FP_THEN_KEEP;
}

/* Where files stay in the inbox, nothing is gained by claiming early, and each look reads the beginnings of all of them. */
static bool must_not_look(const Watch *watch)
{
    g_autofree char *waits = fp_spool_waits_text(watch->spool);

    return is_keeping(watch) && fp_spool_n_claims(watch->spool) > 0 && waits == NULL;
}

/* Leaves nothing open: the disk has what is in memory, and that is published and disposed of. */
static bool begin_round(Watch *watch, GError **error)
{
    if (watch->is_undecided)
        fp_watch_claim_ahead(watch);
    if (!fp_watch_find_folders(watch, error) || !fp_watch_decide(watch, error) || !fp_watch_find_outbox(watch, error))
        return false;
    if (watch->pass == NULL && !fp_watch_restore(watch, error))
        return false;
    if (watch->state.generation == 0 && !fp_watch_commit(watch, watch->state.committed, error)) /* keeps the seed of the streams */
        return false;
    return fp_watch_settle(watch, error);
}

/* Whether trying again is of no use: another watcher has what it needs, or, with once, somebody waits for the end. */
static bool is_over(const Watch *watch, const GError *failure, unsigned failures)
{
    return g_error_matches(failure, FP_ERROR, FP_ERROR_HELD) || (watch->options->once && failures >= READ_ATTEMPTS);
}

/* One round of all steps. *is_any: there was something to do. */
static bool work(Watch *watch, bool *is_any, GError **error)
{
    if (!begin_round(watch, error))
        return false;
    watch->is_woken = fp_wakeup_watch(watch->wakeup, fp_spool_inbox(watch->spool));
    watch->is_woken &= fp_wakeup_watch(watch->wakeup, fp_spool_claim_folder(watch->spool));
    GError *failure = NULL;
    bool is_claimed = must_not_look(watch) || fp_spool_claim(watch->spool, watch->state.committed, watch->state.seen.files, &failure);
    bool is_well = !is_claimed && is_keeping(watch); /* a file that is gone with the inbox would count as failed */
    if (!is_well)
        is_well = fp_watch_take_group(watch, is_any, error) && (watch->pass == NULL || fp_watch_settle(watch, error));
    if (is_well && !is_claimed)
        g_propagate_error(error, g_steal_pointer(&failure));
    g_clear_error(&failure);
    return is_well && is_claimed;
}

static int wait_ms(const Watch *watch)
{
    gint64 watchdog_ms = fp_notify_watchdog_us() / 2000;
    int wait = SCAN_MS;

    if (watch->trouble != NULL && watch->options->once)
        wait = ONCE_TROUBLE_MS;
    else if (watch->trouble != NULL || !watch->is_woken)
        wait = TROUBLE_MS;
    else if (fp_spool_is_beginning(watch->spool))
        wait = FP_FOLLOW_MS;
    else if (fp_spool_must_poll(watch->spool))
        wait = FP_ENDING_POLL_MS + 50;
    return watchdog_ms > 0 ? (int)MIN(wait, watchdog_ms) : wait;
}

static bool loop(Watch *watch, GError **error)
{
    unsigned failures = 0;

    for (;;) {
        GError *failure = NULL;
        bool is_any = false;
        take_signals(watch);
        if (watch->signals.stop)
            return true;
        bool is_well = work(watch, &is_any, &failure);
        fp_notify("WATCHDOG=1");
        if (!is_well && is_over(watch, failure, ++failures)) {
            g_propagate_error(error, failure);
            return false;
        }
        if (is_well)
            fp_watch_end_trouble(watch);
        else
            fp_watch_begin_trouble(watch, failure);
        if (is_any && is_well)
            fp_watch_save_status(watch, "working", false);
        else if (is_well && watch->options->once && !fp_spool_must_poll(watch->spool) && fp_spool_n_claims(watch->spool) == 0) {
            fp_spool_note_unmatched(watch->spool, true);
            return true;
        } else {
            fp_watch_save_status(watch, watch->trouble != NULL ? "waiting" : "idle", true);
            fp_wakeup_wait(watch->wakeup, fp_spool_fd(watch->spool), wait_ms(watch));
            fp_spool_update(watch->spool);
        }
    }
}

/* If outputs went to another folder before, what was committed may still wait there to be published. */
static bool follow_output(Watch *watch, GError **error)
{
    g_autofree char *before = fp_state_folder_output(&watch->folder);
    g_autofree char *now = g_canonicalize_filename(watch->options->output, NULL);

    if (g_str_equal(before, now))
        return true;
    if (g_file_test(before, G_FILE_TEST_IS_DIR)) {
        FpOutbox *old = fp_outbox_open(before, watch->folder.id, error);
        bool is_published = old != NULL && fp_outbox_publish(old, watch->state.committed, error);
        fp_outbox_free(old);
        if (!is_published)
            return false;
    }
    return fp_state_folder_note_output(&watch->folder, now, error);
}

/* Stores the absolute path, so that it means the same wherever the status is asked for. */
static void note_folder(Watch *watch, FpWord word, const char *path)
{
    g_autofree char *whole = g_canonicalize_filename(path, NULL);

    fp_status_set_word(&watch->status, word, whole);
}

static bool begin(Watch *watch, GError **error)
{
    const FpWatchOptions *options = watch->options;

    if (!fp_watch_begin_rights(watch, error))
        return false;
    if (!fp_watch_begin_folders(watch, error) || !fp_state_folder_open(options->spool.state, &watch->folder, error))
        return false;
    watch->attempts = fp_attempts_open(options->spool.state, error);
    if (watch->attempts == NULL)
        return false;
    watch->ahead.is_off = fp_attempts_have_died(watch->attempts);
    watch->spool = fp_spool_open(&options->spool, error);
    if (watch->spool == NULL)
        return false;
    fp_spool_set_attempts(watch->spool, watch->attempts);
    watch->outbox = fp_outbox_open(options->output, watch->folder.id, error);
    if (watch->outbox == NULL)
        return false;
    watch->inbox_lock = fp_inbox_lock_take(options->spool.inbox, is_keeping(watch), error);
    if (watch->inbox_lock == NULL)
        return false;
    watch->wakeup = fp_wakeup_new(error);
    if (watch->wakeup == NULL || !fp_watch_new_dissector(watch, options, &watch->dissector, error))
        return false;
    if (!fp_watch_restore(watch, error) || !follow_output(watch, error))
        return false;
    if (watch->state.generation == 0 && fp_spool_highest(watch->spool) > 0)
        fp_journal(G_LOG_LEVEL_WARNING, 0, NULL, "%s: there is no checkpoint, but there are files from before; outputs may come twice",
                   options->spool.state);
    watch->files_at_start = watch->state.totals.files;
    watch->failed_at_start = watch->state.totals.files_failed;
    watch->cut_at_start = watch->state.totals.summary.captures_cut;
    watch->unanswered_at_start = fp_summary_unanswered(&watch->state.totals.summary);
    watch->status.pid = (uint64_t)getpid();
    note_folder(watch, FP_WORD_INBOX, options->spool.inbox);
    note_folder(watch, FP_WORD_OUTPUT, options->output);
    return fp_watch_end_rights(watch, error);
}

static void end(Watch *watch)
{
    fp_watch_forget_uncommitted(watch);
    fp_dissector_free(watch->dissector);
    fp_checkpoint_clear(&watch->state);
    fp_wakeup_free(watch->wakeup);
    fp_outbox_free(watch->outbox);
    fp_inbox_lock_release(watch->inbox_lock);
    fp_spool_free(watch->spool);
    fp_attempts_free(watch->attempts);
    fp_status_clear(&watch->status);
    fp_state_folder_close(&watch->folder);
    fp_confinement_free(watch->confinement);
    g_free(watch->trouble);
}

/* What was captured last may lack its rest. */
static void report_waiting(const Watch *watch)
{
    if (watch->status.figures[FP_FIGURE_LINES_WAITING] > 0)
        fp_journal(G_LOG_LEVEL_MESSAGE, watch->state.committed, NULL,
                   "%" G_GUINT64_FORMAT " lines wait for the rest of their message; the logs of the captures that follow will have them",
                   watch->status.figures[FP_FIGURE_LINES_WAITING]);
}

bool fp_watch(const FpWatchOptions *options, FpWatchReload reload, void *user, FpWatchResult *result, GError **error)
{
    Watch watch = {.options = options, .reload = reload, .user = user, .folder = {.lock_fd = -1}};
    fp_formats_limit(options->selection.formats);
    bool is_done = begin(&watch, error);

    fp_progress_begin(&watch.progress, isatty(STDERR_FILENO));
    *result = (FpWatchResult){0};
    if (is_done) {
        fp_notify("READY=1");
        is_done = loop(&watch, error);
        fp_notify("STOPPING=1");
        if (watch.pass == NULL)
            (void)fp_watch_restore(&watch, NULL);
        result->files = watch.state.totals.files - watch.files_at_start;
        result->files_failed = watch.state.totals.files_failed - watch.failed_at_start;
        result->files_cut = watch.state.totals.summary.captures_cut - watch.cut_at_start;
        result->unanswered = fp_summary_unanswered(&watch.state.totals.summary) - watch.unanswered_at_start;
        fp_watch_save_status(&watch, "stopped", true);
        report_waiting(&watch);
    }
    end(&watch);
    return is_done;
}

bool fp_watch_dry_run(const FpWatchOptions *options, GError **error)
{
    const FpSelection *selection = &options->selection;
    FpCheckpoint state;

    fp_formats_limit(selection->formats);
    if (!fp_checkpoint_load(options->spool.state, &selection->rules, selection->max_streams, selection->network_kinds, &state, error))
        return false;
    FpInbox *inbox = fp_inbox_new(&(FpInboxOptions){.folder = options->spool.inbox,
                                                    .match = options->spool.match,
                                                    .unchanged_s = options->spool.unchanged_s,
                                                    .identifies = options->spool.then == FP_THEN_KEEP});
    g_autoptr(GPtrArray) arrivals = fp_inbox_finished(inbox, state.seen.files, error);
    if (arrivals != NULL && fp_inbox_must_poll(inbox)) {
        g_usleep((FP_ENDING_POLL_MS + 50) * 1000L);
        g_ptr_array_unref(arrivals);
        arrivals = fp_inbox_finished(inbox, state.seen.files, error);
    }
    fp_checkpoint_clear(&state);
    for (guint i = 0; arrivals != NULL && i < arrivals->len; i++) {
        const FpArrival *arrival = g_ptr_array_index(arrivals, i);
        g_autofree char *shown = fp_message_printable(arrival->name);
        printf("%s\t%" G_GUINT64_FORMAT "\n", shown, arrival->age.bytes);
    }
    fp_inbox_free(inbox);
    return arrivals != NULL;
}
