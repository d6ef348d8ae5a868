/* SPDX-License-Identifier: GPL-2.0-or-later */
/* text.h - a payload's beginning in one short line, as for a column. */
#ifndef FP_TEXT_H
#define FP_TEXT_H

#include "compat.h"

/* Returns the first line of the payload, at most 64 bytes of it and anything else than printable ASCII as dots; or, when
 * the payload does not begin with text, its first 16 bytes in hexadecimal. Never empty unless bytes is 0. Allocated in scope. */
const char *fp_text(wmem_allocator_t *scope, const uint8_t *payload, unsigned bytes);

/* Whether fp_text makes a line of the payload, and not hexadecimal. */
bool fp_text_is_line(const uint8_t *payload, unsigned bytes);

/* At most 64 bytes of a string, anything else than printable ASCII as dots. Allocated in scope. */
const char *fp_text_printable(wmem_allocator_t *scope, const char *string);

#endif
