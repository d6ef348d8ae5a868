/* SPDX-License-Identifier: GPL-2.0-or-later */
/* command.c - what the commands share. See command.h. */
#include "command.h"

#include "base/error.h"
#include "base/message.h"
#include "base/stop.h"

int fp_command_fail(GError *error)
{
    int status = error->domain == FP_ERROR ? error->code : FP_ERROR_USAGE;

    fp_message_print("%s", error->message);
    if (status == FP_ERROR_USAGE)
        fp_message_print("see %s --help", g_get_prgname());
    g_error_free(error);
    return status;
}

bool fp_command_is_help(const char *word)
{
    return g_str_equal(word, "--help") || g_str_equal(word, "-h") || g_str_equal(word, "help");
}

int fp_command_end(const FpSummary *summary)
{
    if (summary->is_interrupted)
        fp_stop_die_of_interrupt();
    if (summary->unread_status != 0)
        return summary->unread_status;
    return summary->captures_cut > 0 || fp_summary_unanswered(summary) > 0 || summary->drops.by_kernel > 0 || summary->unwritten > 0
               ? FP_EXIT_CUT
               : 0;
}
