/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel-cut-frame.h - what the kernel's filter and the program share: how a frame is read, and what the maps between the two hold.
 *
 * Included by kernel-cut-bpf.c, which runs in the kernel, and by kernel-cut.c. Both have to read a frame in the same way: SYNs are
 * counted on both sides, and an entry must be of the stream that the program means. So there is one function for it, which uses nothing
 * but linux/types.h.
 */
#ifndef FP_KERNEL_CUT_FRAME_H
#define FP_KERNEL_CUT_FRAME_H

#include <linux/types.h>

#ifdef __bpf__
#include <linux/bpf.h>

#include <bpf/bpf_helpers.h>

typedef struct __sk_buff FpCutPacket;

/* Reads n bytes of a packet from offset on. Returns whether it has them. */
static __always_inline int fp_cut_load(FpCutPacket *packet, __u32 offset, void *to, __u32 n)
{
    return bpf_skb_load_bytes(packet, offset, to, n) == 0;
}
#else
#include <string.h>

#ifndef __always_inline /* as bpf_helpers.h has it, and some of libc's headers */
#define __always_inline inline __attribute__((always_inline))
#endif

typedef struct {
    const __u8 *bytes;
    __u32 n;
} FpCutPacket;

static inline int fp_cut_load(const FpCutPacket *packet, __u32 offset, void *to, __u32 n)
{
    if (offset > packet->n || n > packet->n - offset)
        return 0;
    memcpy(to, packet->bytes + offset, n);
    return 1;
}
#endif

/* SYNs are counted by a hash of their endpoints. A stream is cut again only after the program was given another of its frames when a SYN of
 * another stream was counted in the same place: with a thousand SYNs a second, every two minutes. */
#define FP_CUT_PLACE_BITS 17
#define FP_CUT_PLACES (1U << FP_CUT_PLACE_BITS)

/* Tags of VLANs that a frame may have, with one that the network card has taken out of it. */
#define FP_CUT_TAGS_MAX 3

/* IPv6 extension headers, and how long one with options may be, so that what is in it can be looked at. */
#define FP_CUT_EXTENSIONS_MAX 6
#define FP_CUT_OPTIONS_MAX 24

#define FP_CUT_FIN 0x01
#define FP_CUT_SYN 0x02
#define FP_CUT_RST 0x04

struct fp_cut_end {
    __u32 address[4]; /* in network byte order; of IPv4, the first alone */
    __u32 port;       /* likewise */
};

/* A stream: its two endpoints in an order that is the same for both directions. */
struct fp_cut_key {
    struct fp_cut_end low, high;
    __u32 version; /* of IP */
};

/* What a stream spares (FpSpare in core/stream.h), and what it was true of. */
struct fp_cut_entry {
    __u64 syns;  /* it holds as long as so many SYNs were counted in the stream's place */
    __u32 check; /* of the key: another stream's entry may have taken this one's memory while the filter was looking at it */
    __u32 has_speaker;
    __u32 speaker; /* if it has one: see FpSpare */
    __u32 seq;
    __u32 n;
    __u32 silent_seq;
    __u32 nothing; /* so that it has no bytes without a name, which the kernel would copy */
};

/* What a frame is, if it is one that the filter understands. */
typedef struct {
    struct fp_cut_key key;
    __u32 place;
    __u32 check;
    __u32 direction; /* 1: from the high end */
    __u32 seq;
    __u32 payload_bytes; /* if is_measured */
    __u8 flags;
    __u8 is_exact; /* 0: it may belong to another stream than key says, as with source routes, or is a fragment. It passes, but a SYN counts
                    */
    __u8 is_measured;
} FpCutFrame;

static __always_inline __u32 fp_cut_16(const __u8 *bytes)
{
    return (__u32)bytes[0] << 8 | bytes[1];
}

static __always_inline __u32 fp_cut_32(const __u8 *bytes)
{
    return fp_cut_16(bytes) << 16 | fp_cut_16(bytes + 2);
}

/* Any order will do that depends on nothing else. */
static __always_inline int fp_cut_is_less(const struct fp_cut_end *one, const struct fp_cut_end *other)
{
    for (int i = 0; i < 4; i++)
        if (one->address[i] != other->address[i])
            return one->address[i] < other->address[i];
    return one->port < other->port;
}

static __always_inline __u64 fp_cut_mix(__u64 hash, __u32 one, __u32 other)
{
    hash = (hash ^ ((__u64)one << 32 | other)) * 0x9e3779b97f4a7c15U;
    return hash ^ hash >> 32;
}

/* Fills in what follows from the endpoints. */
static __always_inline void fp_cut_set_ends(FpCutFrame *frame, const struct fp_cut_end *source, const struct fp_cut_end *destination,
                                            __u32 version)
{
    __u64 hash = version;

    frame->direction = (__u32)fp_cut_is_less(destination, source);
    frame->key.low = frame->direction ? *destination : *source;
    frame->key.high = frame->direction ? *source : *destination;
    frame->key.version = version;
    for (int i = 0; i < (version == 4 ? 1 : 4); i++)
        hash = fp_cut_mix(hash, frame->key.low.address[i], frame->key.high.address[i]);
    hash = fp_cut_mix(hash, frame->key.low.port, frame->key.high.port);
    frame->check = (__u32)hash;
    frame->place = (__u32)(hash >> (64 - FP_CUT_PLACE_BITS));
}

/* Reads the TCP header. ip_bytes: of header and payload, as IP says; 0: it does not. */
static __always_inline int fp_cut_read_tcp(FpCutPacket *packet, __u32 offset, __u32 ip_bytes, struct fp_cut_end *source,
                                           struct fp_cut_end *destination, __u32 version, FpCutFrame *frame)
{
    __u8 tcp[16]; /* what a decoder needs of it, FP_TCP_NEEDED_BYTES */

    if (!fp_cut_load(packet, offset, tcp, sizeof tcp))
        return 0;
    const __u32 header_bytes = (__u32)(tcp[12] >> 4) * 4;
    source->port = fp_cut_16(tcp);
    destination->port = fp_cut_16(tcp + 2);
    frame->seq = fp_cut_32(tcp + 4);
    frame->flags = tcp[13];
    frame->is_measured = header_bytes >= 20 && ip_bytes >= header_bytes;
    frame->payload_bytes = ip_bytes - header_bytes;
    fp_cut_set_ends(frame, source, destination, version);
    return 1;
}

/* Options may replace the destination, as a source route does (RFC 791 3.1), so a frame that has any is not cut. */
static __always_inline int fp_cut_read_ipv4(FpCutPacket *packet, __u32 offset, FpCutFrame *frame)
{
    struct fp_cut_end source = {{0}, 0}, destination = {{0}, 0};
    __u32 words[5];
    const __u8 *ip = (const __u8 *)words;

    if (!fp_cut_load(packet, offset, words, sizeof words) || ip[0] >> 4 != 4)
        return 0;
    const __u32 header_bytes = (ip[0] & 0x0fU) * 4, total_bytes = fp_cut_16(ip + 2), fragment = fp_cut_16(ip + 6);
    if (header_bytes < 20 || ip[9] != 6 || (fragment & 0x1fff) != 0)
        return 0;
    source.address[0] = words[3];
    destination.address[0] = words[4];
    frame->is_exact = header_bytes == 20 && (fragment & 0x2000) == 0;
    return fp_cut_read_tcp(packet, offset + header_bytes, total_bytes > header_bytes ? total_bytes - header_bytes : 0, &source,
                           &destination, 4, frame);
}

/* Whether options may hold a home address (RFC 6275 6.3), which replaces the source: whether any byte looks like one. */
static __always_inline int fp_cut_is_plain(FpCutPacket *packet, __u32 offset, __u32 n)
{
    __u8 word[8];

    for (__u32 i = 0; i < FP_CUT_OPTIONS_MAX; i += 8) {
        if (i >= n)
            return 1;
        if (!fp_cut_load(packet, offset + i, word, sizeof word))
            return 0;
        for (int j = 0; j < 8; j++)
            if (word[j] == 0xc9)
                return 0;
    }
    return n <= FP_CUT_OPTIONS_MAX;
}

static __always_inline int fp_cut_read_ipv6(FpCutPacket *packet, __u32 offset, FpCutFrame *frame)
{
    struct fp_cut_end source = {{0}, 0}, destination = {{0}, 0};
    __u32 words[10];
    const __u8 *ip = (const __u8 *)words;
    __u8 extension[4];

    if (!fp_cut_load(packet, offset, words, sizeof words) || ip[0] >> 4 != 6)
        return 0;
    for (int i = 0; i < 4; i++) {
        source.address[i] = words[2 + i];
        destination.address[i] = words[6 + i];
    }
    __u32 next = ip[6], left = fp_cut_16(ip + 4);
    frame->is_exact = 1;
    offset += 40;
    for (int i = 0; i < FP_CUT_EXTENSIONS_MAX && next != 6; i++) {
        if (!fp_cut_load(packet, offset, extension, sizeof extension))
            return 0;
        __u32 n = (extension[1] + 1U) * 8;
        if (next == 51) /* AH: in units of 4 bytes (RFC 4302 2.2) */
            n = (extension[1] + 2U) * 4;
        else if (next == 0 || next == 60) /* options */
            frame->is_exact &= (__u8)fp_cut_is_plain(packet, offset, n);
        else if (next == 43) /* routing: segments that are left lead to another destination */
            frame->is_exact &= extension[3] == 0;
        else
            return 0;
        next = extension[0];
        offset += n;
        left = left > n ? left - n : 0;
    }
    return next == 6 && fp_cut_read_tcp(packet, offset, left, &source, &destination, 6, frame);
}

/* Reads a frame whose layer at offset is of an Ethernet type, and that may have so many tags before IP. Returns whether it is TCP that the
 * filter understands, and fills in all of *frame then. */
static __always_inline int fp_cut_read(FpCutPacket *packet, __u32 type, __u32 offset, int tags_max, FpCutFrame *frame)
{
    __u8 tag[4];

    for (int i = 0; i < FP_CUT_TAGS_MAX; i++) {
        if (type != 0x8100 && type != 0x88a8 && type != 0x9100)
            break;
        if (i >= tags_max || !fp_cut_load(packet, offset, tag, sizeof tag))
            return 0;
        type = fp_cut_16(tag + 2);
        offset += 4;
    }
    if (type == 0x0800)
        return fp_cut_read_ipv4(packet, offset, frame);
    return type == 0x86dd && fp_cut_read_ipv6(packet, offset, frame);
}

#endif
