/* SPDX-License-Identifier: GPL-2.0-or-later */
/* age.h - which of two captures is the older: by their first records, or by their names, as ring buffers number them. */
#ifndef FP_AGE_H
#define FP_AGE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "attempts.h"

/* What tells a capture's age. */
typedef struct {
    uint64_t bytes;
    int64_t changed_ns; /* when it was written to last, since 1970 */
    int64_t settled_ns; /* the same, or when it was closed, renamed, or given these times, whichever is the last */
    bool is_read;       /* the next are known */
    bool has_first;
    int64_t first_ns; /* time of its first record; when there is none, changed_ns */
} FpAge;

/* Of a file that is as status says, not read yet. */
FpAge fp_age_of(const struct stat *status);

/* Fills in what the capture at path says of its age, if that has not been done. Returns false with errno set when it cannot be told now. */
bool fp_age_read(const char *path, FpAttempts *attempts, FpAge *age);

/* In the order of their first records, then of their names with numbers counted as such. As strcmp. */
int fp_age_compare(const FpAge *age, const char *name, const FpAge *other_age, const char *other_name);

/*
 * Whether a capture that is not finished is older than one that is, as far as can be told: both have been read. Where it has no record yet,
 * the names say so if they differ in numbers only; unless it was begun when the other had been finished, as where a ring buffer begins
 * again with its first name.
 */
bool fp_age_is_older(const FpAge *unfinished, const char *name, const FpAge *finished, const char *finished_name);

/* The name that a file will have when it is finished: without the dot, and the six characters at the end, of those under which rsync and
 * others copy files. The caller's. */
char *fp_age_final_name(const char *name);

#endif
