/* SPDX-License-Identifier: GPL-2.0-or-later */
/* main.c - the command line: firstpayload COMMAND [OPTION...] ... */
#include <glib.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "error.h"
#include "journal.h"
#include "rotate.h"
#include "slim-arguments.h"
#include "state-folder.h"
#include "status.h"
#include "watch-arguments.h"
#include "words.h"

#define EXIT_CUT 1 /* all done, but an input ended too early, or was put aside, or could not be judged as was asked */

static const char usage[] =
    "Usage:\n"
    "  firstpayload slim [OPTION...] FILE...            cut captures down to first payload frames, log what they say\n"
    "  firstpayload watch [OPTION...] INBOX OUTDIR      do so for each capture that is finished in INBOX\n"
    "  firstpayload status [--json] STATEDIR            say how a watcher is\n"
    "  firstpayload rotate FILE                         hand FILE over to a watcher (tcpdump -z firstpayload-rotate)\n"
    "  firstpayload --version\n"
    "\n"
    "firstpayload COMMAND --help lists the options.\n";

static int fail(GError *error)
{
    int status = error->domain == FP_ERROR ? error->code : FP_ERROR_USAGE;

    fprintf(stderr, "firstpayload: %s\n", error->message);
    g_error_free(error);
    return status;
}

static int run_slim(int argc, char **argv)
{
    (void)argc;
    FpSlimOptions options;
    FpSummary summary;
    GError *error = NULL;
    bool is_quiet = false;
    g_autoptr(FpSlimArguments) arguments = fp_slim_arguments_parse(fp_words_split(argv, "BFYcfijksw"), &options, &is_quiet, &error);

    if (arguments == NULL || !fp_slim(&options, &summary, &error))
        return fail(error);
    if (!is_quiet)
        fp_summary_print(&summary, options.output != NULL, stderr);
    return summary.captures_cut > 0 || summary.unjudged > 0 ? EXIT_CUT : 0;
}

/* The arguments that a watcher has had, as options borrow from them. */
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

static int run_watch(int argc, char **argv)
{
    (void)argc;
    g_autoptr(GPtrArray) history = g_ptr_array_new_with_free_func(free_arguments);
    FpWatchResult result = {0};
    GError *error = NULL;
    g_auto(GStrv) words = fp_words_split(argv, "FYfk");
    FpWatchArguments *arguments = fp_watch_arguments_parse(words, &error);

    if (arguments == NULL)
        return fail(error);
    g_ptr_array_add(history, arguments);
    fp_journal_begin();
    const FpWatchOptions *options = fp_watch_arguments_options(arguments);
    switch (fp_watch_arguments_task(arguments)) {
    case FP_WATCH_CHECK_CONFIG:
        return 0;
    case FP_WATCH_DRY_RUN:
        return fp_watch_dry_run(options, &error) ? 0 : fail(error);
    default:
        if (!fp_watch(options, reload_watch, history, &result, &error))
            return fail(error);
        return options->once && (result.files_failed > 0 || result.files_cut > 0) ? EXIT_CUT : 0;
    }
}

static int run_status(int argc, char **argv)
{
    gboolean as_json = FALSE;
    const GOptionEntry entries[] = {
        {"json", 0, 0, G_OPTION_ARG_NONE, &as_json, "Print it as JSON", NULL},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new("STATEDIR");
    FpStatus status;
    GError *error = NULL;

    g_option_context_set_summary(context, "Says how the watcher is whose state folder is STATEDIR, whether or not it runs.");
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error))
        return fail(error);
    if (argc != 2)
        return fail(g_error_new(FP_ERROR, FP_ERROR_USAGE, "takes one state folder\nfirstpayload: firstpayload status --help says more"));
    if (!fp_status_load(&status, argv[1], &error))
        return fail(error);
    bool is_running = fp_state_folder_holder(argv[1]) != 0;
    if (as_json)
        fp_status_print_json(&status, is_running, stdout);
    else
        fp_status_print(&status, is_running, stdout);
    fp_status_clear(&status);
    return 0;
}

/* tcpdump gives its -z command one argument and nothing else, so what else there is to say stands in a file. */
static int run_rotate(int argc, char **argv)
{
    const char *config = g_getenv("FIRSTPAYLOAD_CONFIG");
    g_autofree char *option = g_strconcat("--config=", config != NULL ? config : FP_ROTATE_CONFIG, NULL);
    char *words[] = {argv[0], option, (char[]){"--once"}, NULL};
    FpWatchResult result = {0};
    GError *error = NULL;

    if (argc != 2 || argv[1][0] == '-') {
        fprintf(stderr, "Usage: firstpayload-rotate FILE\nHands a finished capture over to the watcher that %s tells of.\n",
                option + strlen("--config="));
        return FP_ERROR_USAGE;
    }
    g_autoptr(FpWatchArguments) arguments = fp_watch_arguments_parse(words, &error);
    if (arguments == NULL)
        return fail(error);
    fp_journal_begin();
    const FpWatchOptions *options = fp_watch_arguments_options(arguments);
    if (options->spool.then == FP_THEN_KEEP)
        return fail(g_error_new(FP_ERROR, FP_ERROR_CONFIG, "%s: firstpayload-rotate moves captures, so then=keep makes no sense",
                                option + strlen("--config=")));
    return fp_rotate(options, argv[1], &result, &error) ? 0 : fail(error);
}

typedef struct {
    const char *name;
    int (*run)(int argc, char **argv);
} Command;

static const Command commands[] = {{"slim", run_slim}, {"watch", run_watch}, {"status", run_status}, {"rotate", run_rotate}};

/* The name by which the program was called. */
static bool is_called(const char *path, const char *name)
{
    g_autofree char *called = g_path_get_basename(path);

    return g_str_equal(called, name);
}

int main(int argc, char **argv)
{
    setlocale(LC_ALL, "");
    signal(SIGXFSZ, SIG_IGN); /* write fails then, which is handled like a full disk */
    if (is_called(argv[0], "firstpayload-rotate")) {
        g_set_prgname("firstpayload-rotate");
        return run_rotate(argc, argv);
    }
    for (size_t i = 0; argc >= 2 && i < G_N_ELEMENTS(commands); i++)
        if (g_str_equal(argv[1], commands[i].name)) {
            g_autofree char *name = g_strconcat("firstpayload ", commands[i].name, NULL);
            g_set_prgname(name);
            argv[1] = argv[0];
            return commands[i].run(argc - 1, argv + 1);
        }
    if (argc == 2 && (g_str_equal(argv[1], "--help") || g_str_equal(argv[1], "-h"))) {
        fputs(usage, stdout);
        return 0;
    }
    if (argc == 2 && g_str_equal(argv[1], "--version")) {
        puts("firstpayload " FP_VERSION);
        return 0;
    }
    fputs(usage, stderr);
    return FP_ERROR_USAGE;
}
