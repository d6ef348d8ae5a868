/* SPDX-License-Identifier: GPL-2.0-or-later */
/* codec-zstd.c - zstd by libzstd, which skips skippable frames (RFC 8878 3.1.2) by itself. pzstd begins files with one. */
#include <zstd.h>
#include <zstd_errors.h>

#include "base/bytes.h"
#include "codec.h"

static bool is_mine(const uint8_t *magic)
{
    uint32_t number = fp_load32_little(magic);

    return number == ZSTD_MAGICNUMBER || (number & ZSTD_MAGIC_SKIPPABLE_MASK) == ZSTD_MAGIC_SKIPPABLE_START;
}

static void *begin(void)
{
    return ZSTD_createDStream();
}

static bool next(void *state)
{
    return !ZSTD_isError(ZSTD_DCtx_reset(state, ZSTD_reset_session_only));
}

static const char *wrong(size_t result)
{
    switch (ZSTD_getErrorCode(result)) {
    case ZSTD_error_checksum_wrong:
        return "the checksum of the zstd frame that ends here is not that of its bytes";
    case ZSTD_error_frameParameter_windowTooLarge:
        return "it needs more than 128 MiB of memory; pipe it from zstd -dc --long=31";
    case ZSTD_error_memory_allocation:
        return "there is no memory for it";
    default:
        return "this is no valid zstd data";
    }
}

static FpCodecResult step(void *state, FpCodecStep *step)
{
    ZSTD_inBuffer in = {.src = step->in, .size = step->in_bytes < FP_CODEC_PIECE_BYTES ? step->in_bytes : FP_CODEC_PIECE_BYTES};
    ZSTD_outBuffer out = {.dst = step->out, .size = step->out_bytes};
    size_t result = ZSTD_decompressStream(state, &out, &in);

    step->in += in.pos;
    step->in_bytes -= in.pos;
    step->out += out.pos;
    step->out_bytes -= out.pos;
    if (!ZSTD_isError(result))
        return result == 0 ? FP_CODEC_END : FP_CODEC_MORE;
    step->wrong = wrong(result);
    return FP_CODEC_DAMAGED;
}

static void end(void *state)
{
    (void)ZSTD_freeDStream(state);
}

const FpCodec fp_codec_zstd = {
    .name = "zstd", .magic_bytes = 4, .is_mine = is_mine, .begin = begin, .next = next, .step = step, .end = end};
