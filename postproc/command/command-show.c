/* SPDX-License-Identifier: GPL-2.0-or-later */
/* command-show.c - firstpayload show, which is firstpayload FILE. See command.h. */
#include "command.h"

#include <stdio.h>

#include "show-arguments.h"

int fp_command_show(int argc, char **argv)
{
    (void)argc;
    FpSlimOptions options;
    FpSummary summary;
    GError *error = NULL;
    bool is_quiet = false;
    g_autoptr(FpShowArguments) arguments = fp_show_arguments_parse(argv, &options, &is_quiet, &error);
    g_autoptr(FpNoSegmentCounts) left = NULL;

    if (arguments == NULL || !fp_slim(&options, &summary, &left, &error))
        return fp_command_fail(error);
    if (!is_quiet && summary.streams_with_payload > 0)
        fp_summary_print_line(&summary, stderr);
    else if (!is_quiet) /* then the question is what the frames are instead */
        fp_summary_print(&summary, left, false, stderr);
    return fp_command_end(&summary);
}
