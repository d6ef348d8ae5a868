/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slim-arguments.c - see slim-arguments.h. */
#include "slim-arguments.h"

#include <string.h>
#include <unistd.h>

#include "ahead-arguments.h"
#include "base/error.h"
#include "base/size.h"
#include "config-place.h"
#include "config.h"
#include "input-arguments.h"
#include "live-cut.h"
#include "log-arguments.h"
#include "option-table.h"
#include "rights-arguments.h"
#include "selection-arguments.h"

#define BUFFER_KIB_MAX (1024 * 1024)
#define STATS_SECONDS_MAX 86400
#define NOT_GIVEN G_MININT64
#define MEGABYTE 1000000U
#define ROTATE_SECONDS_MAX 31536000

static const char summary[] = "Cuts captures down to the first payload frame of every TCP stream, and logs these. The FILEs,\n"
                              "- for standard input, are taken as one continuous capture in the order given.";

static const char description[] = "Classes of frames:\n"
                                  "  first      the first frame of a stream that carries payload, in either direction\n"
                                  "  reply      the first payload frame of the other direction\n"
                                  "  flight     the first payload frame and what the same side sends on before the reply\n"
                                  "  handshake  frames with SYN, and the ACK that follows a SYN/ACK\n"
                                  "  opening    payload frames of either side that begin within its first 16 KiB\n"
                                  "  closing    the first FIN of each side, and the first RST\n"
                                  "\n"
                                  "SIGINT, SIGTERM and SIGHUP end the input; all that came before is written. With --log FILE\n"
                                  "SIGHUP reopens FILE instead, for logrotate. With -i, SIGUSR1 says how it goes.\n"
                                  "\n"
                                  "Exit status: 0 done; 1 done, but a capture ended too early, or a signal came before all was\n"
                                  "read, or streams could not be judged by -Y; 64 wrong usage; 65 an input is not a capture, is\n"
                                  "damaged, or does not fit the output's format; 66 an input cannot be opened; 69 -Y without a\n"
                                  "tshark that works, or --kernel-cut on, which the kernel refuses; 70 no memory; 73 the output\n"
                                  "cannot be created; 74 reading or writing failed.\n"
                                  "Unless it is 0 or 1, no output but the log is left; unless some of several inputs could be read.\n";

/* What the command line holds, before it is checked. */
struct FpSlimArguments {
    FpInputArguments input;
    FpSelectionArguments selection;
    FpLogArguments log_style;
    char *config;
    FpRightsArguments rights;
    char *output;
    char *log;
    gint64 rotate_s;
    char *rotate_size;
    gint64 snaplen;
    gint64 buffer_kib;
    char *kernel_cut;
    gint64 kernel_cut_streams;
    FpAheadArguments ahead;
    gint64 stats_s;
    char *metrics;
    gboolean only_own;
    gboolean flush_each;
    gboolean list;
    gboolean quiet;
    gboolean check_config;
};

/* Returns the options, which store their values in *arguments. Caller frees with g_array_unref. */
static GArray *list_options(FpSlimArguments *arguments)
{
    const GOptionEntry entries[] = {
        {"write", 'w', 0, G_OPTION_ARG_FILENAME, &arguments->output,
         "Write the capture to OUT (default: -, standard output; with --log and --list none)", "OUT"},
        {"log", 0, 0, G_OPTION_ARG_FILENAME, &arguments->log,
         "Add a line for each first payload frame to LOG, - for standard output; without -w only that", "LOG"},
        {"list", 'l', 0, G_OPTION_ARG_NONE, &arguments->list,
         "Print frame number and classes of each frame in any class, or in those of --keep; write no capture", NULL},
        {"rotate-seconds", 'G', 0, G_OPTION_ARG_INT64, &arguments->rotate_s,
         "Go on in another file whenever the clock comes to a multiple of N seconds: %Y, %H and the like in the names of OUT and LOG say "
         "when "
         "one began, and where names repeat they get a number",
         "N"},
        {"rotate-size", 'C', 0, G_OPTION_ARG_STRING, &arguments->rotate_size,
         "Go on in another file once one has SIZE: millions of bytes, or a number with K, M, G, T", "SIZE"},
        {"snapshot-length", 's', 0, G_OPTION_ARG_INT64, &arguments->snaplen, "With -i: capture N bytes of each frame (default: 262144)",
         "N"},
        {"buffer-size", 'B', 0, G_OPTION_ARG_INT64, &arguments->buffer_kib, "With -i: the kernel's buffer, in KiB (default: 32768)", "N"},
        {"no-promiscuous-mode", 'p', 0, G_OPTION_ARG_NONE, &arguments->only_own, "With -i: capture only what the interface takes by itself",
         NULL},
        {"kernel-cut", 0, 0, G_OPTION_ARG_STRING, &arguments->kernel_cut,
         "With -i: has the kernel drop frames of streams that are told from: auto, on or off (default: auto, where it can)", "WHEN"},
        {"kernel-cut-streams", 0, G_OPTION_FLAG_HIDDEN, G_OPTION_ARG_INT64, &arguments->kernel_cut_streams, NULL, NULL}, /* for tests */
        {"stats", 0, 0, G_OPTION_ARG_INT64, &arguments->stats_s,
         "With -i and --log: every so many seconds a line with what was captured, dropped and found; in text a comment (default: none)",
         "SECONDS"},
        {"metrics", 0, 0, G_OPTION_ARG_FILENAME, &arguments->metrics,
         "With -i: keep figures for Prometheus in FILE, every 10 seconds, or as --stats says", "FILE"},
        {"packet-buffered", 'U', 0, G_OPTION_ARG_NONE, &arguments->flush_each, "Write out each frame at once", NULL},
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &arguments->quiet, "No summary and no progress line", NULL},
        {"config", 0, 0, G_OPTION_ARG_FILENAME, &arguments->config, "Read options from FILE too, see firstpayload.conf(5)", "FILE"},
        {"check-config", 0, 0, G_OPTION_ARG_NONE, &arguments->check_config, "Check options and configuration, then end", NULL},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
    };
    GArray *options = fp_option_table_new();

    arguments->snaplen = arguments->buffer_kib = arguments->stats_s = arguments->rotate_s = NOT_GIVEN;
    arguments->kernel_cut_streams = FP_KERNEL_CUT_STREAMS_DEFAULT;
    fp_option_table_add(options, entries);
    fp_ahead_arguments_add(&arguments->ahead, options,
                           "Read pcap and pcapng in files ahead, with N threads in all (default: one for each processor, for several files "
                           "or a compressed one)");
    fp_input_arguments_add(&arguments->input, options);
    fp_selection_arguments_add(&arguments->selection, options, FP_SLIM_MAX_STREAMS_DEFAULT,
                               "Remember at most N streams at once, some 48 bytes each (default: 10000000, without --max-memory)");
    fp_selection_arguments_add_kept(&arguments->selection, options);
    fp_log_arguments_add(&arguments->log_style, options, "Lines of the log are text or json (default: text)");
    fp_rights_arguments_add(&arguments->rights, options);
    return options;
}

/* Returns the words of the configuration between the program's name and the rest of the command line. Caller frees with g_strfreev. Returns
 * NULL and sets error. */
static char **combine(const char *path, char **typed, GError **error)
{
    static const char *const not_keys[] = {
        "config",     "check-config", "interface",          "count", "follow", "formats", "list", "threads",
        "read-ahead", "quiet",        "kernel-cut-streams", NULL};
    const FpConfigForm form = {.group = "live", .not_keys = not_keys, .page = "firstpayload.conf(5)"};
    g_autoptr(FpSlimArguments) unused = g_new0(FpSlimArguments, 1);
    g_autoptr(GArray) options = list_options(unused);
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);

    g_ptr_array_add(words, g_strdup(typed[0]));
    if (!fp_config_read(&form, path, options, words, error))
        return NULL;
    for (char **word = typed + 1; *word != NULL; word++)
        g_ptr_array_add(words, g_strdup(*word));
    g_ptr_array_add(words, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&words), FALSE);
}

/* Like the checks below, returns what is wrong, or NULL. */
static const char *check_inputs(const FpSlimArguments *arguments, FpSlimOptions *options)
{
    const char *wrong = fp_input_arguments_check(&arguments->input, options);

    if (wrong != NULL || arguments->input.interfaces != NULL)
        return wrong;
    if (arguments->snaplen != NOT_GIVEN)
        return "-s goes with -i; editcap -s cuts the frames of a file";
    if (arguments->only_own)
        return "-p goes with -i";
    if (arguments->stats_s != NOT_GIVEN)
        return "--stats goes with -i; of files, the summary has it";
    if (arguments->metrics != NULL)
        return "--metrics goes with -i; of files, the summary has it";
    if (arguments->kernel_cut != NULL)
        return "--kernel-cut goes with -i";
    return arguments->buffer_kib != NOT_GIVEN ? "-B goes with -i" : NULL;
}

/* Only pcapng has room for which frame is of which interface. */
static const char *check_format(const FpSlimArguments *arguments)
{
    if (arguments->input.interfaces == NULL || arguments->input.interfaces[1] == NULL || arguments->selection.format == NULL)
        return NULL;
    return g_str_equal(arguments->selection.format, "pcapng") ? NULL
                                                              : "captures of several interfaces are pcapng; leave out -F, or use -F pcapng";
}

static bool is_standard_output(const char *name)
{
    return name != NULL && g_str_equal(name, "-");
}

/* Whether a capture is written, and not only a log or a list. */
static bool writes_capture(const FpSlimArguments *arguments)
{
    return !arguments->list && (arguments->log == NULL || arguments->output != NULL);
}

static const char *check_log(const FpSlimArguments *arguments)
{
    if (arguments->log == NULL)
        return NULL;
    if (is_standard_output(arguments->log) && (arguments->list || is_standard_output(arguments->output)))
        return "only one of log, list and capture can go to standard output";
    if (writes_capture(arguments) && fp_choice_arguments_are_given(&arguments->log_style.choice))
        return "--only and --sni choose lines of the log, and not frames of a capture; leave out -w, or use -Y";
    if (writes_capture(arguments) || arguments->list)
        return NULL;
    if (arguments->selection.keep != NULL || arguments->selection.format != NULL || arguments->selection.marked_only ||
        arguments->selection.compress != NULL)
        return "with --log a capture is written only if -w is given; --keep, -F, --compress and --marked-only are about that capture";
    return NULL;
}

static const char *check_output(const FpSlimArguments *arguments)
{
    if (arguments->list && arguments->output != NULL)
        return "--list writes no capture, so -w makes no sense with it";
    if (arguments->list && arguments->selection.display_filter != NULL)
        return "--list shows the classes of all frames, so -Y makes no sense with it";
    if (arguments->list && (arguments->selection.format != NULL || arguments->selection.compress != NULL))
        return "--list writes no capture, so -F and --compress make no sense with it";
    return check_log(arguments);
}

static bool is_rotatable(const char *name)
{
    return !is_standard_output(name) && fp_output_is_file_name(name);
}

/* As tcpdump has it, a number alone is in millions of bytes. */
static bool read_rotate_size(const char *text, uint64_t *bytes)
{
    if (!fp_size_from_text(text, bytes))
        return false;
    bool is_alone = g_ascii_isdigit(text[strlen(text) - 1]);
    if (is_alone && *bytes > UINT64_MAX / MEGABYTE)
        return false;
    *bytes *= is_alone ? MEGABYTE : 1;
    return true;
}

static const char *check_rotation(const FpSlimArguments *arguments, FpSlimOptions *options)
{
    bool has_pattern = arguments->log != NULL && fp_rotation_is_pattern(arguments->log);

    if (arguments->rotate_s == NOT_GIVEN && arguments->rotate_size == NULL)
        return NULL;
    if (arguments->rotate_s != NOT_GIVEN && (arguments->rotate_s < 1 || arguments->rotate_s > ROTATE_SECONDS_MAX))
        return "-G takes a number of seconds from 1 to 31536000";
    if (arguments->rotate_size != NULL && !read_rotate_size(arguments->rotate_size, &options->rotation.bytes))
        return "-C takes a number of millions of bytes, or one with K, M, G or T";
    options->rotation.seconds = MAX(arguments->rotate_s, 0);
    if (writes_capture(arguments) ? arguments->output == NULL || !is_rotatable(arguments->output) : !has_pattern)
        return "-G and -C take -w FILE, or a --log whose name has the time in it, as %Y%m%dT%H%M%S; standard output, pipes and devices do "
               "not "
               "go on in other files";
    if (has_pattern && !is_rotatable(arguments->log))
        return "-G and -C take a file as --log";
    if (has_pattern && writes_capture(arguments) && g_str_equal(arguments->log, arguments->output))
        return "-w and --log need different names";
    return NULL;
}

static const char *check_numbers(const FpSlimArguments *arguments, FpSlimOptions *options)
{
    const char *wrong = fp_ahead_arguments_check(&arguments->ahead, &options->ahead);

    if (wrong != NULL)
        return wrong;
    if (arguments->snaplen != NOT_GIVEN && (arguments->snaplen < 0 || arguments->snaplen > (int)FP_FRAME_BYTES_MAX))
        return "-s takes a number from 0 to 262144";
    if (arguments->stats_s != NOT_GIVEN && (arguments->stats_s < 1 || arguments->stats_s > STATS_SECONDS_MAX))
        return "--stats takes a number of seconds from 1 to 86400";
    if (arguments->stats_s != NOT_GIVEN && arguments->log == NULL)
        return "--stats goes with --log; without one, --metrics and SIGUSR1 say the same";
    if (arguments->metrics != NULL && !fp_output_is_file_name(arguments->metrics))
        return "--metrics takes the name of a file, which is replaced each time; a device or pipe cannot be";
    if (arguments->buffer_kib != NOT_GIVEN && (arguments->buffer_kib < 1 || arguments->buffer_kib > BUFFER_KIB_MAX))
        return "-B takes a number of KiB from 1 to 1048576";
    return NULL;
}

static const char *check_kernel_cut(const FpSlimArguments *arguments)
{
    static const char *const modes[] = {"auto", "on", "off", NULL}; /* in the order of FpKernelCutMode */

    if (arguments->kernel_cut != NULL && !g_strv_contains(modes, arguments->kernel_cut))
        return "--kernel-cut takes auto, on or off";
    if (arguments->kernel_cut_streams < 1 || arguments->kernel_cut_streams > G_MAXINT32)
        return "--kernel-cut-streams takes a number from 1";
    return NULL;
}

static const char *check(const FpSlimArguments *arguments, FpSlimOptions *options)
{
    const char *wrong = check_inputs(arguments, options);

    if (wrong == NULL)
        wrong = check_format(arguments);
    if (wrong == NULL)
        wrong = check_output(arguments);
    if (wrong == NULL)
        wrong = check_rotation(arguments, options);
    if (wrong == NULL)
        wrong = check_kernel_cut(arguments);
    if (wrong == NULL)
        wrong = fp_rights_arguments_check(&arguments->rights, &options->rights, &options->is_verbose);
    return wrong != NULL ? wrong : check_numbers(arguments, options);
}

/* Whether what is asked of the kernel goes with all that is asked. Call it when the other options are there. */
static bool choose_kernel_cut(const FpSlimArguments *arguments, FpSlimOptions *options, GError **error)
{
    const char *mode = arguments->kernel_cut != NULL ? arguments->kernel_cut : "auto";

    options->kernel_cut = g_str_equal(mode, "on") ? FP_KERNEL_CUT_ON : g_str_equal(mode, "off") ? FP_KERNEL_CUT_OFF : FP_KERNEL_CUT_AUTO;
    options->kernel_cut_streams = (unsigned)arguments->kernel_cut_streams;
    const char *obstacle = options->kernel_cut == FP_KERNEL_CUT_ON ? fp_live_cut_obstacle(options) : NULL;
    if (obstacle != NULL)
        g_set_error(error, FP_ERROR, FP_ERROR_USAGE, "--kernel-cut on %s", obstacle);
    return obstacle == NULL;
}

static bool fill_options(FpSlimArguments *arguments, FpSlimOptions *options, GError **error)
{
    options->output = !writes_capture(arguments) ? NULL : arguments->output != NULL ? arguments->output : "-";
    options->log = arguments->log;
    if (arguments->snaplen > 0)
        options->live.snaplen = (int)arguments->snaplen;
    if (arguments->buffer_kib != NOT_GIVEN)
        options->live.buffer_kib = (int)arguments->buffer_kib;
    options->live.only_own = arguments->only_own;
    options->stats = (FpLiveStatsOptions){.seconds = (unsigned)MAX(arguments->stats_s, 0), .metrics = arguments->metrics};
    options->list = arguments->list;
    options->is_quiet = arguments->quiet;
    options->show_progress = !arguments->quiet && isatty(STDERR_FILENO);
    if (!fp_selection_arguments_check(&arguments->selection, &options->selection, &options->format, error) ||
        !fp_selection_arguments_packing(&arguments->selection, options->output, &options->packing, error))
        return false;
    if (!fp_log_arguments_check(&arguments->log_style, arguments->log != NULL, FP_LOG_TEXT, &options->log_style, error))
        return false;
    options->selection.questions.fields = arguments->log_style.field_names;
    if (options->log_style.has_reply && !fp_selection_arguments_add_replies(&options->selection, error))
        return false;
    if (!fp_selection_arguments_check_questions(&options->selection, error))
        return false;
    if (!fp_selection_arguments_check_hellos(&options->selection, arguments->log != NULL, error))
        return false;
    if (options->output == NULL && !options->list)
        options->selection.keep = 0;
    if (options->list && arguments->selection.keep == NULL)
        options->selection.keep = FP_CLASS_USUAL;
    options->selection.flush_each = arguments->flush_each;
    if (arguments->input.interfaces != NULL)
        options->live.filter = g_steal_pointer(&options->selection.filter); /* the kernel applies it */
    return choose_kernel_cut(arguments, options, error);
}

/* Fills in the options from what was parsed. */
static bool take(FpSlimArguments *arguments, FpSlimOptions *options, GError **error)
{
    *options = (FpSlimOptions){0};
    const char *wrong = check(arguments, options);
    if (wrong != NULL)
        g_set_error_literal(error, FP_ERROR, FP_ERROR_USAGE, wrong);
    return wrong == NULL && fill_options(arguments, options, error);
}

/* The same with the configuration at path before the command line. Returns NULL and sets error. */
static FpSlimArguments *parse_both(const char *path, char **argv, FpSlimOptions *options, GError **error)
{
    g_autoptr(FpSlimArguments) arguments = g_new0(FpSlimArguments, 1);
    g_autoptr(GArray) list = list_options(arguments);
    g_auto(GStrv) typed = fp_option_table_split(argv, list, error);
    char **words = typed != NULL ? combine(path, typed, error) : NULL;

    if (words == NULL)
        return NULL;
    if (fp_option_table_parse_words(list, summary, description, words, error) && take(arguments, options, error))
        return g_steal_pointer(&arguments);
    fp_config_blame(path, typed, list, error);
    return NULL;
}

FpSlimArguments *fp_slim_arguments_parse(char **argv, FpSlimOptions *options, bool *is_quiet, GError **error)
{
    g_autoptr(FpSlimArguments) arguments = g_new0(FpSlimArguments, 1);
    g_autoptr(GArray) list = list_options(arguments);

    if (!fp_option_table_parse(list, summary, description, argv, error))
        return NULL;
    if (arguments->config != NULL) {
        FpSlimArguments *both = parse_both(arguments->config, argv, options, error);
        if (both != NULL)
            *is_quiet = both->quiet;
        return both;
    }
    if (!take(arguments, options, error))
        return NULL;
    *is_quiet = arguments->quiet;
    return g_steal_pointer(&arguments);
}

bool fp_slim_arguments_only_check(const FpSlimArguments *arguments)
{
    return arguments->check_config;
}

void fp_slim_arguments_free(FpSlimArguments *arguments)
{
    fp_input_arguments_clear(&arguments->input);
    fp_selection_arguments_clear(&arguments->selection);
    fp_log_arguments_clear(&arguments->log_style);
    g_free(arguments->config);
    fp_ahead_arguments_clear(&arguments->ahead);
    g_free(arguments->kernel_cut);
    fp_rights_arguments_clear(&arguments->rights);
    g_free(arguments->log);
    g_free(arguments->output);
    g_free(arguments->metrics);
    g_free(arguments->rotate_size);
    g_free(arguments);
}
