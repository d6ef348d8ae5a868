/* SPDX-License-Identifier: GPL-2.0-or-later */
/* watch-arguments.c - see watch-arguments.h. */
#include "watch-arguments.h"

#include <string.h>
#include <sys/stat.h>

#include "ahead-arguments.h"
#include "base/error.h"
#include "base/helper.h"
#include "base/notify.h"
#include "base/size.h"
#include "config-place.h"
#include "config.h"
#include "log-arguments.h"
#include "option-table.h"
#include "output/output.h"
#include "rights-arguments.h"
#include "selection-arguments.h"

#define MAX_STREAMS_DEFAULT 1000000
#define UNCHANGED_S_DEFAULT 30
#define WAIT_S_DEFAULT 60

static const char summary[] = "Slims every capture that tcpdump, dumpcap or anything else finishes in the folder INBOX into the\n"
                              "folder OUTDIR, as one continuous capture, until SIGTERM. Crashes neither lose nor repeat anything.";

static const char description[] =
    "The configuration file is a [watch] group of the long options above without their dashes, and inbox and\n"
    "outdir; see firstpayload.conf(5). The command line overrides it. SIGHUP reads it again, SIGUSR1 logs how\n"
    "things are.\n"
    "\n"
    "Exit status: 0 ended by a signal, or all done with --once; 1 done, but files were put aside or cut short; 64\n"
    "wrong usage; 66 INBOX cannot be read; 69 -Y without a tshark that works; 70 no memory; 73 a folder cannot be\n"
    "created; 74 reading or writing failed; 75 another watcher holds the state folder; 78 the configuration is\n"
    "wrong.\n";

/* What command line and configuration hold, before it is checked. */
struct FpWatchArguments {
    FpSelectionArguments selection;
    FpLogArguments log_style;
    FpRightsArguments rights;
    FpAheadArguments ahead;
    char *log;
    char *config;
    char *inbox;
    char *output;
    char *state;
    char *match;
    char *then;
    char *max_archive;
    char *metrics;
    int unchanged_s;
    int wait_s;
    gboolean follow;
    gboolean once;
    gboolean dry_run;
    gboolean check_config;
    char **folders;
    char **argv;       /* as it was given */
    char *config_read; /* its --config */
    FpWatchOptions options;
};

void fp_watch_arguments_free(FpWatchArguments *arguments)
{
    fp_selection_arguments_clear(&arguments->selection);
    fp_log_arguments_clear(&arguments->log_style);
    fp_rights_arguments_clear(&arguments->rights);
    fp_ahead_arguments_clear(&arguments->ahead);
    g_free(arguments->log);
    g_free(arguments->config);
    g_free(arguments->config_read);
    g_free(arguments->inbox);
    g_free(arguments->output);
    g_free(arguments->state);
    g_free(arguments->match);
    g_free(arguments->then);
    g_free(arguments->max_archive);
    g_free(arguments->metrics);
    g_strfreev(arguments->folders);
    g_strfreev(arguments->argv);
    g_free(arguments);
}

/* Returns the options, which store their values in *arguments. Caller frees with g_array_unref. */
static GArray *list_options(FpWatchArguments *arguments)
{
    arguments->unchanged_s = UNCHANGED_S_DEFAULT;
    arguments->wait_s = WAIT_S_DEFAULT;
    const GOptionEntry entries[] = {
        {"config", 0, 0, G_OPTION_ARG_FILENAME, &arguments->config, "Read options from FILE too", "FILE"},
        {"match", 0, 0, G_OPTION_ARG_FILENAME, &arguments->match, "Take only files whose names match, with * and ? (default: all)",
         "PATTERN"},
        {"then", 0, 0, G_OPTION_ARG_STRING, &arguments->then,
         "What to do with a capture once its output is on the disk: archive (move it to done/ in the state folder, the default), delete, "
         "keep; delete-unsure also deletes captures of which nobody can tell that they are finished, see --unchanged",
         "WHAT"},
        {"wait", 0, 0, G_OPTION_ARG_INT, &arguments->wait_s,
         "Have captures wait at most N seconds for an older one that is still being written, or compressed (default: 60)", "N"},
        {"unchanged", 0, 0, G_OPTION_ARG_INT, &arguments->unchanged_s,
         "If nobody can tell whether a file is still being written (another user's without CAP_LEASE, network file systems), take it "
         "when it has not changed for N seconds (default: 30)",
         "N"},
        {"max-archive", 0, 0, G_OPTION_ARG_STRING, &arguments->max_archive,
         "Delete the oldest of done/ when it is larger: bytes, or with K, M, G, T (default: no limit)", "SIZE"},
        {"state", 0, 0, G_OPTION_ARG_FILENAME, &arguments->state,
         "The state folder, on the file system of INBOX unless captures are kept (default: OUTDIR/.firstpayload)", "DIR"},
        {"log", 0, 0, G_OPTION_ARG_STRING, &arguments->log,
         "Log the first payload frames of each capture, in a file of its own: beside (its output), or only (no other output)", "WHERE"},
        {"follow", 0, 0, G_OPTION_ARG_NONE, &arguments->follow,
         "Read a capture while it is still being written; its log can be read as live.jsonl in the state folder meanwhile. For one writer",
         NULL},
        {"metrics", 0, 0, G_OPTION_ARG_FILENAME, &arguments->metrics, "Keep figures for Prometheus in FILE", "FILE"},
        {"once", 0, 0, G_OPTION_ARG_NONE, &arguments->once, "Take what is there, then end", NULL},
        {"dry-run", 0, 0, G_OPTION_ARG_NONE, &arguments->dry_run, "Print which captures would be taken, in order, and their sizes", NULL},
        {"check-config", 0, 0, G_OPTION_ARG_NONE, &arguments->check_config, "Check options and configuration, then end", NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &arguments->folders, NULL, "[INBOX OUTDIR]"},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
    };
    GArray *options = fp_option_table_new();

    fp_option_table_add(options, entries);
    fp_ahead_arguments_add(&arguments->ahead, options,
                           "Read captures ahead while several wait, with N threads in all (default: one for each processor)");
    fp_selection_arguments_add(&arguments->selection, options, MAX_STREAMS_DEFAULT,
                               "Remember at most N streams at once, some 48 bytes each; all are written with each checkpoint (default: "
                               "1000000, without --max-memory)");
    fp_selection_arguments_add_kept(&arguments->selection, options);
    fp_log_arguments_add(&arguments->log_style, options, "Lines of logs are text or json (default: json)");
    fp_rights_arguments_add(&arguments->rights, options);
    return options;
}

/* Takes ownership of argv. */
static bool parse(FpWatchArguments *arguments, char **argv, GError **error)
{
    g_autoptr(GArray) options = list_options(arguments);

    return fp_option_table_parse_words(options, summary, description, argv, error);
}

static bool read_then(const FpWatchArguments *arguments, FpThen *then)
{
    static const char *const names[] = {[FP_THEN_ARCHIVE] = "archive", [FP_THEN_DELETE] = "delete", [FP_THEN_KEEP] = "keep"};

    *then = FP_THEN_ARCHIVE;
    if (g_strcmp0(arguments->then, "delete-unsure") == 0) {
        *then = FP_THEN_DELETE;
        return true;
    }
    for (size_t i = 0; arguments->then != NULL && i < G_N_ELEMENTS(names); i++)
        if (g_str_equal(arguments->then, names[i])) {
            *then = (FpThen)i;
            return true;
        }
    return arguments->then == NULL;
}

/* Reads which outputs there are. Returns false when --log makes no sense. */
static bool read_log(const FpWatchArguments *arguments, unsigned *outputs)
{
    *outputs = FP_WATCH_CAPTURE;
    if (arguments->log == NULL)
        return true;
    *outputs = g_str_equal(arguments->log, "only") ? FP_WATCH_LOG : FP_WATCH_CAPTURE | FP_WATCH_LOG;
    return *outputs == FP_WATCH_LOG || g_str_equal(arguments->log, "beside");
}

/* Returns what is wrong, or NULL. */
static const char *read_words(FpWatchArguments *arguments)
{
    if (!read_then(arguments, &arguments->options.spool.then))
        return "--then takes archive, delete, delete-unsure or keep";
    arguments->options.spool.deletes_guesses = g_strcmp0(arguments->then, "delete-unsure") == 0;
    if (arguments->unchanged_s < 0)
        return "--unchanged takes a number of seconds";
    arguments->options.spool.unchanged_s = (unsigned)arguments->unchanged_s;
    if (arguments->wait_s < 0)
        return "--wait takes a number of seconds";
    arguments->options.spool.wait_s = (unsigned)arguments->wait_s;
    if (arguments->max_archive != NULL && !fp_size_from_text(arguments->max_archive, &arguments->options.spool.max_archive_bytes))
        return "--max-archive takes a number of bytes, or one with K, M, G or T";
    if (arguments->max_archive != NULL && arguments->options.spool.then != FP_THEN_ARCHIVE)
        return "--max-archive goes with --then archive";
    if (arguments->metrics != NULL && !fp_output_is_file_name(arguments->metrics))
        return "--metrics takes the name of a file, which is replaced each time; a device or pipe cannot be";
    if (!read_log(arguments, &arguments->options.outputs))
        return "--log takes beside or only";
    if (arguments->follow && (arguments->log == NULL || arguments->once || arguments->options.spool.then == FP_THEN_KEEP))
        return "--follow goes with --log, and neither with --once nor with --then keep";
    if (arguments->options.outputs & FP_WATCH_CAPTURE && arguments->log != NULL &&
        fp_choice_arguments_are_given(&arguments->log_style.choice))
        return "--only and --sni choose lines of logs, and not frames of captures; they go with --log only";
    if (arguments->options.outputs == FP_WATCH_LOG && (arguments->selection.keep != NULL || arguments->selection.format != NULL ||
                                                       arguments->selection.marked_only || arguments->selection.compress != NULL))
        return "with --log only no captures are written; --keep, --format, --compress and --marked-only are about captures";
    const char *wrong = fp_ahead_arguments_check(&arguments->ahead, &arguments->options.ahead);
    return wrong != NULL ? wrong
                         : fp_rights_arguments_check(&arguments->rights, &arguments->options.rights, &arguments->options.is_verbose);
}

/* Called when options are read again, and tshark is slow to start. */
static bool feed_watchdog(void *nothing)
{
    (void)nothing;
    fp_notify("WATCHDOG=1");
    return false;
}

/* Whether tshark accepts the questions. A tshark that does not work is dealt with when it is needed. */
static bool check_questions(const FpQuestions *questions, GError **error)
{
    const FpTsharkQuestion question = {.fields = questions->fields, .filter = questions->filter};
    GError *failure = NULL;

    if (fp_helper_is_this()) /* the watcher itself checks what it reads */
        return true;
    if ((question.fields == NULL && question.filter == NULL) || fp_tshark_check(&question, false, feed_watchdog, NULL, &failure))
        return true;
    if (failure->code == FP_ERROR_UNAVAILABLE) {
        g_error_free(failure);
        return true;
    }
    g_propagate_error(error, failure);
    return false;
}

/* Fills in the options that other commands have too. */
static bool read_shared_options(FpWatchArguments *arguments, GError **error)
{
    FpWatchOptions *options = &arguments->options;

    if (arguments->log == NULL)
        arguments->log_style.redact = FALSE; /* a configuration may have it always, in case there will be logs */
    if (!fp_selection_arguments_check(&arguments->selection, &options->selection, &options->format, error) ||
        !fp_selection_arguments_packing(&arguments->selection, NULL, &options->packing, error) ||
        !fp_log_arguments_check(&arguments->log_style, arguments->log != NULL, FP_LOG_JSON, &options->log_style, error))
        return false;
    options->selection.questions.fields = arguments->log_style.field_names;
    if (options->log_style.has_reply && !fp_selection_arguments_add_replies(&options->selection, error))
        return false;
    if (options->outputs == FP_WATCH_LOG)
        options->selection.keep = 0;
    options->spool.follows = arguments->follow;
    options->spool.pcapng_by_wiretap = fp_writer_needs_wiretap(NULL, options->format);
    /* what is built again after a crash must not depend on how fast tshark is */
    options->log_style.in_order |= options->selection.questions.fields != NULL || options->selection.questions.filter != NULL;
    return fp_selection_arguments_check_questions(&options->selection, error) &&
           fp_selection_arguments_check_hellos(&options->selection, arguments->log != NULL, error) &&
           check_questions(&options->selection.questions, error);
}

/* Adds the options of the configuration file to words, and takes its folders. */
static bool read_config(FpWatchArguments *arguments, const char *path, GPtrArray *words, GError **error)
{
    g_autoptr(FpWatchArguments) unused = g_new0(FpWatchArguments, 1);
    g_autoptr(GArray) options = list_options(unused);

    static const char *const not_keys[] = {"config", "once", "dry-run", "check-config", NULL};
    const FpConfigValue folders[] = {{"inbox", &arguments->inbox}, {"outdir", &arguments->output}, {NULL, NULL}};
    const FpConfigForm form = {.group = "watch", .not_keys = not_keys, .values = folders, .page = "firstpayload.conf(5)"};
    return fp_config_read(&form, path, options, words, error);
}

/* Returns the command line with the configuration's options before it. Caller frees with g_strfreev. Returns NULL and sets error. */
static char **combine(FpWatchArguments *arguments, GError **error)
{
    g_autoptr(FpWatchArguments) only = g_new0(FpWatchArguments, 1);
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);

    g_ptr_array_add(words, g_strdup(arguments->argv[0]));
    if (!parse(only, g_strdupv(arguments->argv), error))
        return NULL;
    arguments->config_read = g_strdup(only->config);
    if (only->config != NULL && !read_config(arguments, only->config, words, error))
        return NULL;
    for (char **word = arguments->argv + 1; *word != NULL; word++)
        g_ptr_array_add(words, g_strdup(*word));
    g_ptr_array_add(words, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&words), FALSE);
}

static bool is_same_folder(const char *one, const char *other)
{
    struct stat first, second;

    return stat(one, &first) == 0 && stat(other, &second) == 0 && first.st_dev == second.st_dev && first.st_ino == second.st_ino;
}

/* Returns what is wrong, or NULL. */
static const char *take_folders(FpWatchArguments *arguments)
{
    guint n = arguments->folders == NULL ? 0 : g_strv_length(arguments->folders);

    if (n != 0 && n != 2)
        return "takes two folders: INBOX and OUTDIR";
    if (n == 2) {
        g_free(arguments->inbox);
        g_free(arguments->output);
        arguments->inbox = g_strdup(arguments->folders[0]);
        arguments->output = g_strdup(arguments->folders[1]);
    }
    if (arguments->inbox == NULL || arguments->output == NULL)
        return "no INBOX and OUTDIR are given, on the command line or as inbox and outdir of a configuration file";
    if (arguments->state == NULL)
        arguments->state = g_build_filename(arguments->output, ".firstpayload", NULL);
    return is_same_folder(arguments->inbox, arguments->output) ? "INBOX and OUTDIR are the same folder; outputs would be taken for captures"
                                                               : NULL;
}

/* Fills in the options of *arguments from what was parsed. */
static bool check(FpWatchArguments *arguments, GError **error)
{
    const char *wrong = take_folders(arguments);

    if (wrong == NULL)
        wrong = read_words(arguments);
    if (wrong != NULL) {
        g_set_error_literal(error, FP_ERROR, FP_ERROR_USAGE, wrong);
        return false;
    }
    arguments->options.spool.inbox = arguments->inbox;
    arguments->options.spool.match = arguments->match;
    arguments->options.output = arguments->output;
    arguments->options.spool.state = arguments->state;
    arguments->options.metrics = arguments->metrics;
    arguments->options.config = arguments->config_read;
    arguments->options.once = arguments->once;
    return read_shared_options(arguments, error);
}

FpWatchArguments *fp_watch_arguments_parse(char **argv, GError **error)
{
    FpWatchArguments *arguments = g_new0(FpWatchArguments, 1);

    g_autoptr(GArray) options = list_options(arguments);
    arguments->argv = fp_option_table_split(argv, options, error);
    char **words = arguments->argv != NULL ? combine(arguments, error) : NULL;
    if (words != NULL && parse(arguments, words, error) && check(arguments, error))
        return arguments;
    if (words != NULL && arguments->config_read != NULL)
        fp_config_blame(arguments->config_read, arguments->argv, options, error);
    fp_watch_arguments_free(arguments);
    return NULL;
}

FpWatchArguments *fp_watch_arguments_reload(const FpWatchArguments *arguments, GError **error)
{
    g_autoptr(FpWatchArguments) fresh = fp_watch_arguments_parse(arguments->argv, error);

    if (fresh == NULL)
        return NULL;
    if (!g_str_equal(fresh->inbox, arguments->inbox) || !g_str_equal(fresh->output, arguments->output) ||
        !g_str_equal(fresh->state, arguments->state) || g_strcmp0(fresh->match, arguments->match) != 0 ||
        fresh->options.spool.then != arguments->options.spool.then || fresh->options.spool.follows != arguments->options.spool.follows ||
        fresh->options.spool.max_archive_bytes != arguments->options.spool.max_archive_bytes ||
        fresh->options.spool.deletes_guesses != arguments->options.spool.deletes_guesses ||
        fresh->options.spool.unchanged_s != arguments->options.spool.unchanged_s ||
        fresh->options.spool.wait_s != arguments->options.spool.wait_s ||
        g_strcmp0(fresh->selection.format_list, arguments->selection.format_list) != 0 ||
        g_strcmp0(fresh->rights.user, arguments->rights.user) != 0 || fresh->options.rights.without != arguments->options.rights.without) {
        g_set_error(error, FP_ERROR, FP_ERROR_CONFIG,
                    "inbox, outdir, state, match, then, wait, unchanged, max-archive, follow, formats, relinquish-privileges and without "
                    "cannot change while a watcher runs; restart it");
        return NULL;
    }
    return g_steal_pointer(&fresh);
}

const FpWatchOptions *fp_watch_arguments_options(const FpWatchArguments *arguments)
{
    return &arguments->options;
}

FpWatchTask fp_watch_arguments_task(const FpWatchArguments *arguments)
{
    return arguments->dry_run ? FP_WATCH_DRY_RUN : arguments->check_config ? FP_WATCH_CHECK_CONFIG : FP_WATCH_RUN;
}
