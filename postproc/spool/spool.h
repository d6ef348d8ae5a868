/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * spool.h - the folder into which captures are rotated: which are finished, in which order, and what happens to them.
 *
 * A finished file is claimed: moved to claim/NUMBER-NAME in the state folder, where no ring buffer overwrites it. From then on the number
 * is its identity, and claims are taken in the order of their numbers. With FP_THEN_KEEP files stay where they are and are only numbered.
 */
#ifndef FP_SPOOL_H
#define FP_SPOOL_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "attempts.h"
#include "claim.h"

/* What happens to an input once its output is durable. */
typedef enum {
    FP_THEN_ARCHIVE, /* moved to done/ in the state folder */
    FP_THEN_DELETE,
    FP_THEN_KEEP, /* left in the inbox, and never moved */
} FpThen;

typedef struct FpSpool FpSpool;

/* The longest name that is kept whole; of a longer one the end is kept. */
#define FP_SPOOL_NAME_BYTES 200

typedef struct {
    const char *inbox;
    const char *match; /* a pattern that names of captures must match; NULL: all do */
    const char *state;
    FpThen then;
    bool deletes_guesses;       /* FP_THEN_DELETE: also if it is a guess that a capture is finished; otherwise it is archived */
    uint64_t max_archive_bytes; /* of done/; 0: no limit */
    unsigned unchanged_s;       /* see fp_endings_new */
    unsigned wait_s;            /* how long an unfinished file holds up younger ones */
    bool follows;               /* claim a capture that is still being written if there is no other and it can be followed */
    bool pcapng_by_wiretap;     /* then pcapng cannot be followed */
} FpSpoolOptions;

/* Creates the folders that are missing in the state folder and finds the claims that are there. Returns NULL and sets error; also when
 * files are to be moved but inbox and state are on different file systems, or when files are to be deleted but nobody can tell whether they
 * are finished. */
FpSpool *fp_spool_open(const FpSpoolOptions *options, GError **error);
void fp_spool_free(FpSpool *spool);

/* Has attempts note each file that is opened to see whether and when to claim it. attempts is borrowed. */
void fp_spool_set_attempts(FpSpool *spool, FpAttempts *attempts);

/* Creates those folders in the state folder again that somebody has deleted. Returns false and sets error. */
bool fp_spool_make_folders(const FpSpool *spool, GError **error);

/* The highest number given so far. */
uint64_t fp_spool_highest(const FpSpool *spool);

/* Claims the finished files of the inbox, in capture order, with numbers above after. Claims that have such numbers already may get others,
 * as a file claimed now can be older. seen: with FP_THEN_KEEP, identities of the files that have been taken (of uint64_t). Returns false
 * and sets error when the inbox cannot be read, or not all files could be claimed. */
bool fp_spool_claim(FpSpool *spool, uint64_t after, const GArray *seen, GError **error);

/* Whether somebody writes to a file that is still too short to be followed. */
bool fp_spool_is_beginning(const FpSpool *spool);

/* The number of claims that have not been disposed of. */
guint fp_spool_n_claims(const FpSpool *spool);

/* Returns the i-th of these, in order of their numbers. The spool owns it. */
const FpClaim *fp_spool_claim_at(const FpSpool *spool, guint i);

/* Their size in all. */
uint64_t fp_spool_backlog_bytes(const FpSpool *spool);

/* Whether the i-th claim has to wait because an unfinished file is older. It waits for at most wait_s (FpSpoolOptions). */
bool fp_spool_is_held(FpSpool *spool, guint i);

/* Notes that the i-th claim is itself unfinished and keeps others from being taken. After wait_s it is put behind them. */
void fp_spool_note_unfinished(FpSpool *spool, guint i);

/* Says what claims wait for, and for how long they have. NULL: nothing. Caller frees. */
char *fp_spool_waits_text(const FpSpool *spool);

/* Says which files cannot be claimed, as they may not be moved. NULL: there are none. Caller frees. */
char *fp_spool_immovable_text(const FpSpool *spool);

/* How many files were waited for in vain. */
uint64_t fp_spool_n_waits_over(const FpSpool *spool);

/* How many finished files of the inbox match only when compressed. */
guint fp_spool_n_unmatched(const FpSpool *spool);

/* Logs those of them that have lain there for long; at the last look, all of them. */
void fp_spool_note_unmatched(FpSpool *spool, bool is_last);

/* Opens the i-th claim: see fp_claim_begin_reading. */
bool fp_spool_begin_reading(FpSpool *spool, guint i, GError **error);

/* Syncs it, if it will stay, after it was read as a whole: a power cut that makes it shorter later would make another file of it. */
void fp_spool_sync_claim(const FpSpool *spool, guint i);

/* Closes it: see fp_claim_end_reading. */
void fp_spool_end_reading(FpSpool *spool, guint i);

/* Notes that the i-th claim was taken, all of it as it is now: so many records, and its beginning (fp_compressed_copies_beginning). */
void fp_spool_note_taken(FpSpool *spool, guint i, uint64_t records, uint64_t beginning);

/* Returns what the claims up to number were when they were taken (of FpTaken). Caller unrefs. */
GArray *fp_spool_taken(const FpSpool *spool, uint64_t number);

/* Has the spool know what claims were when an earlier process took them (of FpTaken). */
void fp_spool_set_taken(FpSpool *spool, const GArray *taken);

/* Notes that the writer of the i-th claim has ended meanwhile: no more is read than what the file holds now. */
void fp_spool_note_finished(FpSpool *spool, guint i);

/* Whether nobody writes to the i-th claim any more. A file that has vanished is finished. */
bool fp_spool_is_finished(FpSpool *spool, guint i);

/* Takes in what has happened to files so far. Never waits. */
void fp_spool_update(FpSpool *spool);

/* The descriptor to poll for more, which may be worth a look; -1: there is none. The spool owns it. */
int fp_spool_fd(const FpSpool *spool);

/* Whether it takes another look in a while, as no event will tell that a file has ended, or that a wait is over. */
bool fp_spool_must_poll(const FpSpool *spool);

/* Syncs to disk where files have been moved: claims, and those archived and put aside. Returns false and sets error. */
bool fp_spool_sync(FpSpool *spool, GError **error);

/* Disposes of all claims up to number, as FpThen says. A file that was written to after it was taken is claimed again, for what came later;
 * if it is no longer known how much was taken, as after a crash, it goes to failed/. Returns false and sets error. */
bool fp_spool_dispose(FpSpool *spool, uint64_t number, GError **error);

/* Moves the i-th claim to failed/, with a file beside it that says why, and logs that. With FP_THEN_KEEP it is only forgotten. Returns
 * false and sets error. */
bool fp_spool_fail(FpSpool *spool, guint i, const char *why, GError **error);

/* Returns the identities of the files that the inbox held when it was read last (of uint64_t). Caller frees. NULL: not all are known. */
GArray *fp_spool_present(const FpSpool *spool);

/* The size of all files in done/. */
uint64_t fp_spool_archive_bytes(const FpSpool *spool);

/* The path of the inbox. The spool owns it. */
const char *fp_spool_inbox(const FpSpool *spool);

/* The path of claim/. The spool owns it. */
const char *fp_spool_claim_folder(const FpSpool *spool);

#endif
