/* SPDX-License-Identifier: GPL-2.0-or-later */
/* checkpoint-body.h - what follows a checkpoint's header, on its way to or from the disk: through a buffer, and with a checksum. */
#ifndef FP_CHECKPOINT_BODY_H
#define FP_CHECKPOINT_BODY_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "checkpoint.h"

typedef struct {
    int fd;
    off_t offset;
    uint8_t *buffer;
    size_t start;
    size_t end;
    uint64_t left;  /* when reading: bytes of the body that have not been read into buffer */
    uint64_t bytes; /* that were written */
    void *hash;     /* XXH3_state_t, of what was written, or read into buffer */
    int failure;    /* errno; 0 if the file is too short */
} FpCheckpointBody;

/* A body at this offset of a file, which stays the caller's. To read it: of n_bytes; to write it: n_bytes is 0. Free with
 * fp_checkpoint_body_clear. */
FpCheckpointBody fp_checkpoint_body_new(int fd, off_t offset, uint64_t n_bytes);
void fp_checkpoint_body_clear(FpCheckpointBody *body);

/* Writes all that *checkpoint has but its figures, and nothing for messages where there are none. Returns false and sets failure when the
 * disk refuses. */
bool fp_checkpoint_body_write(FpCheckpointBody *body, const FpCheckpoint *checkpoint);

/* How much of what there is in a body. */
typedef struct {
    uint64_t n_names;
    uint64_t n_files;
    uint64_t n_matched;
    bool has_streams;
    bool has_messages;
} FpCheckpointParts;

/* Reads those parts into *checkpoint, whose arrays are there and empty; streams are of rules, and max_streams at most. Returns false when
 * the body is damaged, or with failure set when it cannot be read. */
bool fp_checkpoint_body_read(FpCheckpointBody *body, const FpCheckpointParts *parts, const FpRules *rules, size_t max_streams,
                             FpCheckpoint *checkpoint);

/* XXH3 of what was written, or read. */
uint64_t fp_checkpoint_body_checksum(const FpCheckpointBody *body);

#endif
