/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * read-ahead.c - see read-ahead.h.
 *
 * Both threads go round a ring of blocks: the reader fills each, then the pass empties it. Going to sleep and waking up takes as long as
 * half a block, so a thread that had to wait is woken only when there is half a ring to do.
 */
#include "read-ahead.h"

#include <signal.h>

#include "capture/capture-internal.h"
#include "decode/decode.h"

#define N_BLOCKS 8U
#define HALF (N_BLOCKS / 2)

/* The most that one read returns: no record of pcap is shorter than its header, and at most one is left of the block before. */
#define RECORDS_MAX (FP_BLOCK_BYTES / 16 + 2)

/* The reader decodes when so many blocks wait for the pass. Otherwise the reader is the slower of the two, even if it only reads. */
#define BEHIND 3U

/* Where the reader has to wait for the pass, the pass itself reads this much: waiting takes as long as reading a good part of it. */
#define INSTEAD_BYTES (4 * FP_BLOCK_BYTES)

typedef struct {
    FpBlockBuffer buffer; /* its records lie in it once the next block has been begun */
    FpRecord *records;
    FpDecodedRecord *pending; /* decoded records */
    bool is_decoded;
    int n;               /* as fp_capture_read returned it */
    uint64_t bytes_read; /* of the capture, up to the end of the block */
    GError *error;
} Block;

struct FpReadAhead {
    FpCapture *capture;
    const FpStreams *streams;
    GThread *thread;
    Block blocks[N_BLOCKS];
    /* shared, protected by lock */
    GMutex lock;
    GCond changed;
    unsigned n_full;
    bool is_reader_waiting;
    bool is_pass_waiting;
    bool is_over;
    /* the pass's own: what it has taken */
    unsigned current;
    int taken;
    uint64_t instead_until; /* offset in the file */
    bool is_at_end;
};

bool fp_read_ahead_is_possible(const FpCapture *capture)
{
    return capture->reader->swap_buffer != NULL && capture->file_bytes >= 0;
}

/* Waits until at most max blocks are full. Returns how many are; N_BLOCKS: the reader is to end. */
static unsigned wait_for_free(FpReadAhead *ahead, unsigned max)
{
    g_mutex_lock(&ahead->lock);
    while (ahead->n_full > max && !ahead->is_over) {
        ahead->is_reader_waiting = true;
        g_cond_wait(&ahead->changed, &ahead->lock);
    }
    ahead->is_reader_waiting = false;
    unsigned n_full = ahead->is_over ? N_BLOCKS : ahead->n_full;
    g_mutex_unlock(&ahead->lock);
    return n_full;
}

static void hand_over(FpReadAhead *ahead, bool is_urgent)
{
    g_mutex_lock(&ahead->lock);
    ahead->n_full++;
    if (ahead->is_pass_waiting && (ahead->n_full >= HALF || is_urgent))
        g_cond_signal(&ahead->changed);
    g_mutex_unlock(&ahead->lock);
}

static void give_back(FpReadAhead *ahead)
{
    g_mutex_lock(&ahead->lock);
    ahead->n_full--;
    if (ahead->is_reader_waiting && ahead->n_full <= N_BLOCKS - HALF)
        g_cond_signal(&ahead->changed);
    g_mutex_unlock(&ahead->lock);
}

static void wait_for_full(FpReadAhead *ahead)
{
    g_mutex_lock(&ahead->lock);
    while (ahead->n_full == 0) {
        ahead->is_pass_waiting = true;
        g_cond_wait(&ahead->changed, &ahead->lock);
    }
    ahead->is_pass_waiting = false;
    g_mutex_unlock(&ahead->lock);
}

static void decode(const FpReadAhead *ahead, Block *block)
{
    for (int i = 0; i < block->n; i++) {
        FpDecodedRecord *pending = &block->pending[i];
        pending->extra = NULL;
        pending->begun = 0;
        pending->has_segment = fp_decode_plain(&block->records[i], &pending->segment);
        if (pending->has_segment)
            pending->key = fp_streams_key(ahead->streams, &pending->segment);
    }
    block->is_decoded = true;
}

static void read_records(FpReadAhead *ahead, Block *block)
{
    block->n = fp_capture_read(ahead->capture, block->records, RECORDS_MAX, &block->error);
    block->bytes_read = ahead->capture->bytes_read;
    block->is_decoded = false;
}

/* before: the block filled before this one. NULL: this is the first, and gets what was read when the capture was opened. */
static void fill(FpReadAhead *ahead, Block *block, Block *before, unsigned n_full)
{
    if (before != NULL) {
        before->buffer = block->buffer;
        block->buffer = (FpBlockBuffer){0};
        ahead->capture->reader->swap_buffer(ahead->capture, &before->buffer);
    }
    read_records(ahead, block);
    if (ahead->streams != NULL && n_full >= BEHIND)
        decode(ahead, block);
}

/* Whether it holds a record that is not a frame, which comes alone. */
static bool is_no_frames(const Block *block)
{
    return block->n > 0 && block->records[0].kind != FP_RECORD_FRAME;
}

/* Behind a record that is not a frame, reading goes on only when the pass has taken all records: they are read in the light of what was
 * known when they came. */
static gpointer read_on(gpointer user)
{
    FpReadAhead *ahead = user;
    Block *before = NULL;
    unsigned n_full, max = N_BLOCKS - 1;
    bool is_at_end = false;

    for (unsigned i = 0; !is_at_end && (n_full = wait_for_free(ahead, max)) < N_BLOCKS; i = (i + 1) % N_BLOCKS) {
        Block *block = &ahead->blocks[i];
        fill(ahead, block, before, n_full);
        is_at_end = block->n <= 0;
        max = is_no_frames(block) ? 0 : N_BLOCKS - 1;
        hand_over(ahead, is_at_end || max == 0);
        before = block;
    }
    return NULL;
}

FpReadAhead *fp_read_ahead_begin(FpCapture *capture, const FpStreams *streams)
{
    FpReadAhead *ahead = g_new0(FpReadAhead, 1);
    sigset_t all, before;

    ahead->capture = capture;
    capture->is_read_ahead = true;
    ahead->streams = streams;
    capture->bytes_taken = capture->bytes_read;
    for (unsigned i = 0; i < N_BLOCKS; i++) {
        ahead->blocks[i].records = g_new(FpRecord, RECORDS_MAX);
        ahead->blocks[i].pending = g_new(FpDecodedRecord, RECORDS_MAX);
    }
    g_mutex_init(&ahead->lock);
    g_cond_init(&ahead->changed);
    sigfillset(&all);
    pthread_sigmask(SIG_SETMASK, &all, &before); /* signals are for the main thread */
    ahead->thread = g_thread_try_new("read ahead", read_on, ahead, NULL);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    if (ahead->thread == NULL)
        g_clear_pointer(&ahead, fp_read_ahead_end);
    return ahead;
}

static const uint8_t *end_of(const FpRecord *record)
{
    return record->raw + record->raw_bytes;
}

int fp_read_ahead_read(FpReadAhead *ahead, int max, const FpRecord **records, FpDecodedRecord **pending, GError **error)
{
    Block *block = &ahead->blocks[ahead->current];

    if (ahead->taken > 0 && ahead->taken == block->n) {
        ahead->taken = 0;
        if (block->bytes_read < ahead->instead_until) {
            read_records(ahead, block); /* the reader does nothing until the block is given back */
        } else {
            give_back(ahead);
            ahead->current = (ahead->current + 1) % N_BLOCKS;
            block = &ahead->blocks[ahead->current];
        }
    }
    if (ahead->taken == 0) {
        wait_for_full(ahead);
        if (is_no_frames(block) && block->bytes_read >= ahead->instead_until)
            ahead->instead_until = block->bytes_read + INSTEAD_BYTES;
    }
    if (block->n <= 0) {
        ahead->is_at_end = true;
        ahead->capture->bytes_taken = block->bytes_read;
        if (block->error != NULL)
            g_propagate_error(error, g_steal_pointer(&block->error));
        return block->n;
    }
    const int n = MIN(max, block->n - ahead->taken);
    *records = block->records + ahead->taken;
    *pending = block->is_decoded ? block->pending + ahead->taken : NULL;
    ahead->taken += n;
    ahead->capture->bytes_taken = block->bytes_read;
    if (!ahead->capture->is_compressed)
        ahead->capture->bytes_taken -= (uint64_t)(end_of(&block->records[block->n - 1]) - end_of(&block->records[ahead->taken - 1]));
    return n;
}

void fp_read_ahead_end(FpReadAhead *ahead)
{
    g_mutex_lock(&ahead->lock);
    ahead->is_over = true;
    g_cond_signal(&ahead->changed);
    g_mutex_unlock(&ahead->lock);
    if (ahead->thread != NULL)
        g_thread_join(ahead->thread);
    ahead->capture->is_read_ahead = false;
    ahead->capture->bytes_read = ahead->capture->bytes_taken;
    if (!ahead->is_at_end)
        g_clear_pointer(&ahead->capture->cut, g_free);
    for (unsigned i = 0; i < N_BLOCKS; i++) {
        g_free(ahead->blocks[i].buffer.bytes);
        g_free(ahead->blocks[i].records);
        g_free(ahead->blocks[i].pending);
        g_clear_error(&ahead->blocks[i].error);
    }
    g_mutex_clear(&ahead->lock);
    g_cond_clear(&ahead->changed);
    g_free(ahead);
}
