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

char **fp_words_split(char **argv, const char *letters)
{
    GPtrArray *words = g_ptr_array_new();
    bool is_value = true; /* the program's name is as little an option */

    for (; *argv != NULL && !g_str_equal(*argv, "--"); argv++) {
        const char *letter = is_value ? NULL : find_letter(*argv, letters);
        is_value = letter != NULL && letter[1] == '\0';
        if (letter == NULL || is_value) {
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
