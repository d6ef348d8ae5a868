/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ahead-block.h - a block of a capture that was read ahead: its bytes, its records, and what they decoded to. For read-ahead.c. */
#ifndef FP_AHEAD_BLOCK_H
#define FP_AHEAD_BLOCK_H

#include "capture/blocks.h"
#include "capture/capture.h"
#include "decode/decoded.h"

typedef struct FpAheadBlock FpAheadBlock;

struct FpAheadBlock {
    FpAheadBlock *next;       /* for whoever has it in a list */
    FpBlockBuffer buffer;     /* its records lie in it */
    FpRecord *records;        /* room for so many: */
    unsigned room;            /* records */
    FpDecodedRecord *pending; /* of each record; NULL: none is ever decoded */
    bool is_decoded;
    bool has_others;     /* some of its records are no frames */
    int n;               /* of records; 0: the end; -1: error is set */
    uint64_t bytes_read; /* of the file, up to the end of the block */
    GError *error;
};

/* The fewest records that a block has room for, and the most that one of 256 KiB can have: no record of pcap is shorter than its header,
 * and one is left of the block before. */
#define FP_AHEAD_ROOM_MIN 512U
#define FP_AHEAD_ROOM_MAX (FP_BLOCK_BYTES / 16 + 2)

/* An empty block. Free with fp_ahead_block_free. */
FpAheadBlock *fp_ahead_block_new(void);
void fp_ahead_block_free(FpAheadBlock *block); /* NULL is allowed */

/* What the block takes in memory. */
size_t fp_ahead_block_bytes(const FpAheadBlock *block);

/* Forgets what is in the block. */
void fp_ahead_block_clear(FpAheadBlock *block);

/* Reads records of capture into the block, as many as there is room for: room is at least that of before. can_decode: there is to be room
 * for what they decode to. */
void fp_ahead_block_fill(FpAheadBlock *block, FpCapture *capture, unsigned room, bool can_decode);

/* Decodes the plain frames in the block, but no IP fragments: what does not depend on earlier records. streams: used only to make keys. */
void fp_ahead_block_decode(FpAheadBlock *block, const FpStreams *streams);

#endif
