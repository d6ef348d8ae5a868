/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory.c - see memory.h. */
#include "memory.h"

#include <stdlib.h>

void *fp_memory_zeroed(size_t n, size_t bytes)
{
    return calloc(n, bytes);
}

void *fp_memory_resized(void *memory, size_t bytes)
{
    return realloc(memory, bytes);
}

void fp_memory_free(void *memory)
{
    free(memory);
}
