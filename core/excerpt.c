/* SPDX-License-Identifier: GPL-2.0-or-later */
/* excerpt.c - see excerpt.h. */
#include "excerpt.h"

#include <stdbool.h>

enum {
    HEX_BYTES_MAX = FP_EXCERPT_HEX_ROOM / 3,
    TEXT_BYTES_MIN = 4, /* this many printable bytes at the beginning, or all of the line, are text */
};

/* Not isprint, which depends on the locale. */
static bool is_printable(uint8_t byte)
{
    return byte >= 0x20 && byte < 0x7f;
}

static bool is_line_end(uint8_t byte)
{
    return byte == '\r' || byte == '\n';
}

size_t fp_excerpt_line_bytes(const uint8_t *payload, size_t bytes)
{
    size_t length = 0;
    size_t printable = 0; /* printable bytes before the first that is not */

    while (length < bytes && !is_line_end(payload[length])) {
        if (printable == length && is_printable(payload[length]))
            printable++;
        length++;
    }
    return printable < length && printable < TEXT_BYTES_MIN ? 0 : length;
}

void fp_excerpt_text(const uint8_t *bytes, size_t n, char *text)
{
    for (size_t i = 0; i < n; i++)
        text[i] = (char)(is_printable(bytes[i]) ? bytes[i] : '.');
    text[n] = '\0';
}

void fp_excerpt_hex(const uint8_t *payload, size_t bytes, char *text)
{
    static const char digits[] = "0123456789abcdef";
    size_t shown = bytes < HEX_BYTES_MAX ? bytes : HEX_BYTES_MAX;

    for (size_t i = 0; i < shown; i++) {
        if (i > 0)
            *text++ = ' ';
        *text++ = digits[payload[i] >> 4];
        *text++ = digits[payload[i] & 0xf];
    }
    *text = '\0';
}
