/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * checkpoint.h - what must outlive a crash: streams, messages that go on, and up to which claim everything is done.
 *
 * Two slots, checkpoint.0 and checkpoint.1, are written in turn, so that one is always whole. They are for this machine only: numbers are
 * in its byte order. A third file, committed, says how far the newer slot went, and holds the latest names and files: if that slot is
 * damaged later, no file is lost or taken twice; only the streams are those of the older slot.
 */
#ifndef FP_CHECKPOINT_H
#define FP_CHECKPOINT_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "pass/summary.h"
#include "spool/claim.h"
#include "streams.h"

/* What has been done since the beginning, in numbers. */
typedef struct {
    uint64_t files; /* taken: those with an output, and the empty ones */
    uint64_t files_empty;
    uint64_t files_failed;
    int64_t last_frame_ns; /* time of the newest frame; 0: none yet */
    FpSummary summary;
} FpTotals;

/* Numbers that stand for names (outbox.h), for files (spool.h), and for streams. */
typedef struct {
    GArray *names;   /* of uint64_t, oldest first */
    GArray *files;   /* of uint64_t */
    GArray *matched; /* of uint64_t: streams that matched, of which more may come, see dissector.h; oldest first */
} FpSeen;

/* So many names and files survive the loss of a slot: more than a commit adds. */
#define FP_CHECKPOINT_RECENT 512U

/* Of so many claims a checkpoint knows what they were when they were taken. */
#define FP_CHECKPOINT_TAKEN 150U

typedef struct {
    uint64_t generation; /* counts checkpoints; 0: none yet */
    uint64_t committed;  /* claims up to this number are done */
    uint32_t network_kinds;
    FpTotals totals;
    FpSeen seen;
    GArray *taken;        /* of FpTaken: the claims that this commit was for; empty if nobody knows */
    FpStreams *streams;   /* NULL: none */
    GByteArray *messages; /* see fp_pass_save_messages; may be empty */
} FpCheckpoint;

/*
 * Reads the newest checkpoint that is whole; where there is none, *checkpoint is empty. Logs with fp_journal what is damaged, and what that
 * means. Leaves out streams that were told apart in another way than network_kinds. Returns false and sets error when reading failed: then
 * nobody knows what is there; or, with FP_ERROR_CONFIG, when a later version of the program wrote it. Free with
 * fp_checkpoint_clear.
 */
bool fp_checkpoint_load(const char *folder, const FpRules *rules, size_t max_streams, unsigned network_kinds, FpCheckpoint *checkpoint,
                        GError **error);

/* The generation of the newest checkpoint that is in folder, or was according to `committed`; 0: there is none, or it cannot be read. */
uint64_t fp_checkpoint_newest(const char *folder);

/*
 * Writes it to disk as the next generation, which *checkpoint then is. Returns false and sets error when it failed: call it again with the
 * same until it returns true; or load, as the disk has the one before. Not so where the folder could not be synced, which sets
 * *is_doubtful: nobody knows then which of both the disk has, as the kernel may take for written what is not. There only the next process
 * may load. Success clears *is_doubtful; otherwise it stays as it is.
 */
bool fp_checkpoint_save(const char *folder, FpCheckpoint *checkpoint, bool *is_doubtful, GError **error);

void fp_checkpoint_clear(FpCheckpoint *checkpoint);

#endif
