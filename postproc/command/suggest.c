/* SPDX-License-Identifier: GPL-2.0-or-later */
/* suggest.c - see suggest.h. */
#include "suggest.h"

#include <glib.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "base/printable.h"

#define WORD_BYTES_MAX 32U /* longer words are not misspelt commands */
#define DISTANCE_MAX 2U

/* How many letters to add, remove or change, or neighbours to swap, to turn one word into the other (optimal string alignment). Both are at
 * most WORD_BYTES_MAX long. */
static unsigned distance(const char *one, const char *other)
{
    size_t n_one = strlen(one), n_other = strlen(other);
    unsigned cost[WORD_BYTES_MAX + 1][WORD_BYTES_MAX + 1];

    for (size_t i = 0; i <= n_one; i++)
        for (size_t k = 0; k <= n_other; k++) {
            if (i == 0 || k == 0) {
                cost[i][k] = (unsigned)(i + k);
                continue;
            }
            unsigned changed = cost[i - 1][k - 1] + (g_ascii_tolower(one[i - 1]) != g_ascii_tolower(other[k - 1]));
            cost[i][k] = MIN(changed, MIN(cost[i - 1][k], cost[i][k - 1]) + 1);
            if (i > 1 && k > 1 && one[i - 1] == other[k - 2] && one[i - 2] == other[k - 1])
                cost[i][k] = MIN(cost[i][k], cost[i - 2][k - 2] + 1);
        }
    return cost[n_one][n_other];
}

const char *fp_suggest_nearest(const char *const *words, const char *word)
{
    const char *found = NULL;
    unsigned least = DISTANCE_MAX + 1;

    if (word[0] == '\0' || strlen(word) > WORD_BYTES_MAX)
        return NULL;
    for (; *words != NULL; words++) {
        unsigned away = g_str_has_prefix(*words, word) ? 0 : distance(word, *words);
        if (away < least && away < strlen(word)) {
            least = away;
            found = *words;
        }
    }
    return found;
}

/* Appends words as they can be typed; "..." for one that would have to be quoted. */
static void append_words(GString *text, char **words)
{
    static const char plain[] = G_CSET_A_2_Z G_CSET_a_2_z G_CSET_DIGITS "_./+,:=@%-";

    for (; *words != NULL; words++)
        g_string_append_printf(text, " %s", **words != '\0' && strspn(*words, plain) == strlen(*words) ? *words : "...");
}

static void append_command(GString *text, const char *command, char **words, const char *meaning)
{
    g_string_append_printf(text, "  firstpayload %s", command);
    append_words(text, words);
    g_string_append_printf(text, "%s%s\n", meaning[0] != '\0' ? "    " : "", meaning);
}

/* For a file that exists but came after another word, and for one that does not exist. */
static void suggest_for_file(GString *text, char **files)
{
    bool is_there = g_str_equal(files[0], "-") || g_file_test(files[0], G_FILE_TEST_EXISTS);

    g_string_append(text, is_there ? "takes no option before it, only a command:\n"
                                   : "is neither a command nor an existing file. What to type:\n");
    append_command(text, "show", files, "what each connection said first, as a table");
    append_command(text, "slim -w first.pcap", files, "those frames, as a capture");
}

static void suggest_for_folder(GString *text, char **folder)
{
    g_string_append(text, "a command goes before a folder:\n");
    append_command(text, "status", folder, "the status of the watcher that uses it");
    append_command(text, "watch", (char *[]){folder[0], (char[]){"OUTDIR"}, NULL}, "slim each capture that is finished in it");
}

/* How many words come before the first file: one for "-r", which users of tshark and tcpdump are used to, or none. */
static size_t words_before_file(char **words)
{
    return g_str_equal(words[0], "-r") && words[1] != NULL ? 1 : 0;
}

static bool looks_like_file(const char *word)
{
    struct stat status;

    return stat(word, &status) == 0 || g_str_equal(word, "-") || (word[0] != '-' && strpbrk(word, "./") != NULL);
}

char *fp_suggest(const char *const *commands, char **words)
{
    GString *text = g_string_new("firstpayload: ");
    char **files = words + words_before_file(words);
    const char *command = fp_suggest_nearest(commands, words[0]);

    fp_printable_escape(text, (const uint8_t *)files[0], strlen(files[0]));
    g_string_append(text, *files[0] == '\0' ? "'': " : ": ");
    if (looks_like_file(files[0])) {
        if (g_file_test(files[0], G_FILE_TEST_IS_DIR))
            suggest_for_folder(text, files);
        else
            suggest_for_file(text, files);
    } else if (words[0][0] == '-') {
        g_string_append(text, "a command goes before options:\n");
        append_command(text, "slim", words, "");
    } else if (command != NULL) {
        g_string_append(text, "is neither a command nor an existing file. Did you mean:\n");
        append_command(text, command, words + 1, "");
    } else {
        g_string_append(text, "is neither a command nor an existing file. The commands are:");
        append_words(text, (char **)commands);
        g_string_append_c(text, '\n');
    }
    g_string_append(text, "firstpayload: see firstpayload --help\n");
    return g_string_free(text, FALSE);
}
