/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pack.c - see pack.h. */
#include "pack.h"

#include <isa-l/igzip_lib.h>
#include <lz4frame.h>
#include <stdlib.h>
#include <zstd.h>

#include "base/error.h"

#define OUT_BYTES (256U * 1024U)
#define LZ4_PIECE_BYTES (64U * 1024U) /* what liblz4 is given at once: it wants room for all that it may become */

/* ISA-L's best: on captures its files are some percent larger than those of gzip -6, and take a third of the time. */
#define GZIP_LEVEL 3
#define GZIP_BYTES ISAL_DEF_LVL3_DEFAULT

/* The bytes to compress, and the room for what comes of them. A step moves in and out on, and has all of the room. */
typedef struct {
    const uint8_t *in;
    size_t in_bytes;
    uint8_t *out;
    size_t out_bytes;
    FpPackUntil until;
} Step;

typedef enum {
    STEP_AGAIN, /* there is more to do, or no room */
    STEP_DONE,
    STEP_FAILED,
} StepResult;

typedef struct {
    const char *name;
    const char *suffix;
    void *(*begin)(void);
    StepResult (*step)(void *state, Step *step);
    void (*end)(void *state);
} Packer;

struct FpPack {
    const Packer *packer;
    void *state;
    uint8_t out[OUT_BYTES];
};

typedef struct {
    struct isal_zstream stream;
    uint8_t level[GZIP_BYTES];
} Gzip;

static void *begin_gzip(void)
{
    Gzip *gzip = malloc(sizeof *gzip);

    if (gzip == NULL)
        return NULL;
    isal_deflate_init(&gzip->stream);
    gzip->stream.gzip_flag = IGZIP_GZIP;
    gzip->stream.level = GZIP_LEVEL;
    gzip->stream.level_buf = gzip->level;
    gzip->stream.level_buf_size = GZIP_BYTES;
    return gzip;
}

static StepResult step_gzip(void *state, Step *step)
{
    struct isal_zstream *stream = &((Gzip *)state)->stream;

    stream->next_in = (uint8_t *)step->in; /* it does not write there */
    stream->avail_in = (uint32_t)MIN(step->in_bytes, UINT32_MAX);
    stream->next_out = step->out;
    stream->avail_out = (uint32_t)step->out_bytes;
    stream->flush = step->until == FP_PACK_FLUSH ? SYNC_FLUSH : NO_FLUSH;
    stream->end_of_stream = step->until == FP_PACK_END && stream->avail_in == step->in_bytes;
    if (isal_deflate(stream) != COMP_OK)
        return STEP_FAILED;
    step->in_bytes -= (size_t)(stream->next_in - step->in);
    step->in = stream->next_in;
    step->out = stream->next_out;
    step->out_bytes = stream->avail_out;
    if (step->until == FP_PACK_END)
        return stream->internal_state.state == ZSTATE_END ? STEP_DONE : STEP_AGAIN;
    return step->in_bytes == 0 && step->out_bytes > 0 ? STEP_DONE : STEP_AGAIN;
}

static void *begin_zstd(void)
{
    ZSTD_CCtx *state = ZSTD_createCCtx();

    if (state != NULL)
        (void)ZSTD_CCtx_setParameter(state, ZSTD_c_checksumFlag, 1);
    return state;
}

static StepResult step_zstd(void *state, Step *step)
{
    static const ZSTD_EndDirective directives[] = {
        [FP_PACK_MORE] = ZSTD_e_continue, [FP_PACK_FLUSH] = ZSTD_e_flush, [FP_PACK_END] = ZSTD_e_end};
    ZSTD_inBuffer in = {.src = step->in, .size = step->in_bytes};
    ZSTD_outBuffer out = {.dst = step->out, .size = step->out_bytes};
    size_t left = ZSTD_compressStream2(state, &out, &in, directives[step->until]);

    if (ZSTD_isError(left))
        return STEP_FAILED;
    step->in += in.pos;
    step->in_bytes -= in.pos;
    step->out += out.pos;
    return step->in_bytes == 0 && (left == 0 || step->until == FP_PACK_MORE) ? STEP_DONE : STEP_AGAIN;
}

static void end_zstd(void *state)
{
    (void)ZSTD_freeCCtx(state);
}

typedef struct {
    LZ4F_cctx *context;
    bool has_begun;
} Lz4;

static void end_lz4(void *state)
{
    Lz4 *lz4 = state;

    (void)LZ4F_freeCompressionContext(lz4->context);
    free(lz4);
}

static void *begin_lz4(void)
{
    Lz4 *lz4 = calloc(1, sizeof *lz4);

    if (lz4 == NULL || !LZ4F_isError(LZ4F_createCompressionContext(&lz4->context, LZ4F_VERSION)))
        return lz4;
    free(lz4);
    return NULL;
}

/* Each step finds all of out empty, which is room for any of these. */
static StepResult step_lz4(void *state, Step *step)
{
    static const LZ4F_preferences_t how = {.frameInfo = {.blockSizeID = LZ4F_max64KB, .contentChecksumFlag = LZ4F_contentChecksumEnabled}};
    Lz4 *lz4 = state;
    const size_t in_bytes = MIN(step->in_bytes, LZ4_PIECE_BYTES);
    size_t n;

    if (!lz4->has_begun)
        n = LZ4F_compressBegin(lz4->context, step->out, step->out_bytes, &how);
    else if (in_bytes > 0)
        n = LZ4F_compressUpdate(lz4->context, step->out, step->out_bytes, step->in, in_bytes, NULL);
    else if (step->until == FP_PACK_FLUSH)
        n = LZ4F_flush(lz4->context, step->out, step->out_bytes, NULL);
    else if (step->until == FP_PACK_END)
        n = LZ4F_compressEnd(lz4->context, step->out, step->out_bytes, NULL);
    else
        return STEP_DONE;
    if (LZ4F_isError(n))
        return STEP_FAILED;
    const bool is_done = lz4->has_begun && in_bytes == 0;
    if (lz4->has_begun) {
        step->in += in_bytes;
        step->in_bytes -= in_bytes;
    }
    lz4->has_begun = true;
    step->out += n;
    return is_done ? STEP_DONE : STEP_AGAIN;
}

static const Packer packers[] = {
    [FP_PACKING_NONE] = {.name = "none", .suffix = ""},
    [FP_PACKING_GZIP] = {.name = "gzip", .suffix = ".gz", .begin = begin_gzip, .step = step_gzip, .end = free},
    [FP_PACKING_ZSTD] = {.name = "zstd", .suffix = ".zst", .begin = begin_zstd, .step = step_zstd, .end = end_zstd},
    [FP_PACKING_LZ4] = {.name = "lz4", .suffix = ".lz4", .begin = begin_lz4, .step = step_lz4, .end = end_lz4},
};

bool fp_packing_from_text(const char *text, FpPacking *packing)
{
    for (size_t i = 0; i < G_N_ELEMENTS(packers); i++)
        if (g_str_equal(text, packers[i].name)) {
            *packing = (FpPacking)i;
            return true;
        }
    return false;
}

FpPacking fp_packing_of_path(const char *path)
{
    for (size_t i = 1; i < G_N_ELEMENTS(packers); i++)
        if (g_str_has_suffix(path, packers[i].suffix))
            return (FpPacking)i;
    return FP_PACKING_NONE;
}

const char *fp_packing_suffix(FpPacking packing)
{
    return packers[packing].suffix;
}

FpPack *fp_pack_new(FpPacking packing)
{
    FpPack *pack = g_new(FpPack, 1);

    pack->packer = &packers[packing];
    pack->state = pack->packer->begin();
    if (pack->state == NULL)
        g_clear_pointer(&pack, g_free);
    return pack;
}

void fp_pack_free(FpPack *pack)
{
    if (pack == NULL)
        return;
    pack->packer->end(pack->state);
    g_free(pack);
}

bool fp_pack(FpPack *pack, const uint8_t *bytes, size_t n, FpPackUntil until, FpPackWrite write, void *user, GError **error)
{
    Step step = {.in = bytes, .in_bytes = n, .until = until};
    StepResult result = STEP_AGAIN;

    while (result == STEP_AGAIN) {
        step.out = pack->out;
        step.out_bytes = OUT_BYTES;
        result = pack->packer->step(pack->state, &step);
        if (result == STEP_FAILED) {
            g_set_error(error, FP_ERROR, FP_ERROR_SOFTWARE, "%s cannot compress", pack->packer->name);
            return false;
        }
        if (step.out > pack->out && !write(user, pack->out, (size_t)(step.out - pack->out), error))
            return false;
    }
    return true;
}
