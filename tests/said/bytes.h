/* SPDX-License-Identifier: GPL-2.0-or-later */
/* bytes.h - messages, put together a field at a time. */
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

/* A number of length bytes, most significant first. */
void bytes_number(Bytes *bytes, uint64_t number, size_t length);
void bytes_add(Bytes *bytes, const void *more, size_t n);
void bytes_text(Bytes *bytes, const char *text);

/* Two hexadecimal digits a byte. */
void bytes_hexadecimal(Bytes *bytes, const char *digits);

/* A length of length bytes, which is set at the end of what it is the length of. */
size_t bytes_open(Bytes *bytes, size_t length);
void bytes_close(Bytes *bytes, size_t opened, size_t length);

#endif
