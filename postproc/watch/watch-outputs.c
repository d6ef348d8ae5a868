/* SPDX-License-Identifier: GPL-2.0-or-later */
/* watch-outputs.c - the outputs of one claim: a capture, a log, or both. See watch-internal.h. */
#include "watch-internal.h"

#include <unistd.h>

#include "base/error.h"
#include "capture/capture.h"
#include "output/output.h"
#include "output/writer.h"
#include "spool/recent-names.h"

/* The outputs of a claim. */
typedef struct {
    FpOutput *capture; /* NULL: none, then writer is NULL too */
    FpWriter *writer;
    FpOutput *log; /* NULL: none */
} Outputs;

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
            fp_watch_tick(watch, "working");
        fp_watch_end_asking(watch);
        fp_attempts_note_offset(watch->attempts, fp_capture_bytes_read(capture));
        fp_progress_show(&watch->progress, fp_capture_path(capture), fp_capture_bytes_read(capture), fp_capture_file_bytes(capture),
                         watch->state.totals.summary.frames, (int64_t)watch->state.totals.summary.kept);
    }
    fp_watch_begin_asking(watch);
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

static bool begin_log(Watch *watch, const FpClaim *claim, WatchFollowing *following, const char *name, Outputs *outputs, GError **error)
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

static bool begin_outputs(Watch *watch, const FpClaim *claim, FpCapture *capture, WatchFollowing *following, const char *name,
                          Outputs *outputs, GError **error)
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
    fp_watch_end_asking(watch);
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
static bool has_failed(WatchFollowing *following, GError **error)
{
    if (following == NULL || following->failure == NULL)
        return false;
    g_propagate_error(error, g_steal_pointer(&following->failure));
    return true;
}

bool fp_watch_build_outputs(Watch *watch, const FpClaim *claim, FpCapture *capture, WatchFollowing *following, GError **error)
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
