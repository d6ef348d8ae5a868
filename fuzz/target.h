/* SPDX-License-Identifier: GPL-2.0-or-later */
/* target.h - what every target has: the entry point that libFuzzer calls, or replay.c without it; a check; and an input that is read piece
 * by piece. */
#ifndef FUZZ_TARGET_H
#define FUZZ_TARGET_H

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Always 0; ends the program if something is wrong. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

#define REQUIRE(condition)                                                                                                                 \
    do {                                                                                                                                   \
        if (!(condition)) {                                                                                                                \
            fprintf(stderr, "%s:%d: not so: %s\n", __FILE__, __LINE__, #condition);                                                        \
            abort();                                                                                                                       \
        }                                                                                                                                  \
    } while (0)

/* What is left of an input. */
typedef struct {
    const uint8_t *bytes;
    size_t n;
} Input;

/* Returns the next byte; 0 at the end. */
static inline unsigned input_byte(Input *input)
{
    if (input->n == 0)
        return 0;
    input->n--;
    return *input->bytes++;
}

/* Returns a copy of the next bytes, at most n, in memory of its own, so that reading past their end is seen. *n: how many. Free it. */
static inline uint8_t *input_copy(Input *input, size_t *n)
{
    *n = *n < input->n ? *n : input->n;
    uint8_t *copy = malloc(*n > 0 ? *n : 1);
    REQUIRE(copy != NULL);
    if (*n > 0)
        memcpy(copy, input->bytes, *n);
    input->bytes += *n;
    input->n -= *n;
    return copy;
}

/* See FpStreamsRead. user: an Input. */
static inline _Bool input_read(void *user, void *bytes, size_t n)
{
    Input *input = user;

    if (n > input->n)
        return 0;
    if (n > 0)
        memcpy(bytes, input->bytes, n);
    input->bytes += n;
    input->n -= n;
    return 1;
}

#endif
