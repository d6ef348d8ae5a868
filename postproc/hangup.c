/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hangup.c - see hangup.h. Only what signal-safety(7) allows. */
#include "hangup.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stddef.h>
#include <unistd.h>

static const char *volatile reopened_path;
static volatile sig_atomic_t reopened_fd;
static volatile sig_atomic_t failure;

static void reopen(int signal_number)
{
    int before = errno;

    (void)signal_number;
    int fresh = open(reopened_path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    failure = fresh >= 0 && dup3(fresh, reopened_fd, O_CLOEXEC) >= 0 ? 0 : errno;
    if (fresh >= 0)
        close(fresh);
    errno = before;
}

static void handle(void (*handler)(int))
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART};

    sigaction(SIGHUP, &action, NULL);
}

void fp_hangup_reopens(int fd, const char *path)
{
    reopened_path = path;
    reopened_fd = fd;
    handle(reopen);
}

void fp_hangup_forget(void)
{
    if (reopened_path == NULL)
        return;
    handle(SIG_IGN); /* what is left to do is soon done, and does not end for that */
    reopened_path = NULL;
}

int fp_hangup_failure(void)
{
    int last = failure;

    failure = 0;
    return last;
}
