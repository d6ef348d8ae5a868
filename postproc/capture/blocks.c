/* SPDX-License-Identifier: GPL-2.0-or-later */
/* blocks.c - see blocks.h. */
#include "blocks.h"

#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/stop.h"

#define PAGE_BYTES 4096U
#define CARRY_BYTES (64U * 1024U + PAGE_BYTES) /* room for nearly every packet, else it grows; the block begins on a page */

static FpBlockBuffer new_buffer(size_t carry_bytes)
{
    return (FpBlockBuffer){.bytes = g_malloc(carry_bytes + FP_BLOCK_BYTES), .carry_bytes = carry_bytes};
}

FpBlocks fp_blocks_new(int fd, bool is_regular)
{
    return (FpBlocks){.fd = fd, .is_regular = is_regular, .buffer = new_buffer(CARRY_BYTES), .start = CARRY_BYTES, .end = CARRY_BYTES};
}

FpBlocks fp_blocks_take(FpBlocks *blocks)
{
    FpBlocks taken = *blocks;

    *blocks = (FpBlocks){.fd = -1};
    return taken;
}

void fp_blocks_clear(FpBlocks *blocks)
{
    if (blocks->fd >= 0)
        close(blocks->fd);
    blocks->fd = -1;
    g_clear_pointer(&blocks->unpack, fp_unpack_free);
    g_clear_pointer(&blocks->buffer.bytes, g_free);
}

void fp_blocks_unpack(FpBlocks *blocks)
{
    blocks->unpack = fp_unpack_new(fp_blocks_at(blocks), fp_blocks_left(blocks));
    if (blocks->unpack != NULL)
        blocks->start = blocks->end = blocks->buffer.carry_bytes;
}

ssize_t fp_read(int fd, void *bytes, size_t n)
{
    while (fp_stop_wait(fd)) {
        ssize_t done = read(fd, bytes, n);
        if (done >= 0 || (errno != EINTR && errno != EAGAIN))
            return done;
    }
    return 0;
}

bool fp_would_wait(int fd)
{
    struct pollfd ready = {.fd = fd, .events = POLLIN};

    return poll(&ready, 1, 0) == 0;
}

/* How many bytes of a regular file follow those read so far; negative when the file has become shorter. */
static int64_t unread_bytes(const FpBlocks *blocks)
{
    struct stat status;

    return fstat(blocks->fd, &status) == 0 ? (int64_t)status.st_size - lseek(blocks->fd, 0, SEEK_CUR) : 0;
}

static ssize_t unpack(FpBlocks *blocks, size_t n)
{
    ssize_t done = fp_unpack_read(blocks->unpack, blocks->fd, blocks->buffer.bytes + blocks->end, n);

    if (done > 0)
        blocks->end += (size_t)done;
    return done;
}

ssize_t fp_blocks_read(FpBlocks *blocks, size_t n)
{
    if (blocks->unpack != NULL)
        return unpack(blocks, n);
    for (;;) {
        ssize_t done = fp_read(blocks->fd, blocks->buffer.bytes + blocks->end, n);
        if (done > 0)
            blocks->end += (size_t)done;
        if (done != 0 || blocks->follower == NULL || blocks->is_at_end)
            return done;
        blocks->is_cut_back = unread_bytes(blocks) < 0;
        if (blocks->is_cut_back)
            return 0;
        blocks->is_at_end = !blocks->follower->wait(blocks->follower->user);
    }
}

bool fp_blocks_would_wait(const FpBlocks *blocks)
{
    if (blocks->follower != NULL)
        return unread_bytes(blocks) == 0;
    return !blocks->is_regular && (blocks->unpack == NULL || !fp_unpack_has_more(blocks->unpack)) && fp_would_wait(blocks->fd);
}

/* Moves what is left to just before the place where the next block is read. */
static void carry(FpBlocks *blocks)
{
    size_t left = fp_blocks_left(blocks);
    FpBlockBuffer *buffer = &blocks->buffer;

    if (left <= buffer->carry_bytes) {
        memmove(buffer->bytes + buffer->carry_bytes - left, buffer->bytes + blocks->start, left);
    } else {
        FpBlockBuffer larger = new_buffer((left * 2 + PAGE_BYTES) & ~(size_t)(PAGE_BYTES - 1));
        memcpy(larger.bytes + larger.carry_bytes - left, buffer->bytes + blocks->start, left);
        g_free(buffer->bytes);
        *buffer = larger;
    }
    blocks->start = buffer->carry_bytes - left;
    blocks->end = buffer->carry_bytes;
}

void fp_blocks_swap_buffer(FpBlocks *blocks, FpBlockBuffer *buffer)
{
    FpBlockBuffer before = blocks->buffer;

    if (buffer->carry_bytes < before.carry_bytes) { /* there is none, or it predates longer records */
        g_free(buffer->bytes);
        *buffer = new_buffer(before.carry_bytes);
    }
    size_t left = fp_blocks_left(blocks), end = buffer->carry_bytes + (left <= buffer->carry_bytes ? 0 : FP_BLOCK_BYTES);
    memcpy(buffer->bytes + end - left, before.bytes + blocks->start, left);
    blocks->start = end - left;
    blocks->end = end;
    blocks->buffer = *buffer;
    *buffer = before;
}

static void set_read_error(const FpBlocks *blocks, const char *path, GError **error)
{
    uint64_t offset = blocks->start_offset + fp_blocks_left(blocks);
    const char *wrong = blocks->unpack != NULL ? fp_unpack_wrong(blocks->unpack) : NULL;

    if (wrong == NULL)
        g_set_error(error, FP_ERROR, FP_ERROR_IO, "%s: offset %" G_GUINT64_FORMAT ": cannot be read: %s", path,
                    fp_blocks_file_offset(blocks) + (blocks->unpack == NULL ? fp_blocks_left(blocks) : 0), g_strerror(errno));
    else
        g_set_error(error, FP_ERROR, FP_ERROR_DATA,
                    "%s: offset %" G_GUINT64_FORMAT ": cannot be decompressed further than to offset %" G_GUINT64_FORMAT
                    " of its contents: %s",
                    path, fp_unpack_offset(blocks->unpack), offset, wrong);
}

FpRefill fp_blocks_refill(FpBlocks *blocks, const char *path, GError **error)
{
    carry(blocks);
    ssize_t n = fp_blocks_read(blocks, FP_BLOCK_BYTES);
    if (n < 0) {
        set_read_error(blocks, path, error);
        return FP_REFILL_FAILED;
    }
    return n == 0 ? FP_REFILL_END : FP_REFILL_MORE;
}
