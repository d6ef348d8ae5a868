/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * no-clock.c - for LD_PRELOAD: poll(2) returns when something happens, but never because a second or more has passed. With it, a test can
 * tell what an event caused from what a periodic check would have found anyway, on however busy a machine.
 */
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#define LONG_MS 1000

int poll(struct pollfd *fds, nfds_t nfds, int timeout)
{
    struct timespec time = {.tv_nsec = timeout * 1000000L};
    bool is_short = timeout >= 0 && timeout < LONG_MS;

    return (int)syscall(SYS_ppoll, fds, nfds, is_short ? &time : NULL, NULL, (size_t)(_NSIG / 8));
}

/* With _FORTIFY_SOURCE, poll becomes this. */
int __poll_chk(struct pollfd *descriptors, nfds_t n, int timeout_ms, size_t size);
int __poll_chk(struct pollfd *descriptors, nfds_t n, int timeout_ms, size_t size)
{
    (void)size;
    return poll(descriptors, n, timeout_ms);
}
