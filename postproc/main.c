/* SPDX-License-Identifier: GPL-2.0-or-later */
/* main.c - the command line: firstpayload COMMAND [OPTION...] ... */
#include <glib.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>

#include "error.h"
#include "slim-arguments.h"

#define EXIT_CUT 1 /* all done, but an input ended too early */

static const char usage[] = "Usage:\n"
                            "  firstpayload slim [OPTION...] FILE...   cut captures down to first payload frames\n"
                            "  firstpayload --version\n"
                            "\n"
                            "firstpayload slim --help lists the options.\n";

static int fail(GError *error)
{
    int status = error->domain == FP_ERROR ? error->code : FP_ERROR_USAGE;

    fprintf(stderr, "firstpayload: %s\n", error->message);
    g_error_free(error);
    return status;
}

static int run_slim(int argc, char **argv)
{
    FpSlimOptions options;
    FpSummary summary;
    GError *error = NULL;
    bool is_quiet = false;
    g_autoptr(FpSlimArguments) arguments = fp_slim_arguments_parse(argc, argv, &options, &is_quiet, &error);

    if (arguments == NULL || !fp_slim(&options, &summary, &error))
        return fail(error);
    if (!is_quiet)
        fp_summary_print(&summary, options.list, stderr);
    return summary.captures_cut > 0 ? EXIT_CUT : 0;
}

int main(int argc, char **argv)
{
    setlocale(LC_ALL, "");
    signal(SIGXFSZ, SIG_IGN); /* write fails then, which is handled like a full disk */
    g_set_prgname("firstpayload slim");
    if (argc >= 2 && g_str_equal(argv[1], "slim")) {
        argv[1] = argv[0];
        return run_slim(argc - 1, argv + 1);
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
