/* SPDX-License-Identifier: GPL-2.0-or-later */
/* decode.c - link layers, down to IP. See decode.h. */
#include "decode.h"

#include <glib.h>

#include "fragments.h"
#include "ip.h"
#include "span.h"

#define ETHERNET_HEADER 14U
#define ETHERNET_LENGTH_MAX 1500U /* a type field up to this is a length (IEEE 802.3 3.2.6) */
#define TYPE_IPV4 0x0800
#define TYPE_IPV6 0x86dd
#define TYPE_VLAN 0x8100
#define TYPE_PROVIDER_VLAN 0x88a8
#define TYPE_OLD_PROVIDER_VLAN 0x9100
#define TYPE_PPPOE 0x8864
#define TYPE_MPLS 0x8847
#define TYPE_MPLS_MULTICAST 0x8848
#define TYPE_PROVIDER_BACKBONE 0x88e7
#define VLAN_TAGS_MAX 20 /* packet-vlan.c, VLAN_MAX_NESTED_TAGS */

#define SLL_HEADER 16U
#define SLL2_HEADER 20U
#define SLL_TYPE_LLC 0x0004
#define HARDWARE_NETLINK 824

struct FpDecoder {
    FpFragments *fragments;
};

FpDecoder *fp_decoder_new(void)
{
    FpDecoder *decoder = g_new0(FpDecoder, 1);

    decoder->fragments = fp_fragments_new();
    return decoder;
}

void fp_decoder_free(FpDecoder *decoder)
{
    if (decoder == NULL)
        return;
    fp_fragments_free(decoder->fragments);
    g_free(decoder);
}

const char *fp_decoded_name(FpDecoded decoded)
{
    static const char *const names[FP_N_DECODED] = {
        [FP_DECODED_SEGMENT] = "TCP segment",
        [FP_DECODED_NOT_IP] = "not IP",
        [FP_DECODED_NOT_TCP] = "not TCP",
        [FP_DECODED_FRAGMENT] = "incomplete IP datagram",
        [FP_DECODED_CUT] = "headers cut by the snaplen",
        [FP_DECODED_BAD_HEADER] = "contradictory header",
        [FP_DECODED_TUNNEL] = "tunnel not decoded",
        [FP_DECODED_LINK] = "link layer not decoded",
        [FP_DECODED_NOT_PACKET] = "not a packet",
    };

    return names[decoded];
}

static FpDecoded too_short(FpSpan rest)
{
    return rest.captured < rest.wire ? FP_DECODED_CUT : FP_DECODED_NOT_IP;
}

static FpDecoded decode_type(FpDecoder *decoder, uint16_t type, FpSpan rest, FpSegment *segment);

/* IEEE 802.2: IP by its own SAP, or SNAP (RFC 1042) with an Ethernet type. */
static FpDecoded decode_llc(FpDecoder *decoder, FpSpan rest, uint16_t vlan, FpSegment *segment)
{
    const uint8_t *llc = rest.bytes;

    if (rest.captured < 3)
        return too_short(rest);
    if (llc[0] == 0x06 && llc[2] == 0x03)
        return fp_decode_ipv4(decoder->fragments, fp_span_after(rest, 3), vlan, segment);
    if (llc[0] != 0xaa || llc[1] != 0xaa || llc[2] != 0x03)
        return FP_DECODED_NOT_IP;
    if (rest.captured < 8)
        return too_short(rest);
    /* RFC 1042's organisation code, and the one that IEEE 802.1H has for bridged Ethernet types */
    if (llc[3] != 0 || llc[4] != 0 || (llc[5] != 0 && llc[5] != 0xf8))
        return FP_DECODED_NOT_IP;
    return decode_type(decoder, fp_load16(llc + 6), fp_span_after(rest, 8), segment);
}

/* What follows an Ethernet type or length, over any VLAN tags. */
static FpDecoded decode_type(FpDecoder *decoder, uint16_t type, FpSpan rest, FpSegment *segment)
{
    uint16_t vlan = 0;
    int tags = 0;

    while (type == TYPE_VLAN || type == TYPE_PROVIDER_VLAN || type == TYPE_OLD_PROVIDER_VLAN) {
        if (rest.captured < 4)
            return too_short(rest);
        if (++tags > VLAN_TAGS_MAX)
            return FP_DECODED_LINK;
        if (vlan == 0)
            vlan = fp_load16(rest.bytes) & 0x0fff;
        type = fp_load16(rest.bytes + 2);
        rest = fp_span_after(rest, 4);
    }
    switch (type) {
    case TYPE_IPV4:
        return fp_decode_ipv4(decoder->fragments, rest, vlan, segment);
    case TYPE_IPV6:
        return fp_decode_ipv6(decoder->fragments, rest, segment);
    case TYPE_PPPOE:
    case TYPE_MPLS:
    case TYPE_MPLS_MULTICAST:
    case TYPE_PROVIDER_BACKBONE:
        return FP_DECODED_TUNNEL;
    default:
        if (type > ETHERNET_LENGTH_MAX || type == 0)
            return FP_DECODED_NOT_IP;
        return decode_llc(decoder, fp_span_first(rest, type), vlan, segment);
    }
}

static FpDecoded decode_ethernet(FpDecoder *decoder, FpSpan frame, FpSegment *segment)
{
    if (frame.captured < ETHERNET_HEADER)
        return too_short(frame);
    return decode_type(decoder, fp_load16(frame.bytes + 12), fp_span_after(frame, ETHERNET_HEADER), segment);
}

static FpDecoded decode_cooked(FpDecoder *decoder, FpSpan frame, FpLink link, FpSegment *segment)
{
    uint32_t header_bytes = link == FP_LINK_SLL ? SLL_HEADER : SLL2_HEADER;

    if (frame.captured < header_bytes)
        return too_short(frame);
    uint16_t hardware = fp_load16(frame.bytes + (link == FP_LINK_SLL ? 2 : 8));
    uint16_t type = fp_load16(frame.bytes + (link == FP_LINK_SLL ? 14 : 0));
    FpSpan rest = fp_span_after(frame, header_bytes);
    if (hardware == HARDWARE_NETLINK)
        return FP_DECODED_NOT_IP;
    if (type == SLL_TYPE_LLC)
        return decode_llc(decoder, rest, 0, segment);
    if (type <= ETHERNET_LENGTH_MAX)
        return FP_DECODED_NOT_IP;
    return decode_type(decoder, type, rest, segment);
}

static FpDecoded decode_raw_ip(FpDecoder *decoder, FpSpan packet, FpSegment *segment)
{
    if (packet.captured == 0)
        return too_short(packet);
    switch (packet.bytes[0] >> 4) {
    case 4:
        return fp_decode_ipv4(decoder->fragments, packet, 0, segment);
    case 6:
        return fp_decode_ipv6(decoder->fragments, packet, segment);
    default:
        return FP_DECODED_NOT_IP;
    }
}

/* The numbers that systems have for IPv6 differ: 24 NetBSD and OpenBSD, 28 FreeBSD, 30 macOS. */
static FpDecoded decode_family(FpDecoder *decoder, uint32_t family, FpSpan packet, FpSegment *segment)
{
    switch (family) {
    case 2:
        return fp_decode_ipv4(decoder->fragments, packet, 0, segment);
    case 24:
    case 28:
    case 30:
        return fp_decode_ipv6(decoder->fragments, packet, segment);
    default:
        return FP_DECODED_NOT_IP;
    }
}

/* The family that a BSD loopback header means. Captures come from machines of either byte order, and some systems put 16 bits where others
 * put 32 (packet-null.c, dissect_null). */
static uint32_t null_family(const uint8_t *bytes)
{
    uint32_t family = (uint32_t)bytes[3] << 24 | (uint32_t)bytes[2] << 16 | (uint32_t)bytes[1] << 8 | bytes[0];

    if ((family & 0xffff0000U) != 0) {
        if ((family & 0xff000000U) == 0 && (family & 0x00ff0000U) < 0x00060000U)
            return family >> 16;
        return fp_load32(bytes);
    }
    if ((family & 0x000000ffU) == 0 && (family & 0x0000ff00U) < 0x00000600U)
        return family >> 8;
    return family;
}

static FpDecoded decode_loopback(FpDecoder *decoder, FpSpan frame, FpLink link, FpSegment *segment)
{
    if (frame.captured < 4)
        return too_short(frame);
    FpSpan rest = fp_span_after(frame, 4);
    if (link == FP_LINK_LOOP)
        return decode_family(decoder, fp_load32(frame.bytes), rest, segment);
    if (fp_load16(frame.bytes) == 0xff03)
        return FP_DECODED_LINK; /* PPP under a wrong name */
    uint32_t family = null_family(frame.bytes);
    if (family > ETHERNET_LENGTH_MAX)
        return decode_type(decoder, (uint16_t)family, rest, segment);
    return decode_family(decoder, family, rest, segment);
}

FpDecoded fp_decode(FpDecoder *decoder, const FpRecord *record, FpSegment *segment)
{
    FpSpan frame = {record->data, record->captured_bytes, record->wire_bytes};

    segment->time_ns = record->time_ns;
    switch (record->link) {
    case FP_LINK_ETHERNET:
        return decode_ethernet(decoder, frame, segment);
    case FP_LINK_SLL:
    case FP_LINK_SLL2:
        return decode_cooked(decoder, frame, record->link, segment);
    case FP_LINK_RAW_IP:
        return decode_raw_ip(decoder, frame, segment);
    case FP_LINK_IPV4:
        return fp_decode_ipv4(decoder->fragments, frame, 0, segment);
    case FP_LINK_IPV6:
        return fp_decode_ipv6(decoder->fragments, frame, segment);
    case FP_LINK_NULL:
    case FP_LINK_LOOP:
        return decode_loopback(decoder, frame, record->link, segment);
    case FP_LINK_NONE:
        return FP_DECODED_NOT_PACKET;
    default:
        return FP_DECODED_LINK;
    }
}
