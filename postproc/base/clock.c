/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clock.c - see clock.h. */
#include "clock.h"

#include <glib.h>

static gint64 ahead_us = G_MAXINT64 / 2; /* of the monotonic clock, when we began */

void fp_clock_begin(void)
{
    ahead_us = g_get_real_time() - g_get_monotonic_time();
}

int64_t fp_clock_now_ns(void)
{
    return MIN(g_get_real_time(), g_get_monotonic_time() + ahead_us) * 1000;
}
