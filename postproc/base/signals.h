/* SPDX-License-Identifier: GPL-2.0-or-later */
/* signals.h - the signals that the program hears, which wait from its first moment on until somebody can hear them. */
#ifndef FP_SIGNALS_H
#define FP_SIGNALS_H

#include <signal.h>

/* SIGINT, SIGTERM, SIGHUP, SIGUSR1. */
void fp_signals_fill(sigset_t *signals);

/* From now on they wait: for fp_stop_catch (stop.h), for fp_wakeup_new (wakeup.h), or for the second of these, after which they do what
 * they did before. */
void fp_signals_hold(void);
void fp_signals_release(void);

#endif
