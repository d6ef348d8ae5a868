/* SPDX-License-Identifier: GPL-2.0-or-later */
/* codec-xz.c - xz by liblzma. */
#include <lzma.h>
#include <stdlib.h>
#include <string.h>

#include "codec.h"

#define MEMORY_MAX (UINT64_C(256) << 20) /* xz -9 takes 65 MiB; a stranger may ask for gigabytes */

static bool is_mine(const uint8_t *magic)
{
    static const uint8_t wanted[] = {0xfd, '7', 'z', 'X', 'Z', 0};

    return memcmp(magic, wanted, sizeof wanted) == 0;
}

static bool next(void *state)
{
    return lzma_stream_decoder(state, MEMORY_MAX, 0) == LZMA_OK;
}

static void end(void *state)
{
    lzma_end(state);
    free(state);
}

static void *begin(void)
{
    lzma_stream *state = calloc(1, sizeof *state); /* LZMA_STREAM_INIT is all zero */

    if (state == NULL || next(state))
        return state;
    end(state);
    return NULL;
}

static const char *wrong(lzma_ret result)
{
    switch (result) {
    case LZMA_MEMLIMIT_ERROR:
        return "it needs more than 256 MiB of memory; pipe it from xz -dc";
    case LZMA_MEM_ERROR:
        return "there is no memory for it";
    case LZMA_OPTIONS_ERROR:
        return "it is compressed in a way that liblzma does not know";
    default:
        return "this is no valid xz data, or a checksum is not that of its bytes";
    }
}

static FpCodecResult step(void *state, FpCodecStep *step)
{
    lzma_stream *stream = state;

    stream->next_in = step->in;
    stream->avail_in = step->in_bytes;
    stream->next_out = step->out;
    stream->avail_out = step->out_bytes;
    lzma_ret result = lzma_code(stream, LZMA_RUN);
    step->in = stream->next_in;
    step->in_bytes = stream->avail_in;
    step->out = stream->next_out;
    step->out_bytes = stream->avail_out;
    if (result == LZMA_STREAM_END)
        return FP_CODEC_END;
    if (result == LZMA_OK || result == LZMA_BUF_ERROR) /* the latter: there was nothing to do */
        return FP_CODEC_MORE;
    step->wrong = wrong(result);
    return FP_CODEC_DAMAGED;
}

const FpCodec fp_codec_xz = {.name = "xz", .magic_bytes = 6, .is_mine = is_mine, .begin = begin, .next = next, .step = step, .end = end};
