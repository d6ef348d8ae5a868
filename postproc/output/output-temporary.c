/* SPDX-License-Identifier: GPL-2.0-or-later */
/* output-temporary.c - the file that becomes the output when it is whole, and that nothing may leave behind. See output-internal.h. */
#include "output-internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

/* What ends the program and can be caught, but for what stop.c sees to. */
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
        if (sigaction(ends[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL) /* not what was ignored */
            sigaction(ends[i], &action, NULL);
    }
}

int fp_temporary_create(char *name)
{
    sigset_t all, old;

    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &old); /* no signal finds the file, and does not know of it */
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
