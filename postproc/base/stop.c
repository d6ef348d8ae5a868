/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stop.c - see stop.h. */
#include "stop.h"

#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#include "signals.h"

#define GRACE_MS 500
#define SIGNALS_MAX 2 /* one more ends the program */

/* An eventfd. The signal handlers write to it to wake whoever waits in poll. */
static int wakeup = -1;

static void (*before_death)(void);

static volatile sig_atomic_t signals; /* received so far that end the input */
static volatile sig_atomic_t first_signal;
static _Atomic int64_t grace_ends_ms; /* 0: nobody has looked for input since the first signal */

static volatile sig_atomic_t has_hung_up;                       /* since the last call of fp_stop_attend */
static pthread_mutex_t hangup_lock = PTHREAD_MUTEX_INITIALIZER; /* guards the next two; also held during the call */
static void (*on_hangup)(void *user);
static void *on_hangup_user;

static void wake(void)
{
    uint64_t one = 1;

    (void)!write(wakeup, &one, sizeof one);
}

static void die_of(int signal_number)
{
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

static void note_stop(int signal_number)
{
    int failure = errno;

    if (signals == 0) {
        first_signal = signal_number;
        wake();
    }
    if (++signals > SIGNALS_MAX) {
        before_death();
        die_of(signal_number);
    }
    errno = failure;
}

static void note_hangup(int signal_number)
{
    int failure = errno;

    (void)signal_number;
    has_hung_up = 1;
    wake();
    errno = failure;
}

static void handle(int signal_number, void (*handler)(int), bool also_ignored)
{
    struct sigaction action = {.sa_handler = handler, .sa_flags = SA_RESTART}, old;

    if (also_ignored || (sigaction(signal_number, NULL, &old) == 0 && old.sa_handler != SIG_IGN))
        sigaction(signal_number, &action, NULL);
}

void fp_stop_catch(void (*clean_up)(void), bool hangup_reopens)
{
    if (wakeup < 0) {
        wakeup = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
        before_death = clean_up;
        if (wakeup >= 0) { /* without it, signals still end the program */
            handle(SIGINT, note_stop, true);
            handle(SIGTERM, note_stop, false);
            handle(SIGHUP, hangup_reopens ? note_hangup : note_stop, hangup_reopens);
        }
    }
    fp_signals_release();
}

bool fp_stop_asked(void)
{
    return signals > 0;
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
    uint64_t count;

    if (!has_hung_up)
        return;
    (void)!read(wakeup, &count, sizeof count); /* first, so that a signal from here on wakes again */
    if (fp_stop_asked())
        wake(); /* a stop stays visible to all who wait */
    pthread_mutex_lock(&hangup_lock);
    bool is_mine = has_hung_up; /* false: another thread has handled it */
    has_hung_up = 0;
    if (is_mine && on_hangup != NULL)
        on_hangup(on_hangup_user);
    pthread_mutex_unlock(&hangup_lock);
}

/* Waits until fd is readable, for which it returns true, or until a signal comes. Waits at most ms (negative: no limit), and once the input
 * has been asked to end, at most what is left of the grace period. */
static bool wait_a_while(int fd, int ms)
{
    bool asked = fp_stop_asked(); /* read once: a signal from here on wakes poll */
    struct pollfd ready[2] = {{.fd = fd, .events = POLLIN}, {.fd = asked ? -1 : wakeup, .events = POLLIN}};
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

bool fp_stop_sleep(int ms)
{
    if (!fp_stop_is_over())
        (void)wait_a_while(-1, ms);
    return !fp_stop_is_over();
}

void fp_stop_die_of_interrupt(void)
{
    if (first_signal == SIGINT)
        die_of(SIGINT);
}
