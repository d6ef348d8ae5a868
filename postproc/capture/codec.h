/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * codec.h - what a compression format implements for unpack.c. Nobody else includes it.
 *
 * A compressed file is a row of members, each of which stands alone: what gzip and bzip2 call a member, xz a stream, zstd and lz4 a frame.
 */
#ifndef FP_CODEC_H
#define FP_CODEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* A member begins with at most so many bytes by which it is recognised. */
#define FP_CODEC_MAGIC_BYTES 6U

/* Libraries that give nothing of a step in which they find damage are given so little in one step. Less is slower. */
#define FP_CODEC_PIECE_BYTES 4096U

typedef enum {
    FP_CODEC_MORE,   /* the member goes on */
    FP_CODEC_END,    /* the member is over, and all of it is in out */
    FP_CODEC_DAMAGED /* wrong says why; what is in out by then is sound as far as anybody can tell */
} FpCodecResult;

/* A step takes bytes from in and puts some in out, and moves both on. */
typedef struct {
    const uint8_t *in;
    size_t in_bytes;
    uint8_t *out;
    size_t out_bytes;  /* room */
    const char *wrong; /* a static string, for "it cannot be decompressed: " */
} FpCodecStep;

typedef struct {
    const char *name;   /* as the tool that makes such files is called */
    size_t magic_bytes; /* how many is_mine looks at */
    bool (*is_mine)(const uint8_t *magic);
    void *(*begin)(void);      /* ready for a member; NULL: no memory */
    bool (*next)(void *state); /* makes ready for another member; false: no memory */
    FpCodecResult (*step)(void *state, FpCodecStep *step);
    void (*end)(void *state);
} FpCodec;

extern const FpCodec fp_codec_gzip;  /* RFC 1952 */
extern const FpCodec fp_codec_zstd;  /* RFC 8878 */
extern const FpCodec fp_codec_lz4;   /* lz4_Frame_format.md of the lz4 project */
extern const FpCodec fp_codec_xz;    /* xz-file-format.txt of the XZ project */
extern const FpCodec fp_codec_bzip2; /* as libbz2 reads it */

#endif
