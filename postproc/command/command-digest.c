/* SPDX-License-Identifier: GPL-2.0-or-later */
/* command-digest.c - firstpayload digest: what slim needs of captures, and no more. See command.h. */
#include "command.h"

#include <inttypes.h>
#include <stdio.h>

#include "digest-arguments.h"

static void print_summary(const FpDigestSummary *summary)
{
    fprintf(stderr,
            "captures        %" PRIu64 "\nframes          %" PRIu64 "\nkept            %" PRIu64 ", of these %" PRIu64
            " cut to their headers\n",
            summary->captures, summary->frames, summary->kept, summary->cut);
    fprintf(stderr, "bytes           %" PRIu64 " in, %" PRIu64 " out\n", summary->bytes_in, summary->bytes_out);
}

int fp_command_digest(int argc, char **argv)
{
    (void)argc;
    FpDigestOptions options;
    FpDigestSummary summary;
    GError *error = NULL;
    bool is_quiet = false;
    g_autoptr(FpDigestArguments) arguments = fp_digest_arguments_parse(argv, &options, &is_quiet, &error);

    if (arguments == NULL || !fp_digest_make(&options, &summary, &error))
        return fp_command_fail(error);
    if (!is_quiet)
        print_summary(&summary);
    return summary.captures_cut > 0 ? FP_EXIT_CUT : 0;
}
