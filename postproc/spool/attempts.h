/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * attempts.h - which capture is being read: one in whose course the process dies again and again is given up, so that the others go on.
 *
 * The file reading in the state folder says so before the capture is opened, and no more when it has been read. It is not brought to the
 * disk: what has been written outlives the process with the kernel, and that the machine went down is no fault of the capture, so it is not
 * counted. A capture that ends the process does so at one place; who is killed by somebody else is somewhere else each time. So those
 * deaths count that come within FP_ATTEMPTS_STEP_BYTES of each other.
 */
#ifndef FP_ATTEMPTS_H
#define FP_ATTEMPTS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define FP_ATTEMPTS_STEP_BYTES (16U * 1024U * 1024U) /* of the file: so far apart are two places */
#define FP_ATTEMPTS_AT_ONE_PLACE 3U                  /* deaths, and the capture is given up */
#define FP_ATTEMPTS_IN_ALL 10U                       /* the same, wherever they were */

typedef struct FpAttempts FpAttempts;

/* How often the process has died while it read a capture. */
typedef struct {
    unsigned deaths;
    unsigned deaths_there; /* of these, those in a row at the place of the last */
    uint64_t offset;       /* of that place, a multiple of FP_ATTEMPTS_STEP_BYTES */
} FpAttemptsPast;

/* Finds out whether the process before died while it read something. Returns NULL with error set when that cannot be known. */
FpAttempts *fp_attempts_open(const char *state_folder, GError **error);
void fp_attempts_free(FpAttempts *attempts);

/*
 * Notes that the file at path is about to be opened, and that it is read no more; then what was read before goes on. path: NULL while
 * something else is waited for, as who dies then has not died of a file. In all of these attempts may be NULL: then nothing is noted, nor
 * known. Where nothing can be written, that is said once.
 */
void fp_attempts_begin(FpAttempts *attempts, const char *path);
void fp_attempts_end(FpAttempts *attempts);

/* Notes up to which offset the file has been read of which fp_attempts_begin told last. Costs nothing within a step. */
void fp_attempts_note_offset(FpAttempts *attempts, uint64_t offset);

/* Of the file at path, which may have been renamed since, but not written to. All are 0 for most. */
FpAttemptsPast fp_attempts_past(const FpAttempts *attempts, const char *path);
bool fp_attempts_are_over(const FpAttemptsPast *past);

/* Has the file at path begin anew, as it has been read, or put aside. */
void fp_attempts_forget(FpAttempts *attempts, const char *path);

#endif
