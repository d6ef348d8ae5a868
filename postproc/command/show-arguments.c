/* SPDX-License-Identifier: GPL-2.0-or-later */
/* show-arguments.c - see show-arguments.h. */
#include "show-arguments.h"

#include <unistd.h>

#include "base/error.h"
#include "base/terminal.h"
#include "choice-arguments.h"
#include "input-arguments.h"
#include "option-table.h"
#include "rights-arguments.h"
#include "selection-arguments.h"

#define PAYLOAD_BYTES 256 /* of each payload: more than fits on a line of a terminal */

static const char summary[] = "Prints a table of what every TCP connection said first. The FILEs, - for standard input, are taken\n"
                              "as one continuous capture in the order given.";

static const char description[] =
    "\"firstpayload FILE\" is short for \"firstpayload show FILE\", unless FILE has the name of a command.\n"
    "\n"
    "Columns: number of the frame in its file; who said it, and to whom; client or server, or unknown when the\n"
    "start of the connection was not captured; seconds since the SYN; the first line of what was said if it is\n"
    "text, with dots for what cannot be printed, else its first bytes in hexadecimal.\n"
    "\n"
    "Rows are as wide as the terminal, or COLUMNS in the environment; NO_COLOR there switches colours off.\n"
    "\n"
    "Exit status: as for firstpayload slim.\n";

/* What the command line holds, before it is checked. */
struct FpShowArguments {
    FpInputArguments input;
    FpSelectionArguments selection;
    FpChoiceArguments choice;
    FpRightsArguments rights;
    char *color;
    gboolean redact;
    gboolean quiet;
    FpTable *table;
};

static bool parse(FpShowArguments *arguments, char **argv, GError **error)
{
    const GOptionEntry entries[] = {
        {"color", 0, 0, G_OPTION_ARG_STRING, &arguments->color, "Colour the table: auto (on a terminal, the default), always, never",
         "WHEN"},
        {"redact", 0, 0, G_OPTION_ARG_NONE, &arguments->redact, "Replace passwords, cookies and tokens by asterisks", NULL},
        {"quiet", 'q', 0, G_OPTION_ARG_NONE, &arguments->quiet, "No summary and no progress line", NULL},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
    };
    g_autoptr(GArray) options = fp_option_table_new();

    fp_option_table_add(options, entries);
    fp_input_arguments_add(&arguments->input, options);
    fp_selection_arguments_add(&arguments->selection, options, FP_SLIM_MAX_STREAMS_DEFAULT,
                               "Remember at most N streams at once, some 48 bytes each (default: 10000000, without --max-memory)");
    fp_choice_arguments_add(&arguments->choice, options);
    fp_rights_arguments_add(&arguments->rights, options);
    return fp_option_table_parse(options, summary, description, argv, error);
}

static bool fill_options(FpShowArguments *arguments, FpSlimOptions *options, GError **error)
{
    const bool is_terminal = isatty(STDOUT_FILENO);
    FpTableStyle style = {.terminal_fd = is_terminal ? STDOUT_FILENO : -1};
    int format;

    *options = (FpSlimOptions){.log = "-"};
    const char *wrong = fp_input_arguments_check(&arguments->input, options);
    if (wrong == NULL)
        wrong = fp_rights_arguments_check(&arguments->rights, &options->rights, &options->is_verbose);
    if (wrong == NULL && !fp_terminal_colors_from_text(arguments->color, STDOUT_FILENO, &style.has_colors))
        wrong = "--color takes auto, always or never";
    if (wrong != NULL) {
        g_set_error_literal(error, FP_ERROR, FP_ERROR_USAGE, wrong);
        return false;
    }
    if (!fp_selection_arguments_check(&arguments->selection, &options->selection, &format, error))
        return false;
    if (!fp_selection_arguments_check_questions(&options->selection, error))
        return false;
    options->selection.keep = 0;
    options->selection.flush_each = is_terminal;
    if (arguments->input.interfaces != NULL)
        options->live.filter = g_steal_pointer(&options->selection.filter); /* the kernel applies it */
    options->is_quiet = arguments->quiet;
    options->show_progress =
        !arguments->quiet && is_terminal && isatty(STDERR_FILENO); /* otherwise it may disturb the program that shows the rows */
    style.has_sources = options->inputs != NULL && options->inputs[1] != NULL;
    arguments->table = fp_table_new(&style);
    options->log_style = (FpLogStyle){.format = FP_LOG_TABLE,
                                      .payload_bytes = PAYLOAD_BYTES,
                                      .message_wait_ns = FP_LOG_MESSAGE_WAIT_SECONDS_DEFAULT * INT64_C(1000000000),
                                      .message_memory = FP_LOG_MESSAGE_MEMORY_DEFAULT,
                                      .redacts = arguments->redact,
                                      .in_order = arguments->input.interfaces == NULL,
                                      .table = arguments->table};
    return fp_choice_arguments_check(&arguments->choice, &options->log_style.choice, error);
}

FpShowArguments *fp_show_arguments_parse(char **argv, FpSlimOptions *options, bool *is_quiet, GError **error)
{
    g_autoptr(FpShowArguments) arguments = g_new0(FpShowArguments, 1);

    if (!parse(arguments, argv, error) || !fill_options(arguments, options, error))
        return NULL;
    *is_quiet = arguments->quiet;
    return g_steal_pointer(&arguments);
}

void fp_show_arguments_free(FpShowArguments *arguments)
{
    fp_input_arguments_clear(&arguments->input);
    fp_selection_arguments_clear(&arguments->selection);
    fp_rights_arguments_clear(&arguments->rights);
    fp_table_free(arguments->table);
    fp_choice_arguments_clear(&arguments->choice);
    g_free(arguments->color);
    g_free(arguments);
}
