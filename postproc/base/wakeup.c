/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wakeup.c - see wakeup.h. */
#include "wakeup.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "error.h"
#include "signals.h"

/* Not IN_MODIFY: every write of a capturing program would be an event, and a full queue drops the events that matter. A hard link causes
 * IN_CREATE only. */
#define EVENTS (IN_CLOSE_WRITE | IN_MOVED_TO | IN_CREATE | IN_DELETE_SELF | IN_MOVE_SELF | IN_ONLYDIR)

struct FpWakeup {
    int inotify_fd;
};

FpWakeup *fp_wakeup_new(GError **error)
{
    FpWakeup *wakeup = g_new0(FpWakeup, 1);

    fp_signals_hold(); /* if they are not held yet */
    wakeup->inotify_fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    if (wakeup->inotify_fd >= 0 && fp_signals_begin()) {
        fp_signals_note(SIGINT, FP_SIGNAL_STOP, true);
        fp_signals_note(SIGTERM, FP_SIGNAL_STOP, true);
        fp_signals_note(SIGHUP, FP_SIGNAL_HANGUP, true);
        fp_signals_note(SIGUSR1, FP_SIGNAL_REPORT, true);
        return wakeup;
    }
    g_set_error(error, FP_ERROR, FP_ERROR_SOFTWARE, "cannot wait for events (inotify(7), eventfd(2)): %s", g_strerror(errno));
    fp_wakeup_free(wakeup);
    return NULL;
}

void fp_wakeup_free(FpWakeup *wakeup)
{
    if (wakeup == NULL)
        return;
    if (wakeup->inotify_fd >= 0)
        close(wakeup->inotify_fd);
    g_free(wakeup);
}

bool fp_wakeup_watch(FpWakeup *wakeup, const char *folder)
{
    return inotify_add_watch(wakeup->inotify_fd, folder, EVENTS) >= 0;
}

static bool take(FpSignal noted)
{
    bool has_come = fp_signals_came(noted);

    fp_signals_forget(noted);
    return has_come;
}

/* Signals come only here and in fp_wakeup_wait, so that they interrupt no system call that works on files. */
void fp_wakeup_signals(FpWakeup *wakeup, FpSignals *signals)
{
    (void)wakeup;
    fp_signals_release();
    fp_signals_hold();
    fp_signals_rest();
    signals->stop |= take(FP_SIGNAL_STOP);
    signals->reload |= take(FP_SIGNAL_HANGUP);
    signals->report |= take(FP_SIGNAL_REPORT);
}

void fp_wakeup_wait(FpWakeup *wakeup, int fd, int timeout_ms)
{
    struct pollfd ready[] = {
        {.fd = wakeup->inotify_fd, .events = POLLIN}, {.fd = fp_signals_fd(), .events = POLLIN}, {.fd = fd, .events = POLLIN}};
    char events[4096] __attribute__((aligned(__alignof__(struct inotify_event))));

    fp_signals_release();
    int n = poll(ready, G_N_ELEMENTS(ready), timeout_ms);
    fp_signals_hold();
    if (n > 0 && ready[0].revents != 0)
        while (read(wakeup->inotify_fd, events, sizeof events) > 0)
            ;
}
