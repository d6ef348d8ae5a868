/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * excerpt.h - the beginning of a payload, for people: its first line if it begins with text, else its first bytes in hexadecimal.
 *
 * No part of the definition. It is in core/ because the program's table and the plugin's column follow the same rule.
 */
#ifndef FP_EXCERPT_H
#define FP_EXCERPT_H

#include <stddef.h>
#include <stdint.h>

/* Room for what fp_excerpt_hex writes: two digits and a space, or the NUL, for each of 16 bytes. */
#define FP_EXCERPT_HEX_ROOM 48

/* Returns the length in bytes of the payload's first line, without its line end; 0 if the payload does not begin with text. Text is at
 * least 4 bytes of printable ASCII, or a shorter line of nothing else. */
size_t fp_excerpt_line_bytes(const uint8_t *payload, size_t bytes);

/* Writes n characters and a NUL to text: one for each byte, a dot for anything but printable ASCII. */
void fp_excerpt_text(const uint8_t *bytes, size_t n, char *text);

/* Writes at most the first 16 bytes in hexadecimal to text, as in "de ad be ef". text must have FP_EXCERPT_HEX_ROOM bytes of room. */
void fp_excerpt_hex(const uint8_t *payload, size_t bytes, char *text);

#endif
