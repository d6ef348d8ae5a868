/* SPDX-License-Identifier: GPL-2.0-or-later */
/* stop.c - see stop.h. */
#include "stop.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

#define GRACE_MS 500
#define SIGNALS_MAX 2 /* more than that, and whoever sends them means it */

/* Written by the signal handler, so that who waits in poll wakes up; stays readable. */
static int wakeup = -1;

static void (*before_death)(void);

static volatile sig_atomic_t signals;
static struct timespec asked_at;

static void note_signal(int signal_number)
{
    int failure = errno;

    if (signals == 0) {
        uint64_t one = 1;
        clock_gettime(CLOCK_MONOTONIC, &asked_at);
        (void)!write(wakeup, &one, sizeof one);
    }
    if (++signals > SIGNALS_MAX) {
        before_death();
        signal(signal_number, SIG_DFL);
        raise(signal_number);
    }
    errno = failure;
}

void fp_stop_catch(void (*clean_up)(void))
{
    static const int caught[] = {SIGINT, SIGTERM};
    struct sigaction action = {.sa_handler = note_signal, .sa_flags = SA_RESTART};

    if (wakeup >= 0)
        return;
    wakeup = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    if (wakeup < 0)
        return; /* then they end the program, as they did */
    before_death = clean_up;
    for (size_t i = 0; i < sizeof caught / sizeof caught[0]; i++) {
        struct sigaction old;
        if (sigaction(caught[i], NULL, &old) == 0 && old.sa_handler != SIG_IGN)
            sigaction(caught[i], &action, NULL);
    }
}

bool fp_stop_asked(void)
{
    return signals > 0;
}

static int grace_left_ms(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    int64_t passed_ms = (int64_t)(now.tv_sec - asked_at.tv_sec) * 1000 + (now.tv_nsec - asked_at.tv_nsec) / 1000000;
    return passed_ms < GRACE_MS ? (int)(GRACE_MS - passed_ms) : 0;
}

bool fp_stop_is_over(void)
{
    return fp_stop_asked() && grace_left_ms() == 0;
}

bool fp_stop_wait(int fd)
{
    struct pollfd ready[2] = {{.fd = fd, .events = POLLIN}, {.fd = wakeup, .events = POLLIN}};

    while (!fp_stop_is_over()) {
        bool asked = fp_stop_asked();
        if (poll(ready, asked ? 1 : 2, asked ? grace_left_ms() : -1) > 0 && ready[0].revents != 0)
            return true;
    }
    return false;
}

bool fp_stop_sleep(int ms)
{
    struct pollfd ready = {.fd = wakeup, .events = POLLIN};

    if (!fp_stop_asked())
        (void)poll(&ready, 1, ms);
    else if (!fp_stop_is_over())
        (void)poll(NULL, 0, ms < grace_left_ms() ? ms : grace_left_ms());
    return !fp_stop_is_over();
}
