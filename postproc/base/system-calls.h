/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * system-calls.h - the system calls that stay allowed once rights end (seccomp(2)). Any other kills the process with SIGSYS: a program that
 * goes on after a call has failed for no reason it knows does more harm than one that ends and is started again. Where a debugger looks on,
 * which may make calls fail, too, they fail with EPERM: so one sees which, and why.
 */
#ifndef FP_SYSTEM_CALLS_H
#define FP_SYSTEM_CALLS_H

#include <stdbool.h>

/* What is needed besides reading inputs and writing outputs: a set of bits. */
enum {
    FP_CALLS_LIVE = 1U << 0,     /* an interface is captured from */
    FP_CALLS_WATCH = 1U << 1,    /* folders are watched, and beginnings of captures looked at by a process of their own */
    FP_CALLS_MESSAGES = 1U << 2, /* messages go to journald or systemd, through a UNIX socket */
    FP_CALLS_BPF = 1U << 3,      /* maps of an eBPF program that is loaded by then are changed */
};

/* Returns why this build, or the way it runs, takes system calls that no list has, such as a sanitizer's; NULL: there is no reason. */
const char *fp_system_calls_obstacle(void);

/* Allows only these from here on, in all threads. no_new_privs must be set. Returns how many there are, or minus errno. */
int fp_system_calls_limit(unsigned needs);

#endif
