/* SPDX-License-Identifier: GPL-2.0-or-later */
/* notify.h - tells systemd how a service is, as sd_notify(3) does. Where nobody asked, nothing is told. */
#ifndef FP_NOTIFY_H
#define FP_NOTIFY_H

#include <glib.h>

/* Sends assignments, such as "READY=1\nSTATUS=idle". */
void fp_notify(const char *assignments);

/* How often at least WATCHDOG=1 is waited for, in us; 0: never. */
gint64 fp_notify_watchdog_us(void);

#endif
