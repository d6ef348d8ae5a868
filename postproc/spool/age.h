/* SPDX-License-Identifier: GPL-2.0-or-later */
/* age.h - which of two captures is older: by their first records, or by their names, as ring buffers number them. */
#ifndef FP_AGE_H
#define FP_AGE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "attempts.h"

/* What is known of a capture's age. */
typedef struct {
    uint64_t bytes;
    int64_t changed_ns; /* last write, since 1970 */
    int64_t settled_ns; /* ctime: last write, rename, or change of its times */
    bool is_read;       /* has_first and first_ns are known */
    bool has_first;
    int64_t first_ns; /* time of its first record; changed_ns if there is none */
} FpAge;

/* Returns the age of a file as far as status tells it; is_read is false. */
FpAge fp_age_of(const struct stat *status);

/* Completes *age from the capture at path, unless is_read says that this was done. Returns false and sets errno when it cannot be read for
 * the moment. */
bool fp_age_read(const char *path, FpAttempts *attempts, FpAge *age);

/* Compares as strcmp does: by the times of the first records, then by the names, with digits compared as numbers. */
int fp_age_compare(const FpAge *age, const char *name, const FpAge *other_age, const char *other_name);

/*
 * Whether an unfinished capture is older than a finished one, as far as that can be told. Both ages have been read. If the unfinished one
 * has no record yet, or both begin at the same time, the names decide, provided that they differ in numbers only. A file begun after the
 * other one was finished is not older: a ring buffer starts again with its first name.
 */
bool fp_age_is_older(const FpAge *unfinished, const char *name, const FpAge *finished, const char *finished_name);

/* Returns the name that a file will have when it is finished. rsync and others copy to a hidden name with six random characters at its end:
 * the dot and these characters are removed. Caller frees. */
char *fp_age_final_name(const char *name);

#endif
