/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wakeup.c - see wakeup.h. */
#include "wakeup.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "error.h"
#include "signals.h"

/* Not IN_MODIFY: every write of a capturing program would be an event, and a full queue drops the events that matter. A hard link causes
 * IN_CREATE only. */
#define EVENTS (IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)

struct FpWakeup {
    int inotify_fd;
    int signal_fd;
};

FpWakeup *fp_wakeup_new(GError **error)
{
    FpWakeup *wakeup = g_new0(FpWakeup, 1);
    sigset_t signals;

    fp_signals_hold(); /* if they are not blocked yet */
    fp_signals_fill(&signals);
    wakeup->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    wakeup->signal_fd = signalfd(-1, &signals, SFD_CLOEXEC | SFD_NONBLOCK);
    if (wakeup->inotify_fd >= 0 && wakeup->signal_fd >= 0)
        return wakeup;
    g_set_error(error, FP_ERROR, FP_ERROR_SOFTWARE, "cannot wait for events (inotify(7), signalfd(2)): %s", g_strerror(errno));
    fp_wakeup_free(wakeup);
    return NULL;
}

void fp_wakeup_free(FpWakeup *wakeup)
{
    if (wakeup == NULL)
        return;
    if (wakeup->inotify_fd >= 0)
        close(wakeup->inotify_fd);
    if (wakeup->signal_fd >= 0)
        close(wakeup->signal_fd);
    g_free(wakeup);
}

bool fp_wakeup_watch(FpWakeup *wakeup, const char *folder)
{
    return inotify_add_watch(wakeup->inotify_fd, folder, EVENTS) >= 0;
}

void fp_wakeup_signals(FpWakeup *wakeup, FpSignals *signals)
{
    struct signalfd_siginfo info;

    while (read(wakeup->signal_fd, &info, sizeof info) == (ssize_t)sizeof info) {
        signals->stop |= info.ssi_signo == SIGTERM || info.ssi_signo == SIGINT;
        signals->reload |= info.ssi_signo == SIGHUP;
        signals->report |= info.ssi_signo == SIGUSR1;
    }
}

void fp_wakeup_wait(FpWakeup *wakeup, int fd, int timeout_ms)
{
    struct pollfd ready[] = {
        {.fd = wakeup->inotify_fd, .events = POLLIN}, {.fd = wakeup->signal_fd, .events = POLLIN}, {.fd = fd, .events = POLLIN}};
    char events[4096] __attribute__((aligned(__alignof__(struct inotify_event))));

    if (poll(ready, G_N_ELEMENTS(ready), timeout_ms) > 0 && ready[0].revents != 0)
        while (read(wakeup->inotify_fd, events, sizeof events) > 0)
            ;
}
