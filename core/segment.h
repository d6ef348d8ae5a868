/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * segment.h - one TCP segment or UDP datagram as captured: what a decoder, or Wireshark's IP layers, say about it.
 *
 * file -> record -> [segment] -> stream -> verdict -> output
 *
 * Nothing here is interpreted: verdict.h and stream.c decide what counts as payload.
 */
#ifndef FP_SEGMENT_H
#define FP_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* TCP flags (RFC 9293 3.1), as in the header's 14th byte. */
enum {
    FP_TCP_FIN = 0x01,
    FP_TCP_SYN = 0x02,
    FP_TCP_RST = 0x04,
    FP_TCP_ACK = 0x10,
};

/* Those with which a segment opens, closes or ends a connection. */
#define FP_TCP_SYN_FIN_RST (FP_TCP_SYN | FP_TCP_FIN | FP_TCP_RST)

/* The smallest TCP header (RFC 9293 3.1). */
#define FP_TCP_HEADER_MIN_BYTES 20U

/* How much of a TCP header must have been captured: everything up to and including the window. Wireshark finds the stream of a segment
 * that is truncated after these bytes, but not if it is truncated before (packet-tcp.c, dissect_tcp). */
#define FP_TCP_NEEDED_BYTES 16U

/* The size of a UDP header (RFC 768). */
#define FP_UDP_HEADER_BYTES 8U

typedef enum {
    FP_TRANSPORT_TCP,
    FP_TRANSPORT_UDP,
} FpTransport;

/*
 * A UDP datagram is a segment, too. Its sequence number, acknowledgment, window and flags are 0.
 *
 * Addresses are borrowed: they must stay valid until the function that takes the segment returns. All numbers are in host byte order.
 */
typedef struct {
    const uint8_t *source;      /* address of the innermost IP layer, address_bytes long, network byte order */
    const uint8_t *destination; /* the same */
    int64_t time_ns;            /* capture time, from fp_time_ns; there is no other clock */
    uint64_t network;           /* tells apart networks that use the same addresses; 0: unknown, or not asked for */
    uint32_t seq;
    uint32_t ack; /* as in the header, whether or not ACK is set */
    uint32_t
        segment_bytes; /* header and payload: from the IP length, for UDP the smaller of both lengths; never from the captured length */
    uint16_t source_port;
    uint16_t destination_port;
    uint16_t window;       /* as in the header, unscaled */
    uint8_t address_bytes; /* 4 or 16 */
    uint8_t header_bytes;  /* data offset times 4, unchecked: 0 to 60; for UDP FP_UDP_HEADER_BYTES */
    uint8_t flags;         /* FP_TCP_... */
    bool length_unknown;   /* first IP fragment that could not be reassembled: segment_bytes is not valid */
    uint8_t transport;     /* an FpTransport */
    bool is_quic_long;     /* UDP only: what fp_datagram_is_quic_long says about the payload */
} FpSegment;

/* Returns whether the payload of a datagram, of which n bytes were captured, begins with a QUIC long header (RFC 9000 17.2): with the fixed
 * bit set, a version whose keys are known (1, 2, drafts 27 to 34, mvfst), and connection IDs of at most 20 bytes. */
bool fp_datagram_is_quic_long(const uint8_t *payload, size_t n);

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
