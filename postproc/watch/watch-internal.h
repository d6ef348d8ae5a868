/* SPDX-License-Identifier: GPL-2.0-or-later */
/* watch-internal.h - what the parts of the watcher share: watch.c (the rounds), watch-state.c, watch-claims.c, watch-status.c. Nobody else
 * includes it. */
#ifndef FP_WATCH_INTERNAL_H
#define FP_WATCH_INTERNAL_H

#include "base/wakeup.h"
#include "checkpoint.h"
#include "outbox.h"
#include "pass/progress.h"
#include "spool/attempts.h"
#include "spool/inbox-lock.h"
#include "state-folder.h"
#include "status.h"
#include "watch.h"

#define READ_ATTEMPTS 3U /* of a file whose reading fails, before it is given up */

typedef struct {
    const FpWatchOptions *options;
    FpWatchReload reload;
    void *user;
    FpStateFolder folder;
    FpAttempts *attempts;
    bool is_reading; /* a claim, for attempts to know */
    bool is_asking;  /* and waits for tshark meanwhile, which is no reading */
    FpSpool *spool;
    FpInboxLock *inbox_lock;
    FpOutbox *outbox;
    FpWakeup *wakeup;
    FpSignals signals;
    FpCheckpoint state;     /* as committed, and on the way to the next; its streams are in pass */
    FpDissector *dissector; /* NULL: tshark is not asked */
    FpPass *pass;           /* NULL: the state has to be read anew */
    uint64_t building;      /* the claim that is being built */
    bool is_woken;          /* by what happens in the folders */
    bool is_undecided;      /* a commit failed, and nobody knows whether the disk has it: it is tried again before anything else */
    unsigned n_built;       /* outputs, since the last commit */
    bool is_settled;        /* what was committed is published and disposed of */
    FpStatus status;
    char *trouble;        /* what is waited for to get better; NULL: nothing */
    uint64_t read_failed; /* the claim whose reading failed last, and how often */
    unsigned read_failures;
    FpProgress progress;
    bool has_no_metrics;
    unsigned ticks;
    gint64 next_tick_us;
    gint64 next_status_us;
    uint64_t files_at_start, failed_at_start, cut_at_start, unanswered_at_start;
} Watch;

/* watch-status.c. Saves the status, at most once a second unless it must be; state: FP_WORD_STATE. */
void fp_watch_save_status(Watch *watch, const char *state, bool must);

/* Something does not work, or does again. Said once. The first takes over failure. */
void fp_watch_begin_trouble(Watch *watch, GError *failure);
void fp_watch_end_trouble(Watch *watch);

/* Says how things are. */
void fp_watch_report(Watch *watch);

/* watch-state.c. Goes back to what was committed last: at once, or in the next round. */
bool fp_watch_restore(Watch *watch, GError **error);
void fp_watch_forget_uncommitted(Watch *watch);

/* Remembers a file that is left where it is. */
void fp_watch_add_seen(Watch *watch, const FpClaim *claim);

/* Brings the state to the disk, and with it that claims up to number are done with. When it returns false, with error set, either what was
 * not committed is forgotten, or the commit is undecided. */
bool fp_watch_commit(Watch *watch, uint64_t number, GError **error);

/* Carries out a commit that is undecided, if there is one. */
bool fp_watch_decide(Watch *watch, GError **error);

/* Publishes and disposes of what was committed. */
bool fp_watch_settle(Watch *watch, GError **error);

/* watch-folders.c. Makes what somebody has deleted of the state folder anew, from memory, and locks the inbox that is there now. Returns
 * false with error set; with FP_ERROR_HELD when another watcher has one of them, and this one must end. */
bool fp_watch_find_folders(Watch *watch, GError **error);

/* The same of the folder to build in. Claims whose outputs were committed and not published are put aside, so that nothing is lost. */
bool fp_watch_find_outbox(Watch *watch, GError **error);

/* watch-claims.c. A dissector for options, *dissector NULL when there is nothing to ask. */
bool fp_watch_new_dissector(Watch *watch, const FpWatchOptions *options, FpDissector **dissector, GError **error);

/* Claims what is finished meanwhile, before a ring buffer overwrites it. */
void fp_watch_claim_ahead(Watch *watch);

/* Takes claims that share a commit. *is_any: whether there was anything to do. Returns false with error set when something
 * does not work; then the next round begins from what was committed. */
bool fp_watch_take_group(Watch *watch, bool *is_any, GError **error);

static inline int64_t fp_watch_now_ns(void)
{
    return g_get_real_time() * 1000;
}

#endif
