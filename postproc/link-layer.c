/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * link-layer.c - Ethernet and what is built on its types; PPP and Cisco HDLC.
 */
#include "walk.h"

#define ETHERNET_HEADER 14U
#define TYPE_IPV4 0x0800
#define TYPE_IPV6 0x86dd
#define TYPE_VLAN 0x8100
#define TYPE_PROVIDER_VLAN 0x88a8
#define TYPE_OLD_PROVIDER_VLAN 0x9100
#define TYPE_BRIDGED 0x6558
#define TYPE_MPLS 0x8847
#define TYPE_MPLS_MULTICAST 0x8848
#define TYPE_PPPOE 0x8864
#define TYPE_JUMBO_LLC 0x8870
#define TYPE_PROVIDER_BACKBONE 0x88e7
#define TYPE_SERVICE_HEADER 0x894f
#define SERVICE_NUMBER 0x01000000U /* sets a service's number apart from a VLAN's */
#define VLAN_TAGS_MAX 20           /* packet-vlan.c, VLAN_MAX_NESTED_TAGS */

#define PPPOE_HEADER 6U
#define PPP_IPV4 0x0021
#define PPP_BRIDGED 0x0031
#define PPP_IPV6 0x0057
#define PPP_MPLS 0x0281
#define PPP_MPLS_MULTICAST 0x0283
#define CHDLC_HEADER 4U
#define CHDLC_UNICAST 0x0f
#define CHDLC_MULTICAST 0x8f

#define MPLS_LABEL_IPV4 0
#define MPLS_LABEL_IPV6 2
#define MPLS_LABEL_ASSOCIATED 13

/* IEEE 802.2: IP by its own SAP, or SNAP (RFC 1042) with an Ethernet type. */
FpDecoded fp_walk_llc(FpWalk *walk, FpSpan rest)
{
    const uint8_t *llc = rest.bytes;

    if (rest.captured < 3)
        return fp_walk_missing_link(rest);
    if (llc[0] == 0x06 && llc[2] == 0x03)
        return fp_walk_ipv4(walk, fp_span_after(rest, 3));
    if (llc[0] != 0xaa || llc[1] != 0xaa || llc[2] != 0x03)
        return FP_DECODED_NOT_IP;
    if (rest.captured < 8)
        return fp_walk_missing_link(rest);
    /* RFC 1042's organisation code, and the one that IEEE 802.1H has for bridged Ethernet types */
    if (llc[3] != 0 || llc[4] != 0 || (llc[5] != 0 && llc[5] != 0xf8))
        return FP_DECODED_NOT_IP;
    return fp_walk_type(walk, fp_load16(llc + 6), fp_span_after(rest, 8));
}

/* PPPoE session (RFC 2516 4): the payload is as long as the header says. */
FpDecoded fp_walk_pppoe(FpWalk *walk, FpSpan rest)
{
    if (rest.captured < PPPOE_HEADER)
        return fp_walk_missing_link(rest);
    return fp_walk_ppp(walk, fp_span_first(fp_span_after(rest, PPPOE_HEADER), fp_load16(rest.bytes + 4)));
}

/* Network service header (RFC 8300 2.2). */
static FpDecoded walk_service_header(FpWalk *walk, FpSpan rest)
{
    if (rest.captured < 8)
        return fp_walk_missing_link(rest);
    uint32_t header_bytes = (rest.bytes[1] & 0x3fU) * 4U;
    if (rest.captured < header_bytes)
        return fp_walk_missing_link(rest);
    FpSpan inner = fp_span_after(rest, header_bytes);
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

/* Steps over the VLAN tags that come before a type. Returns FP_DECODED_SEGMENT to go on. */
static FpDecoded step_vlan_tags(FpWalk *walk, uint16_t *type, FpSpan *rest)
{
    for (int tags = 0; *type == TYPE_VLAN || *type == TYPE_PROVIDER_VLAN || *type == TYPE_OLD_PROVIDER_VLAN; tags++) {
        if (rest->captured < 4)
            return fp_walk_missing_link(*rest);
        if (tags == VLAN_TAGS_MAX)
            return FP_DECODED_LINK;
        uint16_t vlan = fp_load16(rest->bytes) & 0x0fff;
        if (walk->vlan == 0)
            walk->vlan = vlan;
        fp_walk_note_vlan(walk, vlan);
        *type = fp_load16(rest->bytes + 2);
        *rest = fp_span_after(*rest, 4);
    }
    return FP_DECODED_SEGMENT;
}

/* IEEE 802.1ah: four bytes of tag, of which three are the service's number, then the customer's frame. */
static FpDecoded walk_provider_backbone(FpWalk *walk, FpSpan rest)
{
    if (rest.captured < 4)
        return fp_walk_missing_link(rest);
    fp_walk_note_network(walk, FP_NETWORK_VLAN, SERVICE_NUMBER | (fp_load32(rest.bytes) & 0xffffff));
    return fp_walk_ethernet(walk, fp_span_after(rest, 4));
}

/* What follows an Ethernet type, or a length in its place. */
FpDecoded fp_walk_type(FpWalk *walk, uint16_t type, FpSpan rest)
{
    if (++walk->layers > FP_WALK_LAYERS_MAX)
        return FP_DECODED_TUNNEL;
    FpDecoded decoded = step_vlan_tags(walk, &type, &rest);
    if (decoded != FP_DECODED_SEGMENT)
        return decoded;
    switch (type) {
    case TYPE_IPV4:
        return fp_walk_ipv4(walk, rest);
    case TYPE_IPV6:
        return fp_walk_ipv6(walk, rest);
    case TYPE_BRIDGED:
        return fp_walk_ethernet(walk, rest);
    case TYPE_MPLS:
    case TYPE_MPLS_MULTICAST:
        return fp_walk_mpls(walk, rest);
    case TYPE_PPPOE:
        return fp_walk_pppoe(walk, rest);
    case TYPE_JUMBO_LLC:
        return fp_walk_llc(walk, rest);
    case TYPE_PROVIDER_BACKBONE:
        return walk_provider_backbone(walk, rest);
    case TYPE_SERVICE_HEADER:
        return walk_service_header(walk, rest);
    default:
        if (type > FP_ETHERNET_LENGTH_MAX || type == 0)
            return FP_DECODED_NOT_IP;
        return fp_walk_llc(walk, fp_span_first(rest, type));
    }
}

FpDecoded fp_walk_ethernet(FpWalk *walk, FpSpan frame)
{
    if (++walk->layers > FP_WALK_LAYERS_MAX)
        return FP_DECODED_TUNNEL;
    if (frame.captured < ETHERNET_HEADER)
        return fp_walk_missing_link(frame);
    return fp_walk_type(walk, fp_load16(frame.bytes + 12), fp_span_after(frame, ETHERNET_HEADER));
}

/* An Ethernet pseudowire: with a control word (RFC 4448 4.6), whose first nibble is 0, or without one. Wireshark goes by the
 * manufacturers of the addresses, we by whether a type that is in use stands where it would. */
static FpDecoded walk_pseudowire(FpWalk *walk, FpSpan rest)
{
    if (rest.captured < 4)
        return fp_walk_missing_link(rest);
    if (rest.captured >= ETHERNET_HEADER) {
        uint16_t type = fp_load16(rest.bytes + 12);
        if (type == TYPE_IPV4 || type == TYPE_IPV6 || type == TYPE_VLAN || type == TYPE_MPLS)
            return fp_walk_ethernet(walk, rest);
    }
    return fp_walk_ethernet(walk, fp_span_after(rest, 4));
}

/* MPLS (RFC 3032 2.1): labels, and no word on what follows but its first nibble (RFC 4928). */
FpDecoded fp_walk_mpls(FpWalk *walk, FpSpan rest)
{
    uint32_t entry;

    if (++walk->layers > FP_WALK_LAYERS_MAX)
        return FP_DECODED_TUNNEL;
    do {
        if (rest.captured < 4)
            return fp_walk_missing_link(rest);
        entry = fp_load32(rest.bytes);
        rest = fp_span_after(rest, 4);
    } while ((entry & 0x100) == 0 && rest.wire > 0);
    if (rest.captured < 1)
        return fp_walk_missing_link(rest);

    uint32_t label = entry >> 12;
    unsigned nibble = rest.bytes[0] >> 4;
    if (label == MPLS_LABEL_ASSOCIATED)
        return FP_DECODED_NOT_IP;
    if (label == MPLS_LABEL_IPV4 || (label != MPLS_LABEL_IPV6 && nibble == 4))
        return fp_walk_ipv4(walk, rest);
    if (label == MPLS_LABEL_IPV6 || nibble == 6)
        return fp_walk_ipv6(walk, rest);
    return nibble == 0 ? walk_pseudowire(walk, rest) : FP_DECODED_NOT_IP;
}

/* PPP from its protocol field on, which may be shortened to a byte (RFC 1661 6.5). */
FpDecoded fp_walk_ppp(FpWalk *walk, FpSpan rest)
{
    if (rest.captured < 2)
        return fp_walk_missing_link(rest);
    bool is_short = rest.bytes[0] & 1;
    uint16_t protocol = is_short ? rest.bytes[0] : fp_load16(rest.bytes);
    FpSpan payload = fp_span_after(rest, is_short ? 1 : 2);

    switch (protocol) {
    case PPP_IPV4:
        return fp_walk_ipv4(walk, payload);
    case PPP_IPV6:
        return fp_walk_ipv6(walk, payload);
    case PPP_MPLS:
    case PPP_MPLS_MULTICAST:
        return fp_walk_mpls(walk, payload);
    case PPP_BRIDGED:
        return FP_DECODED_TUNNEL;
    default:
        return FP_DECODED_NOT_IP;
    }
}

/* Cisco HDLC: address, control, Ethernet type. */
FpDecoded fp_walk_chdlc(FpWalk *walk, FpSpan frame)
{
    if (frame.captured < CHDLC_HEADER)
        return fp_walk_missing_link(frame);
    uint16_t type = fp_load16(frame.bytes + 2);
    FpSpan rest = fp_span_after(frame, CHDLC_HEADER);
    if (type == TYPE_IPV4 || type == TYPE_IPV6 || type == TYPE_MPLS || type == TYPE_MPLS_MULTICAST)
        return fp_walk_type(walk, type, rest);
    return FP_DECODED_NOT_IP;
}

/* PPP in HDLC-like framing (RFC 1662 3.1), address and control there or not; or Cisco HDLC under its name. */
FpDecoded fp_walk_ppp_hdlc(FpWalk *walk, FpSpan frame)
{
    if (frame.captured < 2)
        return fp_walk_missing_link(frame);
    if (frame.bytes[0] == CHDLC_UNICAST || frame.bytes[0] == CHDLC_MULTICAST)
        return fp_walk_chdlc(walk, frame);
    return fp_walk_ppp(walk, frame.bytes[0] == 0xff ? fp_span_after(frame, 2) : frame);
}
