/* SPDX-License-Identifier: GPL-2.0-or-later */
/* unpack.c - see unpack.h. */
#include "unpack.h"

#include <glib.h>
#include <string.h>

#include "blocks.h"
#include "codec.h"

G_STATIC_ASSERT(FP_UNPACK_MAGIC_BYTES == FP_CODEC_MAGIC_BYTES);

/* In front of what was read, room for what was left of that before it. */
#define ROOM_BYTES FP_CODEC_MAGIC_BYTES

typedef enum {
    IN_MEMBER,
    BETWEEN, /* members, or behind the last */
    ENDED,
    FAILED, /* fp_unpack_wrong says why */
} State;

struct FpUnpack {
    const FpCodec *codec;
    void *decoder;
    State state;
    uint8_t *buffer;   /* from g_malloc */
    size_t start, end; /* what has been read from the file and not been decompressed, in buffer */
    uint64_t read;     /* from the file */
    const char *wrong;
    bool is_full; /* the last step filled all there was to fill: there may be more */
    bool is_cut;
    bool has_garbage;
};

static const FpCodec *const codecs[] = {&fp_codec_gzip, &fp_codec_zstd, &fp_codec_lz4, &fp_codec_xz, &fp_codec_bzip2};

FpUnpack *fp_unpack_new(const uint8_t *beginning, size_t n)
{
    const FpCodec *codec = NULL;

    for (size_t i = 0; i < G_N_ELEMENTS(codecs) && codec == NULL; i++)
        if (n >= codecs[i]->magic_bytes && codecs[i]->is_mine(beginning))
            codec = codecs[i];
    void *decoder = codec != NULL ? codec->begin() : NULL;
    if (decoder == NULL)
        return NULL;
    FpUnpack *unpack = g_new0(FpUnpack, 1);
    *unpack = (FpUnpack){.codec = codec, .decoder = decoder, .buffer = g_malloc(ROOM_BYTES + MAX(n, FP_BLOCK_BYTES)), .start = ROOM_BYTES};
    memcpy(unpack->buffer + unpack->start, beginning, n);
    unpack->end = unpack->start + n;
    unpack->read = n;
    return unpack;
}

void fp_unpack_free(FpUnpack *unpack)
{
    if (unpack == NULL)
        return;
    unpack->codec->end(unpack->decoder);
    g_free(unpack->buffer);
    g_free(unpack);
}

/* Reads more of the file behind what is left. Returns as read(2) does. */
static ssize_t refill(FpUnpack *unpack, int fd)
{
    size_t left = unpack->end - unpack->start;
    uint8_t *to = unpack->buffer + ROOM_BYTES;

    g_assert(left <= FP_CODEC_MAGIC_BYTES);
    memmove(to - left, unpack->buffer + unpack->start, left);
    unpack->start = ROOM_BYTES - left;
    unpack->end = ROOM_BYTES;
    ssize_t n = fp_read(fd, to, FP_BLOCK_BYTES);
    if (n > 0) {
        unpack->end += (size_t)n;
        unpack->read += (uint64_t)n;
    }
    return n;
}

/* Steps over padding to the next member. Returns false when reading failed. */
static bool find_member(FpUnpack *unpack, int fd)
{
    const FpCodec *codec = unpack->codec;

    for (;;) {
        while (unpack->start < unpack->end && unpack->buffer[unpack->start] == 0)
            unpack->start++;
        if (unpack->end - unpack->start >= codec->magic_bytes)
            break;
        ssize_t n = refill(unpack, fd);
        if (n < 0)
            return false;
        if (n == 0) {
            unpack->has_garbage = unpack->end > unpack->start;
            unpack->state = ENDED;
            return true;
        }
    }
    unpack->has_garbage = !codec->is_mine(unpack->buffer + unpack->start);
    unpack->state = unpack->has_garbage ? ENDED : IN_MEMBER;
    if (unpack->state == IN_MEMBER && !codec->next(unpack->decoder)) {
        unpack->wrong = "there is no memory for it";
        unpack->state = FAILED;
    }
    return true;
}

/* Decompresses what is at hand. Returns how many bytes that gave. */
static size_t step(FpUnpack *unpack, uint8_t *bytes, size_t n)
{
    const uint8_t *in = unpack->buffer + unpack->start;
    FpCodecStep step = {.in = in, .in_bytes = unpack->end - unpack->start, .out = bytes, .out_bytes = n};
    FpCodecResult result = unpack->codec->step(unpack->decoder, &step);

    unpack->start = unpack->end - step.in_bytes;
    unpack->is_full = step.out_bytes == 0;
    unpack->wrong = step.wrong;
    if (result == FP_CODEC_MORE && step.out_bytes == n && step.in_bytes > 0 && step.in == in)
        unpack->wrong = "the library for it does not go on";
    unpack->state = unpack->wrong != NULL ? FAILED : result == FP_CODEC_END ? BETWEEN : IN_MEMBER;
    return n - step.out_bytes;
}

ssize_t fp_unpack_read(FpUnpack *unpack, int fd, uint8_t *bytes, size_t n)
{
    while (unpack->state != ENDED && unpack->state != FAILED) {
        if (unpack->state == BETWEEN) {
            if (!find_member(unpack, fd))
                return -1;
            continue;
        }
        size_t done = step(unpack, bytes, n);
        if (done > 0)
            return (ssize_t)done;
        if (unpack->state != IN_MEMBER || unpack->start < unpack->end)
            continue;
        ssize_t more = refill(unpack, fd);
        if (more < 0)
            return -1;
        unpack->is_cut = more == 0;
        if (more == 0)
            unpack->state = ENDED;
    }
    return unpack->state == FAILED ? -1 : 0;
}

uint64_t fp_unpack_offset(const FpUnpack *unpack)
{
    return unpack->read - (unpack->end - unpack->start);
}

bool fp_unpack_has_more(const FpUnpack *unpack)
{
    return unpack->is_full || unpack->start < unpack->end || unpack->state == ENDED || unpack->state == FAILED;
}

const char *fp_unpack_wrong(const FpUnpack *unpack)
{
    return unpack->wrong;
}

bool fp_unpack_is_cut(const FpUnpack *unpack)
{
    return unpack->is_cut;
}

bool fp_unpack_has_garbage(const FpUnpack *unpack)
{
    return unpack->has_garbage;
}

bool fp_unpack_wiretap_can(const FpUnpack *unpack)
{
    return unpack->codec != &fp_codec_xz && unpack->codec != &fp_codec_bzip2;
}
