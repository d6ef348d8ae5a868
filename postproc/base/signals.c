/* SPDX-License-Identifier: GPL-2.0-or-later */
/* signals.c - see signals.h. */
#include "signals.h"

#include <stddef.h>

void fp_signals_fill(sigset_t *signals)
{
    sigemptyset(signals);
    sigaddset(signals, SIGINT);
    sigaddset(signals, SIGTERM);
    sigaddset(signals, SIGHUP);
    sigaddset(signals, SIGUSR1);
}

void fp_signals_hold(void)
{
    sigset_t signals;

    fp_signals_fill(&signals);
    pthread_sigmask(SIG_BLOCK, &signals, NULL);
}

void fp_signals_release(void)
{
    sigset_t signals;

    fp_signals_fill(&signals);
    pthread_sigmask(SIG_UNBLOCK, &signals, NULL);
}
