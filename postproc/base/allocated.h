/* SPDX-License-Identifier: GPL-2.0-or-later */
/* allocated.h - how much memory an allocation takes. */
#ifndef FP_ALLOCATED_H
#define FP_ALLOCATED_H

#include <glib.h>
#include <stddef.h>

/* What glibc's malloc takes for n bytes: a word more, in steps of two words, and at least four (malloc.c, request2size). 0 for none. */
static inline size_t fp_allocated(size_t n)
{
    const size_t step = 2 * sizeof(size_t), bytes = (n + sizeof(size_t) + step - 1) / step * step;

    return n == 0 ? 0 : MAX(bytes, 2 * step);
}

#endif
