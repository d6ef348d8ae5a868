/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ending.h - whether somebody still writes to a file.
 *
 * A lease tells for certain (fcntl(2), F_SETLEASE). For another user's file it takes CAP_LEASE, and network file systems have none. Without
 * a lease we know that the writer has closed the file if that happened while we watched (closings.h), or if we may look at all processes
 * (file-writers.h). What is left is a guess: the file has not changed for long.
 */
#ifndef FP_ENDING_H
#define FP_ENDING_H

#include <glib.h>
#include <stdbool.h>

typedef enum {
    FP_ENDING_SURE,  /* nobody writes to it */
    FP_ENDING_GUESS, /* nobody can tell, but it has not changed for long */
    FP_ENDING_OPEN,  /* nobody can tell yet */
    FP_ENDING_WRITTEN,
} FpEnding;

/* Whether the file counts as finished. */
static inline bool fp_ending_is_end(FpEnding ending)
{
    return ending == FP_ENDING_SURE || ending == FP_ENDING_GUESS;
}

typedef struct FpEndings FpEndings;

/* Ignores SIGIO from now on. unchanged_s: where nobody can tell, a file counts as finished after so many seconds without a change. */
FpEndings *fp_endings_new(unsigned unchanged_s);
void fp_endings_free(FpEndings *endings);

/* Notes from now on what happens in folder. Call it before each look, as the folder may have been replaced. */
void fp_endings_watch(FpEndings *endings, const char *folder);

/* Begins a look at the files. */
void fp_endings_begin(FpEndings *endings);

/* See fp_closings_update. */
void fp_endings_update(FpEndings *endings);

/* See fp_closings_fd. */
int fp_endings_fd(const FpEndings *endings);

/* Opens the file at path for fp_ending_of. Returns -1 and sets errno. */
int fp_ending_open(const char *path);

/* Whether somebody writes to the file at path. fd: what fp_ending_open returned. A file that is gone, or is not a regular file, has ended:
 * its reader will find out. */
FpEnding fp_ending_of(FpEndings *endings, const char *path, int fd);

/* Whether a file seen since fp_endings_begin can only be told to have ended by looking again, FP_ENDING_POLL_MS later at the earliest. */
#define FP_ENDING_POLL_MS 2000
bool fp_endings_must_poll(const FpEndings *endings);

/* Whether the file system of the file at path has leases, so that a file's end can be known for certain. */
bool fp_ending_has_leases(const char *path);

#endif
