/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * time-line.h - what happened when, counted in bins of one width, in the same memory whatever the times are.
 *
 * file -> record -> segment -> stream -> verdict -> [output]
 *
 * Bins begin with a millisecond. When they do not reach from the first time to the last any more, bins are put together, and so counts stay
 * exact.
 */
#ifndef FP_TIME_LINE_H
#define FP_TIME_LINE_H

#include <stdbool.h>
#include <stdint.h>

#define FP_TIME_LINE_BINS 240U
#define FP_TIME_LINE_SERIES 24U /* things that are counted apart */

/* A time since 1970; of damaged files any at all. */
typedef struct {
    int64_t seconds;
    uint32_t ns; /* after that */
} FpTime;

/* Begins all zero, but for width_ms, which is 1. */
typedef struct {
    int64_t width_ms; /* of a bin */
    int64_t first;    /* the first bin begins at first * width_ms */
    unsigned n;       /* bins, up to the last that has anything */
    uint64_t counts[FP_TIME_LINE_SERIES][FP_TIME_LINE_BINS];
} FpTimeLine;

/* Returns whether a is before b. */
bool fp_time_is_before(FpTime a, FpTime b);

void fp_time_line_add(FpTimeLine *line, unsigned series, FpTime time);

/* Returns when bin begins, which may be one behind the last. */
FpTime fp_time_line_begin_of(const FpTimeLine *line, unsigned bin);

#endif
