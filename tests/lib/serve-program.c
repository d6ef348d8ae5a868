/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * serve-program.c - for LD_PRELOAD: a program is linked once and run often. The words of an order: the file for what it prints, the file
 * for its errors, its arguments. See served.py, which sends them.
 */
#include "serve.h"
#include "wrap.h"

#define ARGUMENTS_MAX 1000

static int (*program)(int argc, char **argv, char **environment);

static int run(int argc, char **argv, char **environment)
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

typedef int (*Start)(int (*program)(int, char **, char **), int argc, char **argv, void (*begin)(void), void (*end)(void),
                     void (*end_linker)(void), void *stack_end);

/* NOLINTNEXTLINE: a name of libc's, which calls main from it */
int __libc_start_main(int (*its_main)(int, char **, char **), int argc, char **argv, void (*begin)(void), void (*end)(void),
                      void (*end_linker)(void), void *stack_end);

int __libc_start_main(int (*its_main)(int, char **, char **), int argc, char **argv, void (*begin)(void), void (*end)(void),
                      void (*end_linker)(void), void *stack_end)
{
    Start next;

    FIND(next, "__libc_start_main");
    program = its_main;
    return next(run, argc, argv, begin, end, end_linker, stack_end);
}
