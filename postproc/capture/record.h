/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * record.h - one record of a capture file: a frame with its time.
 *
 * file -> [record] -> segment -> stream -> verdict -> output
 */
#ifndef FP_RECORD_H
#define FP_RECORD_H

#include <stdint.h>

/* The captured bytes of a frame: libwiretap, and so Wireshark, takes a file with more in one for damaged (wtap.h,
 * WTAP_MAX_PACKET_SIZE_STANDARD), but for a few link types (fp_link_has_giant_records). The snapshot length of tcpdump. */
#define FP_FRAME_BYTES_MAX 262144U

/* How a frame begins. What cannot be decoded is FP_LINK_OTHER. */
typedef enum {
    FP_LINK_OTHER,
    FP_LINK_ETHERNET,
    FP_LINK_TOKEN_RING,
    FP_LINK_ARCNET, /* as BSD has it */
    FP_LINK_ARCNET_LINUX,
    FP_LINK_NULL,      /* BSD loopback: protocol family in the byte order of who captured */
    FP_LINK_LOOP,      /* OpenBSD loopback: protocol family in network byte order */
    FP_LINK_ENC,       /* OpenBSD's IPsec */
    FP_LINK_PFLOG,     /* and its packet filter */
    FP_LINK_PFLOG_OLD, /* up to OpenBSD 3.3 */
    FP_LINK_RAW_IP,    /* IPv4 or IPv6, as the first byte says */
    FP_LINK_IPV4,
    FP_LINK_IPV6,
    FP_LINK_IPNET, /* Solaris */
    FP_LINK_SLL,   /* Linux cooked capture (tcpdump -i any) */
    FP_LINK_SLL2,
    FP_LINK_PPP,           /* in HDLC-like framing, or Cisco HDLC */
    FP_LINK_PPP_DIRECTION, /* the same behind a byte that says which way */
    FP_LINK_PPPOE,         /* a session's frames from the PPPoE header on */
    FP_LINK_CHDLC,         /* Cisco HDLC */
    FP_LINK_FRAME_RELAY,
    FP_LINK_LLC, /* IEEE 802.2, over ATM */
    FP_LINK_FDDI,
    FP_LINK_FIBRE_CHANNEL,     /* IP over it */
    FP_LINK_INFINIBAND,        /* IP over it */
    FP_LINK_INFINIBAND_GLOBAL, /* the same behind a global routing header */
    FP_LINK_NFLOG,             /* Linux netfilter log, little-endian */
    FP_LINK_NFLOG_BIG_ENDIAN,
    FP_LINK_WLAN, /* IEEE 802.11 */
    FP_LINK_RADIOTAP,
    FP_LINK_PRISM,
    FP_LINK_AVS,
    FP_LINK_PPI,
    FP_LINK_PKTAP, /* macOS */
    FP_LINK_ERF,   /* Endace's DAG cards */
    FP_LINK_TZSP,
    FP_LINK_EPON,
    FP_LINK_NETANALYZER,
    FP_LINK_UPPER_PDU, /* Wireshark's */
    FP_LINK_JUNIPER_ETHERNET,
    FP_LINK_JUNIPER_PPP,
    FP_LINK_JUNIPER_FRAME_RELAY,
    FP_LINK_JUNIPER_CHDLC,
    FP_LINK_JUNIPER_GGSN,
    FP_LINK_JUNIPER_VP,
    FP_LINK_JUNIPER_SERVICES,
    FP_LINK_JUNIPER_ATM1,
    FP_LINK_JUNIPER_ATM2,
    FP_LINK_JUNIPER_VN,
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
