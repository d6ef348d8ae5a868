/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ahead-block.c - see ahead-block.h. */
#include "ahead-block.h"

#include "capture/capture-internal.h"
#include "decode/decode.h"

FpAheadBlock *fp_ahead_block_new(void)
{
    return g_new0(FpAheadBlock, 1);
}

void fp_ahead_block_free(FpAheadBlock *block)
{
    if (block == NULL)
        return;
    g_free(block->buffer.bytes);
    g_free(block->records);
    g_free(block->pending);
    g_clear_error(&block->error);
    g_free(block);
}

size_t fp_ahead_block_bytes(const FpAheadBlock *block)
{
    size_t buffer = block->buffer.bytes != NULL ? block->buffer.carry_bytes + FP_BLOCK_BYTES : 0;

    return sizeof *block + buffer + block->room * (sizeof *block->records + (block->pending != NULL ? sizeof *block->pending : 0));
}

void fp_ahead_block_clear(FpAheadBlock *block)
{
    block->n = 0;
    block->is_decoded = block->has_others = false;
    g_clear_error(&block->error);
}

static void make_room(FpAheadBlock *block, unsigned room, bool can_decode)
{
    if (block->room < room) {
        g_free(block->records);
        g_free(block->pending);
        block->records = g_new(FpRecord, room);
        block->pending = NULL;
        block->room = room;
    }
    if (can_decode && block->pending == NULL)
        block->pending = g_new(FpDecodedRecord, block->room);
}

static bool is_frame(const FpRecord *record)
{
    return record->kind == FP_RECORD_FRAME;
}

/* A read ends before and behind a record that is not a frame. */
void fp_ahead_block_fill(FpAheadBlock *block, FpCapture *capture, unsigned room, bool can_decode)
{
    const FpReader *reader = capture->reader;

    make_room(block, room, can_decode);
    const int max = (int)block->room;
    int n = reader->read(capture, block->records, max, &block->error);
    block->has_others = n > 0 && !is_frame(block->records);
    block->n = n;
    while (n > 0 && block->n < max && reader->is_at_hand != NULL && reader->is_at_hand(capture)) {
        FpRecord *more = block->records + block->n;
        n = reader->read(capture, more, max - block->n, NULL); /* the next read meets a failure again */
        block->n += MAX(n, 0);
        block->has_others |= n > 0 && !is_frame(more);
    }
    block->bytes_read = capture->bytes_read;
    reader->swap_buffer(capture, &block->buffer);
}

void fp_ahead_block_decode(FpAheadBlock *block, const FpStreams *streams)
{
    for (int i = 0; i < block->n; i++) {
        FpDecodedRecord *pending = &block->pending[i];
        pending->extra = NULL;
        pending->has_segment = is_frame(&block->records[i]) && fp_decode_plain(&block->records[i], &pending->segment);
        if (pending->has_segment)
            pending->key = fp_streams_key(streams, &pending->segment);
    }
    block->is_decoded = block->n > 0;
}
