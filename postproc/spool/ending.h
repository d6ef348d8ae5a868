/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ending.h - whether somebody still writes to a file.
 *
 * A lease says so for certain (fcntl(2), F_SETLEASE). For another user's file it takes CAP_LEASE, and network file systems have none. Then
 * that its writer has closed it is known where that happened while we watched (closings.h), and where all processes may be looked at
 * (file-writers.h). What is left is a guess: a file that has not changed for long.
 */
#ifndef FP_ENDING_H
#define FP_ENDING_H

#include <glib.h>
#include <stdbool.h>

typedef enum {
    FP_ENDING_SURE,  /* nobody writes to it */
    FP_ENDING_GUESS, /* nobody can tell, but it has not changed for so long */
    FP_ENDING_OPEN,  /* nobody can tell yet */
    FP_ENDING_WRITTEN,
} FpEnding;

static inline bool fp_ending_is_end(FpEnding ending)
{
    return ending == FP_ENDING_SURE || ending == FP_ENDING_GUESS;
}

typedef struct FpEndings FpEndings;

/* unchanged_s: how long a file must not have changed to be taken for finished where nobody can tell. */
FpEndings *fp_endings_new(unsigned unchanged_s);
void fp_endings_free(FpEndings *endings);

/* Takes note from now on of what happens in folder. For each look, as it may have been replaced. */
void fp_endings_watch(FpEndings *endings, const char *folder);

/* Before files are looked at. */
void fp_endings_begin(FpEndings *endings);

/* See closings.h. */
void fp_endings_update(FpEndings *endings);
int fp_endings_fd(const FpEndings *endings);

/* Opens the file at path for the next. Returns -1 with errno set. */
int fp_ending_open(const char *path);

/* Whether somebody writes to the file at path. fd: what fp_ending_open said, with errno. What is gone, or no regular file, has ended: who
 * reads it finds out. */
FpEnding fp_ending_of(FpEndings *endings, const char *path, int fd);

/* Whether some file's end can only be told by looking again: FP_ENDING_POLL_MS later, at the earliest. Since fp_endings_begin. */
#define FP_ENDING_POLL_MS 2000
bool fp_endings_must_poll(const FpEndings *endings);

/* Whether there are leases on the file system of the file at path, so that a file's end can be known for certain. */
bool fp_ending_has_leases(const char *path);

#endif
