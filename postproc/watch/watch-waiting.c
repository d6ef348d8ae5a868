/* SPDX-License-Identifier: GPL-2.0-or-later */
/* watch-waiting.c - what goes on while a claim is read: signals, the watchdog and other claims are looked after, also while more of the
 * claim, or tshark, is waited for. See watch-internal.h. */
#include "watch-internal.h"

#include "base/journal.h"
#include "base/notify.h"

#define TICK_US 250000 /* time between looks at signals, watchdog and claims */

void fp_watch_claim_ahead(Watch *watch)
{
    if (watch->options->spool.then != FP_THEN_KEEP)
        (void)fp_spool_claim(watch->spool, MAX(watch->state.committed, watch->building), watch->state.seen.files, NULL);
}

void fp_watch_tick(Watch *watch, const char *state)
{
    gint64 now_us = g_get_monotonic_time();

    if (now_us < watch->next_tick_us)
        return;
    watch->next_tick_us = now_us + TICK_US;
    fp_notify("WATCHDOG=1");
    fp_wakeup_signals(watch->wakeup, &watch->signals);
    if (watch->signals.report) {
        watch->signals.report = false;
        fp_watch_report(watch);
    }
    fp_watch_claim_ahead(watch);
    fp_watch_save_status(watch, state, false);
}

/* There are no frames for now: writes what does not wait for tshark, so that it can be seen. */
static bool catch_up(Watch *watch, FpOutput *log, GError **error)
{
    return fp_pass_catch_up(watch->pass, 0, error) && (log == NULL || fp_output_flush(log, error));
}

bool fp_watch_wait_for_more(void *user)
{
    WatchFollowing *following = user;
    Watch *watch = following->watch;

    if (following->log != NULL && !catch_up(watch, following->log, &following->failure))
        return false;
    fp_attempts_begin(watch->attempts, NULL);
    g_usleep(FP_FOLLOW_MS * 1000);
    fp_watch_tick(watch, "following");
    fp_attempts_end(watch->attempts);
    if (watch->signals.stop || watch->signals.reload)
        return false;
    if (!fp_spool_is_finished(watch->spool, following->i))
        return true;
    fp_spool_note_finished(watch->spool, following->i);
    return false;
}

static void say(const char *what)
{
    fp_journal(G_LOG_LEVEL_WARNING, 0, NULL, "%s", what);
}

void fp_watch_begin_asking(Watch *watch)
{
    if (!watch->is_reading || watch->is_asking || watch->dissector == NULL)
        return;
    watch->is_asking = true;
    fp_attempts_begin(watch->attempts, NULL);
}

void fp_watch_end_asking(Watch *watch)
{
    if (watch->is_asking)
        fp_attempts_end(watch->attempts);
    watch->is_asking = false;
}

/* See FpTsharkWaiting. */
static bool note_waiting(void *user)
{
    Watch *watch = user;

    fp_watch_begin_asking(watch);
    if (watch->pass != NULL) {
        fp_watch_tick(watch, "working");
    } else { /* new options are being checked, and there may be no claims yet */
        fp_notify("WATCHDOG=1");
        fp_wakeup_signals(watch->wakeup, &watch->signals);
    }
    return watch->signals.stop;
}

bool fp_watch_new_dissector(Watch *watch, const FpWatchOptions *options, FpDissector **dissector, GError **error)
{
    const FpSelection *selection = &options->selection;
    const FpDissectorOptions how = {.keep = selection->keep, .say = say, .waiting = note_waiting, .user = watch};

    *dissector = NULL;
    if (selection->questions.fields == NULL && selection->questions.filter == NULL)
        return true;
    *dissector = fp_dissector_new(&selection->questions, &how, error);
    return *dissector != NULL;
}
