/* SPDX-License-Identifier: GPL-2.0-or-later */
/* raw-record.h - records as they stand in a classic pcap in this machine's byte order: a header, and the frame. */
#ifndef FP_RAW_RECORD_H
#define FP_RAW_RECORD_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "record.h"

typedef struct {
    uint32_t seconds;
    uint32_t fraction;
    uint32_t captured_bytes;
    uint32_t wire_bytes;
} FpRawHeader;

/* Several of them, one behind the other; the last may be incomplete. */
typedef struct {
    const uint8_t *at, *end;
    unsigned fraction_ns; /* the unit of fractions, 1 or 1000 ns */
} FpRawRecords;

/* Loads the header at raw. */
static inline FpRawHeader fp_raw_header(const uint8_t *raw)
{
    FpRawHeader header;

    memcpy(&header, raw, sizeof header);
    return header;
}

/* How many bytes the record takes of which n bytes are at raw. 0: not all of it is there, or it is longer than any packet. */
static inline size_t fp_raw_record_bytes(const uint8_t *raw, size_t n)
{
    if (n < sizeof(FpRawHeader))
        return 0;
    const uint32_t captured_bytes = fp_raw_header(raw).captured_bytes;
    return captured_bytes <= FP_FRAME_BYTES_MAX && captured_bytes <= n - sizeof(FpRawHeader) ? sizeof(FpRawHeader) + captured_bytes : 0;
}

/* The record's time_ns. */
static inline int64_t fp_raw_time_ns(const FpRawHeader *header, unsigned fraction_ns)
{
    return (int64_t)header->seconds * 1000000000 + (int64_t)header->fraction * fraction_ns;
}

/* The record's wire_bytes, like wtap_read. */
static inline uint32_t fp_raw_wire_bytes(const FpRawHeader *header)
{
    return header->wire_bytes > header->captured_bytes ? header->wire_bytes : header->captured_bytes;
}

#endif
