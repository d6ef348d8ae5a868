/* SPDX-License-Identifier: GPL-2.0-or-later */
/* command-watch.c - firstpayload watch. See command.h. */
#include "command.h"

#include "base/journal.h"
#include "base/signals.h"
#include "watch-arguments.h"

/* Reads the arguments again. Keeps all that the watcher has had, as its options borrow from them. */
static const FpWatchOptions *reload_watch(void *user, GError **error)
{
    GPtrArray *history = user;
    FpWatchArguments *fresh = fp_watch_arguments_reload(g_ptr_array_index(history, history->len - 1), error);

    if (fresh == NULL)
        return NULL;
    g_ptr_array_add(history, fresh);
    return fp_watch_arguments_options(fresh);
}

static void free_arguments(gpointer arguments)
{
    fp_watch_arguments_free(arguments);
}

int fp_command_watch(int argc, char **argv)
{
    (void)argc;
    g_autoptr(GPtrArray) history = g_ptr_array_new_with_free_func(free_arguments);
    FpWatchResult result = {0};
    GError *error = NULL;
    FpWatchArguments *arguments = fp_watch_arguments_parse(argv, &error);

    if (arguments == NULL)
        return fp_command_fail(error);
    g_ptr_array_add(history, arguments);
    fp_journal_begin();
    const FpWatchOptions *options = fp_watch_arguments_options(arguments);
    switch (fp_watch_arguments_task(arguments)) {
    case FP_WATCH_CHECK_CONFIG:
        return 0;
    case FP_WATCH_DRY_RUN:
        fp_signals_release();
        return fp_watch_dry_run(options, &error) ? 0 : fp_command_fail(error);
    default:
        if (!fp_watch(options, reload_watch, history, &result, &error))
            return fp_command_fail(error);
        return options->once && (result.files_failed > 0 || result.files_cut > 0 || result.unanswered > 0) ? FP_EXIT_CUT : 0;
    }
}
