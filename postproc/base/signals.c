/* SPDX-License-Identifier: GPL-2.0-or-later */
/* signals.c - see signals.h. */
#include "signals.h"

#include <errno.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/eventfd.h>
#include <unistd.h>

static const int held[] = {SIGINT, SIGTERM, SIGHUP, SIGUSR1};
static const int ends[] = {SIGQUIT, SIGABRT, SIGPIPE, SIGXCPU};

#define N(array) (sizeof(array) / sizeof *(array))

static int event_fd = -1;

static FpSignal meanings[NSIG];                 /* of the signals that are noted */
static atomic_int came[FP_N_SIGNALS];           /* handlers write them, and other threads read them */
static volatile sig_atomic_t stops, first_stop; /* how many came, and which first */
static int stops_max = SIG_ATOMIC_MAX;

static void (*volatile before_end)(void); /* NULL: there is nothing to clean up */

static void mask(int how)
{
    sigset_t signals;

    sigemptyset(&signals);
    for (size_t i = 0; i < N(held); i++)
        sigaddset(&signals, held[i]);
    pthread_sigmask(how, &signals, NULL);
}

void fp_signals_hold(void)
{
    mask(SIG_BLOCK);
}

void fp_signals_release(void)
{
    mask(SIG_UNBLOCK);
}

bool fp_signals_begin(void)
{
    if (event_fd < 0)
        event_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return event_fd >= 0;
}

int fp_signals_fd(void)
{
    return event_fd;
}

void fp_signals_wake(void)
{
    uint64_t one = 1;

    (void)!write(event_fd, &one, sizeof one);
}

void fp_signals_rest(void)
{
    uint64_t count;

    (void)!read(event_fd, &count, sizeof count);
}

void fp_signals_end_by(int number)
{
    signal(number, SIG_DFL);
    raise(number);
}

static void end(int number)
{
    if (before_end != NULL)
        before_end();
    fp_signals_end_by(number);
}

static void note(int number)
{
    int failure = errno;
    FpSignal noted = meanings[number];

    if (noted == FP_SIGNAL_STOP && first_stop == 0)
        first_stop = number;
    if (noted == FP_SIGNAL_STOP && ++stops > stops_max)
        end(number);
    came[noted] = 1;
    fp_signals_wake();
    errno = failure;
}

void fp_signals_note(int number, FpSignal noted, bool also_ignored)
{
    struct sigaction action = {.sa_handler = note, .sa_flags = SA_RESTART}, old;

    meanings[number] = noted;
    if (also_ignored || (sigaction(number, NULL, &old) == 0 && old.sa_handler != SIG_IGN))
        sigaction(number, &action, NULL);
}

void fp_signals_end_after(int n)
{
    stops_max = n;
}

bool fp_signals_came(FpSignal noted)
{
    return came[noted];
}

void fp_signals_forget(FpSignal noted)
{
    came[noted] = 0;
}

int fp_signals_first_stop(void)
{
    return first_stop;
}

void fp_signals_before_end(void (*clean_up)(void))
{
    struct sigaction action = {.sa_handler = end};

    before_end = clean_up;
    for (size_t i = 0; i < N(ends); i++) {
        struct sigaction old;
        if (sigaction(ends[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL) /* ignored signals stay ignored */
            sigaction(ends[i], &action, NULL);
    }
}
