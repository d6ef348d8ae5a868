/* SPDX-License-Identifier: GPL-2.0-or-later */
/* first-time.h - when a capture begins that nobody has claimed yet: the time of its first record. */
#ifndef FP_FIRST_TIME_H
#define FP_FIRST_TIME_H

#include <stdbool.h>
#include <stdint.h>

/* Stores the time of the first record of the file at path, since 1970, in *time_ns; leaves it as it is if the file has no record or is not
 * a capture. Returns false when that could not be found out. */
bool fp_first_time_find(const char *path, int64_t *time_ns);

/* The same in a child process, which may die of it; then *time_ns stays as it is. */
bool fp_first_time_find_apart(const char *path, int64_t *time_ns);

#endif
