/* SPDX-License-Identifier: GPL-2.0-or-later */
/* said-arguments.c - see said-arguments.h. */
#include "said-arguments.h"

#include <unistd.h>

#include "base/error.h"
#include "base/terminal.h"
#include "input-arguments.h"
#include "option-table.h"
#include "rights-arguments.h"
#include "selection-arguments.h"

#define TOP_DEFAULT 20
#define NOT_GIVEN G_MININT64

static const char summary[] =
    "Counts what TCP connections said first, most frequent first: protocols, server names, JA4s, HTTP hosts, banners.\n"
    "The FILEs, - for standard input, are taken as one continuous capture in the order given.";

static const char description[] =
    "Each stream counts once. Columns: streams; when the first and the last of them spoke, UTC; the name, with \\xNN\n"
    "for a backslash and all that is not printable ASCII. Lines on a terminal are cut to its width, or to COLUMNS in\n"
    "the environment; NO_COLOR there switches colours off.\n"
    "\n"
    "The page of --html needs no other file and no network. Its tables are sorted and filtered in the browser.\n"
    "\n"
    "Exit status: as for firstpayload slim.\n";

/* What the command line holds, before it is checked. */
struct FpSaidArguments {
    FpInputArguments input;
    FpSelectionArguments selection;
    FpRightsArguments rights;
    char *html;
    char *color;
    gint64 top;
    gint64 max_names;
    gboolean quiet;
    FpTally *tally;
};

static bool parse(FpSaidArguments *arguments, char **argv, GError **error)
{
    const GOptionEntry entries[] = {
        {"html", 0, 0, G_OPTION_ARG_FILENAME, &arguments->html, "Write the report as a page for a browser to OUT, - for standard output",
         "OUT"},
        {"top", 0, 0, G_OPTION_ARG_INT64, &arguments->top,
         "Show the N most frequent names of each kind, 0 for all (default: 20; with --html all)", "N"},
        {"max-names", 0, 0, G_OPTION_ARG_INT64, &arguments->max_names, "Remember at most N names of each kind at once (default: 10000)",
         "N"},
        {"color", 0, 0, G_OPTION_ARG_STRING, &arguments->color, "Colour the tables: auto (on a terminal, the default), always, never",
         "WHEN"},
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &arguments->quiet, "No summary and no progress line", NULL},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
    };
    g_autoptr(GArray) options = fp_option_table_new();

    arguments->top = NOT_GIVEN;
    arguments->max_names = FP_TALLY_NAMES_DEFAULT;
    fp_option_table_add(options, entries);
    fp_input_arguments_add(&arguments->input, options);
    fp_selection_arguments_add(&arguments->selection, options, FP_SLIM_MAX_STREAMS_DEFAULT,
                               "Remember at most N streams at once, some 48 bytes each (default: 10000000, without --max-memory)");
    fp_rights_arguments_add(&arguments->rights, options);
    return fp_option_table_parse(options, summary, description, argv, error);
}

/* Reads what only this command has. Returns what is wrong, or NULL. */
static const char *read_own(const FpSaidArguments *arguments, FpSaidOptions *said)
{
    *said = (FpSaidOptions){.page = arguments->html, .is_quiet = arguments->quiet};
    said->style.terminal_fd = isatty(STDOUT_FILENO) ? STDOUT_FILENO : -1;
    if (!fp_terminal_colors_from_text(arguments->color, STDOUT_FILENO, &said->style.has_colors))
        return "--color takes auto, always or never";
    if (arguments->top != NOT_GIVEN && arguments->top < 0)
        return "--top takes a number from 0";
    if (arguments->max_names < FP_TALLY_NAMES_MIN || arguments->max_names > FP_TALLY_NAMES_MAX)
        return "--max-names takes a number from 16 to 1000000";
    if (arguments->top != NOT_GIVEN)
        said->top = (size_t)arguments->top;
    else
        said->top = arguments->html != NULL ? 0 : TOP_DEFAULT;
    return NULL;
}

static bool fill_options(FpSaidArguments *arguments, FpSlimOptions *options, FpSaidOptions *said, GError **error)
{
    int format;

    *options = (FpSlimOptions){.page = arguments->html};
    const char *wrong = fp_input_arguments_check(&arguments->input, options);
    if (wrong == NULL)
        wrong = fp_rights_arguments_check(&arguments->rights, &options->rights, &options->is_verbose);
    if (wrong == NULL)
        wrong = read_own(arguments, said);
    if (wrong != NULL) {
        g_set_error_literal(error, FP_ERROR, FP_ERROR_USAGE, wrong);
        return false;
    }
    if (!fp_selection_arguments_check(&arguments->selection, &options->selection, &format, error) ||
        !fp_selection_arguments_check_questions(&options->selection, error))
        return false;
    options->selection.keep = 0;
    if (arguments->input.interfaces != NULL)
        options->live.filter = g_steal_pointer(&options->selection.filter); /* the kernel applies it */
    options->show_progress = !arguments->quiet && isatty(STDERR_FILENO);
    arguments->tally = fp_tally_new((size_t)arguments->max_names);
    options->log_style = (FpLogStyle){.payload_bytes = 1, /* so that there are facts; payloads themselves are not wanted */
                                      .message_wait_ns = FP_LOG_MESSAGE_WAIT_SECONDS_DEFAULT * INT64_C(1000000000),
                                      .message_memory = FP_LOG_MESSAGE_MEMORY_DEFAULT,
                                      .tally = arguments->tally};
    return true;
}

FpSaidArguments *fp_said_arguments_parse(char **argv, FpSlimOptions *options, FpSaidOptions *said, GError **error)
{
    g_autoptr(FpSaidArguments) arguments = g_new0(FpSaidArguments, 1);

    if (!parse(arguments, argv, error) || !fill_options(arguments, options, said, error))
        return NULL;
    return g_steal_pointer(&arguments);
}

void fp_said_arguments_free(FpSaidArguments *arguments)
{
    fp_input_arguments_clear(&arguments->input);
    fp_selection_arguments_clear(&arguments->selection);
    fp_rights_arguments_clear(&arguments->rights);
    fp_tally_free(arguments->tally);
    g_free(arguments->html);
    g_free(arguments->color);
    g_free(arguments);
}
