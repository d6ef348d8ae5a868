/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-choice.c - patterns of server names, held against a slow matcher; which messages a choice takes. */
#include <glib.h>
#include <string.h>

#include "log/choice.h"

static FpSaidText text(const char *characters)
{
    return (FpSaidText){(const uint8_t *)characters, strlen(characters)};
}

static void test_patterns(void)
{
    static const struct {
        const char *pattern, *name;
        bool matches;
    } cases[] = {
        {"www.example", "www.example", true},
        {"www.example", "WWW.Example", true},
        {"WWW.example", "www.example", true},
        {"www.example", "www.example.", false},
        {"*.example", "www.example", true},
        {"*.example", "a.b.example", true},
        {"*.example", "example", false},
        {"*example", "example", true},
        {"www.*", "www.", true},
        {"*", "", true},
        {"", "", true},
        {"?", "", false},
        {"w?w.example", "wiw.example", true},
        {"a*b*c", "abcbc", true},
        {"a*b*c", "abcb", false},
        {"*a", "aab", false},
        {"[a]", "a", false},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(cases); i++)
        g_assert_cmpint(fp_choice_matches(cases[i].pattern, text(cases[i].name)), ==, cases[i].matches);
    g_assert_true(fp_choice_matches("a?b", (FpSaidText){(const uint8_t *)"a\0b", 3}));
    g_assert_false(fp_choice_matches("a", (FpSaidText){(const uint8_t *)"a\0b", 3}));
}

static bool matches_slowly(const char *pattern, FpSaidText name)
{
    if (*pattern == '\0')
        return name.n == 0;
    const FpSaidText rest = {name.bytes + 1, name.n - 1};
    if (*pattern == '*')
        return matches_slowly(pattern + 1, name) || (name.n > 0 && matches_slowly(pattern, rest));
    return name.n > 0 && (*pattern == '?' || *pattern == (char)name.bytes[0]) && matches_slowly(pattern + 1, rest);
}

/* All of up to six characters from an alphabet, by number. */
static void spell(unsigned number, const char *alphabet, char word[8])
{
    const unsigned n = (unsigned)strlen(alphabet) + 1;
    size_t length = 0;

    for (; number > 0; number /= n)
        if (number % n > 0)
            word[length++] = alphabet[number % n - 1];
    word[length] = '\0';
}

static void test_all_short_patterns(void)
{
    char pattern[8], name[8];

    for (unsigned i = 0; i < 5 * 5 * 5 * 5 * 5 * 5; i++)
        for (unsigned k = 0; k < 3 * 3 * 3 * 3 * 3; k++) {
            spell(i, "ab*?", pattern);
            spell(k, "ab", name);
            g_assert_cmpint(fp_choice_matches(pattern, text(name)), ==, matches_slowly(pattern, text(name)));
        }
}

static void test_choices(void)
{
    char *names[] = {(char[]){"*.org"}, (char[]){"www.*"}, NULL};
    const FpSaidFacts tls = {.protocol = FP_SAID_TLS, .tls = {.server_name = text("www.example")}}, nameless = {.protocol = FP_SAID_QUIC},
                      http = {.protocol = FP_SAID_HTTP, .http = {.host = text("www.example")}}, nothing = {0};
    const FpChoice all = {0}, protocols = {.protocols = FP_CHOICE_PROTOCOL(FP_SAID_HTTP) | FP_CHOICE_PROTOCOL(FP_SAID_NOTHING)},
                   named = {.server_names = names}, both = {.protocols = FP_CHOICE_PROTOCOL(FP_SAID_QUIC), .server_names = names};

    g_assert_true(fp_choice_takes(&all, &tls) && fp_choice_takes(&all, &nothing));
    g_assert_true(fp_choice_takes(&protocols, &http) && fp_choice_takes(&protocols, &nothing));
    g_assert_false(fp_choice_takes(&protocols, &tls));
    g_assert_true(fp_choice_takes(&named, &tls));
    g_assert_false(fp_choice_takes(&named, &nameless) || fp_choice_takes(&named, &http) || fp_choice_takes(&named, &nothing));
    g_assert_false(fp_choice_takes(&both, &tls));
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/choice/patterns", test_patterns);
    g_test_add_func("/choice/all-short-patterns", test_all_short_patterns);
    g_test_add_func("/choice/choices", test_choices);
    return g_test_run();
}
