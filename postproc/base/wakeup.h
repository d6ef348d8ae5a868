/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wakeup.h - what a service waits for: signals, and that something happens in a folder. Events are hints; who is woken looks for himself.
 */
#ifndef FP_WAKEUP_H
#define FP_WAKEUP_H

#include <glib.h>
#include <stdbool.h>

/* Signals that have come. */
typedef struct {
    bool stop;   /* SIGTERM, SIGINT */
    bool reload; /* SIGHUP */
    bool report; /* SIGUSR1 */
} FpSignals;

typedef struct FpWakeup FpWakeup;

/* From now on these signals are only noted, also those held so far (signals.h). Returns NULL with error set. */
FpWakeup *fp_wakeup_new(GError **error);
void fp_wakeup_free(FpWakeup *wakeup);

/* Wakes when a file in folder is closed by its writer, or moved, linked or made there. Does so again where the folder was replaced; cheap
 * enough for each time before waiting. Returns false where that cannot be had, also of a folder that is not there: then who waits has to
 * look by the clock. */
bool fp_wakeup_watch(FpWakeup *wakeup, const char *folder);

/* Takes note of the signals that have come: sets members of *signals. Never waits. */
void fp_wakeup_signals(FpWakeup *wakeup, FpSignals *signals);

/* Waits until something happens, also until fd can be read (-1: none), or for timeout_ms. */
void fp_wakeup_wait(FpWakeup *wakeup, int fd, int timeout_ms);

#endif
