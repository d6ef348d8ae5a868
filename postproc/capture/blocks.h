/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * blocks.h - a file or pipe read in blocks of 256 KiB, and what is in them borrowed in place. Or a file that grows, followed as a pipe is.
 *
 * A block is always read to the same place of the buffer; what is left of the one before, a record that goes on in it, is moved to right
 * before it. Larger blocks, mmap and libraries' buffering were slower.
 */
#ifndef FP_BLOCKS_H
#define FP_BLOCKS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "follower.h"

#define FP_BLOCK_BYTES (256U * 1024U)

/* What blocks are read to. All 0: there is none. */
typedef struct {
    uint8_t *bytes;     /* of g_malloc */
    size_t carry_bytes; /* where blocks are read to; grows with what is left before them */
} FpBlockBuffer;

typedef struct {
    int fd;
    bool is_regular;            /* and ends where it ends now */
    const FpFollower *follower; /* of a regular file whose end is waited at for more; NULL for others */
    bool is_at_end;             /* the follower has said that nothing more comes: then it is read to its end, and no further */
    bool is_cut_back;           /* one that became shorter than what had been read of it: that was its end */
    FpBlockBuffer buffer;
    size_t start; /* of what has not been walked yet, in buffer */
    size_t end;
    uint64_t start_offset; /* of start, in the file */
} FpBlocks;

typedef enum {
    FP_REFILL_MORE,
    FP_REFILL_END,
    FP_REFILL_FAILED,
} FpRefill;

/* Takes over fd. */
FpBlocks fp_blocks_new(int fd, bool is_regular);

/* Moves blocks, with nothing left behind to clear. */
FpBlocks fp_blocks_take(FpBlocks *blocks);

/* Closes the descriptor, if there is one left, and frees the buffer. */
void fp_blocks_clear(FpBlocks *blocks);

/* Reads up to n bytes to behind what there is. Returns their number, 0 at the end, -1 with errno set. */
ssize_t fp_blocks_read(FpBlocks *blocks, size_t n);

/* Whether reading would have to wait. Never of a file that is not followed. */
bool fp_blocks_would_wait(const FpBlocks *blocks);

/* Reads one more block, or what a pipe has of it. What was borrowed before is gone. path is for the message of a failure. */
FpRefill fp_blocks_refill(FpBlocks *blocks, const char *path, GError **error);

/* Goes on in *buffer, with what is left; *buffer is then the one before, in which all is as it was. */
void fp_blocks_swap_buffer(FpBlocks *blocks, FpBlockBuffer *buffer);

/* Steps over n bytes that have been walked. */
static inline void fp_blocks_step(FpBlocks *blocks, size_t n)
{
    blocks->start += n;
    blocks->start_offset += n;
}

static inline size_t fp_blocks_left(const FpBlocks *blocks)
{
    return blocks->end - blocks->start;
}

static inline const uint8_t *fp_blocks_at(const FpBlocks *blocks)
{
    return blocks->buffer.bytes + blocks->start;
}

/* read(2), but for signals and for descriptors that do not block: it waits. Also returns 0 when fp_stop_is_over. */
ssize_t fp_read(int fd, void *bytes, size_t n);

/* Whether nothing can be read of fd now, and its end has not come either. */
bool fp_would_wait(int fd);

#endif
