/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inbox.h - a folder in which captures arrive: which are finished, and in which order they were captured.
 *
 * For how to tell that a file is finished, see ending.h.
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
    bool is_wanted;    /* its name matches; otherwise it will have a name that does */
    uint64_t identity; /* hash of name, size, time of change and beginning; 0 unless asked for */
} FpArrival;

typedef struct FpInbox FpInbox;

typedef struct {
    const char *folder;
    const char *claims;   /* the folder to which files are moved; NULL: none */
    const char *match;    /* a pattern (* and ?) that names must match; NULL: all do */
    unsigned unchanged_s; /* see fp_endings_new */
    bool identifies;      /* work out identities even if fp_inbox_finished gets no seen ones */
} FpInboxOptions;

/* Copies the options. */
FpInbox *fp_inbox_new(const FpInboxOptions *options);
void fp_inbox_free(FpInbox *inbox);

/* Has attempts note each file that is opened. attempts is borrowed. */
void fp_inbox_set_attempts(FpInbox *inbox, FpAttempts *attempts);

/* Returns the finished files of the folder, in order of the times of their first records, then of their names with digits compared as
 * numbers. Leaves out files whose identity is in seen (of uint64_t, may be NULL), hidden files, and what is not a regular file. The
 * elements are FpArrival; caller frees. Returns NULL and sets error. */
GPtrArray *fp_inbox_finished(FpInbox *inbox, const GArray *seen, GError **error);

/* Returns the files that fp_inbox_finished has just passed over because they are unfinished, or will get another name: files that somebody
 * writes to, or may write to; hidden files that will be renamed; and files that match only when compressed, finished or not. The elements
 * are FpArrival; the inbox owns them. */
const GPtrArray *fp_inbox_pending(const FpInbox *inbox);

/* Reads the age of a pending file; if that is compressed and has no record yet, the age of the file that it is made from. Returns false
 * when it cannot be told now. */
bool fp_inbox_read_age(FpInbox *inbox, FpArrival *arrival);

/* Returns the pending files whose names match and that somebody writes to for certain, in the order of fp_inbox_finished. Caller frees the
 * array, but not its elements. */
GPtrArray *fp_inbox_written(FpInbox *inbox);

/* Returns the identities of all files that were there then, finished or not (of uint64_t). Caller frees. NULL: not all are known. */
GArray *fp_inbox_present(const FpInbox *inbox);

/* Returns the identity that the file at path has now; 0 with errno set when it cannot be told. */
uint64_t fp_inbox_identity(const char *path);

/* Whether somebody writes to the file at path, in the folder or claimed. See fp_ending_of. */
FpEnding fp_inbox_ending(FpInbox *inbox, const char *path);

/* See fp_closings_update. */
void fp_inbox_update(FpInbox *inbox);

/* See fp_closings_fd. */
int fp_inbox_fd(const FpInbox *inbox);

/* Whether a file can only be told to have ended by looking again, FP_ENDING_POLL_MS later at the earliest. */
bool fp_inbox_must_poll(const FpInbox *inbox);

#endif
