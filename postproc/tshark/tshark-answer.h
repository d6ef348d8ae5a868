/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tshark-answer.h - a line that tshark -T ek prints for a frame -> its fields. In JSON, no value can be taken for another line. */
#ifndef FP_TSHARK_ANSWER_H
#define FP_TSHARK_ANSWER_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* The values of each field in the frame, in the order of the fields: a GStrv, or NULL if the frame has none. */
typedef GPtrArray FpFieldValues;

/* Returns an array with NULL for each of fields. The caller unrefs it. */
FpFieldValues *fp_field_values_new(char *const *fields);

/* Reads a line: sets *number to the frame's number, and adds the frame's values to those in values. Returns false when the line is about no
 * frame. *number is 0 when it is about one, but makes no sense. */
bool fp_tshark_answer_read(const char *line, char *const *fields, uint64_t *number, FpFieldValues *values);

#endif
