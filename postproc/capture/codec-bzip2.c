/* SPDX-License-Identifier: GPL-2.0-or-later */
/* codec-bzip2.c - bzip2 by libbz2. */
#include <bzlib.h>
#include <stdlib.h>

#include "codec.h"

static bool is_mine(const uint8_t *magic)
{
    return magic[0] == 'B' && magic[1] == 'Z' && magic[2] == 'h' && magic[3] >= '1' && magic[3] <= '9';
}

static bool next(void *state)
{
    bz_stream *stream = state;

    (void)BZ2_bzDecompressEnd(stream); /* says so if there is nothing to end */
    return BZ2_bzDecompressInit(stream, 0, 0) == BZ_OK;
}

static void end(void *state)
{
    (void)BZ2_bzDecompressEnd(state);
    free(state);
}

static void *begin(void)
{
    bz_stream *state = calloc(1, sizeof *state);

    if (state == NULL || next(state))
        return state;
    free(state);
    return NULL;
}

static FpCodecResult step(void *state, FpCodecStep *step)
{
    bz_stream *stream = state;

    stream->next_in = (char *)step->in; /* it does not write there */
    stream->avail_in = (unsigned)step->in_bytes;
    stream->next_out = (char *)step->out;
    stream->avail_out = (unsigned)step->out_bytes;
    int result = BZ2_bzDecompress(stream);
    step->in = (const uint8_t *)stream->next_in;
    step->in_bytes = stream->avail_in;
    step->out = (uint8_t *)stream->next_out;
    step->out_bytes = stream->avail_out;
    if (result == BZ_OK || result == BZ_STREAM_END)
        return result == BZ_OK ? FP_CODEC_MORE : FP_CODEC_END;
    step->wrong =
        result == BZ_MEM_ERROR ? "there is no memory for it" : "this is no valid bzip2 data, or a checksum is not that of its bytes";
    return FP_CODEC_DAMAGED;
}

const FpCodec fp_codec_bzip2 = {
    .name = "bzip2", .magic_bytes = 4, .is_mine = is_mine, .begin = begin, .next = next, .step = step, .end = end};
