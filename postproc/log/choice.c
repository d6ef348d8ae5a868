/* SPDX-License-Identifier: GPL-2.0-or-later */
/* choice.c - see choice.h. */
#include "choice.h"

#include <glib.h>

/* After a star that turns out to stand for too little, it stands for one byte more: earlier stars need not be tried again. */
bool fp_choice_matches(const char *pattern, FpSaidText text)
{
    const char *star = NULL;
    size_t at = 0, behind_star = 0;

    while (at < text.n) {
        if (*pattern == '*') {
            star = ++pattern;
            behind_star = at;
        } else if (*pattern != '\0' && (*pattern == '?' || g_ascii_tolower(*pattern) == g_ascii_tolower((char)text.bytes[at]))) {
            pattern++;
            at++;
        } else if (star != NULL) {
            pattern = star;
            at = ++behind_star;
        } else {
            return false;
        }
    }
    while (*pattern == '*')
        pattern++;
    return *pattern == '\0';
}

static bool matches_any(char *const *patterns, FpSaidText name)
{
    for (; *patterns != NULL; patterns++)
        if (fp_choice_matches(*patterns, name))
            return true;
    return false;
}

bool fp_choice_takes(const FpChoice *choice, const FpSaidFacts *facts)
{
    if (choice->protocols != 0 && !(choice->protocols & FP_CHOICE_PROTOCOL(facts->protocol)))
        return false;
    if (choice->server_names == NULL)
        return true;
    return (facts->protocol == FP_SAID_TLS || facts->protocol == FP_SAID_QUIC) && facts->tls.server_name.bytes != NULL &&
           matches_any(choice->server_names, facts->tls.server_name);
}
