/* SPDX-License-Identifier: GPL-2.0-or-later */
/* display-filter.c - see display-filter.h. */
#include "display-filter.h"

#include <glib.h>
#include <string.h>

/* Words with which a part may match although the whole does not, and fields that Wireshark shows only for a part. */
static bool may_shrink(const char *word)
{
    static const char *const words[] = {"not", "ne", "all", "all_eq", "all_ne", "xor"};
    static const char *const prefixes[] = {"data", "_ws.", "frame.protocols", "tcp.analysis.", "tcp.reassembled", "tcp.segment"};

    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        if (g_ascii_strcasecmp(word, words[i]) == 0)
            return true;
    for (size_t i = 0; i < G_N_ELEMENTS(prefixes); i++)
        if (g_ascii_strncasecmp(word, prefixes[i], strlen(prefixes[i])) == 0)
            return true;
    return false;
}

static bool is_operator(const char *word)
{
    static const char *const words[] = {"and", "or", "in", "eq", "gt", "lt", "ge", "le", "any", "any_eq", "contains", "matches"};

    for (size_t i = 0; i < G_N_ELEMENTS(words); i++)
        if (g_ascii_strcasecmp(word, words[i]) == 0)
            return true;
    return false;
}

static const char *after_spaces(const char *at)
{
    while (g_ascii_isspace(*at))
        at++;
    return at;
}

/* Returns the closing quote of a quoted text, or the end; at is at the opening quote. A backslash keeps the next quote inside, in raw
 * strings, too. */
static const char *closing_quote(const char *at)
{
    char quote = *at++;

    while (*at != '\0' && *at != quote)
        at += at[0] == '\\' && at[1] != '\0' ? 2 : 1;
    return at;
}

static const char *after_quoted(const char *at)
{
    const char *closing = closing_quote(at);

    return *closing == '\0' ? closing : closing + 1;
}

/* Checks the name or number at *at, and moves *at behind it. A parenthesis right after a name makes it a function. */
static bool word_only_grows(const char **at)
{
    const char *end = *at;

    while (g_ascii_isalnum(*end) || (*end != '\0' && strchr("_.-:", *end) != NULL))
        end++;
    g_autofree char *word = g_strndup(*at, (gsize)(end - *at));
    *at = end;
    return !may_shrink(word) && (*after_spaces(end) != '(' || is_operator(word));
}

bool fp_display_filter_only_grows(const char *text)
{
    for (const char *at = after_spaces(text); *at != '\0'; at = after_spaces(at)) {
        if (*at == '"' || *at == '\'') {
            at = after_quoted(at);
        } else if (g_ascii_isalnum(*at) || *at == '_' || *at == '.') {
            if (!word_only_grows(&at))
                return false;
        } else if (g_str_has_prefix(at, "===") || strchr("()[]{},:=<>&|/+-*", *at) == NULL) {
            return false;
        } else {
            at++;
        }
    }
    return true;
}

bool fp_display_filter_is_closed(const char *text)
{
    unsigned depth = 0;

    for (const char *at = text; *at != '\0'; at++) {
        if (*at == '"' || *at == '\'')
            at = closing_quote(at);
        if (*at == '\0' || *at == '$' || (*at == ')' && depth == 0))
            return false;
        depth += *at == '(';
        depth -= *at == ')';
    }
    return depth == 0;
}
