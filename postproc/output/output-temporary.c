/* SPDX-License-Identifier: GPL-2.0-or-later */
/* output-temporary.c - the file that becomes the output once it is complete, and must never be left behind. See output-internal.h. */
#include "output-internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

/* Signals that end the program and can be caught, except those that stop.c handles. */
static const int ends[] = {SIGQUIT, SIGABRT, SIGPIPE, SIGXCPU};

/* The temporary file that a signal must not leave behind. */
static const char *volatile doomed;

void fp_output_remove_temporary(void)
{
    if (doomed != NULL)
        unlink(doomed);
}

static void remove_doomed(int signal_number)
{
    fp_output_remove_temporary();
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

static void guard(const char *temporary)
{
    struct sigaction action = {.sa_handler = remove_doomed};

    doomed = temporary;
    for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
        struct sigaction old;
        if (sigaction(ends[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL) /* ignored signals stay ignored */
            sigaction(ends[i], &action, NULL);
    }
}

int fp_temporary_create(char *name)
{
    sigset_t all, old;

    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &old); /* no signal may come while the file exists and doomed is not set */
    int fd = mkostemp(name, O_CLOEXEC);
    int failure = errno;
    if (fd >= 0)
        guard(name);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    errno = failure;
    return fd;
}

void fp_temporary_forget(void)
{
    doomed = NULL;
}
