/* SPDX-License-Identifier: GPL-2.0-or-later */
/* size.h - a number of bytes as people write it. */
#ifndef FP_SIZE_H
#define FP_SIZE_H

#include <stdbool.h>
#include <stdint.h>

/* 4096, 64M, 2g: K, M, G and T are powers of 1024. Returns false when text is something else, is 0, or does not fit. */
bool fp_size_from_text(const char *text, uint64_t *bytes);

#endif
