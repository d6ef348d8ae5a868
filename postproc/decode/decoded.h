/* SPDX-License-Identifier: GPL-2.0-or-later */
/* decoded.h - a decoded record on its way to its stream. */
#ifndef FP_DECODED_H
#define FP_DECODED_H

#include <stdbool.h>

#include "decode.h"
#include "segment.h"
#include "streams.h"

/* What is known of a record in a batch before its stream is looked up. */
typedef struct {
    FpSegment segment;
    FpStreamKey key;
    FpExtra *extra; /* NULL for nearly all records */
    bool has_segment;
} FpDecodedRecord;

#endif
