/* SPDX-License-Identifier: GPL-2.0-or-later */
/* codec-gzip.c - gzip by ISA-L, which takes half the time of zlib. */
#include <isa-l/igzip_lib.h>
#include <stdlib.h>

#include "codec.h"

static bool is_mine(const uint8_t *magic)
{
    return magic[0] == 0x1f && magic[1] == 0x8b && magic[2] == 8;
}

typedef struct {
    struct inflate_state inflating;
    struct isal_gzip_header header;
    bool is_in_header;
} Gzip;

static bool next(void *state)
{
    Gzip *gzip = state;

    isal_inflate_reset(&gzip->inflating);
    gzip->inflating.crc_flag = ISAL_GZIP_NO_HDR_VER;
    isal_gzip_header_init(&gzip->header);
    gzip->is_in_header = true;
    return true;
}

static void *begin(void)
{
    Gzip *gzip = malloc(sizeof *gzip);

    if (gzip == NULL)
        return NULL;
    isal_inflate_init(&gzip->inflating);
    (void)next(gzip);
    return gzip;
}

static const char *wrong(int result)
{
    switch (result) {
    case ISAL_INCORRECT_CHECKSUM:
        return "the checksum of the gzip member that ends here is not that of its bytes";
    case ISAL_INVALID_WRAPPER:
    case ISAL_UNSUPPORTED_METHOD:
        return "a gzip member has no valid header";
    default:
        return "this is no valid gzip data";
    }
}

/* isal_inflate would read the header too, but forgets what fields it has when it comes in pieces. */
static int inflate(Gzip *gzip)
{
    if (gzip->is_in_header) {
        int result = isal_read_gzip_header(&gzip->inflating, &gzip->header);
        if (result != ISAL_DECOMP_OK)
            return result;
        gzip->is_in_header = false;
    }
    return isal_inflate(&gzip->inflating);
}

static FpCodecResult step(void *state, FpCodecStep *step)
{
    Gzip *gzip = state;
    struct inflate_state *inflating = &gzip->inflating;

    inflating->next_in = (uint8_t *)step->in; /* it does not write there */
    inflating->avail_in = (uint32_t)step->in_bytes;
    inflating->next_out = step->out;
    inflating->avail_out = (uint32_t)step->out_bytes;
    int result = inflate(gzip);
    step->in = inflating->next_in;
    step->in_bytes =
        inflating->avail_in <= INT32_MAX ? inflating->avail_in : 0; /* it has looked for bits behind the end, and counts them */
    step->out = inflating->next_out;
    step->out_bytes = inflating->avail_out;
    if (result < 0) {
        step->wrong = wrong(result);
        return FP_CODEC_DAMAGED;
    }
    return inflating->block_state == ISAL_BLOCK_FINISH ? FP_CODEC_END : FP_CODEC_MORE;
}

const FpCodec fp_codec_gzip = {
    .name = "gzip", .magic_bytes = 3, .is_mine = is_mine, .begin = begin, .next = next, .step = step, .end = free};
