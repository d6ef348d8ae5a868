/* SPDX-License-Identifier: GPL-2.0-or-later */
/* text.c - see text.h. */
#include "text.h"

enum {
    TEXT_BYTES_MAX = 64,
    HEX_BYTES_MAX = 16,
    TEXT_BYTES_MIN = 4, /* so many printable ones in a row, or all of the line, are text */
};

static const char *hexadecimal(wmem_allocator_t *scope, const uint8_t *payload, unsigned bytes)
{
    static const char digits[] = "0123456789abcdef";
    unsigned shown = MIN(bytes, HEX_BYTES_MAX);
    char *text = wmem_alloc(scope, (size_t)shown * 3 + 1);
    char *end = text;

    for (unsigned i = 0; i < shown; i++) {
        if (i > 0)
            *end++ = ' ';
        *end++ = digits[payload[i] >> 4];
        *end++ = digits[payload[i] & 0xf];
    }
    *end = '\0';
    return text;
}

static bool is_line_end(uint8_t byte)
{
    return byte == '\r' || byte == '\n';
}

const char *fp_text(wmem_allocator_t *scope, const uint8_t *payload, unsigned bytes)
{
    unsigned length = 0;
    unsigned printable = 0; /* how many of the line's bytes are so before the first that is not */

    while (length < MIN(bytes, TEXT_BYTES_MAX) && !is_line_end(payload[length])) {
        if (printable == length && g_ascii_isprint(payload[length]))
            printable++;
        length++;
    }
    if (length == 0 || (printable < length && printable < TEXT_BYTES_MIN))
        return hexadecimal(scope, payload, bytes);

    char *text = wmem_alloc(scope, length + 1);
    for (unsigned i = 0; i < length; i++)
        text[i] = g_ascii_isprint(payload[i]) ? (char)payload[i] : '.';
    text[length] = '\0';
    return text;
}
