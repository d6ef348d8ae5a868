/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * printable.h - bytes that anybody may have sent -> text that does nothing to a terminal, a log's reader or a JSON parser.
 *
 * Plain printable ASCII gets through, nothing else: no control character, none of those that UTF-8 hides in several bytes (C1, the
 * directions of bidirectional text), no line's end.
 */
#ifndef FP_PRINTABLE_H
#define FP_PRINTABLE_H

#include <glib.h>
#include <stdint.h>

/* Appends bytes, with \xNN for what is not printable, and for the backslash, so that all of them can be told from the text. */
void fp_printable_escape(GString *text, const uint8_t *bytes, size_t n);

/* Appends bytes, each in its place, with a dot for what is not printable; as what stands between the quotes of a JSON string. */
void fp_printable_dots(GString *text, const uint8_t *bytes, size_t n);

/* Appends a JSON string, quotes and all. What is not UTF-8 in value is replaced; all but printable ASCII is \uNNNN. */
void fp_printable_json(GString *text, const char *value);

#endif
