/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live-watch.c - see live-watch.h. */
#include "live-watch.h"

#include "base/message.h"
#include "base/notify.h"

#define LOOK_US G_USEC_PER_SEC
#define SAY_US (10 * G_USEC_PER_SEC)

void fp_live_watch_begin(const FpCapture *capture, const FpLiveOptions *options, bool is_quiet)
{
    g_autofree char *link = fp_capture_live_link_name(capture);

    if (!is_quiet)
        fp_message_print("listening on %s, link type %s, snapshot length %d bytes", fp_capture_path(capture), link, options->snaplen);
    fp_notify("READY=1");
}

uint64_t fp_live_watch_dropped(FpLiveWatch *watch, const FpCapture *capture, bool is_idle)
{
    gint64 now_us = g_get_monotonic_time();
    FpDrops drops = {0};

    if (!is_idle && now_us < watch->look_us)
        return 0;
    watch->look_us = now_us + LOOK_US;
    if (!fp_capture_live_drops(capture, &drops) || drops.by_kernel <= watch->said || now_us < watch->say_us)
        return 0;
    uint64_t more = drops.by_kernel - watch->said;
    watch->said = drops.by_kernel;
    watch->say_us = now_us + SAY_US;
    return more;
}

/* What the environment says of it does not change. */
static gint64 interval_us(void)
{
    static gint64 known_us = -1;

    if (known_us < 0)
        known_us = fp_notify_watchdog_us() / 2; /* sd_watchdog_enabled(3) recommends half of it */
    return known_us;
}

void fp_live_watch_feed(FpLiveWatch *watch)
{
    gint64 now_us = interval_us() > 0 ? g_get_monotonic_time() : -1;

    if (now_us < watch->feed_us)
        return;
    watch->feed_us = now_us + interval_us();
    fp_notify("WATCHDOG=1");
}

int fp_live_watch_feed_ms(const FpLiveWatch *watch)
{
    if (interval_us() <= 0)
        return -1;
    return (int)CLAMP((watch->feed_us - g_get_monotonic_time()) / 1000 + 1, 0, G_MAXINT);
}
