/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * attempts.h - which capture is being read, so that one on which the process dies again and again is given up and the others go on.
 *
 * The file `reading` in the state folder names the capture before it is opened, and no longer once it has been read. It is not synced: what
 * was written outlives the process in the kernel, and a crash of the machine is not the capture's fault and does not count. A capture that
 * kills the process does so at one place; a process that somebody else kills is somewhere else each time. So FP_ATTEMPTS_AT_ONE_PLACE
 * deaths within FP_ATTEMPTS_STEP_BYTES of each other are enough; deaths anywhere add up to FP_ATTEMPTS_IN_ALL.
 */
#ifndef FP_ATTEMPTS_H
#define FP_ATTEMPTS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define FP_ATTEMPTS_STEP_BYTES (16U * 1024U * 1024U) /* of the file: deaths further apart are at different places */
#define FP_ATTEMPTS_AT_ONE_PLACE 3U                  /* so many deaths, and the capture is given up */
#define FP_ATTEMPTS_IN_ALL 10U                       /* the same for deaths anywhere in the file */

typedef struct FpAttempts FpAttempts;

/* How often the process has died while it read a capture. */
typedef struct {
    unsigned deaths;
    unsigned deaths_there; /* those in a row at the place of the last one */
    uint64_t offset;       /* of that place, a multiple of FP_ATTEMPTS_STEP_BYTES */
} FpAttemptsPast;

/* Opens `reading` in the state folder and counts a death if the previous process died while it read a file. Returns NULL and sets error
 * when it cannot be opened or read. */
FpAttempts *fp_attempts_open(const char *state_folder, GError **error);
void fp_attempts_free(FpAttempts *attempts);

/*
 * Notes that the file at path is about to be opened. Calls nest. path is NULL while something else is waited for: a death is then no file's
 * fault.
 *
 * attempts may be NULL here and in all functions below: then nothing is noted, and nothing is known. If `reading` cannot be written, that
 * is logged once.
 */
void fp_attempts_begin(FpAttempts *attempts, const char *path);

/* Notes that the file is no longer read; the one before it resumes. */
void fp_attempts_end(FpAttempts *attempts);

/* Notes how far the file of the last fp_attempts_begin has been read. Costs nothing within a step. */
void fp_attempts_note_offset(FpAttempts *attempts, uint64_t offset);

/* Notes that threads read files before their turn, of which path is the first; NULL: no more. While nothing else is read, a death is that
 * file's fault, so that none goes without being counted. */
void fp_attempts_note_ahead(FpAttempts *attempts, const char *path);

/* Whether the process before this one died while it read a file. */
bool fp_attempts_have_died(const FpAttempts *attempts);

/* Returns the deaths on the file at path, which may have been renamed since, but not written to. For most files all members are 0. */
FpAttemptsPast fp_attempts_past(const FpAttempts *attempts, const char *path);

/* Whether the deaths are so many that the file is given up. */
bool fp_attempts_are_over(const FpAttemptsPast *past);

/* Forgets the deaths on the file at path, as it has been read, or put aside. */
void fp_attempts_forget(FpAttempts *attempts, const char *path);

#endif
