/* SPDX-License-Identifier: GPL-2.0-or-later */
/* command-watch.c - firstpayload watch. See command.h. */
#include "command.h"

#include "base/error.h"
#include "base/helper.h"
#include "base/journal.h"
#include "base/signals.h"
#include "tshark/tshark.h"
#include "watch-arguments.h"

static unsigned reread_job;

/* FpHelperJob: has the helper read the options as well, as it starts tshark for those alone that it has read itself. */
static void reread(void *user, int64_t nothing, FpHelperAnswer *answer)
{
    GPtrArray *history = user;
    GError *failure = NULL;
    FpWatchArguments *fresh = fp_watch_arguments_reload(g_ptr_array_index(history, 0), &failure);

    (void)nothing;
    if (fresh == NULL) {
        answer->failure = -1;
        g_strlcpy(answer->why, failure->message, sizeof answer->why);
        g_error_free(failure);
        return;
    }
    const FpQuestions *questions = &fp_watch_arguments_options(fresh)->selection.questions;
    fp_tshark_prepare(&(FpTsharkQuestion){.fields = questions->fields, .filter = questions->filter});
    fp_watch_arguments_free(fresh);
}

/* Reads the arguments again. Keeps all that the watcher has had, as its options borrow from them. */
static const FpWatchOptions *reload_watch(void *user, GError **error)
{
    GPtrArray *history = user;
    FpHelperAnswer answer;

    if (fp_helper_is_there() && !fp_helper_ask(reread_job, 0, &answer)) {
        g_set_error_literal(error, FP_ERROR, FP_ERROR_CONFIG, answer.why);
        return NULL;
    }
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
    reread_job = fp_helper_add(reread, history);
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
