/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * segment.h - one TCP segment as captured: what a decoder, or Wireshark's IP layers, say about it.
 *
 * file -> record -> [segment] -> stream -> verdict -> output
 *
 * Nothing here is interpreted: verdict.h and stream.c decide what counts as payload.
 */
#ifndef FP_SEGMENT_H
#define FP_SEGMENT_H

#include <stdbool.h>
#include <stdint.h>

/* TCP flags (RFC 9293 3.1), as in the header's 14th byte. */
enum {
    FP_TCP_FIN = 0x01,
    FP_TCP_SYN = 0x02,
    FP_TCP_RST = 0x04,
    FP_TCP_ACK = 0x10,
};

/* The smallest TCP header (RFC 9293 3.1). */
#define FP_TCP_HEADER_MIN_BYTES 20U

/* How much of a TCP header must have been captured: everything up to and including the window. Wireshark finds the stream of a segment
 * that is truncated after these bytes, but not if it is truncated before (packet-tcp.c, dissect_tcp). */
#define FP_TCP_NEEDED_BYTES 16U

/*
 * Addresses are borrowed: they must stay valid until the function that takes the segment returns. All numbers are in host byte order.
 */
typedef struct {
    const uint8_t *source;      /* address of the innermost IP layer, address_bytes long, network byte order */
    const uint8_t *destination; /* the same */
    int64_t time_ns;            /* capture time, from fp_time_ns; there is no other clock */
    uint64_t network;           /* tells apart networks that use the same addresses; 0: unknown, or not asked for */
    uint32_t seq;
    uint32_t ack;           /* as in the header, whether or not ACK is set */
    uint32_t segment_bytes; /* header and payload: from the IP length, never from the captured length */
    uint16_t source_port;
    uint16_t destination_port;
    uint16_t window;       /* as in the header, unscaled */
    uint8_t address_bytes; /* 4 or 16 */
    uint8_t header_bytes;  /* data offset times 4, unchecked: 0 to 60 */
    uint8_t flags;         /* FP_TCP_... */
    bool length_unknown;   /* first IP fragment that could not be reassembled: segment_bytes is not valid */
} FpSegment;

/* Converts a time from a capture file to ns since 1970. A file can hold any value: before 1677 and after 2262 the result wraps around. */
static inline int64_t fp_time_ns(int64_t seconds, int64_t nanoseconds)
{
    return (int64_t)((uint64_t)seconds * 1000000000 + (uint64_t)nanoseconds);
}

/* Returns the ns from earlier to later; negative when later is in fact earlier. Correct up to 146 years, even across a wrap-around: the
 * highest bit of a time is not needed. */
static inline int64_t fp_time_difference(int64_t later, int64_t earlier)
{
    return (int64_t)(((uint64_t)later - (uint64_t)earlier) << 1) / 2;
}

#endif
