/* SPDX-License-Identifier: GPL-2.0-or-later */
/* command-status.c - firstpayload status. See command.h. */
#include "command.h"

#include <stdio.h>

#include "base/error.h"
#include "base/signals.h"
#include "watch/state-folder.h"
#include "watch/state-search.h"
#include "watch/status.h"

int fp_command_status(int argc, char **argv)
{
    gboolean as_json = FALSE;
    const GOptionEntry entries[] = {
        {"json", 0, 0, G_OPTION_ARG_NONE, &as_json, "Print the status as JSON", NULL},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new("STATEDIR");
    FpStatus status;
    GError *error = NULL;

    fp_signals_release();
    g_option_context_set_summary(context, "Prints the status of the watcher whose state folder is STATEDIR, whether or not it runs.\n"
                                          "Its output folder or its inbox will do, too.");
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error))
        return fp_command_fail(error);
    if (argc != 2)
        return fp_command_fail(g_error_new(
            FP_ERROR, FP_ERROR_USAGE, "takes one state folder: .firstpayload in the output folder, unless the watcher was given --state"));
    if (*argv[1] == '\0')
        return fp_command_fail(g_error_new(FP_ERROR, FP_ERROR_USAGE, "the name of the folder is empty; in a script, is its variable set?"));
    g_autofree char *folder = fp_state_search(argv[1], &error);
    if (folder == NULL || !fp_status_load(&status, folder, &error))
        return fp_command_fail(error);
    bool is_running = fp_state_folder_holder(folder) != 0;
    if (as_json)
        fp_status_print_json(&status, is_running, stdout);
    else
        fp_status_print(&status, is_running, stdout);
    fp_status_clear(&status);
    return 0;
}
