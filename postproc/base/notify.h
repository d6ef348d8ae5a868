/* SPDX-License-Identifier: GPL-2.0-or-later */
/* notify.h - tells systemd the state of a service, as sd_notify(3) does. Does nothing if NOTIFY_SOCKET is not set. */
#ifndef FP_NOTIFY_H
#define FP_NOTIFY_H

#include <glib.h>

/* Opens the socket, which fp_notify does otherwise: before rights end, as the later user may not be allowed to. */
void fp_notify_begin(void);

/* Sends assignments, one per line, such as "READY=1\nSTATUS=idle". Errors are ignored. Where nobody takes the messages, it waits for some
 * seconds at most; those that begin with WATCHDOG= or STATUS= are dropped at once, as others follow. */
void fp_notify(const char *assignments);

/* The interval in microseconds within which systemd expects WATCHDOG=1; 0 when it expects none. */
gint64 fp_notify_watchdog_us(void);

/* Sends WATCHDOG=1 if systemd expects it and it is time: for whoever works in rounds, or waits for something. Cheap enough for each batch.
 * For one thread. */
void fp_notify_feed(void);

/* How many milliseconds it is until then; -1: it is not expected. */
int fp_notify_feed_ms(void);

#endif
