/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * printable.h - untrusted bytes -> text that is harmless to a terminal, a log reader or a JSON parser.
 *
 * Only printable ASCII passes: no control characters, none that UTF-8 hides in several bytes (C1, bidirectional controls), no line ends.
 */
#ifndef FP_PRINTABLE_H
#define FP_PRINTABLE_H

#include <glib.h>
#include <stdint.h>

/* Appends bytes, with \xNN for a backslash and for what is not printable, so that the bytes can be recovered from the text. */
void fp_printable_escape(GString *text, const uint8_t *bytes, size_t n);

/* Appends a number in decimal digits, with zeros before it up to so many digits. These two are much faster than printf, of which a line of
 * the log would take dozens. */
void fp_printable_padded(GString *text, uint64_t number, unsigned digits);
void fp_printable_number(GString *text, uint64_t number);

/* Appends one character per byte, a dot for what is not printable, escaped to stand between the quotes of a JSON string. */
void fp_printable_dots(GString *text, const uint8_t *bytes, size_t n);

/* Appends value as a JSON string, quotes included. Replaces invalid UTF-8; writes all but printable ASCII as \uNNNN. */
void fp_printable_json(GString *text, const char *value);

/* The same of n bytes. */
void fp_printable_json_bytes(GString *text, const uint8_t *bytes, size_t n);

#endif
