/* SPDX-License-Identifier: GPL-2.0-or-later */
/* signals.h - the signals that the program handles. They are blocked from its start until something can receive them. */
#ifndef FP_SIGNALS_H
#define FP_SIGNALS_H

#include <signal.h>

/* Sets signals to SIGINT, SIGTERM, SIGHUP and SIGUSR1. */
void fp_signals_fill(sigset_t *signals);

/* Blocks these signals in the calling thread. They stay pending until fp_stop_catch (stop.h), fp_wakeup_new (wakeup.h) or
 * fp_signals_release. */
void fp_signals_hold(void);

/* Unblocks these signals in the calling thread. They then do what they did before. */
void fp_signals_release(void);

#endif
