/* SPDX-License-Identifier: GPL-2.0-or-later */
/* progress.h - a line on a terminal that shows how far a pass has come, once it takes longer than a second. */
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

/* Starts the clock. is_on: whether to show anything at all. */
void fp_progress_begin(FpProgress *progress, bool is_on);

/* Shows that done of total bytes of path have been read (total -1: unknown), in frames, of which kept were kept (-1: none are to be). Cheap
 * enough to call for every batch. */
void fp_progress_show(FpProgress *progress, const char *path, uint64_t done, int64_t total, uint64_t frames, int64_t kept);

/* Removes the line, so that something else can be printed. */
void fp_progress_end(FpProgress *progress);

#endif
