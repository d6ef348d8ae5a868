/* SPDX-License-Identifier: GPL-2.0-or-later */
/* text.c - see text.h. */
#include "text.h"

#include <string.h>

#include "excerpt.h"

enum {
    LINE_BYTES_MAX = 64,
};

bool fp_text_is_line(const uint8_t *payload, unsigned bytes)
{
    return fp_excerpt_line_bytes(payload, bytes) > 0;
}

const char *fp_text(wmem_allocator_t *scope, const uint8_t *payload, unsigned bytes)
{
    size_t length = fp_excerpt_line_bytes(payload, bytes);
    char *text = wmem_alloc(scope, MAX(LINE_BYTES_MAX + 1, FP_EXCERPT_HEX_ROOM));

    if (length > 0)
        fp_excerpt_text(payload, MIN(length, LINE_BYTES_MAX), text);
    else
        fp_excerpt_hex(payload, bytes, text);
    return text;
}

const char *fp_text_printable(wmem_allocator_t *scope, const char *string, size_t bytes_max)
{
    const char *end = memchr(string, '\0', bytes_max); /* looks no further than it is found (C11 7.24.5.1) */
    size_t length = end != NULL ? (size_t)(end - string) : bytes_max;
    char *text = wmem_alloc(scope, length + 1);

    fp_excerpt_text((const uint8_t *)string, length, text);
    return text;
}
