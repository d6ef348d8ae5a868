/* SPDX-License-Identifier: GPL-2.0-or-later */
/* main.c - the command line: firstpayload COMMAND [OPTION...] ... */
#include <glib.h>
#include <locale.h>
#include <signal.h>
#include <stdio.h>
#include <unistd.h>

#include "error.h"
#include "slim.h"

#define EXIT_CUT 1 /* all done, but an input's last record was cut */
#define MAX_STREAMS_DEFAULT 10000000

static const char usage[] = "Usage:\n"
                            "  firstpayload slim [OPTION...] FILE...   cut captures down to first payload frames\n"
                            "  firstpayload --version\n"
                            "\n"
                            "firstpayload slim --help lists the options.\n";

static const char slim_summary[] = "Cuts captures down to the first payload frame of every TCP stream. The FILEs, - for\n"
                                   "standard input, are taken as one continuous capture in the order given.";

static const char slim_description[] = "Classes of frames:\n"
                                       "  first      the first frame of a stream that carries payload, in either direction\n"
                                       "  reply      the first payload frame of the other direction\n"
                                       "  flight     the first payload frame and what the same side sends on before the reply\n"
                                       "  handshake  frames with SYN, and the ACK that follows a SYN/ACK\n"
                                       "\n"
                                       "Exit status: 0 done; 1 done, but a capture ended in a cut record; 64 wrong usage; 65 an\n"
                                       "input is no capture or is damaged; 66 an input cannot be opened; 70 no memory; 73 the\n"
                                       "output cannot be created; 74 reading or writing failed. Unless it is 0 or 1, no output is left.\n";

static int fail(GError *error)
{
    int status = error->domain == FP_ERROR ? error->code : FP_ERROR_USAGE;

    fprintf(stderr, "firstpayload: %s\n", error->message);
    g_error_free(error);
    return status;
}

static int fail_usage(const char *message)
{
    fprintf(stderr, "firstpayload: %s\nfirstpayload: firstpayload slim --help says more\n", message);
    return FP_ERROR_USAGE;
}

/* What the command line holds, before it is checked. */
typedef struct {
    char *output;
    char *keep;
    gint64 flight_bytes;
    gint64 max_streams;
    gboolean no_midstream;
    gboolean marked_only;
    gboolean list;
    gboolean quiet;
    char **inputs;
} SlimArguments;

static bool parse_slim(SlimArguments *arguments, int *argc, char ***argv, GError **error)
{
    const GOptionEntry entries[] = {
        {"write", 'w', 0, G_OPTION_ARG_FILENAME, &arguments->output, "Write the capture to OUT (default: -, standard output)", "OUT"},
        {"keep", 'k', 0, G_OPTION_ARG_STRING, &arguments->keep, "Keep frames of these classes, comma-separated (default: first)",
         "CLASSES"},
        {"flight-bytes", 0, 0, G_OPTION_ARG_INT64, &arguments->flight_bytes,
         "A flight ends after N bytes of its side's sequence space (default: 16384)", "N"},
        {"no-midstream", 0, 0, G_OPTION_ARG_NONE, &arguments->no_midstream, "Leave out streams whose start was not captured", NULL},
        {"marked-only", 0, 0, G_OPTION_ARG_NONE, &arguments->marked_only,
         "Leave out the IP fragments with which a kept frame completes a datagram", NULL},
        {"list", 'l', 0, G_OPTION_ARG_NONE, &arguments->list, "Print frame number and classes of each frame in any class, write no capture",
         NULL},
        {"max-streams", 0, 0, G_OPTION_ARG_INT64, &arguments->max_streams,
         "Remember at most N streams at once, 64 to 128 bytes each (default: 10000000)", "N"},
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &arguments->quiet, "No summary and no progress line", NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &arguments->inputs, NULL, "FILE..."},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);

    g_option_context_set_summary(context, slim_summary);
    g_option_context_set_description(context, slim_description);
    g_option_context_add_main_entries(context, entries, NULL);
    return g_option_context_parse(context, argc, argv, error);
}

/* Returns what is wrong with the arguments, or NULL. */
static const char *check_slim(const SlimArguments *arguments, FpSlimOptions *options)
{
    options->inputs = arguments->inputs;
    options->output = arguments->list ? NULL : arguments->output != NULL ? arguments->output : "-";
    options->keep = FP_CLASS_FIRST;
    options->rules = (FpRules){.flight_bytes = (uint32_t)arguments->flight_bytes, .skip_midstream = arguments->no_midstream};
    options->max_streams = (size_t)arguments->max_streams;
    options->marked_only = arguments->marked_only;
    options->list = arguments->list;
    options->show_progress = !arguments->quiet && isatty(STDERR_FILENO);

    if (arguments->output != NULL && *arguments->output == '\0')
        return "-w takes the name of a file";
    if (arguments->inputs == NULL)
        return "no FILE is given; - is standard input";
    for (char **input = arguments->inputs, **seen = NULL; *input != NULL; input++) {
        if (!g_str_equal(*input, "-"))
            continue;
        if (seen != NULL)
            return "standard input (-) can be read only once";
        seen = input;
    }
    if (arguments->keep != NULL && !fp_classes_from_text(arguments->keep, &options->keep))
        return "--keep takes first, reply, flight and handshake, comma-separated";
    if (arguments->flight_bytes < 0 || arguments->flight_bytes > FP_FLIGHT_BYTES_MAX)
        return "--flight-bytes takes a number from 0 to 2147483647";
    if (arguments->max_streams < 16 || arguments->max_streams > G_MAXUINT32)
        return "--max-streams takes a number from 16 to 4294967295";
    if (arguments->list && arguments->output != NULL)
        return "--list writes no capture, so -w makes no sense with it";
    if (!arguments->list && g_str_equal(options->output, "-") && isatty(STDOUT_FILENO))
        return "will not write a capture to a terminal; use -w FILE, or --list";
    return NULL;
}

static void clear_slim_arguments(SlimArguments *arguments)
{
    g_strfreev(arguments->inputs);
    g_free(arguments->output);
    g_free(arguments->keep);
}

G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(SlimArguments, clear_slim_arguments)

static int run_slim(int argc, char **argv)
{
    g_auto(SlimArguments) arguments = {.flight_bytes = FP_FLIGHT_BYTES_DEFAULT, .max_streams = MAX_STREAMS_DEFAULT};
    FpSlimOptions options;
    FpSummary summary;
    GError *error = NULL;

    if (!parse_slim(&arguments, &argc, &argv, &error))
        return fail(error);
    const char *wrong = check_slim(&arguments, &options);
    if (wrong != NULL)
        return fail_usage(wrong);
    if (!fp_slim(&options, &summary, &error))
        return fail(error);
    if (!arguments.quiet)
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
