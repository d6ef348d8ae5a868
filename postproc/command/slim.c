/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slim.c - see slim.h. */
#include "slim.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/descriptor.h"
#include "base/error.h"
#include "base/message.h"
#include "base/stop.h"
#include "capture/capture-digest.h"
#include "capture/capture-lives.h"
#include "capture/capture.h"
#include "capture/formats.h"
#include "live-cut.h"
#include "slim-digest.h"
#include "slim-internal.h"

static bool show_row(void *user, uint64_t number, unsigned classes, GError **error)
{
    Slim *slim = user;
    char text[FP_CLASSES_TEXT_BYTES];

    fp_classes_to_text(classes, text);
    return (printf("%" G_GUINT64_FORMAT "\t%s\n", number, text) > 0 && !slim->options->selection.flush_each) || fp_slim_flush(slim, error);
}

static bool is_only_input(const FpSlimOptions *options)
{
    return options->inputs == NULL || options->inputs[1] == NULL;
}

/* Whether it may never end: a pipe, an interface, a file that is followed. After a signal, what is still on its way is taken. */
static bool is_endless(const FpCapture *capture)
{
    return fp_capture_file_bytes(capture) < 0;
}

static void note_signal(Slim *slim, const char *path, const char *what)
{
    slim->summary->is_interrupted = true;
    fp_slim_note_early_end(slim, path, what);
}

/* One of several inputs cannot be opened, or read further: says so, and goes on with the others. Takes ownership of failure. */
static void note_failure(Slim *slim, GError *failure)
{
    slim->summary->captures_cut++;
    if (slim->summary->unread_status == 0)
        slim->summary->unread_status = failure->code;
    fp_unread_note(&slim->unread, *slim->input);
    fp_progress_end(&slim->progress);
    fp_message_print("%s", failure->message);
    g_error_free(failure);
}

static bool is_enough(const Slim *slim)
{
    return slim->options->max_frames != 0 && slim->summary->frames - slim->summary->filtered >= slim->options->max_frames;
}

/* n: what the last read returned, which after a signal is 0 even before the end. */
static bool is_left_unread(const Slim *slim, const FpCapture *capture, int n)
{
    return fp_stop_asked() && !is_endless(capture) && !is_enough(slim) &&
           (n != 0 || fp_capture_bytes_read(capture) < (uint64_t)fp_capture_file_bytes(capture));
}

static void note_end(Slim *slim, const FpCapture *capture, int n)
{
    const char *failure = fp_capture_early_end(capture);
    const char *name = failure != NULL ? fp_capture_path(capture) : fp_digest_source(capture); /* a digest may be of a file that was cut */
    g_autofree char *what = NULL;

    slim->summary->bytes_in += fp_capture_bytes_read(capture);
    slim->summary->has_drops = fp_capture_live_drops(capture, &slim->summary->drops);
    if (failure != NULL)
        what = g_strdup_printf("the capture ended: %s; what came before was taken", failure);
    else
        what = g_strdup(fp_capture_cut(capture));
    if (what != NULL) {
        fp_unread_note(&slim->unread, name);
        fp_slim_note_early_end(slim, name, what);
    } else if (is_left_unread(slim, capture, n)) {
        what = g_strdup_printf("offset %" G_GUINT64_FORMAT ": a signal ended the reading; what came before was taken",
                               fp_capture_bytes_read(capture));
        note_signal(slim, fp_capture_path(capture), what);
    }
}

/* How many records to read at once; 0 when enough have been looked at, or a signal has ended the input. */
static int next_batch(const Slim *slim, const FpCapture *capture)
{
    uint64_t max = slim->options->max_frames, taken = slim->summary->frames - slim->summary->filtered;

    if (fp_stop_asked() && !is_endless(capture))
        return 0; /* endless inputs end by themselves, once what was on its way has been taken */
    return max != 0 && max - taken < FP_PASS_BATCH ? (int)(max - taken) : FP_PASS_BATCH;
}

static void note_times(Slim *slim, const FpCapture *capture, bool is_first)
{
    int64_t first_ns, last_ns;

    fp_pass_batch_times(slim->pass, &first_ns, &last_ns);
    if (is_first) {
        g_autofree char *warning = fp_capture_order_begin_capture(&slim->order, fp_capture_path(capture), first_ns);
        if (warning != NULL) {
            fp_progress_end(&slim->progress);
            fp_message_print("%s", warning);
        }
    }
    fp_capture_order_note_last(&slim->order, last_ns);
}

/* Takes all records of capture, or as many as are wanted. Returns what the last read returned. */
static int take_records(Slim *slim, FpCapture *capture, GError **error)
{
    bool is_first = true;
    int n = 0, max;

    while ((max = next_batch(slim, capture)) > 0) {
        if (fp_capture_would_wait(capture) && !fp_slim_idle(slim, capture, error))
            return -1;
        if (!fp_slim_do_by_clock(slim, error))
            return -1;
        fp_slim_tell_of_drops(slim, capture, false);
        n = fp_pass_take(slim->pass, capture, max, error);
        if (n <= 0)
            break;
        note_times(slim, capture, is_first);
        is_first = false;
        fp_progress_show(&slim->progress, fp_capture_path(capture), fp_capture_bytes_read(capture), fp_capture_file_bytes(capture),
                         slim->summary->frames, slim->options->selection.keep != 0 ? (int64_t)slim->summary->kept : -1);
    }
    return n;
}

/* How many threads are to read. One file that is not compressed is read by one: another one saves time, but costs more than it saves. */
static unsigned n_threads(const Slim *slim, const FpCapture *capture)
{
    const FpSlimOptions *options = slim->options;

    if (options->live.interface != NULL || options->follows)
        return 1;
    if (options->ahead.threads != 0)
        return options->ahead.threads;
    return !is_only_input(options) || fp_capture_is_compressed(capture) ? fp_read_ahead_threads_default() : 1;
}

/* Once the first capture has been opened, and it is known how the others are: has them read ahead, if they are. */
static void begin_ahead(Slim *slim, const FpCapture *capture)
{
    const FpSlimOptions *options = slim->options;
    const unsigned threads = n_threads(slim, capture);

    if (threads < 2)
        return;
    slim->ahead = fp_pass_new_ahead(slim->pass, threads, options->ahead.memory_bytes);
    for (char **input = slim->input + 1; *input != NULL; input++)
        fp_read_ahead_expect(slim->ahead, *input, *input, fp_writer_needs_wiretap(slim->outputs.writer, options->format));
}

static bool slim_capture(Slim *slim, FpCapture *capture, GError **error)
{
    if (!fp_slim_outputs_next_capture(&slim->outputs, slim->pass, capture, error))
        return false;
    if (slim->dissector != NULL)
        fp_dissector_set_live(slim->dissector, is_endless(capture), fp_capture_is_live(capture));
    if (slim->first == NULL && slim->ahead == NULL) /* a digest stands for several captures */
        begin_ahead(slim, capture);
    fp_pass_begin_ahead(slim->pass, slim->ahead, capture);
    GError *failure = NULL;
    int n = take_records(slim, capture, &failure);
    fp_pass_end_ahead(slim->pass);
    if (n < 0 && (is_only_input(slim->options) || fp_digest_is_one(capture) || !fp_pass_failed_reading(slim->pass))) {
        g_propagate_error(error, failure);
        return false;
    }
    if (n < 0) {
        slim->summary->bytes_in += fp_capture_bytes_read(capture);
        note_failure(slim, failure);
    } else {
        note_end(slim, capture, n);
    }
    return slim->outputs.writer == NULL || fp_writer_end_capture(slim->outputs.writer, error);
}

/* Takes the captures that a digest stands for, one after another. */
static bool slim_digest(Slim *slim, FpCapture *capture, GError **error)
{
    const uint64_t bytes_before = slim->summary->bytes_in;
    int n = 1;

    while (n > 0) {
        if (!fp_slim_check_digest(slim->options, capture, error) || !slim_capture(slim, capture, error) ||
            !fp_slim_check_forgotten(fp_pass_streams(slim->pass), capture, error))
            return false;
        slim->summary->bytes_in = bytes_before + fp_capture_bytes_read(capture);
        n = fp_stop_asked() ? 0 : fp_digest_next(capture, error);
    }
    return n == 0;
}

/* Takes ownership of capture. */
static bool slim_and_close(Slim *slim, FpCapture *capture, GError **error)
{
    bool is_done = (fp_digest_is_one(capture) ? slim_digest : slim_capture)(slim, capture, error);

    if (slim->first == NULL) {
        slim->first = capture;
    } else {
        fp_capture_close(slim->last);
        slim->last = capture;
    }
    return is_done;
}

/* Whether an input may never end: an interface, a pipe, a file that is followed. */
static bool has_endless_input(const FpSlimOptions *options)
{
    struct stat status;

    if (options->live.interface != NULL || options->follows)
        return true;
    for (char **input = options->inputs; *input != NULL; input++) {
        bool found = g_str_equal(*input, "-") ? fstat(STDIN_FILENO, &status) == 0 : stat(*input, &status) == 0;
        if (found && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode))
            return true;
    }
    return false;
}

static bool asks_tshark(const FpSlimOptions *options)
{
    return options->selection.questions.fields != NULL || options->selection.questions.filter != NULL;
}

/* Waits until the capture that is to be followed exists, or a signal comes: the program that writes it may have been started just before.
 * If there is no such folder, opening the capture will say so. */
static void await_capture(const char *path)
{
    g_autofree char *folder = g_path_get_dirname(path);

    if (g_str_equal(path, "-") || access(path, F_OK) == 0 || access(folder, X_OK) != 0)
        return;
    fp_message_print("%s: is not there yet; waiting for it", path);
    while (access(path, F_OK) != 0 && !fp_stop_asked() && fp_stop_sleep(FP_FOLLOW_MS))
        ;
}

static FpCapture *open_input(const Slim *slim, const char *input, GError **error)
{
    const bool by_wiretap = fp_writer_needs_wiretap(slim->outputs.writer, slim->options->format);
    FpCapture *capture = slim->ahead != NULL ? fp_read_ahead_open(slim->ahead, input, by_wiretap) : NULL;

    if (capture != NULL)
        return capture;
    return slim->options->follows ? fp_capture_follow(input, by_wiretap, NULL, error) : fp_digest_open_any(input, by_wiretap, error);
}

/* Opens the next input. Returns NULL without an error when a signal ended the input before it. */
static FpCapture *open_next(Slim *slim, const char *input, GError **error)
{
    GError *failure = NULL;
    FpCapture *capture = NULL;

    if (slim->options->follows)
        await_capture(input);
    if (!fp_stop_asked() || slim->first == NULL)
        capture = open_input(slim, input, &failure);
    if (capture != NULL)
        return capture;
    if (fp_stop_asked() && slim->first != NULL) {
        g_clear_error(&failure);
        note_signal(slim, input, "a signal ended the reading before this input; neither it nor those after it were read");
    } else {
        g_propagate_error(error, failure);
    }
    return NULL;
}

/* Whether an input that cannot be opened ends it all: it is the only one, or the last, and none could be opened. */
static bool is_hopeless(const Slim *slim)
{
    return is_only_input(slim->options) || (slim->first == NULL && slim->input[1] == NULL);
}

static bool slim_files(Slim *slim, GError **error)
{
    for (slim->input = slim->options->inputs; *slim->input != NULL && !is_enough(slim); slim->input++) {
        GError *failure = NULL;
        FpCapture *capture = open_next(slim, *slim->input, &failure);
        if (capture == NULL && failure == NULL)
            return true;
        if (capture == NULL && is_hopeless(slim)) {
            g_propagate_error(error, failure);
            return false;
        }
        if (capture == NULL)
            note_failure(slim, failure);
        else if (!slim_and_close(slim, capture, error))
            return false;
    }
    return true;
}

static bool slim_inputs(Slim *slim, GError **error)
{
    if (slim->options->live.interface != NULL)
        return slim_and_close(slim, g_steal_pointer(&slim->interface), error);
    bool is_done = slim_files(slim, error);
    fp_progress_end(&slim->progress);
    if (is_done)
        fp_unread_tell(&slim->unread, g_strv_length(slim->options->inputs));
    return is_done;
}

static bool finish_output(Slim *slim, GError **error)
{
    const FpLiveStatsSources from = fp_slim_stats_sources(slim);

    return fp_pass_end_flights(slim->pass, false, error) && (slim->stats == NULL || fp_live_stats_end(slim->stats, &from, error)) &&
           fp_slim_outputs_finish(&slim->outputs, slim->summary, error);
}

static void end_progress(void *user)
{
    Slim *slim = user;

    fp_progress_end(&slim->progress);
}

static void say(const char *what)
{
    fp_message_print("%s", what);
}

static bool is_pressed(void *nothing)
{
    (void)nothing;
    return fp_stop_asked();
}

static bool open_dissector(Slim *slim, GError **error)
{
    const FpSelection *selection = &slim->options->selection;

    if (!asks_tshark(slim->options))
        return true;
    const FpDissectorOptions options = {.keep = selection->keep, .say = say, .waiting = is_pressed};
    slim->dissector = fp_dissector_new(&selection->questions, &options, error);
    return slim->dissector != NULL;
}

/* First, so that the helper holds nothing of the interface. */
static bool begin_rights(Slim *slim, GError **error)
{
    slim->rights = fp_slim_rights_new(slim->options, error);
    return slim->rights != NULL;
}

/* Before all that is slow, as starting tshark is: the kernel holds what comes meanwhile. */
static bool open_interface(Slim *slim, GError **error)
{
    const FpLiveOptions *live = &slim->options->live;

    if (live->interface == NULL)
        return true;
    if (!fp_live_cut_begin(slim->options, &slim->cut, error))
        return false;
    slim->interface = slim->options->interfaces[1] != NULL ? fp_capture_lives_open(live, slim->options->interfaces, error)
                                                           : fp_capture_live_open(live, error);
    if (slim->interface == NULL || !fp_live_cut_attach(slim->options, slim->interface, &slim->cut, error))
        return false;
    fp_live_watch_begin(slim->interface, live, slim->options->is_quiet);
    slim->stats = fp_live_stats_new(&slim->options->stats, slim->interface);
    return true;
}

/* A file is read in no time: the clock has nothing to say there. */
static bool check_rotation(const Slim *slim, GError **error)
{
    if (!slim->outputs.rotates || has_endless_input(slim->options))
        return true;
    g_set_error_literal(error, FP_ERROR, FP_ERROR_USAGE,
                        "-G and -C go with -i, --follow or a pipe; editcap -i and editcap -c divide a capture that is a file");
    return false;
}

static void salvage(void *user)
{
    const Slim *slim = user;

    fp_slim_outputs_salvage(&slim->outputs);
}

static bool open_outputs(Slim *slim, GError **error)
{
    const FpUser *user = fp_slim_rights_user(slim->rights);

    if (!fp_slim_outputs_open(&slim->outputs, error))
        return false;
    if (user != NULL)
        fp_slim_outputs_give(&slim->outputs, user);
    return true;
}

/* Whether a signal came while there was no interface yet: then nothing was captured, and nothing failed. */
static bool has_stopped_waiting(const Slim *slim, GError **error)
{
    if (!slim->options->live.waits || slim->interface != NULL || !fp_stop_asked())
        return false;
    g_clear_error(error);
    return true;
}

static bool run(Slim *slim, GError **error)
{
    if (!check_rotation(slim, error) || !begin_rights(slim, error))
        return false;
    if (slim->outputs.rotates)
        fp_slim_rights_try(slim->rights, salvage, slim);
    if (!open_interface(slim, error))
        return has_stopped_waiting(slim, error);
    if (!open_dissector(slim, error))
        return false;
    FpStreams *streams = fp_pass_new_streams(&slim->options->selection, false, error);
    if (streams == NULL)
        return false;
    slim->pass =
        fp_pass_new(&slim->options->selection, streams, slim->summary, slim->dissector, slim->options->list ? show_row : NULL, slim);
    fp_pass_cut_by(slim->pass, slim->cut);
    bool is_done =
        open_outputs(slim, error) && fp_slim_rights_end(slim->rights, error) && slim_inputs(slim, error) && finish_output(slim, error);
    fp_pass_sum_up(slim->pass);
    return is_done;
}

bool fp_slim(const FpSlimOptions *options, FpSummary *summary, FpNoSegmentCounts **left, GError **error)
{
    Slim slim = {.options = options, .summary = summary};

    memset(summary, 0, sizeof *summary);
    fp_formats_limit(options->selection.formats);
    fp_progress_begin(&slim.progress, options->show_progress);
    if (options->log_style.table != NULL)
        fp_table_on_rows(options->log_style.table, end_progress, &slim);
    if (options->live.interface != NULL)
        fp_stop_catch_report();
    fp_slim_outputs_begin(&slim.outputs, options);
    bool is_endless_somewhere = has_endless_input(options);
    /* nobody waits for a line of a file, so its order need not depend on how fast tshark is */
    slim.outputs.log_style.in_order |= asks_tshark(options) && !is_endless_somewhere;
    bool is_done = run(&slim, error);
    summary->is_interrupted &= !is_endless_somewhere;
    fp_progress_end(&slim.progress);
    if (!is_done) { /* writes the rows and lines of what was read before the failure, or counts it */
        (void)(slim.pass == NULL || !fp_log_is_wanted(slim.outputs.log, &slim.outputs.log_style) ||
               fp_pass_end_flights(slim.pass, false, NULL));
        fflush(stdout);
        (void)(slim.outputs.log == NULL || fp_log_flush(slim.outputs.log, &slim.outputs.log_style, NULL));
    }

    fp_read_ahead_free(slim.ahead); /* before what it reads, and what it makes keys of */
    *left = slim.pass != NULL ? fp_pass_take_left(slim.pass) : fp_no_segment_counts_new();
    fp_pass_free(slim.pass); /* before what the pass borrows */
    fp_dissector_free(slim.dissector);
    fp_live_stats_free(slim.stats);
    fp_slim_outputs_clear(&slim.outputs);
    fp_capture_close(slim.interface);
    fp_capture_close(slim.last);
    fp_capture_close(slim.first);
    fp_kernel_cut_free(slim.cut);
    fp_capture_order_clear(&slim.order);
    fp_unread_clear(&slim.unread);
    fp_slim_rights_free(slim.rights);
    return is_done;
}
