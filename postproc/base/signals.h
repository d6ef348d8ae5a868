/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * signals.h - takes all signals that the program handles. The handlers only take note and wake who waits; what is to be done is done
 * elsewhere: stop.h ends the input, wakeup.h tells a service. They are held from the program's start until one of these receives them.
 *
 * One handler does more: that of signals which end the program, as nobody gets to do anything after it.
 */
#ifndef FP_SIGNALS_H
#define FP_SIGNALS_H

#include <stdbool.h>

/* What signals can be noted as. */
typedef enum {
    FP_SIGNAL_STOP,
    FP_SIGNAL_HANGUP,
    FP_SIGNAL_REPORT,
    FP_N_SIGNALS,
} FpSignal;

/* Holds SIGINT, SIGTERM, SIGHUP and SIGUSR1 in the calling thread: they stay pending until fp_signals_release. */
void fp_signals_hold(void);

/* Lets these signals come to the calling thread. Those that are not noted do what they did before the program began. */
void fp_signals_release(void);

/* Makes fp_signals_fd. Returns false and sets errno. Call it before fp_signals_note; again, it does nothing. */
bool fp_signals_begin(void);

/* From now on notes a signal, one of those above, by its number. also_ignored: even if the program was started with it ignored. */
void fp_signals_note(int number, FpSignal noted, bool also_ignored);

/* Has one more signal that is noted as a stop, after n of them, end the program. */
void fp_signals_end_after(int n);

/* Whether such a signal has come since it was last forgotten. */
bool fp_signals_came(FpSignal noted);

/* Forgets that such signals have come. */
void fp_signals_forget(FpSignal noted);

/* Which signal was noted as a stop first; 0: none. */
int fp_signals_first_stop(void);

/* A descriptor that is readable once a signal has been noted, until fp_signals_rest; -1: none. */
int fp_signals_fd(void);

/* Makes fp_signals_fd readable, or no longer so. */
void fp_signals_wake(void);
void fp_signals_rest(void);

/* Has clean_up called before a signal ends the program, if it can be caught and is not ignored: SIGQUIT, SIGABRT, SIGPIPE, SIGXCPU, and
 * that of fp_signals_end_after. clean_up may do only what a signal handler may (signal-safety(7)). */
void fp_signals_before_end(void (*clean_up)(void));

/* Ends the program by this signal, as if it had never been caught. */
void fp_signals_end_by(int number);

#endif
