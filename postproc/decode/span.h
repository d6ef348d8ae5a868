/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * span.h - a piece of a frame: what was captured of it, and how long it was on the wire. Wireshark's tvbuff, made small.
 */
#ifndef FP_SPAN_H
#define FP_SPAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

typedef struct {
    const uint8_t *bytes;
    uint32_t captured; /* how many of bytes there are; at most wire */
    uint32_t wire;
} FpSpan;

/* Drops the first n bytes. n must be at most span.captured. */
static inline FpSpan fp_span_after(FpSpan span, uint32_t n)
{
    return (FpSpan){span.bytes + n, span.captured - n, span.wire - n};
}

/* Drops what lies behind the first n bytes on the wire (Wireshark's set_actual_length: never makes it longer). */
static inline FpSpan fp_span_first(FpSpan span, uint32_t n)
{
    if (n < span.wire)
        span.wire = n;
    if (n < span.captured)
        span.captured = n;
    return span;
}

/* Drops the last n bytes on the wire, if there are so many. */
static inline FpSpan fp_span_without_last(FpSpan span, uint32_t n)
{
    return span.wire >= n ? fp_span_first(span, span.wire - n) : span;
}

#endif
