/* SPDX-License-Identifier: GPL-2.0-or-later */
/* command-rotate.c - firstpayload rotate, which is firstpayload-rotate. See command.h. */
#include "command.h"

#include <stdio.h>
#include <string.h>

#include "base/error.h"
#include "base/journal.h"
#include "base/message.h"
#include "watch-arguments.h"
#include "watch/rotate.h"

static const char rotate_usage[] =
    "Usage:\n"
    "  firstpayload-rotate FILE\n"
    "  firstpayload rotate FILE\n"
    "\n"
    "Hands a finished capture to the watcher that is configured in %s,\n"
    "or in the file that FIRSTPAYLOAD_CONFIG in the environment names. If no watcher runs, takes it at once.\n"
    "For tcpdump, which runs it for each file that it finishes: tcpdump -G 60 -w NAME -z firstpayload-rotate\n";

/* tcpdump gives its -z command one argument and nothing else, so all options are in a file. */
int fp_command_rotate(int argc, char **argv)
{
    const char *config = g_getenv("FIRSTPAYLOAD_CONFIG");
    g_autofree char *option = g_strconcat("--config=", config != NULL ? config : FP_ROTATE_CONFIG, NULL);
    char *words[] = {argv[0], option, (char[]){"--once"}, NULL};
    FpWatchResult result = {0};
    GError *error = NULL;

    if (argc != 2 || argv[1][0] == '-') {
        bool is_asked = argc == 2 && fp_command_is_help(argv[1]);
        g_autofree char *shown = fp_message_printable(option + strlen("--config="));
        fprintf(is_asked ? stdout : stderr, rotate_usage, shown);
        return is_asked ? 0 : FP_ERROR_USAGE;
    }
    g_autoptr(FpWatchArguments) arguments = fp_watch_arguments_parse(words, &error);
    if (arguments == NULL)
        return fp_command_fail(error);
    fp_journal_begin();
    const FpWatchOptions *options = fp_watch_arguments_options(arguments);
    if (options->spool.then == FP_THEN_KEEP)
        return fp_command_fail(g_error_new(FP_ERROR, FP_ERROR_CONFIG, "%s: firstpayload-rotate moves captures, so then=keep makes no sense",
                                           option + strlen("--config=")));
    return fp_rotate(options, argv[1], &result, &error) ? 0 : fp_command_fail(error);
}
