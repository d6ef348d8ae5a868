/* SPDX-License-Identifier: GPL-2.0-or-later */
/* checkpoint-body.c - see checkpoint-body.h. */
#include "checkpoint-body.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define BUFFER_BYTES (1024U * 1024U)
#define SEEN_MAX (1U << 24)
#define MESSAGE_BYTES_MAX (UINT64_C(1) << 31)

FpCheckpointBody fp_checkpoint_body_new(int fd, off_t offset, uint64_t n_bytes)
{
    FpCheckpointBody body = {.fd = fd, .offset = offset, .left = n_bytes, .buffer = g_malloc(BUFFER_BYTES), .hash = XXH3_createState()};

    XXH3_64bits_reset(body.hash);
    return body;
}

void fp_checkpoint_body_clear(FpCheckpointBody *body)
{
    g_clear_pointer(&body->buffer, g_free);
    XXH3_freeState(g_steal_pointer(&body->hash));
}

uint64_t fp_checkpoint_body_checksum(const FpCheckpointBody *body)
{
    return XXH3_64bits_digest(body->hash);
}

static bool body_flush(FpCheckpointBody *body)
{
    while (body->start < body->end) {
        ssize_t n = pwrite(body->fd, body->buffer + body->start, body->end - body->start, body->offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            body->failure = errno;
            return false;
        }
        body->start += (size_t)n;
        body->offset += n;
    }
    body->start = body->end = 0;
    return true;
}

static bool body_write(void *user, const void *bytes, size_t n)
{
    FpCheckpointBody *body = user;
    const uint8_t *from = bytes;

    XXH3_64bits_update(body->hash, bytes, n);
    body->bytes += n;
    while (n > 0) {
        size_t part = MIN(n, BUFFER_BYTES - body->end);
        memcpy(body->buffer + body->end, from, part);
        body->end += part;
        from += part;
        n -= part;
        if (body->end == BUFFER_BYTES && !body_flush(body))
            return false;
    }
    return true;
}

static bool write_array(FpCheckpointBody *body, const GArray *numbers)
{
    return body_write(body, numbers->data, numbers->len * sizeof(uint64_t));
}

static bool write_messages(FpCheckpointBody *body, const GByteArray *messages)
{
    const uint64_t n = messages->len;

    return n == 0 || (body_write(body, &n, sizeof n) && body_write(body, messages->data, n));
}

bool fp_checkpoint_body_write(FpCheckpointBody *body, const FpCheckpoint *checkpoint)
{
    return write_array(body, checkpoint->seen.names) && write_array(body, checkpoint->seen.files) &&
           write_array(body, checkpoint->seen.matched) &&
           (checkpoint->streams == NULL || fp_streams_save(checkpoint->streams, body_write, body)) &&
           write_messages(body, checkpoint->messages) && body_flush(body);
}

/* Returns false at the end, or when reading fails; then failure is set. */
static bool body_fill(FpCheckpointBody *body)
{
    size_t wanted = MIN(BUFFER_BYTES, body->left);
    ssize_t n;

    if (wanted == 0)
        return false;
    do
        n = pread(body->fd, body->buffer, wanted, body->offset);
    while (n < 0 && errno == EINTR);
    if (n <= 0) {
        body->failure = n < 0 ? errno : 0;
        return false;
    }
    XXH3_64bits_update(body->hash, body->buffer, (size_t)n);
    body->start = 0;
    body->end = (size_t)n;
    body->offset += n;
    body->left -= (uint64_t)n;
    return true;
}

static bool body_read(void *user, void *bytes, size_t n)
{
    FpCheckpointBody *body = user;
    uint8_t *to = bytes;

    while (n > 0) {
        if (body->start == body->end && !body_fill(body))
            return false;
        size_t part = MIN(n, body->end - body->start);
        memcpy(to, body->buffer + body->start, part);
        body->start += part;
        to += part;
        n -= part;
    }
    return true;
}

static uint64_t left_of(const FpCheckpointBody *body)
{
    return body->left + (body->end - body->start);
}

static bool read_array(FpCheckpointBody *body, GArray *numbers, uint64_t n)
{
    if (n > SEEN_MAX)
        return false;
    g_array_set_size(numbers, (guint)n);
    return body_read(body, numbers->data, n * sizeof(uint64_t));
}

static bool read_messages(FpCheckpointBody *body, GByteArray *messages)
{
    uint64_t n;

    if (!body_read(body, &n, sizeof n) || n > MESSAGE_BYTES_MAX || n > left_of(body))
        return false;
    g_byte_array_set_size(messages, (guint)n);
    return body_read(body, messages->data, n);
}

static bool read_streams(FpCheckpointBody *body, const FpRules *rules, size_t max_streams, FpCheckpoint *checkpoint)
{
    checkpoint->streams = fp_streams_load(rules, max_streams, body_read, body);
    return checkpoint->streams != NULL;
}

bool fp_checkpoint_body_read(FpCheckpointBody *body, const FpCheckpointParts *parts, const FpRules *rules, size_t max_streams,
                             FpCheckpoint *checkpoint)
{
    return read_array(body, checkpoint->seen.names, parts->n_names) && read_array(body, checkpoint->seen.files, parts->n_files) &&
           read_array(body, checkpoint->seen.matched, parts->n_matched) &&
           (!parts->has_streams || read_streams(body, rules, max_streams, checkpoint)) &&
           (!parts->has_messages || read_messages(body, checkpoint->messages)) && left_of(body) == 0;
}
