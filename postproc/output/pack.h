/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pack.h - bytes -> the same compressed: gzip, zstd, lz4. What is written in one run is one member, with a checksum. */
#ifndef FP_PACK_H
#define FP_PACK_H

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum {
    FP_PACKING_NONE,
    FP_PACKING_GZIP,
    FP_PACKING_ZSTD,
    FP_PACKING_LZ4,
} FpPacking;

/* The names that fp_packing_from_text takes, for messages. */
#define FP_PACKING_NAMES "gzip, zstd, lz4 or none"

/* Returns false when text is none of the names. */
bool fp_packing_from_text(const char *text, FpPacking *packing);

/* What the name of a file asks for: .gz, .zst, .lz4. */
FpPacking fp_packing_of_path(const char *path);

/* What the name of such a file ends with, "" for none. */
const char *fp_packing_suffix(FpPacking packing);

typedef struct FpPack FpPack;

/* NULL: there is no memory. packing: not FP_PACKING_NONE. Free with fp_pack_free. */
FpPack *fp_pack_new(FpPacking packing);
void fp_pack_free(FpPack *pack); /* NULL is allowed */

typedef enum {
    FP_PACK_MORE,  /* as it is best for compression */
    FP_PACK_FLUSH, /* whoever has the output so far can read all that was put in */
    FP_PACK_END,   /* nothing follows */
} FpPackUntil;

/* Takes compressed bytes. Returns false with error set when they cannot be written. */
typedef bool (*FpPackWrite)(void *user, const uint8_t *bytes, size_t n, GError **error);

/* Compresses n bytes, and has what comes of them written. Returns false with error set: then pack cannot be used any more. */
bool fp_pack(FpPack *pack, const uint8_t *bytes, size_t n, FpPackUntil until, FpPackWrite write, void *user, GError **error);

#endif
