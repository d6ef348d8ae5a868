/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * unpack.h - a compressed file or pipe -> its bytes: gzip, zstd, lz4, xz and bzip2, told by their magic numbers.
 *
 * Members that follow one another are one file, as gzip(1) and the other tools have it. Zeros behind them are padding. What else is there
 * is garbage, which is told and left out.
 */
#ifndef FP_UNPACK_H
#define FP_UNPACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

typedef struct FpUnpack FpUnpack;

/* Begins with the first n bytes of the file, which are copied. Returns NULL if they are of no compressed file, or there is no memory. Free
 * with fp_unpack_free. */
FpUnpack *fp_unpack_new(const uint8_t *beginning, size_t n);
void fp_unpack_free(FpUnpack *unpack); /* NULL is allowed */

/* The bytes that fp_unpack_new needs to recognise a compressed file. */
#define FP_UNPACK_MAGIC_BYTES 6U

/*
 * Puts up to n bytes of the file's contents in bytes, and reads fd as far as that takes; waits for it if necessary. Returns their number; 0
 * at the end, or when fp_stop_is_over. Returns -1 when fd cannot be read, with errno set, or when fp_unpack_wrong says what is wrong with
 * the data. Both come again with the next call.
 */
ssize_t fp_unpack_read(FpUnpack *unpack, int fd, uint8_t *bytes, size_t n);

/* How far it has come, as an offset in the compressed file. */
uint64_t fp_unpack_offset(const FpUnpack *unpack);

/* Whether fp_unpack_read may return bytes without reading fd. */
bool fp_unpack_has_more(const FpUnpack *unpack);

/* What is wrong with the data at fp_unpack_offset, for "it cannot be decompressed: "; NULL: nothing so far. A static string. */
const char *fp_unpack_wrong(const FpUnpack *unpack);

/* Whether the file ended in the middle of a member. */
bool fp_unpack_is_cut(const FpUnpack *unpack);

/* Whether there is garbage behind the members, from fp_unpack_offset on. */
bool fp_unpack_has_garbage(const FpUnpack *unpack);

/* Whether libwiretap decompresses files of this kind too. */
bool fp_unpack_wiretap_can(const FpUnpack *unpack);

#endif
