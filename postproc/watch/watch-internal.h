/* SPDX-License-Identifier: GPL-2.0-or-later */
/* watch-internal.h - what the files of the watcher share. Nobody else includes it. */
#ifndef FP_WATCH_INTERNAL_H
#define FP_WATCH_INTERNAL_H

#include "base/confinement.h"
#include "base/wakeup.h"
#include "checkpoint.h"
#include "outbox.h"
#include "pass/progress.h"
#include "pass/read-ahead.h"
#include "spool/attempts.h"
#include "spool/inbox-lock.h"
#include "state-folder.h"
#include "status.h"
#include "watch.h"

#define READ_ATTEMPTS 3U /* attempts to read a file, before it is given up */

/* What threads read before its turn. */
typedef struct {
    FpReadAhead *threads; /* NULL: nothing */
    GQueue paths;         /* of the claims that they read, in the order of their turns; these are open (FpClaim.fd) */
    bool is_off;          /* until no claim waits */
} WatchAhead;

typedef struct {
    const FpWatchOptions *options;
    FpWatchReload reload;
    void *user;
    FpConfinement *confinement;
    FpStateFolder folder;
    FpAttempts *attempts;
    bool is_reading; /* a claim is being read, and attempts knows it */
    bool is_asking;  /* meanwhile tshark is waited for, which does not count as reading */
    FpSpool *spool;
    FpInboxLock *inbox_lock;
    FpOutbox *outbox;
    FpWakeup *wakeup;
    FpSignals signals;
    FpCheckpoint state;     /* as committed, and on its way to the next commit; its streams are in pass */
    FpDissector *dissector; /* NULL: tshark is not asked */
    FpPass *pass;           /* NULL: the state has to be read again */
    WatchAhead ahead;       /* for this pass */
    uint64_t building;      /* the claim whose outputs are being built */
    bool is_woken;          /* events in the folders wake it */
    bool is_undecided;      /* a commit failed: it is tried again before anything else */
    bool is_doubtful;       /* and the disk may have it (fp_checkpoint_save) */
    unsigned n_built;       /* outputs since the last commit */
    bool is_settled;        /* what was committed is published and disposed of */
    FpStatus status;
    char *trouble;        /* what does not work and is tried again; NULL: nothing */
    guint group_files;    /* at most so many are taken before a commit; 0: as many as ever */
    uint64_t read_failed; /* the claim whose reading failed last, and how often it did */
    unsigned read_failures;
    FpProgress progress;
    bool has_no_metrics;
    unsigned ticks;
    gint64 next_tick_us;
    gint64 next_status_us;
    uint64_t files_at_start, failed_at_start, cut_at_start, unanswered_at_start;
} Watch;

/* A claim that is still being written, and is followed. */
typedef struct {
    Watch *watch;
    guint i;         /* index of the claim */
    FpOutput *log;   /* NULL: none yet */
    GError *failure; /* of writing, while more was waited for */
} WatchFollowing;

/* watch-rights.c: finds out which rights are given up, and forks the helper, which does what takes them later. Returns false and sets
 * error. */
bool fp_watch_begin_rights(Watch *watch, GError **error);

/* watch-rights.c: gives them up, and notes so in the status. Returns false and sets error. */
bool fp_watch_end_rights(Watch *watch, GError **error);

/* watch-rights.c: whether options that were read again can be followed with the rights that are left. Returns false and sets error. */
bool fp_watch_has_rights_for(const Watch *watch, const FpWatchOptions *options, GError **error);

/* watch-status.c: saves the status, at most once a second unless must is set. state: FP_WORD_STATE. A failure is ignored. */
void fp_watch_save_status(Watch *watch, const char *state, bool must);

/* watch-status.c: notes that something does not work; logs that once, not at each attempt. Takes ownership of failure. */
void fp_watch_begin_trouble(Watch *watch, GError *failure);

/* watch-status.c: notes that it works again. */
void fp_watch_end_trouble(Watch *watch);

/* watch-status.c: logs how things are. */
void fp_watch_report(Watch *watch);

/* watch-state.c: goes back to the last commit at once. Returns false and sets error. */
bool fp_watch_restore(Watch *watch, GError **error);

/* watch-state.c: gives up what was done since the last commit; the next round goes back to it. */
void fp_watch_forget_uncommitted(Watch *watch);

/* watch-state.c: remembers that a file which stays in the inbox was taken. */
void fp_watch_add_seen(Watch *watch, const FpClaim *claim);

/* watch-state.c: commits: saves the state, with claims up to number done. Returns false and sets error; then either what was not committed
 * is forgotten, or the commit is undecided. */
bool fp_watch_commit(Watch *watch, uint64_t number, GError **error);

/* watch-state.c: repeats a commit that is undecided, if there is one. Returns false and sets error. */
bool fp_watch_decide(Watch *watch, GError **error);

/* watch-state.c: takes back a commit that failed, so that what was committed goes up to claim before, as on disk. The caller forgets what
 * is uncommitted. Returns false where the disk may have it. */
bool fp_watch_withdraw(Watch *watch, uint64_t before);

/* watch-state.c: publishes and disposes of what was committed. Returns false and sets error. */
bool fp_watch_settle(Watch *watch, GError **error);

/* watch-folders.c: makes the output folder if there is none, before anything is left in the state folder. Returns false and sets error,
 * also where there is no inbox. */
bool fp_watch_begin_folders(const Watch *watch, GError **error);

/* watch-folders.c: creates again, from memory, what somebody has deleted of the state folder, and locks the inbox that is there now.
 * Returns false and sets error; FP_ERROR_HELD when another watcher has one of them, and this one must end. */
bool fp_watch_find_folders(Watch *watch, GError **error);

/* watch-folders.c: the same for the build folder. Claims whose outputs were committed but not published are put aside, so that nothing is
 * lost. */
bool fp_watch_find_outbox(Watch *watch, GError **error);

/* watch-ahead.c: before the turn of the i-th claim: has threads read those behind it, if there are any. */
void fp_watch_read_ahead(Watch *watch, guint i);

/* watch-ahead.c: at the turn of claim, before it is opened: ends the threads if what they have read of it may not be what is there now.
 * is_written: somebody writes to it. */
void fp_watch_check_ahead(Watch *watch, const FpClaim *claim, bool is_written);

/* watch-ahead.c: its turn has come. Returns its capture if threads have opened it, which the caller closes; NULL: they have not. */
FpCapture *fp_watch_open_ahead(Watch *watch, const FpClaim *claim);

/* watch-ahead.c: the same for a claim that is not opened. */
void fp_watch_skip_ahead(Watch *watch, const FpClaim *claim);

/* watch-ahead.c: no claim waits: ends the threads, and from now on there may be some again. */
void fp_watch_rest(Watch *watch);

/* watch-ahead.c: ends the threads and forgets what they have read. Call it before the pass is freed. */
void fp_watch_end_ahead(Watch *watch);

/* watch-waiting.c: creates a dissector for options; *dissector is NULL if there is nothing to ask. Returns false and sets error. */
bool fp_watch_new_dissector(Watch *watch, const FpWatchOptions *options, FpDissector **dissector, GError **error);

/* watch-waiting.c: claims what has finished meanwhile, before a ring buffer overwrites it. */
void fp_watch_claim_ahead(Watch *watch);

/* watch-waiting.c: looks after everything else, if it is time. state: FP_WORD_STATE. */
void fp_watch_tick(Watch *watch, const char *state);

/* watch-waiting.c: for FpFollower, with a WatchFollowing. Also ends for new options: the claim is then begun anew with these. */
bool fp_watch_wait_for_more(void *user);

/* watch-waiting.c: between these the process waits for tshark, and is not reading. */
void fp_watch_begin_asking(Watch *watch);
void fp_watch_end_asking(Watch *watch);

/* watch-outputs.c: writes the outputs of a claim and syncs them. following: NULL if the claim is finished. Returns false and sets error;
 * also true, with outputs that are not whole, when a signal came. */
bool fp_watch_build_outputs(Watch *watch, const FpClaim *claim, FpCapture *capture, WatchFollowing *following, GError **error);

/* watch-claims.c: takes claims that share a commit. *is_any: there was something to do. Returns false and sets error when something does
 * not work; then the next round starts from the last commit. */
bool fp_watch_take_group(Watch *watch, bool *is_any, GError **error);

static inline int64_t fp_watch_now_ns(void)
{
    return g_get_real_time() * 1000;
}

#endif
