/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inbox.h - a folder in which captures arrive: which files are finished, and in which order they were captured.
 *
 * Whether a file is finished: see ending.h.
 */
#ifndef FP_INBOX_H
#define FP_INBOX_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "age.h"
#include "attempts.h"
#include "ending.h"

typedef struct {
    char *name;
    uint64_t inode;
    FpAge age; /* as far as it was needed; see fp_age_read */
    FpEnding ending;
    bool is_wanted;    /* its name matches: else it will have one that does */
    uint64_t identity; /* stands for name, size, time of change and beginning; 0 unless asked for */
} FpArrival;

typedef struct FpInbox FpInbox;

typedef struct {
    const char *folder;
    const char *claims;   /* the folder into which files are moved, NULL: none */
    const char *match;    /* a pattern (* and ?) that names must match, NULL for all */
    unsigned unchanged_s; /* see fp_endings_new */
    bool identifies;      /* identities are worked out, as they are anyway where some have been seen */
} FpInboxOptions;

/* All is copied. */
FpInbox *fp_inbox_new(const FpInboxOptions *options);
void fp_inbox_free(FpInbox *inbox);

/* Has attempts, which is borrowed, know of each file that is opened to read its first record. */
void fp_inbox_set_attempts(FpInbox *inbox, FpAttempts *attempts);

/* Finished files of the folder, those left out whose identity is in seen (of uint64_t, may be NULL); in order of their first records'
 * times, then of their names with numbers counted as such. Hidden files and what is no regular file do not count. Returns NULL with error
 * set. The elements are FpArrival, the caller's. */
GPtrArray *fp_inbox_finished(FpInbox *inbox, const GArray *seen, GError **error);

/* Files of the folder that fp_inbox_finished has just passed over, as they are not finished, or not under that name: those that somebody
 * writes to, or may write to; hidden ones that will be renamed; and those that only compressed would match, finished or not. The inbox's.
 */
const GPtrArray *fp_inbox_pending(const FpInbox *inbox);

/* Fills in the age of one of them; of a compressed one that is empty yet that of what it is made of. Returns false when it cannot be told
 * now. */
bool fp_inbox_read_age(FpInbox *inbox, FpArrival *arrival);

/* Of them, those that are captures for certain and that somebody writes to for certain; in the order of fp_inbox_finished. The caller's,
 * but not its elements. */
GPtrArray *fp_inbox_written(FpInbox *inbox);

/* Identities of all files that were there then, finished or not; of uint64_t, the caller's. NULL when not all are known. */
GArray *fp_inbox_present(const FpInbox *inbox);

/* The identity that the file at path has now; 0, with errno set: it cannot be told. */
uint64_t fp_inbox_identity(const char *path);

/* Whether somebody writes to the file at path, in the folder or claimed. */
FpEnding fp_inbox_ending(FpInbox *inbox, const char *path);

/* See closings.h. */
void fp_inbox_update(FpInbox *inbox);
int fp_inbox_fd(const FpInbox *inbox);

/* Whether a file's end can only be told by looking again: FP_ENDING_POLL_MS later, at the earliest. */
bool fp_inbox_must_poll(const FpInbox *inbox);

#endif
