/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * unpack.c - any bytes as a compressed file, for each codec: its magic number goes before the input, which begins with a byte for how many
 * bytes are asked for at once.
 *
 * Whatever they are: it says the same about the end twice, and what is wrong if anything is.
 */
#include "memory-file.h"

#include "capture/unpack.h"

#define BYTES_MAX (1U << 20) /* of contents: little can stand for much */

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    static uint8_t contents[4096];
    char path[64];
    Input input = {bytes, n};
    size_t wanted = input_byte(&input) * 16U + 1, all = 0;
    ssize_t got = 0;
    FpUnpack *unpack = fp_unpack_new(input.bytes, input.n < FP_UNPACK_MAGIC_BYTES ? input.n : FP_UNPACK_MAGIC_BYTES);

    if (unpack == NULL)
        return 0;
    int fd = memory_file(input.bytes, input.n, path);
    REQUIRE(lseek(fd, input.n < FP_UNPACK_MAGIC_BYTES ? (off_t)input.n : FP_UNPACK_MAGIC_BYTES, SEEK_SET) >= 0);
    while (all < BYTES_MAX && (got = fp_unpack_read(unpack, fd, contents, wanted)) > 0) {
        REQUIRE((size_t)got <= wanted);
        all += (size_t)got;
        (void)fp_unpack_has_more(unpack);
    }
    if (got <= 0)
        REQUIRE(fp_unpack_read(unpack, fd, contents, wanted) == got);
    REQUIRE(got >= 0 || fp_unpack_wrong(unpack) != NULL);
    REQUIRE(fp_unpack_offset(unpack) <= input.n);
    (void)fp_unpack_is_cut(unpack);
    (void)fp_unpack_has_garbage(unpack);
    fp_unpack_free(unpack);
    close(fd);
    return 0;
}
