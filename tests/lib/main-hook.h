/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * main-hook.h - for libraries for LD_PRELOAD that run something instead of a program's main. Whoever includes this defines run_instead,
 * which may call program, the program's own main.
 */
#ifndef TESTS_MAIN_HOOK_H
#define TESTS_MAIN_HOOK_H

#include "wrap.h"

typedef int (*MainFunction)(int argc, char **argv, char **environment);

static MainFunction program;

static int run_instead(int argc, char **argv, char **environment);

/* NOLINTNEXTLINE: a name of libc's, which calls main from it */
int __libc_start_main(MainFunction its_main, int argc, char **argv, void (*begin)(void), void (*end)(void), void (*end_linker)(void),
                      void *stack_end);

int __libc_start_main(MainFunction its_main, int argc, char **argv, void (*begin)(void), void (*end)(void), void (*end_linker)(void),
                      void *stack_end)
{
    int (*next)(MainFunction, int, char **, void (*)(void), void (*)(void), void (*)(void), void *);

    FIND(next, "__libc_start_main");
    program = its_main;
    return next(run_instead, argc, argv, begin, end, end_linker, stack_end);
}

#endif
