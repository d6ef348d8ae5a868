/* SPDX-License-Identifier: GPL-2.0-or-later */
/* clock.h - the time of day, for ages of files: a step of the clock must make nothing look old. */
#ifndef FP_CLOCK_H
#define FP_CLOCK_H

#include <stdint.h>

/* Begins to watch for steps: those before it are not seen. */
void fp_clock_begin(void);

/* Nanoseconds since 1970, less the steps forward that the clock has made since fp_clock_begin, and the time that the machine was asleep:
 * what was written after a step looks new, and what was written before it no older than it is. */
int64_t fp_clock_now_ns(void);

#endif
