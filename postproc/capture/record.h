/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * record.h - one record of a capture file: a frame with its time, or what stands between frames.
 *
 * file -> [record] -> segment -> stream -> verdict -> output
 */
#ifndef FP_RECORD_H
#define FP_RECORD_H

#include <stdint.h>

/* The maximum captured bytes of a frame, which is also the snapshot length of tcpdump. libwiretap, and so Wireshark, takes a file with a
 * longer frame for damaged (wtap.h, WTAP_MAX_PACKET_SIZE_STANDARD), except for a few link types (fp_link_has_giant_records). */
#define FP_FRAME_BYTES_MAX 262144U

/* What a frame begins with. FP_LINK_OTHER: cannot be decoded. */
typedef enum {
    FP_LINK_OTHER,
    FP_LINK_ETHERNET,
    FP_LINK_TOKEN_RING,
    FP_LINK_ARCNET, /* BSD's */
    FP_LINK_ARCNET_LINUX,
    FP_LINK_NULL,      /* BSD loopback: protocol family in the byte order of the capturing host */
    FP_LINK_LOOP,      /* OpenBSD loopback: protocol family in network byte order */
    FP_LINK_ENC,       /* OpenBSD's IPsec */
    FP_LINK_PFLOG,     /* OpenBSD's packet filter */
    FP_LINK_PFLOG_OLD, /* up to OpenBSD 3.3 */
    FP_LINK_RAW_IP,    /* IPv4 or IPv6, as the first byte says */
    FP_LINK_IPV4,
    FP_LINK_IPV6,
    FP_LINK_IPNET, /* Solaris */
    FP_LINK_SLL,   /* Linux cooked capture (tcpdump -i any) */
    FP_LINK_SLL2,
    FP_LINK_PPP,           /* in HDLC-like framing, or Cisco HDLC */
    FP_LINK_PPP_DIRECTION, /* the same after a byte that gives the direction */
    FP_LINK_PPPOE,         /* frames of a session, from the PPPoE header on */
    FP_LINK_CHDLC,         /* Cisco HDLC */
    FP_LINK_FRAME_RELAY,
    FP_LINK_LLC, /* IEEE 802.2, over ATM */
    FP_LINK_FDDI,
    FP_LINK_FIBRE_CHANNEL,     /* IP over Fibre Channel */
    FP_LINK_INFINIBAND,        /* IP over InfiniBand */
    FP_LINK_INFINIBAND_GLOBAL, /* the same after a global routing header */
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

/* Which way a frame went, as seen by the machine that captured it. */
typedef enum {
    FP_DIRECTION_UNKNOWN,
    FP_DIRECTION_IN, /* also what it took although it was not for it */
    FP_DIRECTION_OUT,
} FpDirection;

/* Of the blocks that pcapng has besides frames, the writer tells these apart. */
typedef enum {
    FP_RECORD_FRAME,
    FP_RECORD_SECTION,   /* begins a section */
    FP_RECORD_INTERFACE, /* describes an interface */
    FP_RECORD_OTHER,     /* names, secrets, statistics ..., or a piece of such a block: the next records are the others, in order */
} FpRecordKind;

/* Pointers are borrowed from the capture, until records are next read from it. What is not a frame has only kind, raw and raw_bytes. */
typedef struct {
    const uint8_t *data;     /* the frame, captured_bytes long */
    const uint8_t *raw;      /* the whole record or block as in the file, header included; NULL if read through libwiretap */
    const void *wiretap;     /* its wtap_rec if read through libwiretap, else NULL */
    int64_t time_ns;         /* since 1970, from fp_time_ns: for differences, as it may wrap around; fp_capture_seconds does not */
    uint32_t captured_bytes; /* at most wire_bytes */
    uint32_t wire_bytes;     /* length of the frame on the wire */
    uint32_t raw_bytes;
    FpLink link : 16;
    FpRecordKind kind : 8;
    uint32_t digest : 8; /* FP_RECORD_...; 0 but in a digest */
} FpRecord;

/* What a digest says of a frame (core/digest.h, docs/digest.md). */
enum {
    FP_RECORD_CUT = 1,     /* only its headers are there; it is in no class */
    FP_RECORD_ASSERTS = 2, /* it asserts: see fp_capture_is_digest */
    FP_RECORD_LATE = 4,    /* it stands behind frames that came after it, and does not count as one */
};

#endif
