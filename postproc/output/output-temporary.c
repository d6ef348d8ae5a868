/* SPDX-License-Identifier: GPL-2.0-or-later */
/* output-temporary.c - the file that becomes the output once it is complete, and must never be left behind. See output-internal.h. */
#include "output-internal.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/signals.h"

/* The temporary file that a signal must not leave behind. */
static const char *volatile doomed;

static void remove_doomed(void)
{
    if (doomed != NULL)
        unlink(doomed);
}

int fp_temporary_create(char *name)
{
    sigset_t all, old;

    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &old); /* no signal may come while the file exists and doomed is not set */
    int fd = g_str_has_suffix(name, "X") ? mkostemp(name, O_CLOEXEC) : open(name, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    int failure = errno;
    if (fd >= 0) {
        doomed = name;
        fp_signals_before_end(remove_doomed);
    }
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    errno = failure;
    return fd;
}

void fp_temporary_forget(void)
{
    doomed = NULL;
}
