/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * serve-program.c - for LD_PRELOAD: a program is linked once and run often. The words of an order: the file for what it prints, the file
 * for its errors, its arguments. See served.py, which sends them.
 */
#include "main-hook.h"
#include "serve.h"

#define ARGUMENTS_MAX 1000

static int run_instead(int argc, char **argv, char **environment)
{
    static char *words[ARGUMENTS_MAX + 2];

    (void)argc;
    unsetenv("LD_PRELOAD"); /* what it starts is no server */
    char *rest = serve_take_files(serve());
    int n = 1;
    words[0] = argv[0];
    while (rest != NULL) {
        if (n > ARGUMENTS_MAX)
            abort();
        words[n++] = strsep(&rest, "\t");
    }
    return program(n, words, environment);
}
