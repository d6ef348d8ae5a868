/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * segment.h - one TCP segment, or UDP datagram, as it was captured: what a decoder, or Wireshark's own IP layers, say of it.
 *
 * file -> record -> [segment] -> stream -> verdict -> output
 *
 * Nothing here is interpreted: what counts as payload is the business of verdict.h and stream.c.
 */
#ifndef FP_SEGMENT_H
#define FP_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Bits of the TCP flags (RFC 9293 3.1), as they stand in the header's 14th byte. */
enum {
    FP_TCP_FIN = 0x01,
    FP_TCP_SYN = 0x02,
    FP_TCP_RST = 0x04,
    FP_TCP_ACK = 0x10,
};

/* A TCP header has at least this many bytes (RFC 9293 3.1). */
#define FP_TCP_HEADER_MIN_BYTES 20U

/* The bytes of a TCP header that must have been captured: up to and with the window. Wireshark finds the
 * stream of a segment cut behind them, and of none cut before (packet-tcp.c, dissect_tcp). */
#define FP_TCP_NEEDED_BYTES 16U

/* A UDP header has so many bytes (RFC 768). */
#define FP_UDP_HEADER_BYTES 8U

typedef enum {
    FP_TRANSPORT_TCP,
    FP_TRANSPORT_UDP,
} FpTransport;

/*
 * A datagram of UDP has 0 where a segment has numbers, flags and a window.
 *
 * Addresses are borrowed: they must live until the call that is given the segment returns.
 * All numbers are in host byte order.
 */
typedef struct {
    const uint8_t *source;      /* address of the innermost IP layer, address_bytes long, network byte order */
    const uint8_t *destination; /* the same */
    int64_t time_ns;            /* when it was captured, as fp_time_ns has it; the only clock there is */
    uint64_t network;           /* which of several networks with the same addresses in use, for who tells them apart; 0: not known */
    uint32_t seq;
    uint32_t ack;           /* as it stands there, whether or not ACK is set */
    uint32_t segment_bytes; /* header and payload: from the IP length, of UDP the lesser of both lengths; never from what was captured */
    uint16_t source_port;
    uint16_t destination_port;
    uint16_t window;       /* as it stands there, unscaled */
    uint8_t address_bytes; /* 4 or 16 */
    uint8_t header_bytes;  /* data offset times 4: 0 to 60, whatever the header claims; of UDP FP_UDP_HEADER_BYTES */
    uint8_t flags;         /* FP_TCP_... */
    bool length_unknown;   /* a first IP fragment that could not be reassembled: segment_bytes means nothing */
    uint8_t transport;     /* an FpTransport */
    bool is_quic_long;     /* of UDP: fp_datagram_is_quic_long of its payload */
} FpSegment;

/* Whether the payload of a datagram, of which n bytes were captured, begins with a QUIC long header (RFC 9000 17.2): with the fixed bit, a
 * version whose keys are known (1, 2, drafts 27 to 34, mvfst), and both connection IDs of at most 20 bytes. */
bool fp_datagram_is_quic_long(const uint8_t *payload, size_t n);

/* A time as capture files have it -> ns since 1970. Files say what they like: before 1677 and after 2262 it wraps around. */
static inline int64_t fp_time_ns(int64_t seconds, int64_t nanoseconds)
{
    return (int64_t)((uint64_t)seconds * 1000000000 + (uint64_t)nanoseconds);
}

/* How many ns later comes after earlier; negative when it comes before. Right up to 146 years, wherever times wrap around: the highest bit
 * of a time is not needed. */
static inline int64_t fp_time_difference(int64_t later, int64_t earlier)
{
    return (int64_t)(((uint64_t)later - (uint64_t)earlier) << 1) / 2;
}

#endif
