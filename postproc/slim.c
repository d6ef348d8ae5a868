/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * slim.c - joins the stages: file -> record -> segment -> stream -> verdict -> output.
 *
 * Records go through in batches: all of a batch are decoded and their places in the stream table asked for before the first is looked
 * up there, so that memory has answered by then.
 */
#include "slim.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture.h"
#include "decode.h"
#include "error.h"
#include "filter.h"
#include "output.h"
#include "progress.h"
#include "stop.h"
#include "streams.h"
#include "writer.h"

#define BATCH 32

typedef struct {
    const FpSlimOptions *options;
    FpSummary *summary;
    FpFilter *filter; /* NULL for none, or the kernel's */
    FpDecoder *decoder;
    FpStreams *streams;
    FpOutput *output; /* NULL with list */
    FpWriter *writer;
    FpCapture *first; /* stays open: the writer borrows from it */
    FpProgress progress;
} Slim;

/* A frame that completes a datagram is of no use without the others that hold it. */
static bool write_fragments(Slim *slim, const GPtrArray *fragments, GError **error)
{
    for (guint i = 0; fragments != NULL && i < fragments->len; i++) {
        bool is_written = false;
        if (!fp_writer_write_kept(slim->writer, g_ptr_array_index(fragments, i), &is_written, error))
            return false;
        slim->summary->kept_fragments += is_written;
    }
    return true;
}

static bool flush(Slim *slim, GError **error)
{
    if (!slim->options->list)
        return fp_writer_flush(slim->writer, error);
    if (fflush(stdout) == 0)
        return true;
    g_set_error(error, FP_ERROR, FP_ERROR_IO, "standard output: cannot be written: %s", g_strerror(errno));
    return false;
}

/* fragments: those with which the record completes a datagram, or NULL. */
static bool take_verdict(Slim *slim, const FpRecord *record, const GPtrArray *fragments, unsigned classes, GError **error)
{
    slim->summary->streams_with_payload += (classes & FP_CLASS_FIRST) != 0;
    if (slim->options->list) {
        char text[FP_CLASSES_TEXT_BYTES];
        fp_classes_to_text(classes, text);
        return (printf("%" G_GUINT64_FORMAT "\t%s\n", slim->summary->frames, text) > 0 && !slim->options->flush_each) || flush(slim, error);
    }
    if ((classes & slim->options->keep) == 0)
        return true;
    slim->summary->kept++;
    return write_fragments(slim, fragments, error) && fp_writer_write(slim->writer, record, error) &&
           (!slim->options->flush_each || flush(slim, error));
}

/* What is known of a record of a batch before its stream is looked up. */
typedef struct {
    FpSegment segment;
    FpStreamKey key;
    GPtrArray *fragments;
    bool has_segment;
} Pending;

static void prepare(Slim *slim, const FpRecord *record, Pending *pending)
{
    FpDecoded decoded = fp_decode(slim->decoder, record, &pending->segment);

    slim->summary->decoded[decoded]++;
    pending->has_segment = decoded == FP_DECODED_SEGMENT;
    pending->fragments = NULL;
    if (!pending->has_segment)
        return;
    pending->fragments = fp_decoder_take_kept(slim->decoder);
    pending->key = fp_streams_key(slim->streams, &pending->segment);
    fp_streams_prefetch(slim->streams, pending->key);
}

/* Prepares the records that the filter lets through. */
static bool prepare_matching(Slim *slim, const FpCapture *capture, const FpRecord *records, int n, Pending *pending, GError **error)
{
    for (int i = 0; i < n; i++) {
        int matches = fp_filter_matches(slim->filter, capture, &records[i], error);
        if (matches < 0)
            return false;
        if (matches > 0) {
            prepare(slim, &records[i], &pending[i]);
            continue;
        }
        slim->summary->filtered++;
        pending[i] = (Pending){.has_segment = false};
    }
    return true;
}

/* Where networks are told apart, before a batch is decoded: what is known of those that its segments are of. */
static void begin_networks(const Slim *slim, const FpCapture *capture, const FpRecord *records, int n, Pending *pending)
{
    for (int i = 0; i < n; i++) {
        uint32_t interface;
        pending[i].segment.network = 0;
        if (slim->options->network_kinds & FP_NETWORK_INTERFACE && fp_capture_interface(capture, &records[i], &interface))
            pending[i].segment.network = fp_network_mix(0, FP_NETWORK_INTERFACE, interface);
    }
}

/* And after it. A pass of its own, so that nobody else pays for it. */
static void end_networks(const Slim *slim, int n, Pending *pending)
{
    for (int i = 0; i < n; i++) {
        if (!pending[i].has_segment)
            continue;
        pending[i].key = fp_streams_key_in_network(slim->streams, pending[i].key, pending[i].segment.network);
        fp_streams_prefetch(slim->streams, pending[i].key);
    }
}

static bool take_batch(Slim *slim, const FpCapture *capture, const FpRecord *records, int n, GError **error)
{
    Pending pending[BATCH];
    bool is_well = true;

    if (slim->options->network_kinds != 0)
        begin_networks(slim, capture, records, n, pending);
    if (slim->filter != NULL && !prepare_matching(slim, capture, records, n, pending, error))
        return false;
    for (int i = 0; slim->filter == NULL && i < n; i++)
        prepare(slim, &records[i], &pending[i]);
    if (slim->options->network_kinds != 0)
        end_networks(slim, n, pending);
    for (int i = 0; i < n; i++) {
        FpVerdict verdict;
        slim->summary->frames++;
        if (!pending[i].has_segment)
            continue;
        fp_streams_take(slim->streams, pending[i].key, &pending[i].segment, &verdict);
        if (verdict.classes != 0 && is_well)
            is_well = take_verdict(slim, &records[i], pending[i].fragments, verdict.classes, error);
        if (pending[i].fragments != NULL)
            g_ptr_array_unref(pending[i].fragments);
    }
    return is_well;
}

static bool begin_writing(Slim *slim, FpCapture *capture, GError **error)
{
    if (slim->options->list)
        return true;
    if (slim->writer == NULL) {
        bool is_only = slim->options->inputs == NULL || slim->options->inputs[1] == NULL;
        slim->writer = fp_writer_new(slim->output, capture, is_only, slim->options->format, error);
        if (slim->writer == NULL)
            return false;
    }
    return fp_writer_next_capture(slim->writer, capture, error);
}

/* A pipe or an interface: it may never end, so a signal does it. */
static bool is_endless(const FpCapture *capture)
{
    return fp_capture_file_bytes(capture) < 0;
}

/* What came before the capture ended too early has been taken; that is said at once, and by the exit status in the end. */
static void note_early_end(Slim *slim, const char *path, const char *what)
{
    slim->summary->captures_cut++;
    fp_progress_end(&slim->progress);
    fprintf(stderr, "firstpayload: %s: %s\n", path, what);
}

static void note_end(Slim *slim, const FpCapture *capture)
{
    const char *failure = fp_capture_live_end(capture);
    g_autofree char *what = NULL;

    slim->summary->bytes_in += fp_capture_bytes_read(capture);
    slim->summary->has_drops = fp_capture_live_drops(capture, &slim->summary->drops);
    if (failure != NULL)
        what = g_strdup_printf("the capture ended: %s; what came before was taken", failure);
    else if (fp_capture_cut(capture) >= 0)
        what = g_strdup_printf("offset %" G_GINT64_FORMAT ": the last record is cut short; the whole ones before it were taken",
                               fp_capture_cut(capture));
    else if (fp_stop_asked() && !is_endless(capture))
        what = g_strdup_printf("offset %" G_GUINT64_FORMAT ": a signal ended the reading; what came before was taken",
                               fp_capture_bytes_read(capture));
    if (what != NULL)
        note_early_end(slim, fp_capture_path(capture), what);
}

/* How many records to read at once: 0 when enough have been looked at, or a signal has ended the input. */
static int next_batch(const Slim *slim, const FpCapture *capture)
{
    uint64_t max = slim->options->max_frames, taken = slim->summary->frames - slim->summary->filtered;

    if (fp_stop_asked() && !is_endless(capture))
        return 0; /* the others end by themselves, when what was on its way has been taken */
    return max != 0 && max - taken < BATCH ? (int)(max - taken) : BATCH;
}

static bool slim_capture(Slim *slim, FpCapture *capture, GError **error)
{
    FpRecord records[BATCH];
    int n = 0, max;

    if (!begin_writing(slim, capture, error))
        return false;
    while ((max = next_batch(slim, capture)) > 0) {
        if (fp_capture_would_wait(capture) && !flush(slim, error))
            return false;
        n = fp_capture_read(capture, records, max, error);
        if (n <= 0)
            break;
        if (!take_batch(slim, capture, records, n, error))
            return false;
        fp_progress_show(&slim->progress, fp_capture_path(capture), fp_capture_bytes_read(capture), fp_capture_file_bytes(capture),
                         slim->summary->frames, slim->summary->kept);
    }
    if (n < 0)
        return false;
    note_end(slim, capture);
    return slim->options->list || fp_writer_end_capture(slim->writer, error);
}

/* Takes over capture; NULL: it could not be opened. */
static bool slim_and_close(Slim *slim, FpCapture *capture, GError **error)
{
    bool is_done = capture != NULL && slim_capture(slim, capture, error);

    if (slim->first == NULL)
        slim->first = capture;
    else
        fp_capture_close(capture);
    return is_done;
}

/* Whether an input may never end: an interface, a pipe. Then signals end the input, also one that comes while a pipe is opened. */
static bool has_endless_input(const FpSlimOptions *options)
{
    struct stat status;

    if (options->live.interface != NULL)
        return true;
    for (char **input = options->inputs; *input != NULL; input++) {
        bool found = g_str_equal(*input, "-") ? fstat(STDIN_FILENO, &status) == 0 : stat(*input, &status) == 0;
        if (found && !S_ISREG(status.st_mode) && !S_ISDIR(status.st_mode))
            return true;
    }
    return false;
}

static bool is_enough(const Slim *slim)
{
    return slim->options->max_frames != 0 && slim->summary->frames - slim->summary->filtered >= slim->options->max_frames;
}

/* Opens the next input. Returns NULL without an error when a signal ended the input before it. */
static FpCapture *open_next(Slim *slim, const char *input, GError **error)
{
    bool is_converted = slim->options->format != FP_WRITER_AS_INPUT || (slim->writer != NULL && !fp_writer_copies(slim->writer));
    GError *failure = NULL;
    FpCapture *capture = NULL;

    if (!fp_stop_asked() || slim->first == NULL)
        capture = fp_capture_open(input, is_converted, &failure);
    if (capture != NULL)
        return capture;
    if (fp_stop_asked() && slim->first != NULL) {
        g_clear_error(&failure);
        note_early_end(slim, input, "a signal ended the reading before this input; neither it nor those after it were read");
    } else {
        g_propagate_error(error, failure);
    }
    return NULL;
}

static bool slim_inputs(Slim *slim, GError **error)
{
    if (slim->options->live.interface != NULL)
        return slim_and_close(slim, fp_capture_live_open(&slim->options->live, error), error);
    for (char **input = slim->options->inputs; *input != NULL && !is_enough(slim); input++) {
        GError *failure = NULL;
        FpCapture *capture = open_next(slim, *input, &failure);
        if (capture == NULL && failure == NULL)
            return true;
        if (failure != NULL)
            g_propagate_error(error, failure);
        if (!slim_and_close(slim, capture, error))
            return false;
    }
    return true;
}

static bool finish_output(Slim *slim, GError **error)
{
    if (slim->options->list)
        return flush(slim, error);
    if (!fp_writer_finish(slim->writer, error))
        return false;
    slim->summary->bytes_out = fp_output_bytes(slim->output);
    return fp_output_publish(g_steal_pointer(&slim->output), error);
}

/* Random, or whoever sends the packets could choose endpoints that all land in one place of the table. */
static uint64_t random_seed(void)
{
    uint64_t seed;

    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
        seed = (uint64_t)g_get_real_time();
    return seed;
}

static bool run(Slim *slim, GError **error)
{
    slim->streams = fp_streams_new(&slim->options->rules, random_seed(), slim->options->max_streams);
    if (slim->streams == NULL) {
        g_set_error(error, FP_ERROR, FP_ERROR_SOFTWARE, "no memory for the table of streams");
        return false;
    }
    if (!slim->options->list) {
        slim->output = fp_output_open(slim->options->output, slim->options->inputs, error);
        if (slim->output == NULL)
            return false;
    }
    bool is_done = slim_inputs(slim, error) && finish_output(slim, error);
    fp_streams_stats(slim->streams, &slim->summary->streams);
    slim->summary->datagrams_forgotten = fp_decoder_forgotten(slim->decoder);
    return is_done;
}

static void *keep_fragment(void *user, const FpRecord *record, size_t *bytes)
{
    Slim *slim = user;

    return fp_writer_keep(slim->writer, record, bytes);
}

bool fp_slim(const FpSlimOptions *options, FpSummary *summary, GError **error)
{
    Slim slim = {.options = options, .summary = summary};
    FpKeeper keeper = {.keep = keep_fragment, .drop = fp_writer_drop_kept, .user = &slim};

    if (options->filter != NULL && options->live.interface == NULL)
        slim.filter = fp_filter_new(options->filter);
    slim.decoder = fp_decoder_new(options->list || options->marked_only ? NULL : &keeper, options->network_kinds);
    memset(summary, 0, sizeof *summary);
    fp_progress_begin(&slim.progress, options->show_progress);
    if (has_endless_input(options))
        fp_stop_catch(fp_output_remove_temporary);
    bool is_done = run(&slim, error);
    fp_progress_end(&slim.progress);
    if (!is_done)
        fflush(stdout); /* rows of what was read before the failure */

    fp_writer_free(slim.writer);
    fp_output_discard(slim.output);
    fp_capture_close(slim.first);
    fp_streams_free(slim.streams);
    fp_decoder_free(slim.decoder);
    fp_filter_free(slim.filter);
    return is_done;
}
