/* SPDX-License-Identifier: GPL-2.0-or-later */
/* command-slim.c - firstpayload slim. See command.h. */
#include "command.h"

#include <stdio.h>

#include "slim-arguments.h"

int fp_command_slim(int argc, char **argv)
{
    (void)argc;
    FpSlimOptions options;
    FpSummary summary;
    GError *error = NULL;
    bool is_quiet = false;
    g_autoptr(FpSlimArguments) arguments = fp_slim_arguments_parse(argv, &options, &is_quiet, &error);

    g_autoptr(FpNoSegmentCounts) left = NULL;
    if (arguments != NULL && fp_slim_arguments_only_check(arguments))
        return 0;
    if (arguments == NULL || !fp_slim(&options, &summary, &left, &error))
        return fp_command_fail(error);
    if (!is_quiet)
        fp_summary_print(&summary, left, options.output != NULL, stderr);
    return fp_command_end(&summary);
}
