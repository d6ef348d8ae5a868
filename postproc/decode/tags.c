/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tags.c - what switches and taps insert between Ethernet's addresses and the type of the payload, in most cases followed by that type; or
 * put around a whole frame. Reference: packet-vlan.c, packet-ieee8021ah.c, packet-vntag.c, packet-etag.c, packet-cisco-metadata.c,
 * packet-cisco-ttag.c, packet-ieee8021cb.c, packet-hsr.c, packet-macsec.c, packet-trill.c, packet-avsp.c, packet-gmhdr.c, packet-homepna.c,
 * packet-vmlab.c, packet-telkonet.c, packet-extreme-exeh.c, packet-nsh.c of 4.0.
 */
#include "layers.h"
#include "link-layer.h"

#define SERVICE_NUMBER 0x01000000U /* keeps service numbers apart from VLAN IDs */
#define VLAN_ID_BITS 12
#define VLAN_TAGS_MAX 20 /* packet-vlan.c, VLAN_MAX_NESTED_TAGS */

#define MACSEC_SCI 0x20
#define MACSEC_ENCRYPTED 0x08
#define MACSEC_CHANGED 0x04
#define MACSEC_ICV_BYTES 16U

#define TYPE_MACSEC 0x88e5

/* A tag of n bytes, the last two of which are the type of what follows. */
static FpDecoded walk_tag(FpWalk *walk, FpSpan rest, uint32_t n)
{
    if (rest.captured < n)
        return fp_walk_missing(rest);
    return fp_walk_type(walk, fp_load16(rest.bytes + n - 2), fp_span_after(rest, n));
}

/* Notes the VLAN ID in a tag. */
static void note_vlan_tag(FpWalk *walk, FpSpan rest)
{
    uint16_t vlan = fp_load16(rest.bytes) & 0x0fff;

    if (vlan != 0)
        walk->vlans = walk->vlans << VLAN_ID_BITS | vlan;
    fp_walk_note_vlan(walk, vlan);
}

/* IEEE 802.1Q. */
FpDecoded fp_walk_vlan(FpWalk *walk, FpSpan rest)
{
    if (rest.captured < 4)
        return fp_walk_missing(rest);
    if (walk->vlan_tags++ == VLAN_TAGS_MAX)
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_OTHER, FP_OTHER_NESTED);
    note_vlan_tag(walk, rest);
    return fp_walk_type_or_length(walk, fp_load16(rest.bytes + 2), fp_span_after(rest, 4));
}

/* IEEE 802.1ad. */
FpDecoded fp_walk_provider_vlan(FpWalk *walk, FpSpan rest)
{
    if (rest.captured < 4)
        return fp_walk_missing(rest);
    note_vlan_tag(walk, rest);
    return walk_tag(walk, rest, 4);
}

/* IEEE 802.1ah: a tag of four bytes, three of which are the service number, then the customer's addresses and type. */
FpDecoded fp_walk_provider_backbone(FpWalk *walk, FpSpan rest)
{
    if (rest.captured < 4)
        return fp_walk_missing(rest);
    fp_walk_note_network(walk, FP_NETWORK_VLAN, SERVICE_NUMBER | (fp_load32(rest.bytes) & 0xffffff));
    return walk_tag(walk, rest, 18);
}

/* Cisco VN-Tag: between a switch and its fabric extenders. */
FpDecoded fp_walk_vn_tag(FpWalk *walk, FpSpan rest)
{
    if (rest.captured < 6)
        return fp_walk_missing(rest);
    return fp_walk_type_or_length(walk, fp_load16(rest.bytes + 4), fp_span_after(rest, 6));
}

/* IEEE 802.1BR: the standardised VN-Tag. */
FpDecoded fp_walk_e_tag(FpWalk *walk, FpSpan rest)
{
    return walk_tag(walk, rest, 8);
}

/* Cisco TrustSec: a security group tag. */
FpDecoded fp_walk_cisco_metadata(FpWalk *walk, FpSpan rest)
{
    return walk_tag(walk, rest, 8);
}

/* Cisco TTag: the time, in nanoseconds. */
FpDecoded fp_walk_t_tag(FpWalk *walk, FpSpan rest)
{
    return walk_tag(walk, rest, 8);
}

/* IEEE 802.1CB: a number by which duplicates are recognised. */
FpDecoded fp_walk_r_tag(FpWalk *walk, FpSpan rest)
{
    return walk_tag(walk, rest, 6);
}

/* HSR (IEC 62439-3): the same number, and the frame's size. PRP puts them after the frame, where they do no harm. */
FpDecoded fp_walk_hsr(FpWalk *walk, FpSpan rest)
{
    return walk_tag(walk, rest, 6);
}

/* Arista's timestamps, of 64 or 48 bits. Other subtypes have nothing before the type. */
FpDecoded fp_walk_arista_timestamp(FpWalk *walk, FpSpan rest)
{
    if (rest.captured < 4)
        return fp_walk_missing(rest);
    if (fp_load16(rest.bytes) != 1)
        return walk_tag(walk, rest, 4);
    switch (fp_load16(rest.bytes + 2)) {
    case 0x0010:
    case 0x0110:
        return walk_tag(walk, rest, 14);
    case 0x0020:
    case 0x0120:
        return walk_tag(walk, rest, 12);
    default:
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_TYPE, 0xd28b);
    }
}

/* Gigamon's header: its length, then whatever the tap noted. */
FpDecoded fp_walk_gigamon(FpWalk *walk, FpSpan rest)
{
    if (rest.captured < 1 || rest.captured < rest.bytes[0] + 2U)
        return fp_walk_missing(rest);
    uint32_t n = rest.bytes[0] + 2U;
    return fp_walk_type_or_length(walk, fp_load16(rest.bytes + n - 2), fp_span_after(rest, n));
}

/* MACsec (IEEE 802.1AE 9): what is not encrypted is only protected, and can be read. The integrity check value stays at the end, as it does
 * in Wireshark. */
FpDecoded fp_walk_macsec(FpWalk *walk, FpSpan rest)
{
    if (rest.captured < 1)
        return fp_walk_missing(rest);
    uint8_t control = rest.bytes[0];
    uint32_t tag_bytes = control & MACSEC_SCI ? 14 : 6;
    if (control & 0x80 || rest.captured <= tag_bytes + MACSEC_ICV_BYTES || control & (MACSEC_ENCRYPTED | MACSEC_CHANGED))
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_TYPE, TYPE_MACSEC);
    return walk_tag(walk, rest, tag_bytes + 2);
}

/* TRILL (RFC 6325 3): the length of the options is in units of four bytes. */
FpDecoded fp_walk_trill(FpWalk *walk, FpSpan rest)
{
    if (rest.captured < 2)
        return fp_walk_missing(rest);
    return fp_walk_behind(walk, fp_walk_ethernet, rest, 6 + (fp_load16(rest.bytes) >> 6 & 0x1f) * 4U);
}

/* HomePNA: a control header that contains its own length, of one or two bytes; then the type, and a checksum at the end. */
FpDecoded fp_walk_homepna(FpWalk *walk, FpSpan rest)
{
    if (rest.captured < 4)
        return fp_walk_missing(rest);
    bool is_long = rest.bytes[0] & 0x80;
    uint32_t control_bytes = is_long ? fp_load16(rest.bytes + 2) : rest.bytes[1];
    if (control_bytes < 2)
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_TYPE, 0x886c);
    return walk_tag(walk, fp_span_without_last(rest, FP_FCS_BYTES), control_bytes + (is_long ? 5 : 3));
}

/* VMware Lab Manager. */
FpDecoded fp_walk_lab_manager(FpWalk *walk, FpSpan rest)
{
    return walk_tag(walk, rest, 24);
}

/* Telkonet's powerline bridges. */
FpDecoded fp_walk_telkonet(FpWalk *walk, FpSpan rest)
{
    if (rest.captured < 1)
        return fp_walk_missing(rest);
    return rest.bytes[0] == 0x78 ? fp_walk_behind(walk, fp_walk_ethernet, rest, 8) : fp_walk_no_segment(walk, FP_NO_SEGMENT_TYPE, 0x88a1);
}

/* Extreme Networks: what its switches put before the frames that they mirror. */
FpDecoded fp_walk_extreme_header(FpWalk *walk, FpSpan rest)
{
    return fp_walk_behind(walk, fp_walk_ethernet, rest, 38);
}

/* Network service header (RFC 8300 2.2). */
FpDecoded fp_walk_service_header(FpWalk *walk, FpSpan rest)
{
    if (++walk->layers > FP_WALK_LAYERS_MAX)
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_OTHER, FP_OTHER_NESTED);
    if (rest.captured < 8)
        return fp_walk_missing(rest);
    uint32_t header_bytes = (rest.bytes[1] & 0x3fU) * 4U;
    if (rest.bytes[2] == 1)
        header_bytes = 24; /* metadata type 1 has a fixed length */
    else if (header_bytes < (rest.bytes[2] == 2 ? 8U : 4U))
        header_bytes = rest.bytes[2] == 2 ? 8 : 4;
    if (rest.captured < header_bytes)
        return fp_walk_missing(rest);
    return fp_walk_layer(walk, fp_layer_of_next(rest.bytes[3]), fp_span_after(rest, header_bytes), FP_NO_SEGMENT_TYPE, 0x894f);
}
