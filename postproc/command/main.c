/* SPDX-License-Identifier: GPL-2.0-or-later */
/* main.c - the command line: firstpayload COMMAND [OPTION...] ..., and the table of commands. */
#include <glib.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/descriptor.h"
#include "base/error.h"
#include "base/helper.h"
#include "base/signals.h"
#include "command.h"
#include "said/said.h"
#include "suggest.h"

static bool is_version(const char *word)
{
    return g_str_equal(word, "--version") || g_str_equal(word, "-V") || g_str_equal(word, "version");
}

static int print_version(void)
{
    puts("firstpayload " FP_VERSION);
    return 0;
}

typedef struct {
    const char *name;
    int (*run)(int argc, char **argv); /* see command.h */
    const char *words;                 /* what follows the name */
    const char *help;                  /* what it does, in one line */
} Command;

static const Command commands[] = {
    {"show", fp_command_show, "[OPTION...] FILE...", "print what every connection said first, as a table"},
    {"said", fp_command_said, "[OPTION...] FILE...", "count what connections said first, as tables or a page"},
    {"slim", fp_command_slim, "[OPTION...] FILE...", "cut captures down to first payload frames, log what they say"},
    {"digest", fp_command_digest, "[OPTION...] FILE... -w OUT", "keep of captures what slim, show and said need"},
    {"watch", fp_command_watch, "[OPTION...] INBOX OUTDIR", "slim each capture that is finished in INBOX"},
    {"status", fp_command_status, "[--json] STATEDIR", "print the status of a watcher"},
    {"rotate", fp_command_rotate, "FILE", "hand FILE to a watcher (tcpdump -z firstpayload-rotate)"},
};

static void print_usage(FILE *file)
{
    fprintf(file, "Usage:\n  firstpayload %-33s %s\n", "FILE...", "short for: firstpayload show FILE...");
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

static int run_command(const Command *command, int argc, char **argv)
{
    g_autofree char *name = g_strconcat("firstpayload ", command->name, NULL);

    g_set_prgname(name);
    return command->run(argc, argv);
}

/* argv: the program's name, the command's name, and what follows. */
static int run_named_command(const Command *command, int argc, char **argv)
{
    argv[1] = argv[0];
    return run_command(command, argc - 1, argv + 1);
}

/* Whether word names what may be a capture, even a pipe, so that no command has to be typed before it. */
static bool is_input(const char *word)
{
    struct stat status;

    return g_str_equal(word, "-") || (stat(word, &status) == 0 && !S_ISDIR(status.st_mode));
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

/* Whether the program was called by this name. */
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
        return run_named_command(command, argc, argv);
    if (is_input(argv[1]))
        return run_command(find_command("show"), argc, argv);
    if (!fp_command_is_help(argv[1]))
        return refuse(argv + 1);
    command = argc == 3 ? find_command(argv[2]) : NULL;
    if (command != NULL)
        return run_named_command(command, 3, (char *[]){argv[0], argv[2], (char[]){"--help"}, NULL});
    print_usage(stdout);
    return 0;
}

int main(int argc, char **argv)
{
    fp_signals_hold();
    fp_descriptor_open_standard();
    fp_said_prepare();
    setlocale(LC_ALL, "");
    signal(SIGXFSZ, SIG_IGN); /* then write fails, which is handled like a full disk */
    if (!is_called(argv[0], "firstpayload-rotate")) {
        int status = run(argc, argv);
        fp_helper_end();
        return status;
    }
    g_set_prgname("firstpayload-rotate");
    return argc == 2 && argv[1][0] == '-' && is_version(argv[1]) ? print_version() : fp_command_rotate(argc, argv);
}
