/* SPDX-License-Identifier: GPL-2.0-or-later */
/* command-said.c - firstpayload said: counts what connections said first. See command.h. */
#include "command.h"

#include <stdio.h>

#include "said-arguments.h"

/* Opened before anything is read, so that what cannot be written is said at once. */
static FpOutput *open_output(const FpSaidOptions *said, const FpSlimOptions *options, GError **error)
{
    fp_output_expect(said->page);
    return said->page != NULL ? fp_output_open(said->page, options->inputs, error) : fp_output_append("-", options->inputs, error);
}

static bool write_report(FpOutput *output, const FpSaidOptions *said, const FpSlimOptions *options, const FpSummary *summary, bool is_cut,
                         GError **error)
{
    const FpReport report = {.tally = options->log_style.tally,
                             .sources = options->interfaces != NULL ? options->interfaces : options->inputs,
                             .version = FP_VERSION,
                             .streams = summary->streams.started,
                             .silent = summary->streams.started - summary->streams_with_payload,
                             .unmatched = summary->unmatched,
                             .forgotten = fp_summary_forgotten_streams(summary),
                             .skips_midstream = options->selection.rules.skip_midstream,
                             .is_cut = is_cut,
                             .top = said->top};

    return said->page != NULL ? fp_report_write_page(output, &report, error) : fp_report_write_text(output, &report, &said->style, error);
}

/* After a failure, tables still say what was read before it, as the rows of show do; a page that looks whole is not left. Takes ownership
 * of output and error. Returns the exit status. */
static int fail(FpOutput *output, const FpSaidOptions *said, const FpSlimOptions *options, const FpSummary *summary, GError *error)
{
    if (said->page == NULL && fp_tally_all(options->log_style.tally)->streams > 0 &&
        write_report(output, said, options, summary, true, NULL))
        (void)fp_output_flush(output, NULL);
    fp_output_discard(output);
    return fp_command_fail(error);
}

int fp_command_said(int argc, char **argv)
{
    (void)argc;
    FpSlimOptions options;
    FpSaidOptions said;
    FpSummary summary;
    GError *error = NULL;
    g_autoptr(FpSaidArguments) arguments = fp_said_arguments_parse(argv, &options, &said, &error);
    g_autoptr(FpNoSegmentCounts) left = NULL;

    FpOutput *output = arguments != NULL ? open_output(&said, &options, &error) : NULL;
    if (output == NULL)
        return fp_command_fail(error);
    if (!fp_slim(&options, &summary, &left, &error))
        return fail(output, &said, &options, &summary, error);
    if (!write_report(output, &said, &options, &summary, summary.captures_cut > 0, &error)) {
        fp_output_discard(output);
        return fp_command_fail(error);
    }
    if (!fp_output_publish(output, NULL, &error))
        return fp_command_fail(error);
    if (!said.is_quiet && summary.streams_with_payload > 0)
        fp_summary_print_line(&summary, stderr);
    else if (!said.is_quiet) /* then the question is what the frames are instead */
        fp_summary_print(&summary, left, false, stderr);
    return fp_command_end(&summary);
}
