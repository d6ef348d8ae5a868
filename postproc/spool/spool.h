/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spool.h - the folder into which somebody rotates captures: which are finished, in which order, and what becomes of them.
 *
 * A finished file is claimed: moved to claim/NUMBER-NAME in the state folder, where no ring buffer overwrites it. The number is its
 * identity from then on, and the order in which claims are taken. Who wants files left where they are has them numbered only.
 */
#ifndef FP_SPOOL_H
#define FP_SPOOL_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "attempts.h"
#include "claim.h"

/* What becomes of an input once its output is durable. */
typedef enum {
    FP_THEN_ARCHIVE, /* moved to done/ in the state folder */
    FP_THEN_DELETE,
    FP_THEN_KEEP, /* left in the inbox, and never moved */
} FpThen;

typedef struct FpSpool FpSpool;

/* The longest name that is kept as it is; of longer ones the end. */
#define FP_SPOOL_NAME_BYTES 200

typedef struct {
    const char *inbox;
    const char *match; /* a pattern that names of captures match, NULL for all */
    const char *state;
    FpThen then;
    bool deletes_guesses;       /* FP_THEN_DELETE: also where it is a guess that a capture is finished; else it is archived */
    uint64_t max_archive_bytes; /* of done/; 0: no limit */
    unsigned unchanged_s;       /* see fp_endings_new */
    unsigned wait_s;            /* how long an unfinished file holds up younger ones */
    bool follows;               /* a capture that is still being written is claimed when there is no other, if it can be followed */
    bool pcapng_by_wiretap;     /* and pcapng cannot */
} FpSpoolOptions;

/* Makes the folders that are missing in the state folder, and finds the claims that are there. Returns NULL with error set, also when inbox
 * and state are on different file systems but files are to be moved, or when files are to be deleted of which nobody can tell whether they
 * are finished. */
FpSpool *fp_spool_open(const FpSpoolOptions *options, GError **error);
void fp_spool_free(FpSpool *spool);

/* Has attempts, which is borrowed, know of each file that is opened to see whether and when it is to be claimed. */
void fp_spool_set_attempts(FpSpool *spool, FpAttempts *attempts);

/* Makes those of the folders in the state folder that somebody has deleted. */
bool fp_spool_make_folders(const FpSpool *spool, GError **error);

/* The highest number that a file in the state folder has. */
uint64_t fp_spool_highest(const FpSpool *spool);

/* Claims what is finished in the inbox, in capture order, with numbers above after; claims that have such numbers may get others, as what
 * is claimed now can be older. seen: identities of files that have been taken (of uint64_t), with FP_THEN_KEEP. Returns false with error
 * set when the inbox cannot be read, or not all could be claimed. */
bool fp_spool_claim(FpSpool *spool, uint64_t after, const GArray *seen, GError **error);

/* Whether somebody writes to a file of which there is too little yet to follow it. */
bool fp_spool_is_beginning(const FpSpool *spool);

/* Claims that have not been disposed of, in order; the spool's. */
guint fp_spool_n_claims(const FpSpool *spool);
const FpClaim *fp_spool_claim_at(const FpSpool *spool, guint i);
uint64_t fp_spool_backlog_bytes(const FpSpool *spool);

/* Whether the i-th claim is to be taken later, as a file that is not finished is older. For a while: see FpSpoolOptions. The second notes
 * that the claim itself is not finished, and keeps others from being taken; after that while it is put behind them. */
bool fp_spool_is_held(FpSpool *spool, guint i);
void fp_spool_note_unfinished(FpSpool *spool, guint i);

/* What is waited for so, in words (the caller's; NULL: nothing); how many files were in vain. */
char *fp_spool_waits_text(const FpSpool *spool);
uint64_t fp_spool_n_waits_over(const FpSpool *spool);

/* Finished files of the inbox that only compressed would match: how many there are; says which have been for long, or, if it is the last
 * look, all of them. */
guint fp_spool_n_unmatched(const FpSpool *spool);
void fp_spool_note_unmatched(FpSpool *spool, bool is_last);

/* The i-th claim is read: see claim.h. In the end it was taken, all of it as it is now: records, and beginning
 * (fp_compressed_copies_beginning). */
bool fp_spool_begin_reading(FpSpool *spool, guint i, GError **error);
void fp_spool_end_reading(FpSpool *spool, guint i);
void fp_spool_note_taken(FpSpool *spool, guint i, uint64_t records, uint64_t beginning);

/* Its writer has ended meanwhile: what it is then is all that is read. */
void fp_spool_note_finished(FpSpool *spool, guint i);

/* Whether nobody writes to the i-th claimed file any more. One that has vanished is finished. */
bool fp_spool_is_finished(FpSpool *spool, guint i);

/* The first takes note of what has happened to files. When more has, which may be worth a look, the descriptor can be polled; -1: it
 * cannot. */
void fp_spool_update(FpSpool *spool);
int fp_spool_fd(const FpSpool *spool);

/* Whether some file's end can only be told by looking again in a while, not by an event. */
bool fp_spool_must_poll(const FpSpool *spool);

/* Brings to the disk that files were claimed. */
bool fp_spool_sync(FpSpool *spool, GError **error);

/* Does with all claims up to number what shall become of them. One that was written to after it was taken is claimed anew, for what came
 * later; where it is not known any more how much was taken, as after a crash, it goes to failed/. */
bool fp_spool_dispose(FpSpool *spool, uint64_t number, GError **error);

/* Moves the i-th claim to failed/, with a file beside it that says why. In FP_THEN_KEEP it is only forgotten. */
bool fp_spool_fail(FpSpool *spool, guint i, const char *why, GError **error);

/* Identities of the files that the inbox held when it was read last, of uint64_t; the caller's. NULL when not all are known. */
GArray *fp_spool_present(const FpSpool *spool);

uint64_t fp_spool_archive_bytes(const FpSpool *spool);
const char *fp_spool_inbox(const FpSpool *spool);
const char *fp_spool_claim_folder(const FpSpool *spool);

#endif
