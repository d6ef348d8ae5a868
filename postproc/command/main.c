/* SPDX-License-Identifier: GPL-2.0-or-later */
/* main.c - the command line: firstpayload COMMAND [OPTION...] ... */
#include <glib.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>

#include "base/descriptor.h"
#include "base/error.h"
#include "base/journal.h"
#include "base/message.h"
#include "base/signals.h"
#include "base/stop.h"
#include "slim-arguments.h"
#include "suggest.h"
#include "watch-arguments.h"
#include "watch/rotate.h"
#include "watch/state-folder.h"
#include "watch/state-search.h"
#include "watch/status.h"
#include "words.h"

#define EXIT_CUT 1 /* all done, but an input ended too early, or was put aside, or could not be judged as was asked */

static int fail(GError *error)
{
    int status = error->domain == FP_ERROR ? error->code : FP_ERROR_USAGE;

    fp_message_print("%s", error->message);
    if (status == FP_ERROR_USAGE)
        fp_message_print("%s --help says more", g_get_prgname());
    g_error_free(error);
    return status;
}

static bool is_help(const char *word)
{
    return g_str_equal(word, "--help") || g_str_equal(word, "-h") || g_str_equal(word, "help");
}

static bool is_version(const char *word)
{
    return g_str_equal(word, "--version") || g_str_equal(word, "-V") || g_str_equal(word, "version");
}

static int print_version(void)
{
    puts("firstpayload " FP_VERSION);
    return 0;
}

static int run_slim(int argc, char **argv)
{
    (void)argc;
    FpSlimOptions options;
    FpSummary summary;
    GError *error = NULL;
    bool is_quiet = false;
    char **words = fp_words_split(argv, "BFYcfijksw", &error);
    g_autoptr(FpSlimArguments) arguments = words != NULL ? fp_slim_arguments_parse(words, &options, &is_quiet, &error) : NULL;

    g_autoptr(FpNoSegmentCounts) left = NULL;
    if (arguments == NULL || !fp_slim(&options, &summary, &left, &error))
        return fail(error);
    if (!is_quiet)
        fp_summary_print(&summary, left, options.output != NULL, stderr);
    if (summary.is_interrupted)
        fp_stop_die_of_interrupt();
    return summary.captures_cut > 0 || fp_summary_unanswered(&summary) > 0 ? EXIT_CUT : 0;
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
    g_auto(GStrv) words = fp_words_split(argv, "FYfk", &error);
    FpWatchArguments *arguments = words != NULL ? fp_watch_arguments_parse(words, &error) : NULL;

    if (arguments == NULL)
        return fail(error);
    g_ptr_array_add(history, arguments);
    fp_journal_begin();
    const FpWatchOptions *options = fp_watch_arguments_options(arguments);
    switch (fp_watch_arguments_task(arguments)) {
    case FP_WATCH_CHECK_CONFIG:
        return 0;
    case FP_WATCH_DRY_RUN:
        fp_signals_release();
        return fp_watch_dry_run(options, &error) ? 0 : fail(error);
    default:
        if (!fp_watch(options, reload_watch, history, &result, &error))
            return fail(error);
        return options->once && (result.files_failed > 0 || result.files_cut > 0 || result.unanswered > 0) ? EXIT_CUT : 0;
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

    fp_signals_release();
    g_option_context_set_summary(context, "Says how the watcher is whose state folder is STATEDIR, whether or not it runs.\n"
                                          "The folder of its outputs will do, or that in which it finds captures.");
    g_option_context_add_main_entries(context, entries, NULL);
    if (!g_option_context_parse(context, &argc, &argv, &error))
        return fail(error);
    if (argc != 2)
        return fail(g_error_new(FP_ERROR, FP_ERROR_USAGE,
                                "takes one state folder: .firstpayload in the output folder, unless the watcher was given --state"));
    g_autofree char *folder = fp_state_search(argv[1], &error);
    if (folder == NULL || !fp_status_load(&status, folder, &error))
        return fail(error);
    bool is_running = fp_state_folder_holder(folder) != 0;
    if (as_json)
        fp_status_print_json(&status, is_running, stdout);
    else
        fp_status_print(&status, is_running, stdout);
    fp_status_clear(&status);
    return 0;
}

static const char rotate_usage[] =
    "Usage:\n"
    "  firstpayload-rotate FILE\n"
    "  firstpayload rotate FILE\n"
    "\n"
    "Hands a finished capture over to the watcher that %s tells of,\n"
    "or the file that FIRSTPAYLOAD_CONFIG in the environment names. Where none runs, it is taken at once.\n"
    "For tcpdump, which calls it for each file that it has finished: tcpdump -G 60 -w NAME -z firstpayload-rotate\n";

/* tcpdump gives its -z command one argument and nothing else, so what else there is to say stands in a file. */
static int run_rotate(int argc, char **argv)
{
    const char *config = g_getenv("FIRSTPAYLOAD_CONFIG");
    g_autofree char *option = g_strconcat("--config=", config != NULL ? config : FP_ROTATE_CONFIG, NULL);
    char *words[] = {argv[0], option, (char[]){"--once"}, NULL};
    FpWatchResult result = {0};
    GError *error = NULL;

    if (argc != 2 || argv[1][0] == '-') {
        bool is_asked = argc == 2 && is_help(argv[1]);
        g_autofree char *shown = fp_message_printable(option + strlen("--config="));
        fprintf(is_asked ? stdout : stderr, rotate_usage, shown);
        return is_asked ? 0 : FP_ERROR_USAGE;
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
    int (*run)(int argc, char **argv); /* argv: the program's name, and the words behind the command's */
    const char *words;
    const char *help;
} Command;

static const Command commands[] = {
    {"slim", run_slim, "[OPTION...] FILE...", "cut captures down to first payload frames, log what they say"},
    {"watch", run_watch, "[OPTION...] INBOX OUTDIR", "do so for each capture that is finished in INBOX"},
    {"status", run_status, "[--json] STATEDIR", "say how a watcher is"},
    {"rotate", run_rotate, "FILE", "hand FILE over to a watcher (tcpdump -z firstpayload-rotate)"},
};

static void print_usage(FILE *file)
{
    fputs("Usage:\n", file);
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
        fprintf(file, "  firstpayload %-6s %-26s %s\n", commands[i].name, commands[i].words, commands[i].help);
    fputs("  firstpayload --version\n\nfirstpayload COMMAND --help lists the options, man firstpayload says more.\n", file);
}

static const Command *find_command(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
        if (g_str_equal(name, commands[i].name))
            return &commands[i];
    return NULL;
}

/* argv: the program's name, the command's, and what follows it. */
static int run_command(const Command *command, int argc, char **argv)
{
    g_autofree char *name = g_strconcat("firstpayload ", command->name, NULL);

    g_set_prgname(name);
    argv[1] = argv[0];
    return command->run(argc - 1, argv + 1);
}

static int refuse(char **words)
{
    const char *names[G_N_ELEMENTS(commands) + 1] = {NULL};

    for (size_t i = 0; i < G_N_ELEMENTS(commands); i++)
        names[i] = commands[i].name;
    g_autofree char *text = fp_suggest(names, words);
    fputs(text, stderr);
    return FP_ERROR_USAGE;
}

/* The name by which the program was called. */
static bool is_called(const char *path, const char *name)
{
    g_autofree char *called = g_path_get_basename(path);

    return g_str_equal(called, name);
}

static int run(int argc, char **argv)
{
    const Command *command = argc >= 2 ? find_command(argv[1]) : NULL;

    if (argc < 2) {
        print_usage(stderr);
        return FP_ERROR_USAGE;
    }
    if (is_version(argv[1]) || (command != NULL && argc == 3 && argv[2][0] == '-' && is_version(argv[2])))
        return print_version();
    if (command != NULL)
        return run_command(command, argc, argv);
    if (!is_help(argv[1]))
        return refuse(argv + 1);
    command = argc == 3 ? find_command(argv[2]) : NULL;
    if (command != NULL)
        return run_command(command, 3, (char *[]){argv[0], argv[2], (char[]){"--help"}, NULL});
    print_usage(stdout);
    return 0;
}

int main(int argc, char **argv)
{
    fp_signals_hold();
    fp_descriptor_open_standard();
    setlocale(LC_ALL, "");
    signal(SIGXFSZ, SIG_IGN); /* write fails then, which is handled like a full disk */
    if (!is_called(argv[0], "firstpayload-rotate"))
        return run(argc, argv);
    g_set_prgname("firstpayload-rotate");
    return argc == 2 && argv[1][0] == '-' && is_version(argv[1]) ? print_version() : run_rotate(argc, argv);
}
