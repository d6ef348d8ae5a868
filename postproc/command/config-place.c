/* SPDX-License-Identifier: GPL-2.0-or-later */
/* config-place.c - see config-place.h. */
#include "config-place.h"

#include <stdbool.h>
#include <string.h>

#include "base/error.h"
#include "option-table.h"

#define WORD_CHARACTERS "-abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

static bool sets(const char *line, const char *name)
{
    line += strspn(line, " \t");
    if (!g_str_has_prefix(line, name))
        return false;
    line += strlen(name);
    return line[strspn(line, " \t")] == '=';
}

/* Returns the line that sets a key, from 1, or 0: none does. The last one counts, for GLib too. */
static unsigned line_of(const char *path, const char *name)
{
    g_autofree char *text = NULL;
    unsigned found = 0;

    if (!g_file_get_contents(path, &text, NULL, NULL))
        return 0;
    g_auto(GStrv) lines = g_strsplit(text, "\n", -1);
    for (unsigned i = 0; lines[i] != NULL; i++)
        if (sets(lines[i], name))
            found = i + 1;
    return found;
}

static char *place_of(const char *path, unsigned line)
{
    return line == 0 ? g_strdup(path) : g_strdup_printf("%s:%u", path, line);
}

char *fp_config_place(const char *path, const char *name)
{
    return place_of(path, line_of(path, name));
}

/* Whether the command line has this option. argv: as fp_option_table_split has it. */
static bool is_typed(char **argv, const GOptionEntry *option)
{
    const size_t name_bytes = strlen(option->long_name);

    for (char **word = argv + 1; *word != NULL; word++) {
        const char *name = *word + 2;
        if (g_str_has_prefix(*word, "--") ? strncmp(name, option->long_name, name_bytes) == 0 && strchr("=", name[name_bytes]) != NULL
                                          : **word == '-' && option->short_name != '\0' && strchr(*word, option->short_name) != NULL)
            return true;
    }
    return false;
}

/* Returns the option that begins a message from *text on, or NULL, and moves *text behind it. */
static const GOptionEntry *next_option(const char **text, const GArray *options)
{
    const char *word = strchr(*text, '-');

    if (word == NULL)
        return NULL;
    const size_t word_bytes = strspn(word, WORD_CHARACTERS);
    *text = word + word_bytes;
    if (word_bytes == 2)
        return fp_option_table_short(options, word[1]);
    return word_bytes > 2 ? fp_option_table_long(options, word + 2, word_bytes - 2) : NULL;
}

/* Where the options begin that a message names. GLib names one, behind its value, which may look like another. */
static const char *names_in(const GError *error)
{
    const char *last = error->domain == G_OPTION_ERROR ? g_strrstr(error->message, "--") : NULL;

    return last != NULL ? last : error->message;
}

/* Returns the line of the first option that an error names and that only the file sets; 0: there is none. *typed: the command line has one
 * that it names. A value that cannot be parsed is the file's, as those of the command line have been. */
static unsigned line_to_blame(const char *path, char **argv, const GArray *options, const GError *error, bool *typed)
{
    unsigned line = 0;

    *typed = false;
    for (const char *text = names_in(error); line == 0 && strchr(text, '-') != NULL;) {
        const GOptionEntry *option = next_option(&text, options);
        if (option != NULL && error->domain != G_OPTION_ERROR && is_typed(argv, option))
            *typed = true;
        else if (option != NULL)
            line = line_of(path, option->long_name);
    }
    return line;
}

/* Whether the command line has more than the name of the configuration. */
static bool has_others(char **argv)
{
    for (char **word = argv + 1; *word != NULL; word++) {
        if (g_str_equal(*word, "--config") && word[1] != NULL)
            word++;
        else if (!g_str_has_prefix(*word, "--config="))
            return true;
    }
    return false;
}

void fp_config_blame(const char *path, char **argv, const GArray *options, GError **error)
{
    bool typed;

    if (!g_error_matches(*error, FP_ERROR, FP_ERROR_USAGE) && (*error)->domain != G_OPTION_ERROR)
        return;
    unsigned line = line_to_blame(path, argv, options, *error, &typed);
    if (line == 0 && typed)
        return;
    g_autoptr(GError) failure = g_steal_pointer(error);
    g_autofree char *place = place_of(path, line);
    g_set_error(error, FP_ERROR, FP_ERROR_CONFIG, "%s%s: %s", place, line == 0 && has_others(argv) ? ", or the command line" : "",
                failure->message);
}
