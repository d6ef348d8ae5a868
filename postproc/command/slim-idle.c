/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slim-idle.c - what slim does while no frames come, and what the clock calls for, see slim-internal.h. */
#include "base/message.h"
#include "base/notify.h"
#include "base/stop.h"
#include "capture/capture.h"
#include "slim-internal.h"

#define ANSWER_MS 100 /* how long to wait for tshark when there are no frames for now */
#define TICK_MS 20    /* how often to look for what no longer waits */

bool fp_slim_flush(Slim *slim, GError **error)
{
    return fp_pass_catch_up(slim->pass, slim->dissector != NULL ? ANSWER_MS : 0, error) && fp_slim_outputs_flush(&slim->outputs, error);
}

void fp_slim_note_early_end(Slim *slim, const char *path, const char *what)
{
    slim->summary->captures_cut++;
    fp_progress_end(&slim->progress);
    fp_message_print("%s: %s", path, what);
}

/* Says at once that one of several interfaces went away. Of a single one, or the last, the end of the capture says it. */
static void tell_of_gone(Slim *slim, const FpCapture *capture)
{
    const FpCapture *gone;

    while (fp_capture_early_end(capture) == NULL && (gone = fp_live_watch_gone(&slim->live, capture)) != NULL) {
        g_autofree char *what = g_strdup_printf("its capture ended: %s; the others go on", fp_capture_early_end(gone));
        fp_slim_note_early_end(slim, fp_capture_path(gone), what);
    }
}

void fp_slim_tell_of_drops(Slim *slim, const FpCapture *capture, bool is_idle)
{
    tell_of_gone(slim, capture);
    uint64_t n = slim->options->live.interface != NULL ? fp_live_watch_dropped(&slim->live, capture, is_idle) : 0;

    if (n == 0)
        return;
    fp_progress_end(&slim->progress);
    g_autofree char *where = fp_live_watch_where(capture);
    fp_message_print("%s: the kernel has dropped %" G_GUINT64_FORMAT
                     " frames%s, as its buffer was full; a larger one (-B) or a filter (-f) "
                     "helps",
                     fp_capture_path(capture), n, where);
}

FpLiveStatsSources fp_slim_stats_sources(const Slim *slim)
{
    return (FpLiveStatsSources){
        .pass = slim->pass, .summary = slim->summary, .log = slim->outputs.log, .log_style = &slim->outputs.log_style};
}

static bool attend_stats(Slim *slim, GError **error)
{
    const FpLiveStatsSources from = fp_slim_stats_sources(slim);

    return slim->stats == NULL || fp_live_stats_attend(slim->stats, &from, error);
}

bool fp_slim_do_by_clock(Slim *slim, GError **error)
{
    fp_stop_attend();
    fp_notify_feed();
    return attend_stats(slim, error) && fp_slim_outputs_rotate(&slim->outputs, error);
}

static int sooner(int ms, int other_ms)
{
    return ms < 0 || (other_ms >= 0 && other_ms < ms) ? other_ms : ms;
}

/* How many milliseconds the clock has nothing to call for; -1: never. */
static int until_clock_ms(Slim *slim)
{
    int ms = sooner(fp_notify_feed_ms(), fp_slim_outputs_due_ms(&slim->outputs));

    return slim->stats != NULL ? sooner(ms, fp_live_stats_due_ms(slim->stats)) : ms;
}

/* Waits for frames, and does meanwhile what the clock calls for, and SIGUSR1 where it is taken. Where there is nothing of the kind, or
 * libwiretap may hold frames, reading waits. */
static bool wait_by_clock(Slim *slim, const FpCapture *capture, GError **error)
{
    const FpCaptureFormat *format = fp_capture_format(capture);
    bool is_done = fp_slim_do_by_clock(slim, error);
    int ms;

    while (is_done && (format->is_pcap || format->is_pcapng) && ((ms = until_clock_ms(slim)) >= 0 || slim->stats != NULL) &&
           !fp_stop_asked() && fp_capture_would_wait(capture)) {
        fp_capture_wait(capture, ms);
        is_done = fp_slim_do_by_clock(slim, error);
    }
    return is_done;
}

bool fp_slim_idle(Slim *slim, const FpCapture *capture, GError **error)
{
    fp_slim_tell_of_drops(slim, capture, true);
    if (slim->cut != NULL)
        fp_kernel_cut_settle(slim->cut);
    if (!fp_slim_flush(slim, error))
        return false;
    while (fp_pass_is_behind(slim->pass) && fp_capture_would_wait(capture) && fp_stop_sleep(TICK_MS))
        if (!fp_slim_flush(slim, error) || !fp_slim_do_by_clock(slim, error))
            return false;
    return wait_by_clock(slim, capture, error);
}
