/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * lan-headers.c - local networks other than Ethernet: Token Ring, FDDI, ARCNET, IP over InfiniBand, IP over Fibre Channel. Reference:
 * packet-tr.c, packet-fddi.c, packet-arcnet.c, packet-ipoib.c, packet-ipfc.c of 4.0.
 */
#include "layers.h"
#include "link-layer.h"

#define TOKEN_RING_HEADER 14U
#define TOKEN_RING_LLC 0x40
#define FDDI_HEADER 13U
#define FDDI_LLC 0x50
#define FIBRE_CHANNEL_HEADER 16U
#define INFINIBAND_HEADER 4U
#define INFINIBAND_GLOBAL 40U

#define ARCNET_IPV6 196
#define ARCNET_BACNET 205
#define ARCNET_IP 212
#define ARCNET_IP_OLD 240
#define ARCNET_ARP_OLD 241
#define ARCNET_DIAGNOSE 128
#define ARCNET_EXCEPTION 0xff

/* Token Ring (IEEE 802.5). If the source's first bit is set, routing information follows the addresses. Old versions of Linux clear that
 * bit, or always leave 18 bytes; the position of the SNAP header shows which. */
FpDecoded fp_walk_token_ring(FpWalk *walk, FpSpan frame)
{
    if (frame.captured < TOKEN_RING_HEADER + 1)
        return fp_walk_missing(frame);
    const uint8_t *rest = frame.bytes + TOKEN_RING_HEADER;
    uint32_t n = frame.captured - TOKEN_RING_HEADER;
    uint32_t routing_bytes = rest[0] & 0x1fU;
    bool is_routed = frame.bytes[8] & 0x80;

    if ((frame.bytes[1] & 0xc0) != TOKEN_RING_LLC)
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_SAP, 0);
    if (!is_routed && routing_bytes > 0 && n >= routing_bytes + 3 && rest[0] != rest[1])
        is_routed = rest[routing_bytes] == 0xaa && rest[routing_bytes + 1] == 0xaa && rest[routing_bytes + 2] == 0x03;
    if (!is_routed)
        routing_bytes = 0;
    if ((routing_bytes == 0 || routing_bytes == 2) && n >= 21 && rest[18] == 0xaa && rest[19] == 0xaa && rest[20] == 0x03)
        routing_bytes = 18;
    return fp_walk_behind(walk, fp_walk_llc, frame, TOKEN_RING_HEADER + routing_bytes);
}

/* FDDI: frame control, addresses, IEEE 802.2. */
FpDecoded fp_walk_fddi(FpWalk *walk, FpSpan frame)
{
    if (frame.captured < FDDI_HEADER)
        return fp_walk_missing(frame);
    return (frame.bytes[0] & 0xf0) == FDDI_LLC ? fp_walk_llc(walk, fp_span_after(frame, FDDI_HEADER))
                                               : fp_walk_no_segment(walk, FP_NO_SEGMENT_SAP, 0);
}

/* Begins with the protocol number. With all but a few protocols, a flag and a sequence number follow (RFC 1201 2.1). */
static FpDecoded walk_arcnet(FpWalk *walk, FpSpan rest, bool has_exceptions)
{
    if (rest.captured < 1)
        return fp_walk_missing(rest);
    uint8_t protocol = rest.bytes[0];
    uint32_t header_bytes = 4;
    if (protocol == ARCNET_IP_OLD || protocol == ARCNET_ARP_OLD || protocol == ARCNET_DIAGNOSE || protocol == ARCNET_BACNET)
        header_bytes = 1;
    else if (has_exceptions && rest.captured >= 2 && rest.bytes[1] == ARCNET_EXCEPTION)
        header_bytes = 8;
    if (rest.captured < header_bytes)
        return fp_walk_missing(rest);
    FpSpan inner = fp_span_after(rest, header_bytes);
    switch (protocol) {
    case ARCNET_IP:
    case ARCNET_IP_OLD:
        return fp_walk_ipv4(walk, inner);
    case ARCNET_IPV6:
        return fp_walk_ipv6(walk, inner);
    case ARCNET_BACNET:
        return fp_walk_llc(walk, inner);
    default:
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_OTHER, FP_OTHER_ARCNET);
    }
}

/* ARCNET as BSD captures it: two addresses come first. */
FpDecoded fp_walk_arcnet(FpWalk *walk, FpSpan frame)
{
    return frame.captured < 2 ? fp_walk_missing(frame) : walk_arcnet(walk, fp_span_after(frame, 2), true);
}

/* ARCNET as Linux captures it: an offset follows the addresses, and there are no exceptions. */
FpDecoded fp_walk_arcnet_linux(FpWalk *walk, FpSpan frame)
{
    return frame.captured < 4 ? fp_walk_missing(frame) : walk_arcnet(walk, fp_span_after(frame, 4), false);
}

/* IP over InfiniBand (RFC 4391 6): a type, then the packet. */
FpDecoded fp_walk_infiniband(FpWalk *walk, FpSpan frame)
{
    if (frame.captured < INFINIBAND_HEADER)
        return fp_walk_missing(frame);
    uint16_t type = fp_load16(frame.bytes);
    FpSpan rest = fp_span_after(frame, INFINIBAND_HEADER);
    if (type == 0x0800)
        return fp_walk_ipv4(walk, rest);
    return type == 0x86dd ? fp_walk_ipv6(walk, rest) : fp_walk_no_segment(walk, FP_NO_SEGMENT_TYPE, type);
}

/* IP over InfiniBand as pcap has it: a global routing header comes first. */
FpDecoded fp_walk_infiniband_global(FpWalk *walk, FpSpan frame)
{
    return fp_walk_behind(walk, fp_walk_infiniband, frame, INFINIBAND_GLOBAL);
}

/* IP over Fibre Channel (RFC 2625): the network header, then IEEE 802.2. */
FpDecoded fp_walk_fibre_channel(FpWalk *walk, FpSpan frame)
{
    return fp_walk_behind(walk, fp_walk_llc, frame, FIBRE_CHANNEL_HEADER);
}
