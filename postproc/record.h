/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * record.h - one record of a capture file: a frame with its time.
 *
 * file -> [record] -> segment -> stream -> verdict -> output
 */
#ifndef FP_RECORD_H
#define FP_RECORD_H

#include <stdint.h>

/* How a frame begins. What cannot be decoded is FP_LINK_OTHER. */
typedef enum {
    FP_LINK_OTHER,
    FP_LINK_ETHERNET,
    FP_LINK_NULL,   /* BSD loopback: protocol family in the byte order of who captured */
    FP_LINK_LOOP,   /* OpenBSD loopback: protocol family in network byte order */
    FP_LINK_RAW_IP, /* IPv4 or IPv6, as the first byte says */
    FP_LINK_IPV4,
    FP_LINK_IPV6,
    FP_LINK_SLL, /* Linux cooked capture (tcpdump -i any) */
    FP_LINK_SLL2,
    FP_LINK_PPP,   /* in HDLC-like framing, or Cisco HDLC */
    FP_LINK_PPPOE, /* a session's frames from the PPPoE header on */
    FP_LINK_CHDLC, /* Cisco HDLC */
    FP_LINK_FDDI,
    FP_LINK_NFLOG, /* Linux netfilter log, little-endian */
    FP_LINK_NFLOG_BIG_ENDIAN,
    FP_LINK_WLAN, /* IEEE 802.11 */
    FP_LINK_RADIOTAP,
    FP_LINK_PPI,
    FP_LINK_NONE, /* not a packet: pcapng also holds system calls, log entries ... */
} FpLink;

/* Everything is borrowed from the capture, until records are next read from it. */
typedef struct {
    const uint8_t *data;     /* the frame, captured_bytes long */
    const uint8_t *raw;      /* classic pcap: the whole record as it stands in the file, header and all */
    const void *wiretap;     /* every other format: libwiretap's wtap_rec */
    int64_t time_ns;         /* since 1970, as fp_time_ns has it: for differences. fp_capture_seconds does not wrap around. */
    uint32_t captured_bytes; /* at most wire_bytes */
    uint32_t wire_bytes;     /* how long the frame was */
    uint32_t raw_bytes;
    FpLink link;
} FpRecord;

#endif
