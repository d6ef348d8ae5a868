/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tshark-answer.h - a line that tshark -T ek prints for a frame -> the fields in it. JSON, so that no value can be taken for another line.
 */
#ifndef FP_TSHARK_ANSWER_H
#define FP_TSHARK_ANSWER_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* The values that each of fields has in the frame: a GStrv, or NULL where it has none; in the order of fields. */
typedef GPtrArray FpFieldValues;

FpFieldValues *fp_field_values_new(char *const *fields);

/* What line says: the frame's number, and values, which are added to what values has. Returns false when the line is of no frame; *number
 * is 0 where it is of one and makes no sense. */
bool fp_tshark_answer_read(const char *line, char *const *fields, uint64_t *number, FpFieldValues *values);

#endif
