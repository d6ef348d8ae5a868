/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tunnel.c - networks that are carried over IP by GRE or UDP. What Wireshark decodes as such by default, and how, is
 * followed: packet-gre.c, packet-cisco-erspan.c, packet-vxlan.c, packet-geneve.c, packet-capwap.c, packet-gtp.c, packet-teredo.c,
 * packet-l2tp.c of 4.0.
 */
#include "walk.h"

#define GRE_CHECKSUM 0x8000
#define GRE_ROUTING 0x4000
#define GRE_KEY 0x2000
#define GRE_SEQUENCE 0x1000
#define GRE_ACKNOWLEDGMENT 0x0080
#define GRE_VERSION 0x0007
#define GRE_TYPE_BRIDGED 0x6558
#define GRE_TYPE_WCCP 0x883e
#define GRE_TYPE_PPP 0x880b
#define GRE_TYPE_ERSPAN 0x88be
#define GRE_TYPE_ERSPAN_3 0x22eb
#define GRE_TYPE_ARUBA_FIRST 0x8200
#define GRE_TYPE_ARUBA_LAST 0x8370
#define GRE_TYPE_MIKROTIK 0x6400

#define PORT_L2TP 1701
#define PORT_GTP_CONTROL 2123
#define PORT_GTP_USER 2152
#define PORT_TEREDO 3544
#define PORT_GRE 4754
#define PORT_VXLAN 4789
#define PORT_VXLAN_GPE 4790
#define PORT_CAPWAP_DATA 5247
#define PORT_GENEVE 6081
#define PORT_MPLS 6635

#define NVGRE_NUMBER_MIN 0x1000U
#define UDP_HEADER 8U
#define VXLAN_HEADER 8U
#define VXLAN_HAS_VNI 0x08
#define GENEVE_HEADER 8U
#define CAPWAP_HEADER 8U
#define CAPWAP_FRAGMENT 0x80
#define CAPWAP_KEEP_ALIVE 0x08
#define CAPWAP_BINDING_WLAN 1

/* ERSPAN II and III (draft-foschiano-erspan): a header, then the mirrored frame. */
static FpDecoded walk_erspan(FpWalk *walk, FpSpan rest)
{
    uint32_t header_bytes;

    if (rest.captured < 8)
        return fp_walk_missing(rest);
    uint16_t vlan = fp_load16(rest.bytes) & 0x0fff;
    if (walk->vlan == 0 || rest.bytes[0] >> 4 == 2)
        walk->vlan = vlan;
    fp_walk_note_vlan(walk, vlan);
    switch (rest.bytes[0] >> 4) {
    case 1:
        header_bytes = 8;
        break;
    case 2:
        if (rest.captured < 12)
            return fp_walk_missing(rest);
        if ((rest.bytes[10] >> 2 & 0x1f) != 0)
            return FP_DECODED_TUNNEL; /* what was mirrored is no Ethernet */
        header_bytes = rest.bytes[11] & 1 ? 20 : 12;
        break;
    default:
        return FP_DECODED_TUNNEL;
    }
    return rest.captured < header_bytes ? fp_walk_missing(rest) : fp_walk_ethernet(walk, fp_span_after(rest, header_bytes));
}

/* What GRE carries. flags: of its header. */
static FpDecoded walk_gre_payload(FpWalk *walk, uint16_t flags, uint16_t type, FpSpan rest)
{
    if (type >= GRE_TYPE_ARUBA_FIRST && type <= GRE_TYPE_ARUBA_LAST && type % 16 == 0)
        return fp_walk_wlan(walk, rest);
    switch (type) {
    case GRE_TYPE_WCCP:
        if (rest.captured > 0 && rest.bytes[0] >> 4 != 4) { /* version 2 of it has four bytes more */
            if (rest.captured < 4)
                return fp_walk_missing(rest);
            rest = fp_span_after(rest, 4);
        }
        return fp_walk_ipv4(walk, rest);
    case GRE_TYPE_PPP:
        return fp_walk_ppp_hdlc(walk, rest);
    case GRE_TYPE_ERSPAN:
        return flags & GRE_SEQUENCE ? walk_erspan(walk, rest) : fp_walk_ethernet(walk, rest);
    case GRE_TYPE_ERSPAN_3:
        return walk_erspan(walk, rest);
    case GRE_TYPE_MIKROTIK:
        return fp_walk_ethernet(walk, rest);
    default:
        if (type <= FP_ETHERNET_LENGTH_MAX)
            return FP_DECODED_TUNNEL;
        FpDecoded decoded = fp_walk_type(walk, type, rest);
        return decoded == FP_DECODED_NOT_IP ? FP_DECODED_TUNNEL : decoded;
    }
}

/* Which network a key means. NVGRE (RFC 7637 3.2) has a number of 24 bits in it, never below 0x1000, and eight bits that each flow may
 * choose, differently in each direction; what bridges have otherwise are small numbers. */
static uint32_t network_of_key(uint32_t key, uint16_t type)
{
    return type == GRE_TYPE_BRIDGED && key >> 8 >= NVGRE_NUMBER_MIN ? key & ~0xffU : key;
}

/* GRE (RFC 2784, RFC 2890), and the enhanced one of PPTP (RFC 2637 4.1). */
FpDecoded fp_walk_gre(FpWalk *walk, FpSpan packet)
{
    if (++walk->layers > FP_WALK_LAYERS_MAX)
        return FP_DECODED_TUNNEL;
    if (packet.captured < 4)
        return fp_walk_missing(packet);
    uint16_t flags = fp_load16(packet.bytes);
    uint16_t type = fp_load16(packet.bytes + 2);
    bool is_enhanced = type == GRE_TYPE_PPP && flags & GRE_VERSION;
    uint32_t header_bytes = 4;

    if (flags & (GRE_CHECKSUM | GRE_ROUTING))
        header_bytes += 4;
    if (flags & GRE_KEY)
        header_bytes += 4;
    if (flags & GRE_SEQUENCE)
        header_bytes += 4;
    if (is_enhanced && flags & GRE_ACKNOWLEDGMENT)
        header_bytes += 4;
    if (flags & GRE_ROUTING)
        return FP_DECODED_TUNNEL; /* source routes, which nobody has used since RFC 1701 */
    if (packet.captured < header_bytes)
        return fp_walk_missing(packet);
    if (flags & GRE_KEY && (flags & GRE_VERSION) == 0) { /* in version 1 it is the receiver's number of the call */
        uint32_t key = fp_load32(packet.bytes + (flags & GRE_CHECKSUM ? 8 : 4));
        fp_walk_note_network(walk, FP_NETWORK_VNI, network_of_key(key, type));
    }
    return walk_gre_payload(walk, flags, type, fp_span_after(packet, header_bytes));
}

/* The number of 24 bits in the second word of a header of VXLAN, of VXLAN-GPE, of GENEVE. */
static void note_vni(const FpWalk *walk, const uint8_t *header)
{
    fp_walk_note_network(walk, FP_NETWORK_VNI, fp_load32(header + 4) >> 8);
}

/* VXLAN (RFC 7348 5). */
static FpDecoded walk_vxlan(FpWalk *walk, FpSpan rest)
{
    if (rest.captured < VXLAN_HEADER)
        return fp_walk_missing(rest);
    if (rest.bytes[0] & VXLAN_HAS_VNI)
        note_vni(walk, rest.bytes);
    return fp_walk_ethernet(walk, fp_span_after(rest, VXLAN_HEADER));
}

/* VXLAN-GPE (draft-ietf-nvo3-vxlan-gpe 3): it says what it carries. */
static FpDecoded walk_vxlan_gpe(FpWalk *walk, FpSpan rest)
{
    if (rest.captured < VXLAN_HEADER)
        return fp_walk_missing(rest);
    if (rest.bytes[0] & VXLAN_HAS_VNI)
        note_vni(walk, rest.bytes);
    FpSpan inner = fp_span_after(rest, VXLAN_HEADER);
    switch (rest.bytes[3]) {
    case 1:
        return fp_walk_ipv4(walk, inner);
    case 2:
        return fp_walk_ipv6(walk, inner);
    case 3:
        return fp_walk_ethernet(walk, inner);
    case 5:
        return fp_walk_mpls(walk, inner);
    default:
        return FP_DECODED_TUNNEL;
    }
}

/* GENEVE (RFC 8926 3.4): options, then what the type says. */
static FpDecoded walk_geneve(FpWalk *walk, FpSpan rest)
{
    if (rest.captured < GENEVE_HEADER)
        return fp_walk_missing(rest);
    uint32_t header_bytes = GENEVE_HEADER + (rest.bytes[0] & 0x3fU) * 4U;
    if (rest.captured < header_bytes)
        return fp_walk_missing(rest);
    note_vni(walk, rest.bytes);
    return fp_walk_type(walk, fp_load16(rest.bytes + 2), fp_span_after(rest, header_bytes));
}

/* Steps over GTPv1's extension headers (3GPP TS 29.281 5.2). *at: offset of the first one's type. Returns false when they do not end. */
static bool step_gtp_extensions(FpSpan packet, uint32_t *at)
{
    while (*at < packet.captured && packet.bytes[*at] != 0) {
        if (*at + 1 >= packet.captured || packet.bytes[*at + 1] == 0)
            return false;
        *at += packet.bytes[*at + 1] * 4U;
    }
    ++*at;
    return *at <= packet.captured;
}

/* The offset of a user data packet's payload, 0 when that was not captured. Sets *packet's end. */
static uint32_t gtp_payload_offset(FpSpan *packet)
{
    const uint8_t *header = packet->bytes;
    uint32_t at = header[0] >> 5 == 0 ? 20 : 8;

    *packet = fp_span_first(*packet, at + fp_load16(header + 2));
    if (header[0] >> 5 != 0 && header[0] & 0x07) {
        at += header[0] & 0x04 ? 3 : 4;
        if (header[0] & 0x04 && !step_gtp_extensions(*packet, &at))
            return 0;
    }
    return at < packet->captured ? at : 0;
}

/* GTP user data (3GPP TS 29.281, TS 29.060): IP, or Ethernet where an IP type stands in its place. */
static FpDecoded walk_gtp(FpWalk *walk, FpSpan packet)
{
    if (packet.captured < 8)
        return fp_walk_missing(packet);
    if (packet.bytes[0] >> 5 > 2 || packet.bytes[1] != 0xff || (packet.bytes[0] & 0x10) == 0)
        return FP_DECODED_NOT_TCP; /* signalling */
    uint32_t at = gtp_payload_offset(&packet);
    if (at == 0)
        return fp_walk_missing(packet);

    FpSpan rest = fp_span_after(packet, at);
    if (rest.bytes[0] >= 0x45 && rest.bytes[0] <= 0x4e)
        return fp_walk_ipv4(walk, rest);
    if (rest.bytes[0] >> 4 == 6)
        return fp_walk_ipv6(walk, rest);
    if (rest.captured <= 14)
        return FP_DECODED_TUNNEL;
    uint16_t type = fp_load16(rest.bytes + 12);
    return type == 0x0800 || type == 0x86dd ? fp_walk_ethernet(walk, rest) : FP_DECODED_TUNNEL;
}

/* Teredo (RFC 4380 5.1.1): authentication and origin may come before the IPv6 packet. */
static FpDecoded walk_teredo(FpWalk *walk, FpSpan rest)
{
    if (rest.captured >= 4 && fp_load16(rest.bytes) == 1) {
        uint32_t header_bytes = 13U + rest.bytes[2] + rest.bytes[3];
        if (rest.captured < header_bytes)
            return fp_walk_missing(rest);
        rest = fp_span_after(rest, header_bytes);
    }
    if (rest.captured >= 8 && fp_load16(rest.bytes) == 0)
        rest = fp_span_after(rest, 8);
    if (rest.captured < 1)
        return fp_walk_missing(rest);
    return rest.bytes[0] >> 4 == 6 ? fp_walk_ipv6(walk, rest) : FP_DECODED_NOT_TCP;
}

/* L2TPv2 (RFC 2661 3.1): PPP in its data messages. */
static FpDecoded walk_l2tp(FpWalk *walk, FpSpan rest)
{
    if (rest.captured < 2)
        return fp_walk_missing(rest);
    uint16_t flags = fp_load16(rest.bytes);
    if ((flags & 0x8000) != 0)
        return FP_DECODED_NOT_TCP; /* control */
    if ((flags & 0x000f) != 2)
        return FP_DECODED_TUNNEL;
    uint32_t header_bytes = 6;
    if (flags & 0x4000)
        header_bytes += 2;
    if (flags & 0x0800)
        header_bytes += 4;
    if (flags & 0x0200) {
        if (rest.captured < header_bytes + 2)
            return fp_walk_missing(rest);
        header_bytes += 2U + fp_load16(rest.bytes + header_bytes);
    }
    return rest.captured < header_bytes ? fp_walk_missing(rest) : fp_walk_ppp_hdlc(walk, fp_span_after(rest, header_bytes));
}

/* CAPWAP's data channel (RFC 5415 4.3): Ethernet, or IEEE 802.11. */
static FpDecoded walk_capwap(FpWalk *walk, FpSpan rest)
{
    if (rest.captured < CAPWAP_HEADER)
        return fp_walk_missing(rest);
    const uint8_t *header = rest.bytes;
    uint32_t header_bytes = (header[1] >> 3) * 4U;
    bool is_native = header[2] & 1;
    if ((header[0] & 0x0f) != 0 || header[3] & CAPWAP_FRAGMENT)
        return FP_DECODED_TUNNEL; /* encrypted, or not reassembled here */
    if (header[3] & CAPWAP_KEEP_ALIVE)
        return FP_DECODED_NOT_TCP;
    if (header_bytes < CAPWAP_HEADER || rest.captured < header_bytes)
        return fp_walk_missing(rest);
    if (!is_native)
        return fp_walk_ethernet(walk, fp_span_after(rest, header_bytes));
    if ((header[2] >> 1 & 0x1f) != CAPWAP_BINDING_WLAN)
        return FP_DECODED_TUNNEL;
    return fp_walk_wlan_swapped(walk, fp_span_after(rest, header_bytes));
}

typedef FpDecoded Step(FpWalk *walk, FpSpan rest);

static Step *tunnel_of_port(uint16_t port)
{
    switch (port) {
    case PORT_L2TP:
        return walk_l2tp;
    case PORT_GTP_CONTROL:
    case PORT_GTP_USER:
        return walk_gtp;
    case PORT_TEREDO:
        return walk_teredo;
    case PORT_GRE:
        return fp_walk_gre;
    case PORT_VXLAN:
        return walk_vxlan;
    case PORT_VXLAN_GPE:
        return walk_vxlan_gpe;
    case PORT_CAPWAP_DATA:
        return walk_capwap;
    case PORT_GENEVE:
        return walk_geneve;
    case PORT_MPLS:
        return fp_walk_mpls;
    default:
        return NULL;
    }
}

/* UDP: tunnels are known by their ports, the lower one first. */
FpDecoded fp_walk_udp(FpWalk *walk, FpSpan datagram)
{
    if (datagram.captured < UDP_HEADER)
        return FP_DECODED_NOT_TCP;
    uint16_t source = fp_load16(datagram.bytes), destination = fp_load16(datagram.bytes + 2);
    Step *tunnel = tunnel_of_port(source < destination ? source : destination);
    if (tunnel == NULL)
        tunnel = tunnel_of_port(source < destination ? destination : source);
    if (tunnel == NULL)
        return FP_DECODED_NOT_TCP;

    uint32_t length = fp_load16(datagram.bytes + 4);
    if (length == 0 && walk->segment->address_bytes == 16)
        length = datagram.wire; /* a jumbogram (RFC 2675 4) */
    if (length < UDP_HEADER)
        return FP_DECODED_BAD_HEADER;
    return tunnel(walk, fp_span_after(fp_span_first(datagram, length), UDP_HEADER));
}
