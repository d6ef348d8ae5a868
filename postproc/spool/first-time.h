/* SPDX-License-Identifier: GPL-2.0-or-later */
/* first-time.h - when a capture that nobody has claimed yet begins: the time of its first record. */
#ifndef FP_FIRST_TIME_H
#define FP_FIRST_TIME_H

#include <stdbool.h>
#include <stdint.h>

/* Puts it into *time_ns, since 1970, which stays as it is when the file at path has no record, or is no capture. Returns false when it is
 * not known whether it has. */
bool fp_first_time_find(const char *path, int64_t *time_ns);

/* The same in a process of its own, which may die of it; then *time_ns stays as it is. */
bool fp_first_time_find_apart(const char *path, int64_t *time_ns);

#endif
