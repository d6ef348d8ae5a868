/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bytes.h - messages, put together field by field. */
#ifndef BYTES_H
#define BYTES_H

#include <stddef.h>
#include <stdint.h>

#define BYTES_MAX 200000

typedef struct {
    uint8_t bytes[BYTES_MAX];
    size_t n;
} Bytes;

/* Forgets what is there. */
void bytes_clear(Bytes *bytes);

/* Appends a number of length bytes, most significant byte first. */
void bytes_number(Bytes *bytes, uint64_t number, size_t length);
void bytes_add(Bytes *bytes, const void *more, size_t n);
void bytes_text(Bytes *bytes, const char *text);

/* Two hexadecimal digits for each byte. */
void bytes_hexadecimal(Bytes *bytes, const char *digits);

/* A length field of length bytes; it is set when what it counts has been appended. */
size_t bytes_open(Bytes *bytes, size_t length);
void bytes_close(Bytes *bytes, size_t opened, size_t length);

#endif
