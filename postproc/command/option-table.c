/* SPDX-License-Identifier: GPL-2.0-or-later */
/* option-table.c - see option-table.h. */
#include "option-table.h"

#include <string.h>

#include "base/error.h"

/* Options with a text for a value that may be given twice, as numbers may: a choice or a size. The last one counts, so that it overrides an
 * alias. Of other options with a text, the value that is ignored would have been something to capture, keep or write. */
static const char *const last_counts[] = {"format", "formats", "log-format", "max-memory", "max-archive", "read-ahead", "color", NULL};

GArray *fp_option_table_new(void)
{
    return g_array_new(TRUE, TRUE, sizeof(GOptionEntry));
}

void fp_option_table_add(GArray *options, const GOptionEntry *entries)
{
    for (; entries->long_name != NULL; entries++)
        g_array_append_vals(options, entries, 1);
}

static bool takes_value(const GOptionEntry *option)
{
    return option->arg != G_OPTION_ARG_NONE;
}

static bool takes_one_value(const GOptionEntry *option)
{
    return (option->arg == G_OPTION_ARG_STRING || option->arg == G_OPTION_ARG_FILENAME) && !g_strv_contains(last_counts, option->long_name);
}

const GOptionEntry *fp_option_table_short(const GArray *options, char letter)
{
    for (guint i = 0; i < options->len; i++) {
        const GOptionEntry *option = &g_array_index(options, GOptionEntry, i);
        if (option->short_name != '\0' && option->short_name == letter)
            return option;
    }
    return NULL;
}

const GOptionEntry *fp_option_table_long(const GArray *options, const char *name, size_t name_bytes)
{
    for (guint i = 0; i < options->len; i++) {
        const GOptionEntry *option = &g_array_index(options, GOptionEntry, i);
        if (strlen(option->long_name) == name_bytes && strncmp(option->long_name, name, name_bytes) == 0)
            return option;
    }
    return NULL;
}

/* Returns the first option in a group of short ones that takes a value, with *letter at it; or else the last of the group, with *letter
 * NULL. */
static const GOptionEntry *find_in_group(const GArray *options, const char *group, const char **letter)
{
    const GOptionEntry *option = NULL;

    *letter = NULL;
    for (; *group != '\0'; group++) {
        option = fp_option_table_short(options, *group);
        if (option != NULL && takes_value(option)) {
            *letter = group;
            return option;
        }
    }
    return option;
}

/* Adds word to words; as two if a value is attached to a short option. *is_value: the next word is a value. Returns the option that word
 * begins, or the last one of a group of short options; NULL: none that is known. */
static const GOptionEntry *add_word(GPtrArray *words, const char *word, const GArray *options, bool *is_value)
{
    const GOptionEntry *option;
    const char *letter = NULL;

    if (g_str_has_prefix(word, "--")) {
        size_t name_bytes = strcspn(word + 2, "=");
        option = fp_option_table_long(options, word + 2, name_bytes);
        *is_value = option != NULL && takes_value(option) && word[2 + name_bytes] == '\0';
    } else {
        option = word[0] == '-' ? find_in_group(options, word + 1, &letter) : NULL;
        *is_value = letter != NULL && letter[1] == '\0';
    }
    bool is_split = letter != NULL && letter[1] != '\0';
    g_ptr_array_add(words, is_split ? g_strndup(word, (gsize)(letter + 1 - word)) : g_strdup(word));
    if (is_split)
        g_ptr_array_add(words, g_strdup(letter + 1));
    return option;
}

/* seen: options so far. word: as it was typed. Returns false and sets error if its value, or the one before, would be lost. */
static bool note_option(const GOptionEntry *option, const char *word, GHashTable *seen, GError **error)
{
    if (option == NULL || !takes_one_value(option) || g_hash_table_add(seen, (gpointer)option))
        return true;
    g_set_error(error, FP_ERROR, FP_ERROR_USAGE, "%.*s is given twice; it takes one value, and the other would be ignored",
                (int)strcspn(word, "="), word);
    return false;
}

char **fp_option_table_split(char **argv, const GArray *options, GError **error)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
    g_autoptr(GHashTable) seen = g_hash_table_new(NULL, NULL);
    bool is_value = true; /* the program's name is not an option either */

    for (; *argv != NULL && !g_str_equal(*argv, "--"); argv++) {
        guint at = words->len;
        if (is_value) {
            g_ptr_array_add(words, g_strdup(*argv));
            is_value = false;
            continue;
        }
        const GOptionEntry *option = add_word(words, *argv, options, &is_value);
        if (!note_option(option, g_ptr_array_index(words, at), seen, error))
            return NULL;
    }
    for (; *argv != NULL; argv++)
        g_ptr_array_add(words, g_strdup(*argv));
    g_ptr_array_add(words, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&words), FALSE);
}

/* A variable that a script has not set gives an empty name: an error later would begin with nothing. */
static bool check_names(const GArray *options, GError **error)
{
    for (guint i = 0; i < options->len; i++) {
        const GOptionEntry *option = &g_array_index(options, GOptionEntry, i);
        char **files = option->arg == G_OPTION_ARG_FILENAME_ARRAY ? *(char ***)option->arg_data : NULL;
        const char *file = option->arg == G_OPTION_ARG_FILENAME ? *(char **)option->arg_data : NULL;
        if (files != NULL && g_strv_contains((const char *const *)files, ""))
            g_set_error(error, FP_ERROR, FP_ERROR_USAGE, "the name of a file or folder is empty; in a script, is its variable set?");
        else if (file != NULL && *file == '\0')
            g_set_error(error, FP_ERROR, FP_ERROR_USAGE, "--%s takes a name, and this one is empty", option->long_name);
        else
            continue;
        return false;
    }
    return true;
}

bool fp_option_table_parse_words(const GArray *options, const char *summary, const char *description, char **words, GError **error)
{
    g_autoptr(GOptionContext) context = g_option_context_new(NULL);
    g_auto(GStrv) owned = words; /* g_option_context_parse_strv changes it */

    g_option_context_set_summary(context, summary);
    g_option_context_set_description(context, description);
    g_option_context_add_main_entries(context, (GOptionEntry *)options->data, NULL);
    return g_option_context_parse_strv(context, &owned, error) && check_names(options, error);
}

bool fp_option_table_parse(const GArray *options, const char *summary, const char *description, char **argv, GError **error)
{
    char **words = fp_option_table_split(argv, options, error);

    return words != NULL && fp_option_table_parse_words(options, summary, description, words, error);
}
