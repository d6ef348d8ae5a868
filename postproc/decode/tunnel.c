/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tunnel.c - tunnels with IP protocols of their own: GRE and what it carries, Ethernet in IP, IPsec that is not encrypted, PIM. Reference:
 * packet-gre.c, packet-cisco-erspan.c, packet-etherip.c, packet-ipsec.c, packet-pim.c, packet-swipe.c of 4.0.
 */
#include "inflate.h"
#include "layers.h"
#include "link-layer.h"

#define GRE_CHECKSUM 0x8000
#define GRE_ROUTING 0x4000
#define GRE_KEY 0x2000
#define GRE_SEQUENCE 0x1000
#define GRE_ACKNOWLEDGMENT 0x0080
#define GRE_VERSION 0x0007
#define GRE_TYPE_BRIDGED 0x6558
#define GRE_TYPE_WCCP 0x883e
#define GRE_TYPE_PPP 0x880b
#define GRE_TYPE_3GPP2 0x88d2
#define GRE_TYPE_CDMA2000 0x8881
#define GRE_TYPE_ERSPAN 0x88be
#define ERSPAN_KEEPS_TAG 0x18 /* ERSPAN II: the mirrored frame still has its tag */
#define GRE_TYPE_ARUBA_FIRST 0x8200
#define GRE_TYPE_ARUBA_LAST 0x8370
#define NVGRE_NUMBER_MIN 0x1000U

#define IPCOMP_HEADER 4U
#define PROTOCOL_IPCOMP 108
#define PROTOCOL_PIM 103
#define PIM_REGISTER 0x21 /* version 2, type 1 */
#define PIM_REGISTER_BYTES 8U

/* ERSPAN II and III (draft-foschiano-erspan): a header, then the mirrored frame. */
FpDecoded fp_walk_erspan(FpWalk *walk, FpSpan rest)
{
    uint32_t header_bytes;

    if (rest.captured < 8)
        return fp_walk_missing(rest);
    uint16_t vlan = fp_load16(rest.bytes) & 0x0fff;
    bool is_third = rest.bytes[0] >> 4 == 2, keeps_tag = (rest.bytes[2] & ERSPAN_KEEPS_TAG) == ERSPAN_KEEPS_TAG;
    if (is_third || (walk->vlans == 0 && !keeps_tag))
        walk->vlans = vlan;
    fp_walk_note_vlan(walk, vlan);
    switch (rest.bytes[0] >> 4) {
    case 1:
        header_bytes = 8;
        break;
    case 2:
        if (rest.captured < 12)
            return fp_walk_missing(rest);
        if ((rest.bytes[10] >> 2 & 0x1f) != 0)
            return fp_walk_no_segment(walk, FP_NO_SEGMENT_GRE, GRE_TYPE_ERSPAN); /* the mirrored frame is not Ethernet */
        header_bytes = rest.bytes[11] & 1 ? 20 : 12;
        break;
    default:
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_GRE, GRE_TYPE_ERSPAN);
    }
    return fp_walk_behind(walk, fp_walk_ethernet, rest, header_bytes);
}

/* Cisco TrustSec in GRE begins with the type. */
FpDecoded fp_walk_cisco_metadata_in_gre(FpWalk *walk, FpSpan rest)
{
    if (rest.captured < 8)
        return fp_walk_missing(rest);
    return fp_walk_gre_type(walk, 0, fp_load16(rest.bytes), fp_span_after(rest, 8));
}

FpDecoded fp_walk_gre_type(FpWalk *walk, uint16_t flags, uint16_t type, FpSpan rest)
{
    if (++walk->layers > FP_WALK_LAYERS_MAX)
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_OTHER, FP_OTHER_NESTED);
    if (type >= GRE_TYPE_ARUBA_FIRST && type <= GRE_TYPE_ARUBA_LAST && type % 16 == 0)
        return fp_walk_wlan(walk, rest);
    if (type == GRE_TYPE_ERSPAN)
        return flags & GRE_SEQUENCE ? fp_walk_erspan(walk, rest) : fp_walk_ethernet(walk, rest);
    return fp_walk_layer(walk, fp_layer_of_gre(type), rest, FP_NO_SEGMENT_GRE, type);
}

/* Returns the number of the network that a key stands for. A key of NVGRE (RFC 7637 3.2) has a 24-bit number, never below 0x1000, and eight
 * bits that each flow may choose, differently in each direction. Other bridges use small numbers. */
static uint32_t network_of_key(uint32_t key, uint16_t type)
{
    return type == GRE_TYPE_BRIDGED && key >> 8 >= NVGRE_NUMBER_MIN ? key & ~0xffU : key;
}

/* Returns the length of the optional fields that flags announce, from the checksum on. */
static uint32_t optional_bytes(uint16_t flags, bool is_ppp)
{
    uint32_t bytes = 0;

    if (flags & (GRE_CHECKSUM | GRE_ROUTING))
        bytes += 4;
    if (flags & GRE_KEY)
        bytes += 4;
    if (flags & GRE_SEQUENCE)
        bytes += 4;
    if (is_ppp && flags & GRE_ACKNOWLEDGMENT)
        bytes += 4;
    return bytes;
}

/* Source routes (RFC 1701): entries with a length; the last has family and length 0. Returns false when the last is missing. */
static bool step_routes(FpSpan *rest)
{
    for (;;) {
        if (rest->captured < 4)
            return false;
        bool is_last = fp_load16(rest->bytes) == 0 && rest->bytes[3] == 0;
        uint32_t bytes = 4U + rest->bytes[3];
        if (rest->captured < bytes)
            return false;
        *rest = fp_span_after(*rest, bytes);
        if (is_last)
            return true;
    }
}

/* 3GPP2's attributes (A.S0008): each has a length, and the last is marked. Returns false when the last is missing. */
static bool step_attributes(FpSpan *rest)
{
    for (bool is_last = false; !is_last;) {
        if (rest->captured < 2 || rest->captured < rest->bytes[1] + 2U)
            return false;
        is_last = rest->bytes[0] & 0x80;
        *rest = fp_span_after(*rest, rest->bytes[1] + 2U);
    }
    return true;
}

/* GRE (RFC 2784, RFC 2890, RFC 1701), and PPTP's enhanced GRE (RFC 2637 4.1). */
FpDecoded fp_walk_gre(FpWalk *walk, FpSpan packet)
{
    if (packet.captured < 5)
        return fp_walk_missing(packet);
    uint16_t flags = fp_load16(packet.bytes), type = fp_load16(packet.bytes + 2);
    bool is_ppp = (type == GRE_TYPE_PPP && flags & GRE_VERSION) || type == GRE_TYPE_3GPP2 || type == GRE_TYPE_CDMA2000;
    uint32_t header_bytes = 4 + optional_bytes(flags, is_ppp);

    if (packet.captured < header_bytes)
        return fp_walk_missing(packet);
    if (flags & GRE_KEY && (flags & GRE_VERSION) == 0) { /* in version 1 it is the call's number at the receiver */
        uint32_t key = fp_load32(packet.bytes + (flags & (GRE_CHECKSUM | GRE_ROUTING) ? 8 : 4));
        fp_walk_note_network(walk, FP_NETWORK_VNI, network_of_key(key, type));
    }
    FpSpan rest = fp_span_after(packet, header_bytes);
    if (flags & GRE_ROUTING && !step_routes(&rest))
        return fp_walk_missing(rest);
    if (type == GRE_TYPE_WCCP && packet.bytes[4] >> 4 != 4) { /* WCCP version 2 has four more bytes */
        if (rest.captured < 4)
            return fp_walk_missing(rest);
        rest = fp_span_after(rest, 4);
    }
    if (type == GRE_TYPE_3GPP2 && !step_attributes(&rest))
        return fp_walk_missing(rest);
    return fp_walk_gre_type(walk, flags, type, rest);
}

/* Ethernet in IP (RFC 3378): two bytes, then the frame. */
FpDecoded fp_walk_etherip(FpWalk *walk, FpSpan rest)
{
    return fp_walk_behind(walk, fp_walk_ethernet, rest, 2);
}

/* Authentication header (RFC 4302 2): what it protects follows it. */
FpDecoded fp_walk_authentication(FpWalk *walk, FpSpan rest)
{
    if (rest.captured < 2)
        return fp_walk_missing(rest);
    uint32_t header_bytes = (rest.bytes[1] + 2U) * 4U;
    if (rest.captured < header_bytes)
        return fp_walk_missing(rest);
    return fp_walk_protocol(walk, rest.bytes[0], fp_span_after(rest, header_bytes));
}

/* IPComp (RFC 3173): deflated, or compressed in a way that only the endpoints know. */
FpDecoded fp_walk_ipcomp(FpWalk *walk, FpSpan rest)
{
    FpSpan inflated;

    if (rest.captured < IPCOMP_HEADER)
        return fp_walk_missing(rest);
    if (!fp_inflate(walk->decoder->inflated, fp_span_after(rest, IPCOMP_HEADER), &inflated))
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_PROTOCOL, PROTOCOL_IPCOMP);
    return fp_walk_protocol(walk, rest.bytes[0], inflated);
}

/* swIPe, IPsec's forerunner: a header that contains its length, then IPv6, or IPv4 if the version says so. */
FpDecoded fp_walk_swipe(FpWalk *walk, FpSpan rest)
{
    return rest.captured < 2 ? fp_walk_missing(rest) : fp_walk_behind(walk, fp_walk_ipv6, rest, rest.bytes[1]);
}

/* PIM (RFC 7761 4.9.3): a multicast packet on its way to the rendezvous point. */
FpDecoded fp_walk_pim(FpWalk *walk, FpSpan rest)
{
    if (rest.captured <= PIM_REGISTER_BYTES)
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_PROTOCOL, PROTOCOL_PIM);
    FpSpan packet = fp_span_after(rest, PIM_REGISTER_BYTES);
    if (rest.bytes[0] == PIM_REGISTER && packet.bytes[0] >> 4 == 4)
        return fp_walk_ipv4(walk, packet);
    if (rest.bytes[0] == PIM_REGISTER && packet.bytes[0] >> 4 == 6)
        return fp_walk_ipv6(walk, packet);
    return fp_walk_no_segment(walk, FP_NO_SEGMENT_PROTOCOL, PROTOCOL_PIM);
}
