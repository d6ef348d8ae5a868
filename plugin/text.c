/* SPDX-License-Identifier: GPL-2.0-or-later */
/* text.c - see text.h. */
#include "text.h"

#include <string.h>

enum {
    TEXT_BYTES_MAX = 64,
    HEX_BYTES_MAX = 16,
    TEXT_BYTES_MIN = 4, /* this many printable bytes at the beginning, or all of the line, are text */
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

/* Returns the length of the shown part of the first line; 0 if the payload does not begin with text. */
static unsigned line_bytes(const uint8_t *payload, unsigned bytes)
{
    unsigned length = 0;
    unsigned printable = 0; /* printable bytes before the first that is not */

    while (length < MIN(bytes, TEXT_BYTES_MAX) && !is_line_end(payload[length])) {
        if (printable == length && g_ascii_isprint(payload[length]))
            printable++;
        length++;
    }
    return printable < length && printable < TEXT_BYTES_MIN ? 0 : length;
}

static const char *dotted(wmem_allocator_t *scope, const uint8_t *bytes, size_t length)
{
    char *text = wmem_alloc(scope, length + 1);

    for (size_t i = 0; i < length; i++)
        text[i] = g_ascii_isprint(bytes[i]) ? (char)bytes[i] : '.';
    text[length] = '\0';
    return text;
}

bool fp_text_is_line(const uint8_t *payload, unsigned bytes)
{
    return line_bytes(payload, bytes) > 0;
}

const char *fp_text(wmem_allocator_t *scope, const uint8_t *payload, unsigned bytes)
{
    unsigned length = line_bytes(payload, bytes);

    return length > 0 ? dotted(scope, payload, length) : hexadecimal(scope, payload, bytes);
}

const char *fp_text_printable(wmem_allocator_t *scope, const char *string)
{
    return dotted(scope, (const uint8_t *)string, strnlen(string, TEXT_BYTES_MAX));
}
