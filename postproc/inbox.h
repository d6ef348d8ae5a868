/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * inbox.h - a folder in which captures arrive: which files are finished, and in which order they were captured.
 *
 * A file is finished when nobody has it open for writing, which a lease tells (fcntl(2), F_SETLEASE). Where there are no leases, on network
 * file systems or for files of other users without CAP_LEASE, it is when two looks have found it unchanged.
 */
#ifndef FP_INBOX_H
#define FP_INBOX_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "attempts.h"

typedef struct {
    char *name;
    uint64_t bytes;
    int64_t changed_ns; /* when it was written to last, since 1970 */
    int64_t first_ns;   /* time of its first record; that of its last change where there is none */
    uint64_t identity;  /* stands for name, size, time of change and beginning; 0 unless asked for */
} FpArrival;

typedef struct FpInbox FpInbox;

/* folder and match are copied. match: a pattern (* and ?) that names must match, NULL for all. identifies: work out
 * identities, which is done anyway where some have been seen. */
FpInbox *fp_inbox_new(const char *folder, const char *match, bool identifies);
void fp_inbox_free(FpInbox *inbox);

/* Has attempts, which is borrowed, know of each file that is opened to read its first record. */
void fp_inbox_set_attempts(FpInbox *inbox, FpAttempts *attempts);

/* Finished files of the folder, those left out whose identity is in seen (of uint64_t, may be NULL); in order of their first records'
 * times, then of their names with numbers counted as such. Hidden files and what is no regular file do not count. Returns NULL with error
 * set. The elements are FpArrival, the caller's. */
GPtrArray *fp_inbox_finished(FpInbox *inbox, const GArray *seen, GError **error);

/* Files of the folder that fp_inbox_finished has just found somebody writing to, for certain; in the same order. The inbox's. */
const GPtrArray *fp_inbox_written(FpInbox *inbox);

/* Identities of all files that were there then, finished or not; of uint64_t, the caller's. NULL when not all are known. */
GArray *fp_inbox_present(const FpInbox *inbox);

/* The identity that the file at path has now; 0, with errno set: it cannot be told. */
uint64_t fp_inbox_identity(const char *path);

/* Whether nobody writes to the file at path. True also when there is none. */
bool fp_inbox_is_finished(FpInbox *inbox, const char *path);

/* Whether a file's end can only be told by looking again: FP_INBOX_POLL_MS later, at the earliest. */
#define FP_INBOX_POLL_MS 2000
bool fp_inbox_must_poll(const FpInbox *inbox);

#endif
