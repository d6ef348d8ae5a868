/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * blocks.h - reads a file or pipe in blocks of 256 KiB, and lends what is in them in place. Decompresses it, if need be. Also follows a
 * file that grows, as if it were a pipe.
 *
 * Each block is read to the same place in the buffer. What is left of the block before, the beginning of a record that continues in this
 * one, is moved to just before that place. Larger blocks, mmap and libraries' buffering were slower.
 */
#ifndef FP_BLOCKS_H
#define FP_BLOCKS_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "follower.h"
#include "unpack.h"

#define FP_BLOCK_BYTES (256U * 1024U)

/* The buffer that blocks are read to. All zero: none. */
typedef struct {
    uint8_t *bytes;     /* from g_malloc */
    size_t carry_bytes; /* offset at which blocks are read; grows with what is left before it */
} FpBlockBuffer;

typedef struct {
    int fd;
    bool is_regular;            /* a regular file that is not followed */
    const FpFollower *follower; /* waits for more at the end of a regular file; NULL: the file is not followed */
    FpUnpack *unpack;           /* NULL: the file is not compressed; the offsets are those in its contents */
    bool is_at_end;             /* the follower said that nothing more comes: read what is there, and stop */
    bool is_cut_back;           /* the followed file became shorter than what was read of it: reading ended there */
    FpBlockBuffer buffer;
    size_t start;          /* of the bytes that have not been walked yet, in buffer */
    size_t end;            /* of these bytes */
    uint64_t start_offset; /* file offset of start */
} FpBlocks;

typedef enum {
    FP_REFILL_MORE,
    FP_REFILL_END,
    FP_REFILL_FAILED,
} FpRefill;

/* Prepares to read fd, and takes it over. End with fp_blocks_clear. */
FpBlocks fp_blocks_new(int fd, bool is_regular);

/* If what has been read, none of it walked, begins a compressed file: puts its contents in the place of it from now on. Otherwise changes
 * nothing. */
void fp_blocks_unpack(FpBlocks *blocks);

/* Moves *blocks to the result. *blocks then needs no fp_blocks_clear. */
FpBlocks fp_blocks_take(FpBlocks *blocks);

/* Closes the descriptor, if there is one, and frees the buffer. */
void fp_blocks_clear(FpBlocks *blocks);

/* Reads up to n bytes after those in the buffer; waits for them if necessary. Returns their number, 0 at the end, or -1: then sets errno,
 * or unpack says what is wrong with the compressed data. */
ssize_t fp_blocks_read(FpBlocks *blocks, size_t n);

/* Whether reading would have to wait; never true for a regular file that is not followed. */
bool fp_blocks_would_wait(const FpBlocks *blocks);

/* Reads one more block, or what a pipe has of it. Bytes borrowed before are no longer valid. path is for the error message. Sets error when
 * it returns FP_REFILL_FAILED. */
FpRefill fp_blocks_refill(FpBlocks *blocks, const char *path, GError **error);

/* Continues in *buffer with the bytes that are left, and returns the previous buffer in *buffer, with its contents intact. Replaces *buffer
 * first if it is too small. */
void fp_blocks_swap_buffer(FpBlocks *blocks, FpBlockBuffer *buffer);

/* Steps over n bytes that have been walked. */
static inline void fp_blocks_step(FpBlocks *blocks, size_t n)
{
    blocks->start += n;
    blocks->start_offset += n;
}

/* How much of the file has been walked, in its own bytes, compressed ones if it is compressed. */
static inline uint64_t fp_blocks_file_offset(const FpBlocks *blocks)
{
    return blocks->unpack == NULL ? blocks->start_offset : fp_unpack_offset(blocks->unpack);
}

/* How many bytes in the buffer have not been walked yet. */
static inline size_t fp_blocks_left(const FpBlocks *blocks)
{
    return blocks->end - blocks->start;
}

/* The first byte that has not been walked yet. Borrowed until the next fp_blocks_refill. */
static inline const uint8_t *fp_blocks_at(const FpBlocks *blocks)
{
    return blocks->buffer.bytes + blocks->start;
}

/* Like read(2), but continues after signals and waits even if the descriptor does not block. Also returns 0 when fp_stop_is_over. */
ssize_t fp_read(int fd, void *bytes, size_t n);

/* Whether fd has nothing to read now and is not at its end either. */
bool fp_would_wait(int fd);

#endif
