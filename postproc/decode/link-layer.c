/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * link-layer.c - Ethernet, IEEE 802.2, OSI's network layer, MPLS. Reference: packet-eth.c, packet-ethertype.c, packet-llc.c, packet-isl.c,
 * packet-cisco-fp-mim.c, packet-osi.c, packet-mpls.c of 4.0.
 */
#include "link-layer.h"

#include <string.h>

#include "layers.h"

#define ETHERNET_HEADER 14U
#define TYPE_IPV4 0x0800
#define TYPE_IPV6 0x86dd
#define TYPE_VLAN 0x8100
#define TYPE_PROVIDER_VLAN 0x88a8
#define TYPE_MPLS 0x8847
#define TYPE_FABRICPATH 0x8903

#define MPLS_LABEL_IPV4 0
#define MPLS_LABEL_IPV6 2
#define MPLS_LABEL_ASSOCIATED 13

#define LLC_INFORMATION 0x01 /* clear in an information frame's control field, which has two bytes */
#define LLC_UNNUMBERED 0x03
#define ORGANISATION_CISCO 0x0000f8
#define ORGANISATION_BRIDGED 0x0080c2
#define BRIDGED_PADDING 2
#define BRIDGED_ETHERNET_FCS 1
#define BRIDGED_ETHERNET 7
#define BRIDGED_TOKEN_RING_FCS 3
#define BRIDGED_TOKEN_RING 9
#define BRIDGED_FDDI_FCS 4
#define BRIDGED_FDDI 10

#define ISL_HEADER 14U
#define ISL_REST 12U
#define ISL_ETHERNET 0
#define ISL_TOKEN_RING 1

FpDecoded fp_walk_ethernet_fcs(FpWalk *walk, FpSpan rest)
{
    return fp_walk_ethernet(walk, fp_span_without_last(rest, FP_FCS_BYTES));
}

/* SNAP (RFC 1042): the number of an organisation, and one that it assigned. padding: bytes before a bridged frame. Frame Relay has none
 * (RFC 2427); everywhere else Wireshark expects those of ATM (RFC 2684 5.2). */
static FpDecoded walk_snap(FpWalk *walk, FpSpan rest, bool is_information, uint32_t padding)
{
    if (rest.captured < 5)
        return fp_walk_missing(rest);
    uint32_t organisation = fp_load32(rest.bytes) >> 8;
    uint16_t number = fp_load16(rest.bytes + 3);
    FpSpan inner = fp_span_after(rest, 5);

    if (organisation == 0 || organisation == ORGANISATION_CISCO)
        return is_information ? fp_walk_type(walk, number, inner) : fp_walk_no_segment(walk, FP_NO_SEGMENT_OTHER, FP_OTHER_SNAP);
    if (organisation != ORGANISATION_BRIDGED)
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_OTHER, FP_OTHER_SNAP);
    switch (number) {
    case BRIDGED_ETHERNET_FCS:
        return fp_walk_behind(walk, fp_walk_ethernet_fcs, inner, padding);
    case BRIDGED_ETHERNET:
        return fp_walk_behind(walk, fp_walk_ethernet, inner, padding);
    case BRIDGED_TOKEN_RING_FCS:
    case BRIDGED_TOKEN_RING:
        return fp_walk_behind(walk, fp_walk_token_ring, inner, padding);
    case BRIDGED_FDDI_FCS:
    case BRIDGED_FDDI:
        return fp_walk_behind(walk, fp_walk_fddi, inner, padding + 1);
    default:
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_OTHER, FP_OTHER_SNAP);
    }
}

FpDecoded fp_walk_snap(FpWalk *walk, FpSpan rest)
{
    return walk_snap(walk, rest, true, 0);
}

/* IEEE 802.2: two access points, and a control field of one or two bytes. */
FpDecoded fp_walk_llc(FpWalk *walk, FpSpan rest)
{
    if (++walk->layers > FP_WALK_LAYERS_MAX)
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_OTHER, FP_OTHER_NESTED);
    if (rest.captured < 3)
        return fp_walk_missing(rest);
    uint8_t sap = rest.bytes[0], control = rest.bytes[2];
    uint32_t header_bytes = (control & LLC_UNNUMBERED) == LLC_UNNUMBERED ? 3 : 4;
    bool is_information = (control & LLC_INFORMATION) == 0 || control == LLC_UNNUMBERED;

    if (rest.captured < header_bytes)
        return fp_walk_missing(rest);
    FpSpan inner = fp_span_after(rest, header_bytes);
    if (sap == 0xaa && rest.bytes[1] == 0xaa)
        return walk_snap(walk, inner, is_information, BRIDGED_PADDING);
    return fp_walk_layer(walk, is_information ? fp_layer_of_sap(sap) : NULL, inner, FP_NO_SEGMENT_SAP, sap);
}

/* OSI: the first byte identifies the protocol. Only packets of protocols other than OSI's lead to IP, and they begin after it. */
FpDecoded fp_walk_osi(FpWalk *walk, FpSpan packet)
{
    if (packet.captured < 1)
        return fp_walk_missing(packet);
    FpSpan rest = fp_span_after(packet, 1);
    return fp_walk_layer(walk, fp_layer_of_nlpid(packet.bytes[0]), rest, FP_NO_SEGMENT_SAP, 0xfe);
}

FpDecoded fp_walk_type(FpWalk *walk, uint16_t type, FpSpan rest)
{
    if (++walk->layers > FP_WALK_LAYERS_MAX)
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_OTHER, FP_OTHER_NESTED);
    return fp_walk_layer(walk, fp_layer_of_type(type), rest, FP_NO_SEGMENT_TYPE, type);
}

bool fp_walk_is_type(uint16_t type)
{
    return fp_layer_of_type(type) != NULL;
}

/* A length is followed by IEEE 802.2, or by IPX in Novell's framing. */
FpDecoded fp_walk_type_or_length(FpWalk *walk, uint16_t type, FpSpan rest)
{
    if (type > FP_ETHERNET_LENGTH_MAX)
        return fp_walk_type(walk, type, rest);
    if (rest.captured >= 2 && fp_load16(rest.bytes) == 0xffff)
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_SAP, 0xff);
    return fp_walk_llc(walk, fp_span_first(rest, type));
}

/* Cisco's Inter-Switch Link, recognised by an address. */
static bool is_isl(const uint8_t *frame)
{
    static const uint8_t address[4] = {0x00, 0x0c, 0x00, 0x00};

    return (frame[0] == 0x01 || frame[0] == 0x0c) && memcmp(frame + 1, address, sizeof address) == 0;
}

static FpDecoded walk_isl(FpWalk *walk, FpSpan frame)
{
    uint16_t length = fp_load16(frame.bytes + 12);
    FpSpan rest = fp_span_after(frame, ISL_HEADER);

    if (length != 0)
        rest = fp_span_first(rest, length);
    switch (frame.bytes[5] >> 4) {
    case ISL_ETHERNET:
        return fp_walk_behind(walk, fp_walk_ethernet_fcs, rest, ISL_REST);
    case ISL_TOKEN_RING:
        return fp_walk_behind(walk, fp_walk_token_ring, rest, ISL_REST + 5);
    default:
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_TYPE, length);
    }
}

/* Returns the length of a Cisco FabricPath header, or 0 if there is none. The header looks like Ethernet's and has 16 bytes, or 20 with a
 * VLAN tag; the frame ends in a checksum over everything. */
static uint32_t fabricpath_bytes(FpSpan frame)
{
    uint16_t type = fp_load16(frame.bytes + 12);

    if (type == TYPE_FABRICPATH)
        return 16;
    return (type == TYPE_VLAN || type == TYPE_PROVIDER_VLAN) && frame.captured >= 18 && fp_load16(frame.bytes + 16) == TYPE_FABRICPATH ? 20
                                                                                                                                       : 0;
}

FpDecoded fp_walk_ethernet(FpWalk *walk, FpSpan frame)
{
    if (++walk->layers > FP_WALK_LAYERS_MAX)
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_OTHER, FP_OTHER_NESTED);
    if (frame.captured < ETHERNET_HEADER)
        return fp_walk_missing(frame);
    uint16_t type = fp_load16(frame.bytes + 12);
    uint32_t fabricpath = fabricpath_bytes(frame);
    if (fabricpath != 0)
        return fp_walk_behind(walk, fp_walk_ethernet_fcs, frame, fabricpath);
    if (type <= FP_ETHERNET_LENGTH_MAX && is_isl(frame.bytes))
        return walk_isl(walk, frame);
    if (type == 0)
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_TYPE, type);
    return fp_walk_type_or_length(walk, type, fp_span_after(frame, ETHERNET_HEADER));
}

/* An Ethernet pseudowire, with a control word (RFC 4448 4.6), whose first nibble is 0, or without one. Wireshark decides by the
 * manufacturers in the addresses. We look for a common type where it would be without a control word. */
static FpDecoded walk_pseudowire(FpWalk *walk, FpSpan rest)
{
    if (rest.captured < 4)
        return fp_walk_missing(rest);
    if (rest.captured >= ETHERNET_HEADER) {
        uint16_t type = fp_load16(rest.bytes + 12);
        if (type == TYPE_IPV4 || type == TYPE_IPV6 || type == TYPE_VLAN || type == TYPE_MPLS)
            return fp_walk_ethernet(walk, rest);
    }
    return fp_walk_ethernet(walk, fp_span_after(rest, 4));
}

/* MPLS (RFC 3032 2.1): labels. Only the first nibble after them tells what follows (RFC 4928). */
FpDecoded fp_walk_mpls(FpWalk *walk, FpSpan rest)
{
    uint32_t entry;

    if (++walk->layers > FP_WALK_LAYERS_MAX)
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_OTHER, FP_OTHER_NESTED);
    do {
        if (rest.captured < 4)
            return fp_walk_missing(rest);
        entry = fp_load32(rest.bytes);
        rest = fp_span_after(rest, 4);
    } while ((entry & 0x100) == 0 && rest.wire > 0);
    if (rest.captured < 1)
        return fp_walk_missing(rest);

    uint32_t label = entry >> 12;
    unsigned nibble = rest.bytes[0] >> 4;
    if (label == MPLS_LABEL_ASSOCIATED)
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_OTHER, FP_OTHER_MPLS);
    if (label == MPLS_LABEL_IPV4 || (label != MPLS_LABEL_IPV6 && nibble == 4))
        return fp_walk_ipv4(walk, rest);
    if (label == MPLS_LABEL_IPV6 || nibble == 6)
        return fp_walk_ipv6(walk, rest);
    return nibble == 0 ? walk_pseudowire(walk, rest) : fp_walk_no_segment(walk, FP_NO_SEGMENT_OTHER, FP_OTHER_MPLS);
}
