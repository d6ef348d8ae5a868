/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wrap.h - what libraries need that stand before functions of other libraries. */
#ifndef TESTS_WRAP_H
#define TESTS_WRAP_H

#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <sys/types.h>

/* C has no conversion from what dlsym returns to a pointer to a function. */
#define FIND(next, name) (*(void **)(&(next)) = dlsym(RTLD_NEXT, name))

static inline mode_t mode_of(int flags, va_list rest)
{
    return flags & (O_CREAT | __O_TMPFILE) ? va_arg(rest, mode_t) : 0;
}

/* A function that takes a mode only if it creates a file. What follows parameters is done then, with next, flags and mode. */
#define DEFINE_OPEN(function, parameters, ...)                                                                                             \
    int function parameters                                                                                                                \
    {                                                                                                                                      \
        static int(*next) parameters;                                                                                                      \
        va_list rest;                                                                                                                      \
        if (next == NULL)                                                                                                                  \
            FIND(next, #function);                                                                                                         \
        va_start(rest, flags);                                                                                                             \
        mode_t mode = mode_of(flags, rest);                                                                                                \
        va_end(rest);                                                                                                                      \
        __VA_ARGS__                                                                                                                        \
    }

#endif
