/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * span.h - part of a frame: the bytes that were captured, and the length that it had on the wire. A small version of Wireshark's tvbuff.
 */
#ifndef FP_SPAN_H
#define FP_SPAN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

typedef struct {
    const uint8_t *bytes;
    uint32_t captured; /* number of bytes captured; at most wire */
    uint32_t wire;
} FpSpan;

/* Drops the first n bytes. n must be at most span.captured. */
static inline FpSpan fp_span_after(FpSpan span, uint32_t n)
{
    return (FpSpan){span.bytes + n, span.captured - n, span.wire - n};
}

/* Keeps the first n bytes on the wire. Like Wireshark's set_actual_length, it never makes the span longer. */
static inline FpSpan fp_span_first(FpSpan span, uint32_t n)
{
    if (n < span.wire)
        span.wire = n;
    if (n < span.captured)
        span.captured = n;
    return span;
}

/* Drops the last n bytes on the wire, if there are that many. */
static inline FpSpan fp_span_without_last(FpSpan span, uint32_t n)
{
    return span.wire >= n ? fp_span_first(span, span.wire - n) : span;
}

#endif
