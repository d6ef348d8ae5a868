/* SPDX-License-Identifier: GPL-2.0-or-later */
/* progress.h - a line on a terminal that says how far things are, once they take longer than a second. */
#ifndef FP_PROGRESS_H
#define FP_PROGRESS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

typedef struct {
    bool is_on;
    bool is_shown;
    unsigned calls;
    gint64 next_us; /* monotonic time of the next line */
} FpProgress;

void fp_progress_begin(FpProgress *progress, bool is_on);

/* Shows that done of total bytes (total -1: not known) of path have been read, in frames; kept: of these, -1 where none are
 * to be. Cheap enough for a call with every batch. */
void fp_progress_show(FpProgress *progress, const char *path, uint64_t done, int64_t total, uint64_t frames, int64_t kept);

/* Takes the line away, so that something else can be said. */
void fp_progress_end(FpProgress *progress);

#endif
