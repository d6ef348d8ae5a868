/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wakeup.h - what a service waits for: signals, and changes in a folder. Events are only hints; the caller looks for itself. */
#ifndef FP_WAKEUP_H
#define FP_WAKEUP_H

#include <glib.h>
#include <stdbool.h>

/* Signals received. */
typedef struct {
    bool stop;   /* SIGTERM, SIGINT */
    bool reload; /* SIGHUP */
    bool report; /* SIGUSR1 */
} FpSignals;

typedef struct FpWakeup FpWakeup;

/* From now on these signals, including those held so far (signals.h), are only noted, and come only in the functions below. Free with
 * fp_wakeup_free. Returns NULL and sets error. */
FpWakeup *fp_wakeup_new(GError **error);

/* NULL is allowed. */
void fp_wakeup_free(FpWakeup *wakeup);

/* Makes fp_wakeup_wait return when a file in folder is closed by its writer, or moved, linked or created there. Call it again before each
 * wait: that is cheap, and covers a folder that was replaced. Returns false when folder cannot be watched or does not exist: the caller
 * then has to look at intervals. */
bool fp_wakeup_watch(FpWakeup *wakeup, const char *folder);

/* Sets the members of *signals for signals that have come; leaves the others as they are. Never waits. */
void fp_wakeup_signals(FpWakeup *wakeup, FpSignals *signals);

/* Waits until a signal or event comes or fd (-1: none) is readable, for at most timeout_ms. */
void fp_wakeup_wait(FpWakeup *wakeup, int fd, int timeout_ms);

#endif
