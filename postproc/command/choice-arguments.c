/* SPDX-License-Identifier: GPL-2.0-or-later */
/* choice-arguments.c - see choice-arguments.h. */
#include "choice-arguments.h"

#include "base/error.h"
#include "option-table.h"
#include "suggest.h"

void fp_choice_arguments_add(FpChoiceArguments *arguments, GArray *options)
{
    const GOptionEntry entries[] = {
        {"only", 0, 0, G_OPTION_ARG_STRING, &arguments->only,
         "Only messages of these protocols, comma-separated: tls, quic, http, ssh ..., unknown (default: all)", "PROTOCOLS"},
        {"sni", 0, 0, G_OPTION_ARG_STRING, &arguments->server_names,
         "Only messages of TLS and QUIC with a server name that matches one of these, comma-separated, with * and ? (default: all)",
         "PATTERNS"},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
    };

    *arguments = (FpChoiceArguments){0};
    fp_option_table_add(options, entries);
}

bool fp_choice_arguments_are_given(const FpChoiceArguments *arguments)
{
    return arguments->only != NULL || arguments->server_names != NULL;
}

/* Fills in the names of all protocols, and a NULL. */
static void list_names(const char *names[FP_SAID_PROTOCOLS + 1])
{
    for (int i = 0; i < FP_SAID_PROTOCOLS; i++)
        names[i] = i == FP_SAID_NOTHING ? FP_CHOICE_UNKNOWN : fp_said_name((FpSaidProtocol)i);
    names[FP_SAID_PROTOCOLS] = NULL;
}

static void refuse_name(const char *const *names, const char *name, GError **error)
{
    g_autofree char *all = g_strjoinv(", ", (char **)names);
    const char *nearest = fp_suggest_nearest(names, name);

    if (nearest != NULL)
        g_set_error(error, FP_ERROR, FP_ERROR_USAGE, "--only: there is no protocol %s. Did you mean %s?", name, nearest);
    else
        g_set_error(error, FP_ERROR, FP_ERROR_USAGE, "--only takes protocols, comma-separated: %s", all);
}

static bool read_protocols(const char *text, uint64_t *protocols, GError **error)
{
    g_auto(GStrv) words = g_strsplit(text, ",", -1);
    const char *names[FP_SAID_PROTOCOLS + 1];

    list_names(names);
    for (char **word = words; *word != NULL || word == words; word++) {
        const char *name = *word != NULL ? g_strstrip(*word) : "";
        int i = 0;
        while (i < FP_SAID_PROTOCOLS && !g_str_equal(names[i], name))
            i++;
        if (i == FP_SAID_PROTOCOLS) {
            refuse_name(names, name, error);
            return false;
        }
        *protocols |= FP_CHOICE_PROTOCOL(i);
    }
    return true;
}

static bool read_patterns(FpChoiceArguments *arguments)
{
    g_strfreev(arguments->patterns);
    arguments->patterns = g_strsplit(arguments->server_names, ",", -1);
    for (char **pattern = arguments->patterns; *pattern != NULL; pattern++)
        if (*g_strstrip(*pattern) == '\0')
            return false;
    return arguments->patterns[0] != NULL;
}

bool fp_choice_arguments_check(FpChoiceArguments *arguments, FpChoice *choice, GError **error)
{
    const uint64_t with_names = FP_CHOICE_PROTOCOL(FP_SAID_TLS) | FP_CHOICE_PROTOCOL(FP_SAID_QUIC);
    const char *wrong = NULL;

    *choice = (FpChoice){0};
    if (arguments->only != NULL && !read_protocols(arguments->only, &choice->protocols, error))
        return false;
    if (arguments->server_names != NULL && !read_patterns(arguments))
        wrong = "--sni takes patterns of server names, comma-separated";
    else if (arguments->server_names != NULL && choice->protocols != 0 && !(choice->protocols & with_names))
        wrong = "--sni is about TLS and QUIC, which --only leaves out";
    choice->server_names = arguments->patterns;
    if (wrong != NULL)
        g_set_error_literal(error, FP_ERROR, FP_ERROR_USAGE, wrong);
    return wrong == NULL;
}

void fp_choice_arguments_clear(FpChoiceArguments *arguments)
{
    g_free(arguments->only);
    g_free(arguments->server_names);
    g_strfreev(arguments->patterns);
}
