/* SPDX-License-Identifier: GPL-2.0-or-later */
/* watch.c - see watch.h. */
#include "watch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture.h"
#include "checkpoint.h"
#include "copies.h"
#include "error.h"
#include "inbox.h"
#include "journal.h"
#include "notify.h"
#include "outbox.h"
#include "output.h"
#include "progress.h"
#include "state-folder.h"
#include "status.h"
#include "wakeup.h"
#include "writer.h"

#define SCAN_MS 30000 /* events are hints: look at the folder this often in any case */
#define ONCE_TROUBLE_MS 20
#define TROUBLE_MS 2000 /* before trying again, or where there are no events */
#define TICK_US 250000  /* while working: signals, watchdog, claims */
#define GROUP_US 250000 /* files that are taken within this share a checkpoint */
#define GROUP_FILES 256U
#define READ_ATTEMPTS 3U /* of a file whose reading fails, before it is given up */

typedef struct {
    const FpWatchOptions *options;
    FpWatchReload reload;
    void *user;
    FpStateFolder folder;
    FpSpool *spool;
    FpOutbox *outbox;
    FpWakeup *wakeup;
    FpSignals signals;
    FpCheckpoint state; /* as committed, and on the way to the next; its streams are in pass */
    FpPass *pass;       /* NULL: the state has to be read anew */
    bool is_woken;      /* by what happens in the folders */
    bool is_settled;    /* what was committed is published and disposed of */
    FpStatus status;
    char *trouble;        /* what is waited for to get better; NULL: nothing */
    uint64_t read_failed; /* the claim whose reading failed last, and how often */
    unsigned read_failures;
    FpProgress progress;
    bool has_no_metrics;
    unsigned ticks;
    gint64 next_tick_us;
    gint64 next_status_us;
    uint64_t files_at_start, failed_at_start, cut_at_start;
} Watch;

static int64_t now_ns(void)
{
    return g_get_real_time() * 1000;
}

/* --- status */

static void fill_figures(Watch *watch)
{
    const FpSummary *summary = &watch->state.totals.summary;
    uint64_t *figures = watch->status.figures;

    if (watch->pass != NULL)
        fp_pass_sum_up(watch->pass);
    figures[FP_FIGURE_FILES] = watch->state.totals.files;
    figures[FP_FIGURE_FILES_EMPTY] = watch->state.totals.files_empty;
    figures[FP_FIGURE_FILES_FAILED] = watch->state.totals.files_failed;
    figures[FP_FIGURE_FILES_CUT] = summary->captures_cut;
    figures[FP_FIGURE_FRAMES] = summary->frames;
    figures[FP_FIGURE_KEPT] = summary->kept + summary->kept_fragments;
    figures[FP_FIGURE_BYTES_IN] = summary->bytes_in;
    figures[FP_FIGURE_BYTES_OUT] = summary->bytes_out;
    figures[FP_FIGURE_STREAMS] = summary->streams.started;
    figures[FP_FIGURE_STREAMS_WITH_PAYLOAD] = summary->streams_with_payload;
    figures[FP_FIGURE_STREAMS_OPEN] = summary->streams.open;
    figures[FP_FIGURE_STREAMS_FORGOTTEN] =
        summary->streams.forgotten_unanswered + summary->streams.forgotten_closed + summary->streams.forgotten_idle;
    figures[FP_FIGURE_TABLE_BYTES] = summary->streams.table_bytes;
    figures[FP_FIGURE_BACKLOG_FILES] = fp_spool_n_claims(watch->spool);
    figures[FP_FIGURE_BACKLOG_BYTES] = fp_spool_backlog_bytes(watch->spool);
    figures[FP_FIGURE_ARCHIVE_BYTES] = fp_spool_archive_bytes(watch->spool);
    figures[FP_FIGURE_CHECKPOINTS] = watch->state.generation;
    figures[FP_FIGURE_COMMITTED] = watch->state.committed;
    figures[FP_FIGURE_TROUBLE] = watch->trouble != NULL;
    figures[FP_FIGURE_LAST_FRAME_NS] = (uint64_t)MAX(watch->state.totals.last_frame_ns, 0);
}

/* That it fails is said once. */
static void save_metrics(Watch *watch)
{
    GError *failure = NULL;

    if (watch->options->metrics == NULL || fp_status_save_metrics(&watch->status, watch->options->metrics, &failure))
        return;
    if (!watch->has_no_metrics)
        fp_journal(G_LOG_LEVEL_WARNING, 0, NULL, "%s", failure->message);
    watch->has_no_metrics = true;
    g_error_free(failure);
}

/* Saves the status, at most once a second unless it must be. Where that fails there is nothing to be done about it. */
static void save_status(Watch *watch, const char *state, bool must)
{
    gint64 now_us = g_get_monotonic_time();

    if (!must && now_us < watch->next_status_us)
        return;
    watch->next_status_us = now_us + G_USEC_PER_SEC;
    fill_figures(watch);
    watch->status.written_ns = now_ns();
    fp_status_set_word(&watch->status, FP_WORD_STATE, state);
    fp_status_set_word(&watch->status, FP_WORD_TROUBLE, watch->trouble);
    (void)fp_status_save(&watch->status, watch->folder.path, NULL);
    save_metrics(watch);
    g_autofree char *text =
        g_strdup_printf("STATUS=%s, %u files wait, %" G_GUINT64_FORMAT " taken%s%s", state, fp_spool_n_claims(watch->spool),
                        watch->state.totals.files, watch->trouble != NULL ? ": " : "", watch->trouble != NULL ? watch->trouble : "");
    g_strdelimit(text, "\n", ' '); /* names of files may have any, and a line is an assignment */
    fp_notify(text);
}

/* Takes over failure. Said once, not with every attempt. */
static void begin_trouble(Watch *watch, GError *failure)
{
    if (watch->trouble == NULL || !g_str_equal(watch->trouble, failure->message))
        fp_journal(G_LOG_LEVEL_WARNING, watch->state.committed, NULL, "%s; trying again until it works, nothing is lost meanwhile",
                   failure->message);
    g_free(watch->trouble);
    watch->trouble = g_strdup(failure->message);
    g_error_free(failure);
    save_status(watch, "waiting", true);
}

static void end_trouble(Watch *watch)
{
    if (watch->trouble == NULL)
        return;
    fp_journal(G_LOG_LEVEL_MESSAGE, watch->state.committed, NULL, "it works again");
    g_clear_pointer(&watch->trouble, g_free);
}

static void report(Watch *watch)
{
    fp_progress_end(&watch->progress);
    fill_figures(watch);
    const uint64_t *figures = watch->status.figures;
    fp_journal(G_LOG_LEVEL_MESSAGE, watch->state.committed, NULL,
               "%" G_GUINT64_FORMAT " files taken, %" G_GUINT64_FORMAT " failed, %" G_GUINT64_FORMAT " wait; %" G_GUINT64_FORMAT
               " frames, %" G_GUINT64_FORMAT " kept; %" G_GUINT64_FORMAT " streams open%s%s",
               figures[FP_FIGURE_FILES], figures[FP_FIGURE_FILES_FAILED], figures[FP_FIGURE_BACKLOG_FILES], figures[FP_FIGURE_FRAMES],
               figures[FP_FIGURE_KEPT], figures[FP_FIGURE_STREAMS_OPEN], watch->trouble != NULL ? "; waits: " : "",
               watch->trouble != NULL ? watch->trouble : "");
}

/* --- the state in memory */

/* Goes back to what was committed last. */
static bool restore(Watch *watch, GError **error)
{
    const FpSelection *selection = &watch->options->selection;

    g_clear_pointer(&watch->pass, fp_pass_free);
    fp_checkpoint_clear(&watch->state);
    if (!fp_checkpoint_load(watch->folder.path, &selection->rules, selection->max_streams, selection->network_kinds, &watch->state, error))
        return false;
    FpStreams *streams = g_steal_pointer(&watch->state.streams);
    if (streams == NULL)
        streams = fp_pass_new_streams(selection, error);
    if (streams == NULL)
        return false;
    if (!fp_outbox_discard(watch->outbox, watch->state.committed, error)) {
        fp_streams_free(streams);
        return false;
    }
    watch->pass = fp_pass_new(selection, streams, &watch->state.totals.summary, NULL, NULL);
    return true;
}

/* Gives up what was done since the last commit. */
static void forget_uncommitted(Watch *watch)
{
    g_clear_pointer(&watch->pass, fp_pass_free); /* so that the next round restores it */
}

static void add_seen(Watch *watch, const FpClaim *claim)
{
    if (claim->identity != 0)
        g_array_append_val(watch->state.seen.files, claim->identity);
}

/* Files that are gone from the inbox need not be remembered. */
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
    bool is_saved = fp_checkpoint_save(watch->folder.path, &watch->state, error);
    watch->state.streams = NULL;
    watch->status.figures[FP_FIGURE_CHECKPOINT_NS] = (uint64_t)(g_get_monotonic_time() - began_us) * 1000;
    return is_saved;
}

/* Commits that claims up to number are done with. */
static bool commit(Watch *watch, uint64_t number, GError **error)
{
    watch->state.committed = number;
    prune_seen(watch);
    if (!fp_spool_sync(watch->spool, error) || !fp_outbox_sync_built(watch->outbox, error) || !save_state(watch, error)) {
        forget_uncommitted(watch);
        return false;
    }
    watch->is_settled = false;
    return true;
}

/* Publishes and disposes of what was committed. */
static bool settle(Watch *watch, GError **error)
{
    if (watch->is_settled)
        return true;
    if (!fp_outbox_publish(watch->outbox, watch->state.committed, error))
        return false;
    watch->status.figures[FP_FIGURE_LAST_PUBLISHED_NS] = (uint64_t)now_ns();
    watch->is_settled = fp_spool_dispose(watch->spool, watch->state.committed, error);
    return watch->is_settled;
}

/* --- while working */

static void tick(Watch *watch)
{
    gint64 now_us;

    if (++watch->ticks % 64 != 0)
        return;
    now_us = g_get_monotonic_time();
    if (now_us < watch->next_tick_us)
        return;
    watch->next_tick_us = now_us + TICK_US;
    fp_notify("WATCHDOG=1");
    fp_wakeup_signals(watch->wakeup, &watch->signals);
    if (watch->signals.report) {
        watch->signals.report = false;
        report(watch);
    }
    if (watch->options->spool.then != FP_THEN_KEEP) /* before a ring buffer overwrites them */
        (void)fp_spool_claim(watch->spool, watch->state.committed, watch->state.seen.files, NULL);
    save_status(watch, "working", false);
}

/* What became of a claim. */
typedef enum {
    BUILT,
    BAD,     /* it is no capture, or damaged */
    TROUBLE, /* something else does not work */
    STOPPED, /* a signal came */
} Built;

static bool write_capture(Watch *watch, FpCapture *capture, FpWriter *writer, GError **error)
{
    int n;

    if (!fp_writer_next_capture(writer, capture, error))
        return false;
    while (!watch->signals.stop && (n = fp_pass_take(watch->pass, capture, FP_PASS_BATCH, error)) != 0) {
        if (n < 0)
            return false;
        tick(watch);
        fp_progress_show(&watch->progress, fp_capture_path(capture), fp_capture_bytes_read(capture), fp_capture_file_bytes(capture),
                         watch->state.totals.summary.frames, watch->state.totals.summary.kept);
    }
    return fp_writer_end_capture(writer, error) && fp_writer_finish(writer, error);
}

/* Writes the capture's output and brings it to the disk. */
static bool build_output(Watch *watch, const FpClaim *claim, FpCapture *capture, GError **error)
{
    FpSummary *summary = &watch->state.totals.summary;
    g_autofree char *name = fp_outbox_name(claim->name, claim->number, watch->state.seen.names);
    g_autofree char *path = fp_outbox_build_path(watch->outbox, claim->number, name);
    FpOutput *output = fp_output_create(path, error);

    if (output == NULL)
        return false;
    FpWriter *writer = fp_writer_new(output, capture, true, watch->options->format, error);
    if (writer != NULL)
        fp_pass_write_to(watch->pass, writer);
    bool is_done = writer != NULL && write_capture(watch, capture, writer, error);
    fp_progress_end(&watch->progress);
    fp_pass_forget_fragments(watch->pass); /* a checkpoint does not hold them */
    fp_pass_write_to(watch->pass, NULL);
    fp_writer_free(writer);
    uint64_t bytes = fp_output_bytes(output);
    if (!is_done) {
        fp_output_discard(output);
        return false;
    }
    if (!fp_output_finish(output, error))
        return false;
    summary->bytes_out += bytes;
    fp_outbox_note(watch->state.seen.names, name);
    return true;
}

static void note_built(Watch *watch, const FpClaim *claim, const FpCapture *capture, const FpSummary *before, guint n_waiting)
{
    FpTotals *totals = &watch->state.totals;

    totals->files++;
    totals->summary.bytes_in += fp_capture_bytes_read(capture);
    totals->files_empty += totals->summary.frames == before->frames;
    totals->last_frame_ns = MAX(totals->last_frame_ns, fp_pass_newest_ns(watch->pass));
    if (fp_capture_cut(capture) >= 0) {
        totals->summary.captures_cut++;
        fp_journal(G_LOG_LEVEL_MESSAGE, claim->number, claim->name,
                   "%s: offset %" G_GINT64_FORMAT ": the last record is cut short; the whole ones before it were taken", claim->name,
                   fp_capture_cut(capture));
    }
    fp_journal(G_LOG_LEVEL_INFO, claim->number, claim->name,
               "%s: %" G_GUINT64_FORMAT " frames, %" G_GUINT64_FORMAT " kept, %" G_GUINT64_FORMAT " streams with payload; waiting: %u",
               claim->name, totals->summary.frames - before->frames, totals->summary.kept - before->kept,
               totals->summary.streams_with_payload - before->streams_with_payload, n_waiting);
}

/* Why a claim cannot be opened: an errno, 0 if it can. */
static int opening_failure(const FpClaim *claim)
{
    int fd = open(claim->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK), failure = errno;

    if (fd < 0)
        return failure;
    close(fd);
    return 0;
}

/* Whose fault it was that a claim could not be taken. Reading that fails may work the next time. */
static Built blame(Watch *watch, const FpClaim *claim, bool is_reading, const GError *failure)
{
    if (failure->code == FP_ERROR_DATA || failure->code == FP_ERROR_USAGE) /* usage: --filter, for its link type */
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

/* Whether the claim has the same in it as one that was taken, and needs no output. */
static bool is_copy(Watch *watch, const FpClaim *claim, uint64_t beginning)
{
    if (!fp_copies_is_copy(claim->name, beginning, watch->state.seen.names))
        return false;
    fp_journal(G_LOG_LEVEL_MESSAGE, claim->number, claim->name,
               "%s: a copy, compressed otherwise, of a capture that has been taken; it has no output", claim->name);
    return true;
}

/* A file that is left where it is may be overwritten while it is read: then its output would be of neither. */
static bool is_as_claimed(const FpClaim *claim, GError **error)
{
    FpSameness sameness = fp_spool_compare(claim);

    if (sameness == FP_OVERWRITTEN)
        g_set_error(error, FP_ERROR, FP_ERROR_DATA, "%s: was overwritten before it was read; what it held is lost", claim->path);
    if (sameness == FP_CANNOT_TELL)
        g_set_error(error, FP_ERROR, FP_ERROR_IO, "%s: cannot be looked at: %s", claim->path, g_strerror(errno));
    return sameness == FP_AS_CLAIMED;
}

static Built build(Watch *watch, guint i, GError **error)
{
    const FpClaim *claim = fp_spool_claim_at(watch->spool, i);
    FpSummary before = watch->state.totals.summary;
    struct stat status;
    GError *failure = NULL;

    bool is_there = stat(claim->path, &status) == 0;
    if (!is_there && errno != ENOENT) /* it may be empty, and would be taken for no capture */
        g_set_error(&failure, FP_ERROR, FP_ERROR_IO, "%s: cannot be looked at: %s", claim->path, g_strerror(errno));
    if (is_there && status.st_size == 0) {
        watch->state.totals.files++;
        watch->state.totals.files_empty++;
        return BUILT;
    }
    uint64_t beginning = failure == NULL ? fp_copies_beginning(claim->path) : 0;
    if (is_copy(watch, claim, beginning)) {
        watch->state.totals.files++;
        return BUILT;
    }
    g_autoptr(FpCapture) capture =
        failure == NULL ? fp_capture_open(claim->path, watch->options->format != FP_WRITER_AS_INPUT, &failure) : NULL;
    bool is_built = capture != NULL && build_output(watch, claim, capture, &failure);
    is_built = is_built && is_as_claimed(claim, &failure);
    if (!is_built) {
        Built blamed = blame(watch, claim, capture == NULL || fp_pass_failed_reading(watch->pass), failure);
        g_propagate_error(error, failure);
        return blamed;
    }
    if (watch->signals.stop)
        return STOPPED;
    note_built(watch, claim, capture, &before, fp_spool_n_claims(watch->spool) - i - 1);
    fp_copies_note(watch->state.seen.names, claim->name, beginning);
    return BUILT;
}

/* Puts a claim aside that makes no sense. Takes over why. */
static bool fail_claim(Watch *watch, guint i, GError *why, GError **error)
{
    const FpClaim *claim = fp_spool_claim_at(watch->spool, i);

    fp_journal(G_LOG_LEVEL_WARNING, claim->number, claim->name, "%s; %s", why->message,
               claim->identity != 0 ? "it is left where it is" : "it was moved to failed/");
    fp_status_set_word(&watch->status, FP_WORD_LAST_FAILURE, why->message);
    add_seen(watch, claim);
    watch->state.totals.files_failed++;
    bool is_moved = fp_outbox_discard(watch->outbox, claim->number - 1, error) && fp_spool_fail(watch->spool, i, why->message, error);
    g_error_free(why);
    return is_moved;
}

/* One that was found bad only after some of it had been taken: as if it had not been there. */
static bool fail_claim_begun(Watch *watch, guint i, GError *why, GError **error)
{
    if (restore(watch, error) && fail_claim(watch, i, g_steal_pointer(&why), error))
        return commit(watch, watch->state.committed, error);
    g_clear_error(&why);
    return false;
}

static void note_taken(Watch *watch, const FpClaim *claim)
{
    add_seen(watch, claim);
    fp_status_set_word(&watch->status, FP_WORD_LAST_FILE, claim->name);
    watch->status.figures[FP_FIGURE_LAG_NS] = (uint64_t)MAX(now_ns() - claim->finished_ns, 0);
}

/* Takes claims that share a commit. *is_any: whether there was anything to do. Returns false with error set when something does not work;
 * then the next round begins from what was committed. */
static bool take_group(Watch *watch, bool *is_any, GError **error)
{
    gint64 began_us = g_get_monotonic_time();
    uint64_t number = watch->state.committed;
    guint i = 0;

    *is_any = false;
    while (i < MIN(fp_spool_n_claims(watch->spool), GROUP_FILES) && g_get_monotonic_time() - began_us < GROUP_US) {
        const FpClaim *claim = fp_spool_claim_at(watch->spool, i);
        uint64_t frames = watch->state.totals.summary.frames;
        GError *failure = NULL;
        if (!fp_spool_is_finished(watch->spool, claim))
            break; /* somebody writes to it again; those behind it wait, as their order matters */
        Built built = build(watch, i, &failure);
        *is_any = true;
        number = claim->number;
        if (built == BAD && frames != watch->state.totals.summary.frames)
            return fail_claim_begun(watch, i, failure, error);
        if (built == BAD && fail_claim(watch, i, failure, error))
            continue;
        if (built == TROUBLE)
            g_propagate_error(error, failure);
        if (built != BUILT) {
            forget_uncommitted(watch);
            return built == STOPPED;
        }
        note_taken(watch, claim);
        i++;
    }
    return !*is_any || commit(watch, number, error);
}

/* --- the loop */

/* New options, where they make sense; what is on its way was committed before. */
static void reload_options(Watch *watch)
{
    GError *failure = NULL;
    const FpWatchOptions *options;

    watch->signals.reload = false;
    if (watch->reload == NULL)
        return;
    fp_notify("RELOADING=1");
    options = watch->reload(watch->user, &failure);
    if (options == NULL) {
        fp_journal(G_LOG_LEVEL_WARNING, 0, NULL, "%s; the old options are kept", failure->message);
        g_error_free(failure);
    } else {
        watch->options = options;
        forget_uncommitted(watch);
        fp_journal(G_LOG_LEVEL_MESSAGE, 0, NULL, "options were read again");
    }
    fp_notify("READY=1");
}

static void take_signals(Watch *watch)
{
    fp_wakeup_signals(watch->wakeup, &watch->signals);
    if (watch->signals.report)
        report(watch);
    watch->signals.report = false;
    if (watch->signals.reload)
        reload_options(watch);
}

static bool is_keeping(const Watch *watch)
{
    return watch->options->spool.then == FP_THEN_KEEP;
}

/* Where files are left alone, nothing is won by claiming early, and each look reads the beginnings of all of them. */
static bool must_not_look(const Watch *watch)
{
    return is_keeping(watch) && fp_spool_n_claims(watch->spool) > 0;
}

/* One round of all steps. *is_any: whether there was anything to do. */
static bool work(Watch *watch, bool *is_any, GError **error)
{
    if (watch->pass == NULL && !restore(watch, error))
        return false;
    if (watch->state.generation == 0 && !save_state(watch, error)) { /* the seed of the streams must be known after a crash */
        forget_uncommitted(watch);
        return false;
    }
    if (!settle(watch, error))
        return false;
    watch->is_woken = fp_wakeup_watch(watch->wakeup, fp_spool_inbox(watch->spool));
    watch->is_woken &= fp_wakeup_watch(watch->wakeup, fp_spool_claim_folder(watch->spool));
    GError *failure = NULL;
    bool is_claimed = must_not_look(watch) || fp_spool_claim(watch->spool, watch->state.committed, watch->state.seen.files, &failure);
    bool is_well =
        !is_claimed && is_keeping(watch) ? true : take_group(watch, is_any, error) && (watch->pass == NULL || settle(watch, error));
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
    else if (fp_spool_must_poll(watch->spool))
        wait = FP_INBOX_POLL_MS + 50;
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
        if (!is_well && watch->options->once && ++failures >= READ_ATTEMPTS) {
            g_propagate_error(error, failure);
            return false;
        }
        if (is_well)
            end_trouble(watch);
        else
            begin_trouble(watch, failure);
        if (is_any && is_well)
            save_status(watch, "working", false);
        else if (watch->options->once && !fp_spool_must_poll(watch->spool) && fp_spool_n_claims(watch->spool) == 0)
            return true;
        else {
            save_status(watch, watch->trouble != NULL ? "waiting" : "idle", true);
            fp_wakeup_wait(watch->wakeup, wait_ms(watch));
        }
    }
}

/* Where outputs went to another folder before, what was committed may still wait there to be published. */
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

static bool begin(Watch *watch, GError **error)
{
    const FpWatchOptions *options = watch->options;

    if (!fp_state_folder_open(options->spool.state, &watch->folder, error))
        return false;
    watch->spool = fp_spool_open(&options->spool, error);
    if (watch->spool == NULL)
        return false;
    watch->outbox = fp_outbox_open(options->output, watch->folder.id, error);
    if (watch->outbox == NULL)
        return false;
    watch->wakeup = fp_wakeup_new(error);
    if (watch->wakeup == NULL || !restore(watch, error) || !follow_output(watch, error))
        return false;
    if (watch->state.generation == 0 && fp_spool_highest(watch->spool) > 0)
        fp_journal(G_LOG_LEVEL_WARNING, 0, NULL, "%s: there is no checkpoint, but there are files from before; outputs may come twice",
                   options->spool.state);
    watch->files_at_start = watch->state.totals.files;
    watch->failed_at_start = watch->state.totals.files_failed;
    watch->cut_at_start = watch->state.totals.summary.captures_cut;
    watch->status.pid = (uint64_t)getpid();
    fp_status_set_word(&watch->status, FP_WORD_INBOX, options->spool.inbox);
    fp_status_set_word(&watch->status, FP_WORD_OUTPUT, options->output);
    return true;
}

static void end(Watch *watch)
{
    fp_pass_free(watch->pass);
    fp_checkpoint_clear(&watch->state);
    fp_wakeup_free(watch->wakeup);
    fp_outbox_free(watch->outbox);
    fp_spool_free(watch->spool);
    fp_status_clear(&watch->status);
    fp_state_folder_close(&watch->folder);
    g_free(watch->trouble);
}

bool fp_watch(const FpWatchOptions *options, FpWatchReload reload, void *user, FpWatchResult *result, GError **error)
{
    Watch watch = {.options = options, .reload = reload, .user = user, .folder = {.lock_fd = -1}};
    bool is_done = begin(&watch, error);

    fp_progress_begin(&watch.progress, isatty(STDERR_FILENO));
    *result = (FpWatchResult){0};
    if (is_done) {
        fp_notify("READY=1");
        is_done = loop(&watch, error);
        fp_notify("STOPPING=1");
        if (watch.pass == NULL)
            (void)restore(&watch, NULL);
        result->files = watch.state.totals.files - watch.files_at_start;
        result->files_failed = watch.state.totals.files_failed - watch.failed_at_start;
        result->files_cut = watch.state.totals.summary.captures_cut - watch.cut_at_start;
        save_status(&watch, "stopped", true);
    }
    end(&watch);
    return is_done;
}

bool fp_watch_dry_run(const FpWatchOptions *options, GError **error)
{
    const FpSelection *selection = &options->selection;
    FpCheckpoint state;

    if (!fp_checkpoint_load(options->spool.state, &selection->rules, selection->max_streams, selection->network_kinds, &state, error))
        return false;
    FpInbox *inbox = fp_inbox_new(options->spool.inbox, options->spool.match, options->spool.then == FP_THEN_KEEP);
    g_autoptr(GPtrArray) arrivals = fp_inbox_finished(inbox, state.seen.files, error);
    fp_checkpoint_clear(&state);
    for (guint i = 0; arrivals != NULL && i < arrivals->len; i++) {
        const FpArrival *arrival = g_ptr_array_index(arrivals, i);
        printf("%s\t%" G_GUINT64_FORMAT "\n", arrival->name, arrival->bytes);
    }
    fp_inbox_free(inbox);
    return arrivals != NULL;
}
