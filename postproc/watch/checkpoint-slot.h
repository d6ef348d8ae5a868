/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * checkpoint-slot.h - one of the two files that a checkpoint is in: a header of 4096 bytes, of which the beginning is used, and the end for
 * what claims were when they were taken; and a body (checkpoint-body.h).
 */
#ifndef FP_CHECKPOINT_SLOT_H
#define FP_CHECKPOINT_SLOT_H

#include <sys/types.h>

#include "checkpoint.h"

#define FP_CHECKPOINT_MAGIC 0x31746e696f707066U /* "fppoint1" */
#define FP_CHECKPOINT_SLOTS 2U

/* A slot of which the header was read. */
typedef struct {
    char *path;
    int fd;              /* -1: there is no file */
    uint64_t generation; /* 0: nothing that can be used */
    uint32_t version;    /* of its form */
    bool is_newer;       /* a later version of the program wrote it, and nothing has damaged its header since */
    const char *wrong;   /* what is wrong with it; NULL: nothing */
    GArray *taken;       /* of FpTaken */
    struct FpCheckpointHeader *header;
} FpCheckpointSlot;

/* Opens the slot of this number, or generation, in folder. Returns false and sets error when it cannot be read, but not when it is missing
 * or damaged. Close it with fp_checkpoint_slot_close in either case. */
bool fp_checkpoint_slot_open(FpCheckpointSlot *slot, const char *folder, uint64_t number, GError **error);
void fp_checkpoint_slot_close(FpCheckpointSlot *slot);

/* Returns false and sets error, with FP_ERROR_CONFIG, if a later version of the program wrote it. */
bool fp_checkpoint_slot_refuse_newer(const FpCheckpointSlot *slot, GError **error);

/* Reads a slot with which nothing is wrong into *checkpoint, whose arrays are there and empty. Returns false and sets error when it cannot
 * be read. If its body is damaged, notes that in slot->wrong, and *checkpoint may have part of it. */
bool fp_checkpoint_slot_read(FpCheckpointSlot *slot, const FpRules *rules, size_t max_streams, FpCheckpoint *checkpoint, GError **error);

/* Syncs the slot before its reader acts on what it says: a watcher that was killed, or could not tell whether its write holds, may only
 * just have written it. Syncs the folder too, as this slot may be new in it, and the other one gone from it. */
bool fp_checkpoint_slot_sync(const FpCheckpointSlot *slot, GError **error);

/* Writes *checkpoint to disk as its next generation, without changing it. Returns false and sets error when it failed; the slot is removed
 * then, and *is_doubtful is set as fp_checkpoint_save says. */
bool fp_checkpoint_slot_write(const char *folder, const FpCheckpoint *checkpoint, bool *is_doubtful, GError **error);

/* Opens a file of the state folder to write, which nobody else may read: whoever knows the seed can make streams that fall into one place
 * of the table. */
int fp_checkpoint_open_to_write(const char *path);

/* Writes n bytes at the beginning of a file. Returns false with errno set. */
bool fp_checkpoint_write_beginning(int fd, const void *bytes, size_t n);

/* Reads up to n bytes from the beginning of a file; none if there is no file. Returns how many, or -1 and sets error. *fd: the open file,
 * or -1. */
ssize_t fp_checkpoint_read_beginning(const char *path, int *fd, void *bytes, size_t n, GError **error);

#endif
