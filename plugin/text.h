/* SPDX-License-Identifier: GPL-2.0-or-later */
/* text.h - the beginning of a payload as one short line, for a column. */
#ifndef FP_TEXT_H
#define FP_TEXT_H

#include "compat.h"

/* Returns at most 64 bytes of the payload's first line, with dots for anything but printable ASCII. If the payload does not begin with
 * text, returns its first 16 bytes in hexadecimal. Empty only if bytes is 0. Allocated in scope. */
const char *fp_text(wmem_allocator_t *scope, const uint8_t *payload, unsigned bytes);

/* Returns whether fp_text returns a line, not hexadecimal. */
bool fp_text_is_line(const uint8_t *payload, unsigned bytes);

/* Returns at most bytes_max bytes of a string, with dots for anything but printable ASCII. Allocated in scope. */
const char *fp_text_printable(wmem_allocator_t *scope, const char *string, size_t bytes_max);

#endif
