/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bytes.c - see bytes.h. */
#include "bytes.h"

#include <stdlib.h>
#include <string.h>

void bytes_clear(Bytes *bytes)
{
    bytes->n = 0;
}

void bytes_add(Bytes *bytes, const void *more, size_t n)
{
    if (n > sizeof bytes->bytes - bytes->n)
        abort();
    if (n > 0)
        memcpy(bytes->bytes + bytes->n, more, n);
    bytes->n += n;
}

void bytes_number(Bytes *bytes, uint64_t number, size_t length)
{
    for (size_t i = length; i > 0; i--)
        bytes_add(bytes, &(uint8_t){(uint8_t)(number >> 8 * (i - 1))}, 1);
}

void bytes_text(Bytes *bytes, const char *text)
{
    bytes_add(bytes, text, strlen(text));
}

void bytes_hexadecimal(Bytes *bytes, const char *digits)
{
    for (; digits[0] != '\0'; digits += 2)
        bytes_number(bytes, strtoul((const char[]){digits[0], digits[1], '\0'}, NULL, 16), 1);
}

size_t bytes_open(Bytes *bytes, size_t length)
{
    bytes_number(bytes, 0, length);
    return bytes->n;
}

void bytes_close(Bytes *bytes, size_t opened, size_t length)
{
    size_t n = bytes->n;

    bytes->n = opened - length;
    bytes_number(bytes, n - opened, length);
    bytes->n = n;
}
