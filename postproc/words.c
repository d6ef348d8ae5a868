/* SPDX-License-Identifier: GPL-2.0-or-later */
/* words.c - see words.h. */
#include "words.h"

#include <stdbool.h>
#include <string.h>

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

char **fp_words_split(char **argv, const char *letters)
{
    GPtrArray *words = g_ptr_array_new();
    bool is_value = true; /* the program's name is as little an option */

    for (; *argv != NULL && !g_str_equal(*argv, "--"); argv++) {
        const char *letter = is_value ? NULL : find_letter(*argv, letters);
        bool is_split = letter != NULL && letter[1] != '\0';
        is_value = !is_value && !is_split && (letter != NULL || wants_value(*argv));
        if (!is_split) {
            g_ptr_array_add(words, g_strdup(*argv));
            continue;
        }
        g_ptr_array_add(words, g_strndup(*argv, (gsize)(letter + 1 - *argv)));
        g_ptr_array_add(words, g_strdup(letter + 1));
    }
    for (; *argv != NULL; argv++)
        g_ptr_array_add(words, g_strdup(*argv));
    g_ptr_array_add(words, NULL);
    return (char **)g_ptr_array_free(words, FALSE);
}
