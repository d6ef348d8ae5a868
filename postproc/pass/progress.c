/* SPDX-License-Identifier: GPL-2.0-or-later */
/* progress.c - see progress.h. */
#include "progress.h"

#include <inttypes.h>
#include <stdio.h>

#include "base/message.h"

#define FIRST_LINE_US 1000000
#define LINE_EVERY_US 200000
#define CALLS_PER_LOOK 256 /* at the clock */

void fp_progress_begin(FpProgress *progress, bool is_on)
{
    *progress = (FpProgress){.is_on = is_on, .next_us = g_get_monotonic_time() + FIRST_LINE_US};
}

void fp_progress_show(FpProgress *progress, const char *path, uint64_t done, int64_t total, uint64_t frames, int64_t kept)
{
    if (!progress->is_on || ++progress->calls % CALLS_PER_LOOK != 0)
        return;
    gint64 now_us = g_get_monotonic_time();
    if (now_us < progress->next_us)
        return;
    progress->next_us = now_us + LINE_EVERY_US;
    progress->is_shown = true;
    g_autofree char *shown = fp_message_printable(path);
    if (total > 0)
        fprintf(stderr, "\r\033[K%s: %.0f%%, %" PRIu64 " frames", shown, 100.0 * (double)done / (double)total, frames);
    else
        fprintf(stderr, "\r\033[K%s: %.1f MB, %" PRIu64 " frames", shown, (double)done / 1e6, frames);
    if (kept >= 0)
        fprintf(stderr, ", %" PRId64 " kept", kept);
    fflush(stderr);
}

void fp_progress_end(FpProgress *progress)
{
    if (progress->is_shown)
        fputs("\r\033[K", stderr);
    progress->is_shown = false;
}
