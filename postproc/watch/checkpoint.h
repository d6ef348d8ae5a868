/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * checkpoint.h - what must outlive a crash: streams, and up to which claim everything has been done.
 *
 * Two slots, checkpoint.0 and checkpoint.1, are written in turn, so that one is always whole. What is in them is for this machine: numbers
 * are in its byte order. A third file, committed, says how far the last of them went, and holds the names and files that came last: when
 * that slot is damaged later, files are neither lost nor taken twice; only the streams are of the time of the other slot.
 */
#ifndef FP_CHECKPOINT_H
#define FP_CHECKPOINT_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "pass/summary.h"
#include "streams.h"

/* What was done, ever, in numbers. */
typedef struct {
    uint64_t files; /* taken: those with an output, and the empty ones */
    uint64_t files_empty;
    uint64_t files_failed;
    int64_t last_frame_ns; /* time of the newest frame, 0: none yet */
    FpSummary summary;
} FpTotals;

/* Numbers: those that stand for names or files, see outbox.h and spool.h, and those of streams. */
typedef struct {
    GArray *names;   /* of uint64_t, oldest first */
    GArray *files;   /* of uint64_t */
    GArray *matched; /* of uint64_t: streams of which more is kept if it comes, see dissector.h; oldest first */
} FpSeen;

/* So many names and files survive the slot: more than a commit adds. */
#define FP_CHECKPOINT_RECENT 512U

typedef struct {
    uint64_t generation; /* counts checkpoints; 0: there has been none */
    uint64_t committed;  /* claims up to this number are done with */
    uint32_t network_kinds;
    FpTotals totals;
    FpSeen seen;
    FpStreams *streams; /* NULL: none */
} FpCheckpoint;

/*
 * Reads the newest that is whole, or the beginning of everything where there is none. Says with fp_journal what is damaged, and what that
 * means. Streams that were told apart in another way than network_kinds are left out. Returns false with error set when reading failed:
 * then nobody knows what is there. Free with fp_checkpoint_clear.
 */
bool fp_checkpoint_load(const char *folder, const FpRules *rules, size_t max_streams, unsigned network_kinds, FpCheckpoint *checkpoint,
                        GError **error);

/* The generation of the newest that is in folder, or was according to the file committed; 0: there is none, or it cannot be read. */
uint64_t fp_checkpoint_newest(const char *folder);

/* Brings it to the disk as the next generation, which *checkpoint then is. When it returns false, with error set, nobody knows whether the
 * disk has this one or the one before: call it again with the same until it returns true, or end, and let the next process find out. */
bool fp_checkpoint_save(const char *folder, FpCheckpoint *checkpoint, GError **error);

void fp_checkpoint_clear(FpCheckpoint *checkpoint);

#endif
