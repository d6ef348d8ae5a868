/* SPDX-License-Identifier: GPL-2.0-or-later */
/* watch-claims.c - builds the outputs of claimed captures, and puts aside those of which none can be built. See watch-internal.h. */
#include "watch-internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/journal.h"
#include "base/notify.h"
#include "capture/capture.h"
#include "output/output.h"
#include "output/writer.h"
#include "spool/compressed-copies.h"
#include "spool/recent-names.h"

#define TICK_US 250000  /* while working: time between looks at signals, watchdog and claims */
#define GROUP_US 250000 /* files taken within this time share a checkpoint */
#define GROUP_FILES FP_CHECKPOINT_TAKEN

void fp_watch_claim_ahead(Watch *watch)
{
    if (watch->options->spool.then != FP_THEN_KEEP)
        (void)fp_spool_claim(watch->spool, MAX(watch->state.committed, watch->building), watch->state.seen.files, NULL);
}

static void tick(Watch *watch, const char *state)
{
    gint64 now_us = g_get_monotonic_time();

    if (now_us < watch->next_tick_us)
        return;
    watch->next_tick_us = now_us + TICK_US;
    fp_notify("WATCHDOG=1");
    fp_wakeup_signals(watch->wakeup, &watch->signals);
    if (watch->signals.report) {
        watch->signals.report = false;
        fp_watch_report(watch);
    }
    fp_watch_claim_ahead(watch);
    fp_watch_save_status(watch, state, false);
}

/* A claim that is still being written. */
typedef struct {
    Watch *watch;
    guint i;         /* index of the claim */
    FpOutput *log;   /* NULL: none yet */
    GError *failure; /* of writing, while more was waited for */
} Following;

/* There are no frames for now: writes what does not wait for tshark, so that it can be seen. */
static bool catch_up(Watch *watch, FpOutput *log, GError **error)
{
    return fp_pass_catch_up(watch->pass, 0, error) && (log == NULL || fp_output_flush(log, error));
}

/* See FpFollower. Also ends for new options: the claim is then begun anew with these. */
static bool wait_for_more(void *user)
{
    Following *following = user;
    Watch *watch = following->watch;

    if (following->log != NULL && !catch_up(watch, following->log, &following->failure))
        return false;
    fp_attempts_begin(watch->attempts, NULL);
    g_usleep(FP_FOLLOW_MS * 1000);
    tick(watch, "following");
    fp_attempts_end(watch->attempts);
    if (watch->signals.stop || watch->signals.reload)
        return false;
    if (!fp_spool_is_finished(watch->spool, following->i))
        return true;
    fp_spool_note_finished(watch->spool, following->i);
    return false;
}

/* What came of a claim. */
typedef enum {
    BUILT,
    BAD,     /* it is not a capture, or is damaged */
    TROUBLE, /* something else does not work */
    CHANGED, /* it was written to while it was read: it is begun anew once that has ended */
    STOPPED, /* a signal came */
    WAITS,   /* it was not begun: somebody writes to it, or claims before it must be committed first */
} Built;

/* The outputs of a claim. */
typedef struct {
    FpOutput *capture; /* NULL: none, then writer is NULL too */
    FpWriter *writer;
    FpOutput *log; /* NULL: none */
} Outputs;

static void say(const char *what)
{
    fp_journal(G_LOG_LEVEL_WARNING, 0, NULL, "%s", what);
}

/* From here until end_asking the process waits for tshark. */
static void begin_asking(Watch *watch)
{
    if (!watch->is_reading || watch->is_asking || watch->dissector == NULL)
        return;
    watch->is_asking = true;
    fp_attempts_begin(watch->attempts, NULL);
}

static void end_asking(Watch *watch)
{
    if (watch->is_asking)
        fp_attempts_end(watch->attempts);
    watch->is_asking = false;
}

/* See FpTsharkWaiting. */
static bool note_waiting(void *user)
{
    Watch *watch = user;

    begin_asking(watch);
    if (watch->pass != NULL) {
        tick(watch, "working");
    } else { /* new options are being checked, and there may be no claims yet */
        fp_notify("WATCHDOG=1");
        fp_wakeup_signals(watch->wakeup, &watch->signals);
    }
    return watch->signals.stop;
}

bool fp_watch_new_dissector(Watch *watch, const FpWatchOptions *options, FpDissector **dissector, GError **error)
{
    const FpSelection *selection = &options->selection;
    const FpDissectorOptions how = {.keep = selection->keep, .say = say, .waiting = note_waiting, .user = watch};

    *dissector = NULL;
    if (selection->questions.fields == NULL && selection->questions.filter == NULL)
        return true;
    *dissector = fp_dissector_new(&selection->questions, &how, error);
    return *dissector != NULL;
}

static bool write_outputs(Watch *watch, const FpClaim *claim, FpCapture *capture, const Outputs *outputs, GError **error)
{
    int n;

    if (outputs->writer != NULL && !fp_writer_next_capture(outputs->writer, capture, error))
        return false;
    if (!fp_pass_skip(watch->pass, capture, claim->records_before, error))
        return false;
    while (!watch->signals.stop && (n = fp_pass_take(watch->pass, capture, FP_PASS_BATCH, error)) != 0) {
        if (n < 0)
            return false;
        if (++watch->ticks % 64 == 0)
            tick(watch, "working");
        end_asking(watch);
        fp_attempts_note_offset(watch->attempts, fp_capture_bytes_read(capture));
        fp_progress_show(&watch->progress, fp_capture_path(capture), fp_capture_bytes_read(capture), fp_capture_file_bytes(capture),
                         watch->state.totals.summary.frames, (int64_t)watch->state.totals.summary.kept);
    }
    begin_asking(watch);
    if (!watch->signals.stop && !fp_pass_end_flights(watch->pass, true, error))
        return false;
    return outputs->writer == NULL || (fp_writer_end_capture(outputs->writer, error) && fp_writer_finish(outputs->writer, error));
}

/* Points a link with a fixed name in the state folder at the log that is being written. */
static bool show_live(const Watch *watch, const char *built, const char *suffix, GError **error)
{
    g_autofree char *live = g_strconcat(watch->options->spool.state, "/live", suffix, NULL);
    g_autofree char *fresh = g_strconcat(live, ".new", NULL);
    g_autofree char *target = g_canonicalize_filename(built, NULL);

    (void)unlink(fresh);
    if (symlink(target, fresh) == 0 && rename(fresh, live) == 0)
        return true;
    return fp_error_set_errno(error, FP_ERROR_IO, live, "cannot be linked to the log that is being written");
}

static FpOutput *create_output(const Watch *watch, const FpClaim *claim, const char *name, const char *suffix, GError **error)
{
    g_autofree char *whole_name = g_strconcat(name, suffix, NULL);
    g_autofree char *path = fp_outbox_build_path(watch->outbox, claim->number, whole_name);

    return fp_output_create(path, error);
}

static bool begin_log(Watch *watch, const FpClaim *claim, Following *following, const char *name, Outputs *outputs, GError **error)
{
    const FpWatchOptions *options = watch->options;
    const char *suffix = fp_log_suffix(options->log_style.format);

    outputs->log = create_output(watch, claim, name, suffix, error);
    if (outputs->log == NULL || (following != NULL && !show_live(watch, fp_output_path(outputs->log), suffix, error)))
        return false;
    if (following != NULL)
        following->log = outputs->log;
    fp_pass_log_to(watch->pass, outputs->log, &options->log_style, claim->name);
    return true;
}

static bool begin_outputs(Watch *watch, const FpClaim *claim, FpCapture *capture, Following *following, const char *name, Outputs *outputs,
                          GError **error)
{
    const FpWatchOptions *options = watch->options;

    if (watch->dissector != NULL)
        fp_dissector_retry(watch->dissector);
    if (options->outputs & FP_WATCH_CAPTURE) {
        FpPacking packing = fp_writer_copies(capture, true, options->format) ? options->packing : FP_PACKING_NONE;
        outputs->capture = create_output(watch, claim, name, fp_packing_suffix(packing), error);
        if (outputs->capture != NULL && fp_output_pack(outputs->capture, packing, error))
            outputs->writer = fp_writer_new(outputs->capture, capture, true, options->format, error);
        if (outputs->writer == NULL)
            return false;
        fp_pass_write_to(watch->pass, outputs->writer);
    }
    return !(options->outputs & FP_WATCH_LOG) || begin_log(watch, claim, following, name, outputs, error);
}

static void end_outputs(Watch *watch, Outputs *outputs)
{
    end_asking(watch);
    fp_pass_end_ahead(watch->pass);
    fp_progress_end(&watch->progress);
    fp_pass_forget_fragments(watch->pass); /* a checkpoint does not hold them */
    fp_pass_write_to(watch->pass, NULL);
    fp_pass_log_to(watch->pass, NULL, NULL, NULL);
    fp_writer_free(outputs->writer);
}

/* Finishes an output, which may be NULL, and syncs it. Takes ownership of it. */
static bool finish_output(Watch *watch, FpOutput *output, GError **error)
{
    if (output == NULL)
        return true;
    uint64_t bytes;
    fp_attempts_begin(watch->attempts, NULL);
    bool is_finished = fp_output_finish(output, &bytes, error);
    fp_attempts_end(watch->attempts);
    watch->state.totals.summary.bytes_out += is_finished ? bytes : 0;
    watch->n_built += is_finished;
    return is_finished;
}

/* Whether writing failed while more was waited for. Then sets error. */
static bool has_failed(Following *following, GError **error)
{
    if (following == NULL || following->failure == NULL)
        return false;
    g_propagate_error(error, g_steal_pointer(&following->failure));
    return true;
}

/* Writes the capture's outputs and syncs them. following: NULL if the capture is finished. */
static bool build_outputs(Watch *watch, const FpClaim *claim, FpCapture *capture, Following *following, GError **error)
{
    g_autofree char *name = fp_outbox_name(claim->name, claim->number, watch->state.seen.names);
    Outputs outputs = {0};
    const bool may_read_ahead = following == NULL && claim->records_before == 0;

    fp_pass_begin_ahead(watch->pass, may_read_ahead ? watch->ahead.threads : NULL, capture);
    bool is_done =
        begin_outputs(watch, claim, capture, following, name, &outputs, error) && write_outputs(watch, claim, capture, &outputs, error);
    end_outputs(watch, &outputs);
    is_done = is_done && !has_failed(following, error) && finish_output(watch, g_steal_pointer(&outputs.capture), error);
    is_done = is_done && finish_output(watch, g_steal_pointer(&outputs.log), error);
    fp_output_discard(outputs.capture);
    fp_output_discard(outputs.log);
    if (is_done)
        fp_recent_names_add(watch->state.seen.names, name);
    return is_done;
}

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
    Following following = {.watch = watch, .i = i};
    FpFollower follower = {wait_for_more, &following};
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
    bool is_built = capture != NULL && build_outputs(watch, claim, capture, is_written ? &following : NULL, &failure);
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

    fp_journal(G_LOG_LEVEL_WARNING, claim->number, claim->name, "%s; %s", why->message,
               claim->identity != 0 ? "it is left where it is" : "it was moved to failed/");
    fp_status_set_word(&watch->status, FP_WORD_LAST_FAILURE, why->message);
    fp_watch_add_seen(watch, claim);
    watch->state.totals.files_failed++;
    bool is_moved = fp_outbox_discard(watch->outbox, claim->number - 1, error) && fp_spool_fail(watch->spool, i, why->message, error);
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

bool fp_watch_take_group(Watch *watch, bool *is_any, GError **error)
{
    gint64 began_us = g_get_monotonic_time();
    uint64_t number = watch->state.committed;
    guint i = 0;

    *is_any = false;
    watch->building = 0;
    if (fp_spool_n_claims(watch->spool) == 0)
        fp_watch_rest(watch);
    while (i < MIN(fp_spool_n_claims(watch->spool), GROUP_FILES) && g_get_monotonic_time() - began_us < GROUP_US) {
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
            g_propagate_error(error, failure);
        if (built != BUILT) {
            fp_watch_forget_uncommitted(watch);
            return built == STOPPED || built == CHANGED;
        }
        note_taken(watch, claim);
        i++;
    }
    return !*is_any || fp_watch_commit(watch, number, error);
}
