/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slim-arguments.c - see slim-arguments.h. */
#include "slim-arguments.h"

#include <unistd.h>

#include "base/error.h"
#include "log-arguments.h"
#include "selection-arguments.h"

#define MAX_STREAMS_DEFAULT 10000000
#define BUFFER_KIB_MAX (1024 * 1024)
#define NOT_GIVEN G_MININT64

static const char summary[] = "Cuts captures down to the first payload frame of every TCP stream, and logs these. The FILEs,\n"
                              "- for standard input, are taken as one continuous capture in the order given.";

static const char description[] = "Classes of frames:\n"
                                  "  first      the first frame of a stream that carries payload, in either direction\n"
                                  "  reply      the first payload frame of the other direction\n"
                                  "  flight     the first payload frame and what the same side sends on before the reply\n"
                                  "  handshake  frames with SYN, and the ACK that follows a SYN/ACK\n"
                                  "\n"
                                  "SIGINT, SIGTERM and SIGHUP end the input, and all that had come is written. With --log FILE\n"
                                  "SIGHUP opens FILE anew instead, for logrotate.\n"
                                  "\n"
                                  "Exit status: 0 done; 1 done, but a capture ended too early, or a signal came before all was\n"
                                  "read, or streams could not be judged by -Y; 64 wrong usage; 65 an input is no capture, is\n"
                                  "damaged, or does not fit the output's format; 66 an input cannot be opened; 69 -Y without a\n"
                                  "tshark that works; 70 no memory; 73 the output cannot be created; 74 reading or writing failed.\n"
                                  "Unless it is 0 or 1, no output but the log is left.\n";

/* What the command line holds, before it is checked. */
struct FpSlimArguments {
    FpSelectionArguments selection;
    FpLogArguments log_style;
    char *output;
    char *log;
    char *interface;
    gint64 max_frames;
    gint64 snaplen;
    gint64 buffer_kib;
    gint64 threads;
    gboolean flush_each;
    gboolean follows;
    gboolean list;
    gboolean quiet;
    char **inputs;
};

/* Takes over argv. */
static bool parse(FpSlimArguments *arguments, char **argv, GError **error)
{
    const GOptionEntry entries[] = {
        {"write", 'w', 0, G_OPTION_ARG_FILENAME, &arguments->output,
         "Write the capture to OUT (default: -, standard output; with --log and --list none)", "OUT"},
        {"log", 0, 0, G_OPTION_ARG_FILENAME, &arguments->log,
         "Add a line for each first payload frame to LOG, - for standard output; without -w only that", "LOG"},
        {"list", 'l', 0, G_OPTION_ARG_NONE, &arguments->list, "Print frame number and classes of each frame in any class, write no capture",
         NULL},
        {"interface", 'i', 0, G_OPTION_ARG_STRING, &arguments->interface, "Capture from IFACE (eth0, any, nflog:5), instead of FILEs",
         "IFACE"},
        {"count", 'c', 0, G_OPTION_ARG_INT64, &arguments->max_frames, "End after N frames have been looked at", "N"},
        {"snapshot-length", 's', 0, G_OPTION_ARG_INT64, &arguments->snaplen, "With -i: capture N bytes of each frame (default: 262144)",
         "N"},
        {"buffer-size", 'B', 0, G_OPTION_ARG_INT64, &arguments->buffer_kib, "With -i: the kernel's buffer, in KiB (default: 2048)", "N"},
        {"threads", 'j', 0, G_OPTION_ARG_INT64, &arguments->threads,
         "With 2 another thread reads ahead: pcap and pcapng in files (default: 1)", "N"},
        {"follow", 0, 0, G_OPTION_ARG_NONE, &arguments->follows,
         "Go on at the end of FILE, which somebody still writes to, as it grows, until SIGINT or SIGTERM", NULL},
        {"packet-buffered", 'U', 0, G_OPTION_ARG_NONE, &arguments->flush_each, "Write out each frame at once", NULL},
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &arguments->quiet, "No summary and no progress line", NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &arguments->inputs, NULL, "[FILE...]"},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
    };
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);

    g_option_context_set_summary(context, summary);
    g_option_context_set_description(context, description);
    g_option_context_add_main_entries(context, entries, NULL);
    fp_selection_arguments_add(&arguments->selection, context, MAX_STREAMS_DEFAULT,
                               "Remember at most N streams at once, some 48 bytes each (default: 10000000, without --max-memory)");
    fp_log_arguments_add(&arguments->log_style, context, "Lines of the log are text or json (default: text)");
    bool is_parsed = g_option_context_parse_strv(context, &argv, error);
    g_strfreev(argv);
    return is_parsed;
}

/* Each of these returns what is wrong, or NULL. */
static const char *check_inputs(const FpSlimArguments *arguments)
{
    if (arguments->follows && (arguments->inputs == NULL || arguments->inputs[1] != NULL))
        return "--follow takes one FILE";
    if (arguments->interface != NULL)
        return arguments->inputs != NULL ? "-i captures from an interface, so there can be no FILE" : NULL;
    if (arguments->inputs == NULL)
        return "no FILE is given; - is standard input, and -i captures from an interface";
    if (arguments->snaplen != NOT_GIVEN)
        return "-s goes with -i; editcap -s cuts the frames of a file";
    if (arguments->buffer_kib != NOT_GIVEN)
        return "-B goes with -i";
    for (char **input = arguments->inputs, **seen = NULL; *input != NULL; input++) {
        if (!g_str_equal(*input, "-"))
            continue;
        if (seen != NULL)
            return "standard input (-) can be read only once";
        seen = input;
    }
    return NULL;
}

static bool is_standard_output(const char *name)
{
    return name != NULL && g_str_equal(name, "-");
}

/* Whether there will be a capture, and not only a log or a list. */
static bool writes_capture(const FpSlimArguments *arguments)
{
    return !arguments->list && (arguments->log == NULL || arguments->output != NULL);
}

static const char *check_log(const FpSlimArguments *arguments)
{
    if (arguments->log == NULL)
        return NULL;
    if (*arguments->log == '\0')
        return "--log takes the name of a file, or -";
    if (is_standard_output(arguments->log) && (arguments->list || is_standard_output(arguments->output)))
        return "only one of log, list and capture can go to standard output";
    if (writes_capture(arguments) || arguments->list)
        return NULL;
    if (arguments->selection.keep != NULL || arguments->selection.format != NULL || arguments->selection.marked_only)
        return "with --log a capture is written only where -w says so; --keep, -F and --marked-only are of that";
    return NULL;
}

static const char *check_output(const FpSlimArguments *arguments)
{
    if (arguments->output != NULL && *arguments->output == '\0')
        return "-w takes the name of a file";
    if (arguments->list && arguments->output != NULL)
        return "--list writes no capture, so -w makes no sense with it";
    if (arguments->list && arguments->selection.display_filter != NULL)
        return "--list shows the classes of all frames, so -Y makes no sense with it";
    if (arguments->list && arguments->selection.format != NULL)
        return "--list writes no capture, so -F makes no sense with it";
    return check_log(arguments);
}

static const char *check_numbers(const FpSlimArguments *arguments)
{
    if (arguments->max_frames != NOT_GIVEN && arguments->max_frames < 1)
        return "-c takes a number from 1";
    if (arguments->threads != 1 && arguments->threads != 2)
        return "-j takes 1 or 2";
    if (arguments->snaplen != NOT_GIVEN && (arguments->snaplen < 0 || arguments->snaplen > (int)FP_FRAME_BYTES_MAX))
        return "-s takes a number from 0 to 262144";
    if (arguments->buffer_kib != NOT_GIVEN && (arguments->buffer_kib < 1 || arguments->buffer_kib > BUFFER_KIB_MAX))
        return "-B takes a number of KiB from 1 to 1048576";
    return NULL;
}

static const char *check(const FpSlimArguments *arguments)
{
    const char *wrong = check_inputs(arguments);

    if (wrong == NULL)
        wrong = check_output(arguments);
    return wrong != NULL ? wrong : check_numbers(arguments);
}

static bool fill_options(FpSlimArguments *arguments, FpSlimOptions *options, GError **error)
{
    *options = (FpSlimOptions){
        .inputs = arguments->inputs,
        .output = !writes_capture(arguments)  ? NULL
                  : arguments->output != NULL ? arguments->output
                                              : "-",
        .log = arguments->log,
        .follows = arguments->follows,
        .live = {.interface = arguments->interface,
                 .snaplen = arguments->snaplen > 0 ? (int)arguments->snaplen : (int)FP_FRAME_BYTES_MAX,
                 .buffer_kib = (int)MAX(arguments->buffer_kib, 0)},
        .max_frames = (uint64_t)MAX(arguments->max_frames, 0),
        .threads = (int)arguments->threads,
        .list = arguments->list,
        .show_progress = !arguments->quiet && isatty(STDERR_FILENO),
    };
    if (!fp_selection_arguments_check(&arguments->selection, &options->selection, &options->format, error))
        return false;
    if (!fp_log_arguments_check(&arguments->log_style, arguments->log != NULL, FP_LOG_TEXT, &options->log_style, error))
        return false;
    options->selection.questions.fields = arguments->log_style.field_names;
    if (options->output == NULL && !options->list)
        options->selection.keep = 0;
    options->selection.flush_each = arguments->flush_each;
    if (arguments->interface != NULL)
        options->live.filter = g_steal_pointer(&options->selection.filter); /* the kernel's business */
    return true;
}

FpSlimArguments *fp_slim_arguments_parse(char **argv, FpSlimOptions *options, bool *is_quiet, GError **error)
{
    g_autoptr(FpSlimArguments) arguments = g_new0(FpSlimArguments, 1);

    arguments->max_frames = arguments->snaplen = arguments->buffer_kib = NOT_GIVEN;
    arguments->threads = 1;
    if (!parse(arguments, argv, error))
        return NULL;
    const char *wrong = check(arguments);
    if (wrong != NULL) {
        g_set_error_literal(error, FP_ERROR, FP_ERROR_USAGE, wrong);
        return NULL;
    }
    if (!fill_options(arguments, options, error))
        return NULL;
    *is_quiet = arguments->quiet;
    return g_steal_pointer(&arguments);
}

void fp_slim_arguments_free(FpSlimArguments *arguments)
{
    g_strfreev(arguments->inputs);
    fp_selection_arguments_clear(&arguments->selection);
    fp_log_arguments_clear(&arguments->log_style);
    g_free(arguments->log);
    g_free(arguments->output);
    g_free(arguments->interface);
    g_free(arguments);
}
