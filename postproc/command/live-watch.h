/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live-watch.h - tells people, while an interface is captured from, what becomes of its frames. */
#ifndef FP_LIVE_WATCH_H
#define FP_LIVE_WATCH_H

#include "capture/capture-live.h"

/* All zero: nothing has been told. */
typedef struct {
    gint64 look_us; /* monotonic: when to look again */
    gint64 say_us;  /* and when something may be said again */
    uint64_t said;  /* how many dropped frames have been told of */
    uint64_t gone;  /* a bit for each of the first 64 interfaces that is known to have gone away */
} FpLiveWatch;

/* Says which interface is captured from and how, and tells systemd that the service is ready. */
void fp_live_watch_begin(const FpCapture *capture, const FpLiveOptions *options, bool is_quiet);

/* Returns how many frames the kernel has dropped since this last returned some, if now is a time to say so: at once for the first, then
 * every ten seconds at most. Else returns 0. Cheap enough for each batch: it looks once a second, but always when there is nothing else to
 * do. */
uint64_t fp_live_watch_dropped(FpLiveWatch *watch, const FpCapture *capture, bool is_idle);

/* Says how many of these were of which interface, since the start: a parenthesis with a space before it, or nothing where there is one
 * interface. Caller frees. */
char *fp_live_watch_where(const FpCapture *capture);

/* Returns one of several interfaces that has gone away and that this has not returned yet, borrowed; NULL: there is none. */
const FpCapture *fp_live_watch_gone(FpLiveWatch *watch, const FpCapture *capture);

#endif
