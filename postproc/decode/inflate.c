/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inflate.c - see inflate.h. */
#include "inflate.h"

#include <zlib.h>

#define BYTES_MAX (256U << 10) /* several times what any IP packet holds; a decompression bomb gets no more */
#define WITH_HEADER (32 + MAX_WBITS)
#define WITHOUT_HEADER (-MAX_WBITS)

/* Returns the number of inflated bytes, up to where the data ends or is damaged; 0 when it is not of this form. */
static uint32_t inflate_as(int form, FpSpan deflated, uint8_t *bytes)
{
    z_stream stream = {.next_in = (Bytef *)deflated.bytes, .avail_in = deflated.captured, .next_out = bytes, .avail_out = BYTES_MAX};

    if (inflateInit2(&stream, form) != Z_OK)
        return 0;
    (void)inflate(&stream, Z_SYNC_FLUSH);
    inflateEnd(&stream);
    return BYTES_MAX - stream.avail_out;
}

bool fp_inflate(GPtrArray *kept, FpSpan deflated, FpSpan *inflated)
{
    uint8_t *bytes = g_malloc(BYTES_MAX);
    uint32_t n = inflate_as(WITH_HEADER, deflated, bytes);

    if (n == 0)
        n = inflate_as(WITHOUT_HEADER, deflated, bytes);
    if (n == 0) {
        g_free(bytes);
        return false;
    }
    bytes = g_realloc(bytes, n);
    g_ptr_array_add(kept, bytes);
    *inflated = (FpSpan){bytes, n, n};
    return true;
}
