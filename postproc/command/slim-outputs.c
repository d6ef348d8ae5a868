/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slim-outputs.c - see slim-outputs.h. */
#include "slim-outputs.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/descriptor.h"
#include "base/error.h"
#include "base/stop.h"
#include "capture/capture-digest.h"
#include "output/rotation.h"

static bool is_rotation(const FpSlimOptions *options)
{
    return options->rotation.seconds > 0 || options->rotation.bytes > 0;
}

static bool rotates_capture(const FpSlimOptions *options)
{
    return options->output != NULL && is_rotation(options);
}

/* A log whose name has no time in it stays one file, for logrotate. */
static bool rotates_log(const FpSlimOptions *options)
{
    return options->log != NULL && is_rotation(options) && fp_rotation_is_pattern(options->log);
}

void fp_slim_outputs_begin(FpSlimOutputs *outputs, const FpSlimOptions *options)
{
    *outputs = (FpSlimOutputs){.options = options, .log_style = options->log_style};
    outputs->rotates = rotates_capture(options) || rotates_log(options);
    fp_stop_catch(outputs->rotates || (options->log != NULL && fp_output_is_file_name(options->log)));
}

void fp_slim_outputs_salvage(const FpSlimOutputs *outputs)
{
    if (rotates_capture(outputs->options))
        fp_rotation_salvage(outputs->options->output, outputs->options->packing, FP_ROTATED_CAPTURE);
    if (rotates_log(outputs->options))
        fp_rotation_salvage(outputs->options->log, FP_PACKING_NONE, FP_ROTATED_LINES);
}

static bool refuse_output(const FpOutput *output, const char *what, GError **error)
{
    g_set_error(error, FP_ERROR, FP_ERROR_USAGE, "%s: %s", fp_output_path(output), what);
    return false;
}

static bool open_log(FpSlimOutputs *outputs, GError **error)
{
    const FpSlimOptions *options = outputs->options;

    if (rotates_log(options)) {
        outputs->log = fp_rotation_open(options->log, &options->rotation, FP_PACKING_NONE, FP_ROTATED_LINES, error);
        return outputs->log != NULL;
    }
    outputs->log = fp_output_append(options->log, options->inputs, error);
    if (outputs->log == NULL)
        return false;
    if (options->list && fp_output_is_same(outputs->log, STDOUT_FILENO))
        return refuse_output(outputs->log, "is the output of both the list and the log; give the log another name", error);
    if (options->live.interface != NULL) /* whoever watches an interface would lose more by an end */
        fp_output_go_on(outputs->log);
    return true;
}

static bool open_capture(FpSlimOutputs *outputs, GError **error)
{
    const FpSlimOptions *options = outputs->options;

    if (rotates_capture(options)) {
        outputs->capture = fp_rotation_open(options->output, &options->rotation, options->packing, FP_ROTATED_CAPTURE, error);
        return outputs->capture != NULL;
    }
    outputs->capture = fp_output_open(options->output, options->inputs, error);
    if (outputs->capture == NULL)
        return false;
    if (isatty(fp_output_fd(outputs->capture)))
        return refuse_output(outputs->capture, "is a terminal, and captures are not written to terminals; use -w FILE, --log -, or --list",
                             error);
    if (outputs->log != NULL && fp_output_is_same(outputs->capture, fp_output_fd(outputs->log)))
        return refuse_output(outputs->capture, "is the output of both the capture and the log; give one of them another name", error);
    return fp_output_pack(outputs->capture, options->packing, error);
}

bool fp_slim_outputs_open(FpSlimOutputs *outputs, GError **error)
{
    const FpSlimOptions *options = outputs->options;

    if (options->list && !fp_descriptor_is_writable(STDOUT_FILENO)) {
        g_set_error(error, FP_ERROR, FP_ERROR_CANNOT_CREATE, "standard output: is not open for writing, and --list prints to it");
        return false;
    }
    return (options->log == NULL || open_log(outputs, error)) && (options->output == NULL || open_capture(outputs, error));
}

void fp_slim_outputs_give(const FpSlimOutputs *outputs, const FpUser *user)
{
    if (rotates_capture(outputs->options))
        (void)!fchown(fp_output_fd(outputs->capture), user->uid, user->gid);
    if (rotates_log(outputs->options))
        (void)!fchown(fp_output_fd(outputs->log), user->uid, user->gid);
}

bool fp_slim_outputs_next_capture(FpSlimOutputs *outputs, FpPass *pass, FpCapture *capture, GError **error)
{
    const FpSlimOptions *options = outputs->options;

    if (fp_log_is_wanted(outputs->log, &outputs->log_style))
        fp_pass_log_to(pass, outputs->log, &outputs->log_style, fp_digest_source(capture));
    if (outputs->capture == NULL)
        return true;
    if (outputs->writer == NULL) {
        bool is_only = (options->inputs == NULL || options->inputs[1] == NULL) && fp_digest_is_alone(capture);
        outputs->writer = fp_writer_new(outputs->capture, capture, is_only, options->format, error);
        if (outputs->writer == NULL)
            return false;
        fp_pass_write_to(pass, outputs->writer);
    }
    if (rotates_capture(options) && !fp_writer_can_restart(outputs->writer, capture, error))
        return false;
    return fp_writer_next_capture(outputs->writer, capture, error);
}

bool fp_slim_outputs_flush(FpSlimOutputs *outputs, GError **error)
{
    if (outputs->log != NULL && !fp_log_flush(outputs->log, &outputs->log_style, error))
        return false;
    if (outputs->writer != NULL)
        return fp_writer_flush(outputs->writer, error);
    if (!outputs->options->list || fflush(stdout) == 0)
        return true;
    g_set_error(error, FP_ERROR, FP_ERROR_IO, "standard output: cannot be written: %s", g_strerror(errno));
    return false;
}

static bool rotate_log(FpSlimOutputs *outputs, bool is_asked, GError **error)
{
    if (!rotates_log(outputs->options) || (!is_asked && !fp_rotation_is_due(outputs->log)))
        return true;
    return fp_log_flush(outputs->log, &outputs->log_style, error) && fp_rotation_next(outputs->log, error);
}

static bool rotate_capture(FpSlimOutputs *outputs, bool is_asked, GError **error)
{
    if (!rotates_capture(outputs->options) || outputs->writer == NULL || (!is_asked && !fp_rotation_is_due(outputs->capture)))
        return true;
    return fp_writer_finish(outputs->writer, error) && fp_rotation_next(outputs->capture, error) &&
           fp_writer_restart(outputs->writer, error);
}

bool fp_slim_outputs_rotate(FpSlimOutputs *outputs, GError **error)
{
    unsigned hangups = fp_stop_hangups();
    bool is_asked = hangups != outputs->hangups;

    outputs->hangups = hangups;
    return !outputs->rotates || (rotate_log(outputs, is_asked, error) && rotate_capture(outputs, is_asked, error));
}

static int sooner(int ms, const FpOutput *output)
{
    int due_ms = fp_rotation_due_ms(output);

    return due_ms >= 0 && (ms < 0 || due_ms < ms) ? due_ms : ms;
}

int fp_slim_outputs_due_ms(const FpSlimOutputs *outputs)
{
    int ms = -1;

    if (rotates_log(outputs->options))
        ms = sooner(ms, outputs->log);
    if (rotates_capture(outputs->options))
        ms = sooner(ms, outputs->capture);
    return ms;
}

bool fp_slim_outputs_finish(FpSlimOutputs *outputs, FpSummary *summary, GError **error)
{
    if (outputs->log != NULL) {
        if (!fp_log_flush(outputs->log, &outputs->log_style, error))
            return false;
        summary->unwritten += fp_output_n_lost(outputs->log);
        if (!fp_output_publish(g_steal_pointer(&outputs->log), NULL, error))
            return false;
    }
    if (outputs->capture == NULL)
        return fp_slim_outputs_flush(outputs, error);
    if (!fp_writer_finish(outputs->writer, error))
        return false;
    summary->unwritten += fp_output_n_lost(outputs->capture);
    return fp_output_publish(g_steal_pointer(&outputs->capture), &summary->bytes_out, error);
}

void fp_slim_outputs_clear(FpSlimOutputs *outputs)
{
    fp_writer_free(outputs->writer);
    fp_output_discard(outputs->capture);
    fp_output_discard(outputs->log);
}
