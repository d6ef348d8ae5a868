/* SPDX-License-Identifier: GPL-2.0-or-later */
/* words.c - see words.h. */
#include "words.h"

#include <stdbool.h>
#include <string.h>

#include "base/error.h"

/* Options of which one value would be lost without a word where there are two, and with it what was to be captured, kept or written. Of the
 * others, numbers and formats, the last counts, so that it goes before what an alias says. */
static const struct {
    char letter;
    const char *name;
} single[] = {
    {'i', "interface"}, {'w', "write"}, {0, "log"},        {'f', "filter"}, {'Y', "display-filter"},
    {'k', "keep"},      {0, "fields"},  {0, "stream-key"}, {0, "config"},   {0, "match"},
    {0, "then"},        {0, "state"},   {0, "metrics"},
};

/* Where in a group of short options there is one that takes a value; NULL: there is none, or word is no such group. */
static const char *find_letter(const char *word, const char *letters)
{
    return word[0] == '-' && word[1] != '-' ? strpbrk(word + 1, letters) : NULL;
}

/* Whether word is a long option whose value is the next word. */
static bool wants_value(const char *word)
{
    static const char *const flags[] = {"--list",         "--quiet",        "--packet-buffered",    "--follow",      "--once", "--dry-run",
                                        "--check-config", "--no-midstream", "--syn-restarts-clock", "--marked-only", "--help", NULL};

    return g_str_has_prefix(word, "--") && strchr(word, '=') == NULL && !g_strv_contains(flags, word);
}

/* Which of single the option is that word begins or, as a group of short ones, ends with; -1: none. */
static int find_single(const char *word)
{
    if (word[0] != '-' || word[1] == '\0')
        return -1;
    g_autofree char *name = word[1] == '-' ? g_strndup(word + 2, strcspn(word + 2, "=")) : NULL;
    const char letter = word[strlen(word) - 1];

    for (size_t i = 0; i < G_N_ELEMENTS(single); i++)
        if (name != NULL ? g_str_equal(single[i].name, name) : single[i].letter == letter)
            return (int)i;
    return -1;
}

/* Takes note of the option that word is, *seen having a bit for each of single. Returns false when it was there before. */
static bool note_option(const char *word, unsigned *seen, GError **error)
{
    int which = find_single(word);

    if (which < 0)
        return true;
    bool is_new = (*seen & 1U << which) == 0;
    *seen |= 1U << which;
    if (!is_new)
        g_set_error(error, FP_ERROR, FP_ERROR_USAGE, "%.*s is given twice; it takes one value, and the other would be left out",
                    (int)strcspn(word, "="), word);
    return is_new;
}

/* Adds to words what word is: one, or an option and the value that is attached to it. Returns whether the next one is a value. */
static bool add_word(GPtrArray *words, const char *word, const char *letters)
{
    const char *letter = find_letter(word, letters);
    bool is_split = letter != NULL && letter[1] != '\0';

    g_ptr_array_add(words, is_split ? g_strndup(word, (gsize)(letter + 1 - word)) : g_strdup(word));
    if (is_split)
        g_ptr_array_add(words, g_strdup(letter + 1));
    return !is_split && (letter != NULL || wants_value(word));
}

char **fp_words_split(char **argv, const char *letters, GError **error)
{
    g_autoptr(GPtrArray) words = g_ptr_array_new_with_free_func(g_free);
    bool is_value = true; /* the program's name is as little an option */
    unsigned seen = 0;

    for (; *argv != NULL && !g_str_equal(*argv, "--"); argv++) {
        guint at = words->len;
        if (is_value) {
            g_ptr_array_add(words, g_strdup(*argv));
            is_value = false;
            continue;
        }
        is_value = add_word(words, *argv, letters);
        if (!note_option(g_ptr_array_index(words, at), &seen, error))
            return NULL;
    }
    for (; *argv != NULL; argv++)
        g_ptr_array_add(words, g_strdup(*argv));
    g_ptr_array_add(words, NULL);
    return (char **)g_ptr_array_free(g_steal_pointer(&words), FALSE);
}
