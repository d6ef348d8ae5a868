/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stop.c - see stop.h. */
#include "stop.h"

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <time.h>

#include "signals.h"

#define GRACE_MS 500
#define SIGNALS_MAX 2 /* one more ends the program */

static bool is_catching;
static _Atomic int64_t grace_ends_ms; /* 0: nobody has looked for input since the first signal */

static atomic_uint hangups;

static pthread_mutex_t hangup_lock = PTHREAD_MUTEX_INITIALIZER; /* guards the next two; also held during the call */
static void (*on_hangup)(void *user);
static void *on_hangup_user;

void fp_stop_catch(bool hangup_reopens)
{
    if (!is_catching && fp_signals_begin()) { /* else signals still end the program */
        is_catching = true;
        fp_signals_end_after(SIGNALS_MAX);
        fp_signals_note(SIGINT, FP_SIGNAL_STOP, true);
        fp_signals_note(SIGTERM, FP_SIGNAL_STOP, false);
        fp_signals_note(SIGHUP, hangup_reopens ? FP_SIGNAL_HANGUP : FP_SIGNAL_STOP, hangup_reopens);
    }
    fp_signals_release();
}

void fp_stop_catch_report(void)
{
    if (fp_signals_begin())
        fp_signals_note(SIGUSR1, FP_SIGNAL_REPORT, true);
}

bool fp_stop_report_asked(void)
{
    bool is_asked = fp_signals_came(FP_SIGNAL_REPORT);

    if (is_asked)
        fp_signals_forget(FP_SIGNAL_REPORT);
    return is_asked;
}

bool fp_stop_asked(void)
{
    return is_catching && fp_signals_came(FP_SIGNAL_STOP);
}

/* The grace period begins when somebody first looks for input after the signal: until then there may have been no time to take what was
 * there. */
static int grace_left_ms(void)
{
    struct timespec now;
    int64_t ends_ms = 0;

    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t now_ms = (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
    if (atomic_compare_exchange_strong(&grace_ends_ms, &ends_ms, now_ms + GRACE_MS))
        return GRACE_MS;
    return now_ms < ends_ms ? (int)(ends_ms - now_ms) : 0;
}

bool fp_stop_is_over(void)
{
    return fp_stop_asked() && grace_left_ms() == 0;
}

void fp_stop_on_hangup(void (*hangup)(void *user), void *user)
{
    pthread_mutex_lock(&hangup_lock);
    on_hangup = hangup;
    on_hangup_user = user;
    pthread_mutex_unlock(&hangup_lock);
}

void fp_stop_attend(void)
{
    bool is_hangup = is_catching && fp_signals_came(FP_SIGNAL_HANGUP);

    if (!is_hangup && !(is_catching && fp_signals_came(FP_SIGNAL_REPORT)))
        return;
    fp_signals_rest(); /* first, so that a signal from here on wakes again */
    if (fp_stop_asked())
        fp_signals_wake(); /* a stop stays visible to all who wait */
    if (!is_hangup)
        return;
    pthread_mutex_lock(&hangup_lock);
    bool is_mine = fp_signals_came(FP_SIGNAL_HANGUP); /* false: another thread has handled it */
    fp_signals_forget(FP_SIGNAL_HANGUP);
    if (is_mine)
        atomic_fetch_add(&hangups, 1);
    if (is_mine && on_hangup != NULL)
        on_hangup(on_hangup_user);
    pthread_mutex_unlock(&hangup_lock);
}

/* Waits until fd is readable, for which it returns true, or until a signal comes. Waits at most ms (negative: no limit), and once the input
 * has been asked to end, at most what is left of the grace period. */
static bool wait_a_while(int fd, int ms)
{
    bool asked = fp_stop_asked(); /* read once: a signal from here on wakes poll */
    struct pollfd ready[2] = {{.fd = fd, .events = POLLIN}, {.fd = asked || !is_catching ? -1 : fp_signals_fd(), .events = POLLIN}};
    int left_ms = asked ? grace_left_ms() : ms;

    if (poll(ready, 2, ms >= 0 && ms < left_ms ? ms : left_ms) > 0 && ready[0].revents != 0)
        return true;
    fp_stop_attend();
    return false;
}

bool fp_stop_wait(int fd)
{
    while (!fp_stop_is_over())
        if (wait_a_while(fd, -1))
            return true;
    return false;
}

bool fp_stop_wait_for(int fd, int ms)
{
    return !fp_stop_is_over() && wait_a_while(fd, ms);
}

unsigned fp_stop_hangups(void)
{
    return atomic_load(&hangups);
}

bool fp_stop_sleep(int ms)
{
    if (!fp_stop_is_over())
        (void)wait_a_while(-1, ms);
    return !fp_stop_is_over();
}

void fp_stop_die_of_interrupt(void)
{
    if (fp_signals_first_stop() == SIGINT)
        fp_signals_end_by(SIGINT);
}
