/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live-watch.c - see live-watch.h. */
#include "live-watch.h"

#include "base/message.h"
#include "base/notify.h"

#define LOOK_US G_USEC_PER_SEC
#define SAY_US (10 * G_USEC_PER_SEC)

void fp_live_watch_begin(const FpCapture *capture, const FpLiveOptions *options, bool is_quiet)
{
    const FpCapture *part;

    for (unsigned n = 0; !is_quiet && (part = fp_capture_live_part(capture, n)) != NULL; n++) {
        g_autofree char *link = fp_capture_live_link_name(part);
        fp_message_print("listening on %s, link type %s, snapshot length %d bytes", fp_capture_path(part), link, options->snaplen);
    }
    fp_notify("READY=1");
}

char *fp_live_watch_where(const FpCapture *capture)
{
    GString *text = g_string_new(NULL);
    FpInterfaceStats stats;

    for (unsigned n = 0; fp_capture_live_part(capture, 1) != NULL && fp_capture_live_part(capture, n) != NULL; n++) {
        (void)fp_capture_live_stats(capture, n, &stats);
        g_string_append_printf(text, "%s%s %" G_GUINT64_FORMAT, n == 0 ? " (since the start: " : ", ", stats.interface,
                               stats.drops.by_kernel);
    }
    if (text->len > 0)
        g_string_append_c(text, ')');
    return g_string_free(text, FALSE);
}

const FpCapture *fp_live_watch_gone(FpLiveWatch *watch, const FpCapture *capture)
{
    const FpCapture *part;

    if (fp_capture_live_part(capture, 1) == NULL)
        return NULL;
    for (unsigned n = 0; n < 64 && (part = fp_capture_live_part(capture, n)) != NULL; n++) {
        const uint64_t bit = (uint64_t)1 << n;
        if (fp_capture_early_end(part) != NULL && (watch->gone & bit) == 0) {
            watch->gone |= bit;
            return part;
        }
    }
    return NULL;
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
