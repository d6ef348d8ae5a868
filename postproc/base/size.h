/* SPDX-License-Identifier: GPL-2.0-or-later */
/* size.h - numbers of bytes as people write them. */
#ifndef FP_SIZE_H
#define FP_SIZE_H

#include <stdbool.h>
#include <stdint.h>

/* Parses text such as 4096, 64M or 2g; K, M, G and T are powers of 1024. Returns false when text is anything else, is 0, or does not
 * fit. */
bool fp_size_from_text(const char *text, uint64_t *bytes);

#endif
