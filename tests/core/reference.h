/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * reference.h - the definition in core/verdict.h a second time: slow and obvious, to check core/ against.
 *
 * It keeps every segment ever seen between two endpoints, and answers each question by reading the whole list again.
 */
#ifndef REFERENCE_H
#define REFERENCE_H

#include <glib.h>

#include "segment.h"
#include "verdict.h"

/* The segments of one transport between two endpoints. */
typedef struct Reference Reference;

/* rules are copied; idle_ns, asked, opening_bytes and transports of them count */
Reference *reference_new(const FpRules *rules);
void reference_free(Reference *reference);

/* Judges the next segment, sent in direction 0 or 1. *next_number is the number that a new stream gets. */
FpVerdict reference_take(Reference *reference, unsigned direction, const FpSegment *segment, guint32 *next_number);

#endif
