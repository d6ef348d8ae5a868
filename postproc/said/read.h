/* SPDX-License-Identifier: GPL-2.0-or-later */
/* read.h - numbers and pieces out of bytes, in order: what would reach past the end is not read, and noted. */
#ifndef FP_SAID_READ_H
#define FP_SAID_READ_H

#include "said.h"

typedef struct {
    const uint8_t *bytes;
    size_t n, position;
    bool is_short; /* something was not there; from then on everything reads as 0, and as nothing */
} FpReader;

static inline FpReader fp_reader(const uint8_t *bytes, size_t n)
{
    return (FpReader){.bytes = bytes, .n = n};
}

static inline size_t fp_reader_left(const FpReader *reader)
{
    return reader->n - reader->position;
}

/* n bytes; of those that are not there, none. */
static inline FpSaidText fp_read_text(FpReader *reader, uint64_t n)
{
    FpSaidText text = {NULL, 0};

    if (reader->is_short || n > fp_reader_left(reader)) {
        reader->is_short = true;
        return text;
    }
    text = (FpSaidText){reader->bytes + reader->position, (size_t)n};
    reader->position += text.n;
    return text;
}

/* n bytes or what is left. */
static inline FpSaidText fp_read_text_at_most(FpReader *reader, size_t n)
{
    size_t left = fp_reader_left(reader);

    return fp_read_text(reader, n < left ? n : left);
}

/* n is 8 at most. */
static inline uint64_t fp_read_big(FpReader *reader, size_t n)
{
    FpSaidText text = fp_read_text(reader, n);
    uint64_t number = 0;

    for (size_t i = 0; i < text.n; i++)
        number = number << 8 | text.bytes[i];
    return number;
}

/* n is 4 at most. */
static inline uint32_t fp_read_little(FpReader *reader, size_t n)
{
    FpSaidText text = fp_read_text(reader, n);
    uint32_t number = 0;

    for (size_t i = text.n; i > 0; i--)
        number = number << 8 | text.bytes[i - 1];
    return number;
}

static inline uint8_t fp_read8(FpReader *reader)
{
    return (uint8_t)fp_read_big(reader, 1);
}

static inline uint16_t fp_read16(FpReader *reader)
{
    return (uint16_t)fp_read_big(reader, 2);
}

static inline uint32_t fp_read32(FpReader *reader)
{
    return (uint32_t)fp_read_big(reader, 4);
}

/* Up to a NUL, which is skipped. */
static inline FpSaidText fp_read_to_nul(FpReader *reader)
{
    size_t n = 0, left = fp_reader_left(reader);

    while (n < left && reader->bytes[reader->position + n] != 0)
        n++;
    if (reader->is_short || n == left) {
        reader->is_short = true;
        return (FpSaidText){NULL, 0};
    }
    FpSaidText text = fp_read_text(reader, n);
    reader->position++;
    return text;
}

#endif
