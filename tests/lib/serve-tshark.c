/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * serve-tshark.c - for LD_PRELOAD: tshark is linked and registers its dissectors once, which takes most of its time with a small capture,
 * and answers many questions. See served_tshark.py, which sends them.
 *
 * For each order, a copy of the process goes on from where tshark has registered all, before it reads preferences and most of its
 * arguments. The words of an order: the file for what it prints, the file for its errors, the capture, the arguments, of which there are as
 * many as tshark was started with.
 */
#include "serve.h"
#include "wrap.h"

#define NAME_OF_ANY "any capture "

/* Parameters differ between versions; all are integers and pointers, and there are never more. */
typedef long (*Function)(long, long, long, long, long, long);

long epan_init(long a, long b, long c, long d, long e, long f);
void epan_cleanup(void);
void wtap_cleanup(void);
char *g_strdup(const char *text);

static char **arguments;
static char *capture; /* the name that tshark has taken from its arguments before, with room for others */

__attribute__((constructor)) static void find_arguments(int argc, char **argv)
{
    (void)argc;
    arguments = argv;
    unsetenv("LD_PRELOAD"); /* what tshark starts is no server */
}

static void take_order(char *rest)
{
    strcpy(capture, strsep(&rest, "\t")); /* NOLINT: served_tshark.py knows how much room there is */
    for (char **argument = arguments + 1; *argument != NULL; argument++) {
        *argument = strsep(&rest, "\t");
        if (*argument == NULL)
            abort();
    }
}

long epan_init(long a, long b, long c, long d, long e, long f)
{
    Function next;

    FIND(next, "epan_init");
    long result = next(a, b, c, d, e, f);
    take_order(serve_take_files(serve()));
    return result;
}

/* At the end all is freed that was registered, and each page of it would be copied for that. */
void epan_cleanup(void)
{
}

void wtap_cleanup(void)
{
}

char *g_strdup(const char *text)
{
    static char *(*next)(const char *);

    if (next == NULL)
        FIND(next, "g_strdup");
    char *copy = next(text);
    if (capture == NULL && text != NULL && strncmp(text, NAME_OF_ANY, strlen(NAME_OF_ANY)) == 0)
        capture = copy;
    return copy;
}
