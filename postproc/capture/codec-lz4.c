/* SPDX-License-Identifier: GPL-2.0-or-later */
/* codec-lz4.c - lz4 by liblz4, which skips skippable frames by itself. A file that begins with one is taken for zstd. */
#include <lz4frame.h>
#include <stdlib.h>

#include "base/bytes.h"
#include "codec.h"

#define MAGIC 0x184d2204U
#define SKIPPABLE 0x184d2a50U
#define SKIPPABLE_MASK 0xfffffff0U

static bool is_mine(const uint8_t *magic)
{
    uint32_t number = fp_load32_little(magic);

    return number == MAGIC || (number & SKIPPABLE_MASK) == SKIPPABLE;
}

static void *begin(void)
{
    LZ4F_dctx *state = NULL;

    return LZ4F_isError(LZ4F_createDecompressionContext(&state, LZ4F_VERSION)) ? NULL : state;
}

static bool next(void *state)
{
    LZ4F_resetDecompressionContext(state);
    return true;
}

static FpCodecResult step(void *state, FpCodecStep *step)
{
    size_t out = step->out_bytes, in = step->in_bytes < FP_CODEC_PIECE_BYTES ? step->in_bytes : FP_CODEC_PIECE_BYTES;
    size_t result = LZ4F_decompress(state, step->out, &out, step->in, &in, NULL);

    if (LZ4F_isError(result)) { /* out and in are not set then */
        step->wrong = "this is no valid lz4 data, or a checksum is not that of its bytes";
        return FP_CODEC_DAMAGED;
    }
    step->in += in;
    step->in_bytes -= in;
    step->out += out;
    step->out_bytes -= out;
    return result == 0 ? FP_CODEC_END : FP_CODEC_MORE;
}

static void end(void *state)
{
    (void)LZ4F_freeDecompressionContext(state);
}

const FpCodec fp_codec_lz4 = {.name = "lz4", .magic_bytes = 4, .is_mine = is_mine, .begin = begin, .next = next, .step = step, .end = end};
