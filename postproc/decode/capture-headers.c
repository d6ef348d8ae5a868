/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * capture-headers.c - headers that capturing systems write in place of a packet's link layer, or around a whole frame. Reference:
 * packet-sll.c, packet-null.c, packet-raw.c, packet-enc.c, packet-pflog.c, packet-ipnet.c, packet-nflog.c, packet-pktap.c, packet-erf.c,
 * packet-netanalyzer.c, packet-epon.c, packet-exported_pdu.c of 4.0.
 */
#include <string.h>

#include "capture-headers.h"
#include "capture/link-type.h"
#include "layers.h"
#include "link-layer.h"

#define SLL_HEADER 16U
#define SLL2_HEADER 20U
#define SLL2_INTERFACE 4
#define SLL2_PACKET_TYPE 10
#define PACKET_TYPE_OUTGOING 4U
#define SLL_TYPE_ETHERNET 0x0003
#define SLL_TYPE_LLC 0x0004
#define SLL_TYPE_PPP 0x0007
#define SLL_TYPE_MAX 1536U /* types up to this are not Ethernet types */
#define HARDWARE_FRAME_RELAY 770
#define HARDWARE_GRE 778
#define HARDWARE_RADIOTAP 803
#define HARDWARE_NETLINK 824

#define PPP_ADDRESS_CONTROL 0xff03
#define ENC_HEADER 12U
#define PFLOG_HEADER_MIN 45U
#define PFLOG_OLD_HEADER 28U
#define IPNET_HEADER 24U
#define NFLOG_HEADER 4U
#define NFLOG_PACKET_HEADER 1
#define NFLOG_INTERFACE_IN 4 /* this and the next: an index, in network byte order */
#define NFLOG_INTERFACE_OUT 5
#define NFLOG_PAYLOAD 9
#define PKTAP_HEADER_MIN 108U
#define PKTAP_PACKET 1U
#define NETANALYZER_HEADER 4U
#define FAMILY_IPV4 2
#define OPENBSD_IPV6 24
#define SOLARIS_IPV6 26

/* type is one of Linux's own. In that case hardware, an ARPHRD_ value, may say more. */
static FpDecoded walk_cooked_type(FpWalk *walk, uint16_t hardware, uint16_t type, FpSpan rest)
{
    if (hardware == HARDWARE_FRAME_RELAY)
        return fp_walk_frame_relay(walk, rest);
    if (hardware == HARDWARE_RADIOTAP)
        return fp_walk_radiotap(walk, rest);
    switch (type) {
    case SLL_TYPE_ETHERNET:
        return fp_walk_ethernet(walk, rest);
    case SLL_TYPE_LLC:
        return fp_walk_llc(walk, rest);
    case SLL_TYPE_PPP:
        return fp_walk_ppp_hdlc(walk, rest);
    default:
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_TYPE, type);
    }
}

static FpDecoded walk_cooked(FpWalk *walk, uint16_t hardware, uint16_t type, FpSpan rest)
{
    if (hardware == HARDWARE_NETLINK)
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_OTHER, FP_OTHER_FAMILY);
    if (type <= SLL_TYPE_MAX)
        return walk_cooked_type(walk, hardware, type, rest);
    return hardware == HARDWARE_GRE ? fp_walk_gre_type(walk, 0, type, rest) : fp_walk_type(walk, type, rest);
}

/* packet(7): all types but this one are of frames that came in, for this machine or for others. */
static FpDirection cooked_direction(unsigned packet_type)
{
    return packet_type == PACKET_TYPE_OUTGOING ? FP_DIRECTION_OUT : FP_DIRECTION_IN;
}

/* Linux cooked capture. */
FpDecoded fp_walk_sll(FpWalk *walk, FpSpan frame)
{
    if (frame.captured < SLL_HEADER)
        return fp_walk_missing(frame);
    fp_walk_note_interface(walk, 0, cooked_direction(fp_load16(frame.bytes)));
    return walk_cooked(walk, fp_load16(frame.bytes + 2), fp_load16(frame.bytes + 14), fp_span_after(frame, SLL_HEADER));
}

/* Linux cooked capture, version 2. */
FpDecoded fp_walk_sll2(FpWalk *walk, FpSpan frame)
{
    if (frame.captured < SLL2_HEADER)
        return fp_walk_missing(frame);
    fp_walk_note_network(walk, FP_NETWORK_INTERFACE, fp_load32(frame.bytes + SLL2_INTERFACE));
    fp_walk_note_interface(walk, fp_load32(frame.bytes + SLL2_INTERFACE), cooked_direction(frame.bytes[SLL2_PACKET_TYPE]));
    return walk_cooked(walk, fp_load16(frame.bytes + 8), fp_load16(frame.bytes), fp_span_after(frame, SLL2_HEADER));
}

/* Raw IP. Some systems leave parts of PPP before the packet (dissect_raw). */
FpDecoded fp_walk_raw_ip(FpWalk *walk, FpSpan packet)
{
    static const uint8_t zeroes[10] = {0};

    if (packet.captured < 8)
        return fp_walk_missing(packet);
    if (fp_load16(packet.bytes) == PPP_ADDRESS_CONTROL)
        return fp_walk_ppp_hdlc(walk, packet);
    if (fp_load16(packet.bytes + 6) == PPP_ADDRESS_CONTROL)
        return fp_walk_ppp_hdlc(walk, fp_span_after(packet, 6));
    if (fp_load16(packet.bytes + 1) == PPP_ADDRESS_CONTROL)
        return fp_walk_ppp_hdlc(walk, fp_span_after(packet, 1));
    if (packet.captured >= sizeof zeroes && memcmp(packet.bytes, zeroes, sizeof zeroes) == 0)
        return fp_walk_ipv4(walk, fp_span_after(packet, sizeof zeroes));
    switch (packet.bytes[0] >> 4) {
    case 4:
        return fp_walk_ipv4(walk, packet);
    case 6:
        return fp_walk_ipv6(walk, packet);
    default:
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_OTHER, FP_OTHER_FAMILY);
    }
}

/* Systems have different numbers for IPv6: NetBSD and OpenBSD 24, FreeBSD 28, macOS 30. */
static FpDecoded walk_family(FpWalk *walk, uint32_t family, FpSpan packet)
{
    switch (family) {
    case FAMILY_IPV4:
        return fp_walk_ipv4(walk, packet);
    case 7:
        return fp_walk_osi(walk, packet);
    case OPENBSD_IPV6:
    case 28:
    case 30:
        return fp_walk_ipv6(walk, packet);
    default:
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_OTHER, FP_OTHER_FAMILY);
    }
}

/* The address family in a BSD loopback header. Captures come from machines of either byte order, and some systems write 16 bits where
 * others write 32 (dissect_null). */
static uint32_t null_family(const uint8_t *bytes)
{
    uint32_t family = fp_load32_little(bytes);

    if ((family & 0xffff0000U) != 0) {
        if ((family & 0xff000000U) == 0 && (family & 0x00ff0000U) < 0x00060000U)
            return family >> 16;
        return fp_load32(bytes);
    }
    if ((family & 0x000000ffU) == 0 && (family & 0x0000ff00U) < 0x00000600U)
        return family >> 8;
    return family;
}

/* BSD loopback. */
FpDecoded fp_walk_null(FpWalk *walk, FpSpan frame)
{
    if (frame.captured < 4)
        return fp_walk_missing(frame);
    if (fp_load16(frame.bytes) == PPP_ADDRESS_CONTROL)
        return fp_walk_ppp_hdlc(walk, frame);
    uint32_t family = null_family(frame.bytes);
    FpSpan rest = fp_span_after(frame, 4);
    return family > FP_ETHERNET_LENGTH_MAX ? fp_walk_type(walk, (uint16_t)family, rest) : walk_family(walk, family, rest);
}

/* OpenBSD loopback: the family is in network byte order. */
FpDecoded fp_walk_loop(FpWalk *walk, FpSpan frame)
{
    return frame.captured < 4 ? fp_walk_missing(frame) : walk_family(walk, fp_load32(frame.bytes), fp_span_after(frame, 4));
}

/* The address family of one system: all have the same number for IPv4. */
static FpDecoded walk_family_of(FpWalk *walk, uint32_t family, uint32_t ipv6, FpSpan packet)
{
    if (family == FAMILY_IPV4)
        return fp_walk_ipv4(walk, packet);
    return family == ipv6 ? fp_walk_ipv6(walk, packet) : fp_walk_no_segment(walk, FP_NO_SEGMENT_OTHER, FP_OTHER_FAMILY);
}

/* OpenBSD's IPsec: packets before or after their encryption. The family is in the byte order of the capturing machine. */
FpDecoded fp_walk_enc(FpWalk *walk, FpSpan frame)
{
    if (frame.captured < ENC_HEADER)
        return fp_walk_missing(frame);
    uint32_t family = fp_load32_little(frame.bytes);
    if ((family & 0xffff0000U) != 0)
        family = fp_load32(frame.bytes);
    FpSpan rest = fp_span_after(frame, ENC_HEADER);
    return walk_family_of(walk, family, OPENBSD_IPV6, rest);
}

/* OpenBSD's packet filter. The header contains its length, and is padded to a multiple of four bytes. */
FpDecoded fp_walk_pflog(FpWalk *walk, FpSpan frame)
{
    if (frame.captured < 2)
        return fp_walk_missing(frame);
    uint32_t header_bytes = (frame.bytes[0] + 3U) & ~3U;
    if (frame.captured < MAX(header_bytes, PFLOG_HEADER_MIN))
        return fp_walk_missing(frame);
    return frame.bytes[1] == 7 ? fp_walk_no_segment(walk, FP_NO_SEGMENT_OTHER, FP_OTHER_FAMILY)
                               : walk_family(walk, frame.bytes[1], fp_span_after(frame, header_bytes));
}

/* OpenBSD's packet filter up to OpenBSD 3.3. */
FpDecoded fp_walk_pflog_old(FpWalk *walk, FpSpan frame)
{
    if (frame.captured < PFLOG_OLD_HEADER)
        return fp_walk_missing(frame);
    uint32_t family = fp_load32(frame.bytes);
    FpSpan rest = fp_span_after(frame, PFLOG_OLD_HEADER);
    return walk_family_of(walk, family, OPENBSD_IPV6, rest);
}

/* Solaris: the header contains the length of the packet, which is at the end of the frame. */
FpDecoded fp_walk_ipnet(FpWalk *walk, FpSpan frame)
{
    if (frame.captured < IPNET_HEADER)
        return fp_walk_missing(frame);
    uint32_t packet_bytes = fp_load32(frame.bytes + 4);
    if (packet_bytes > frame.captured)
        return FP_DECODED_BAD_HEADER;
    FpSpan rest = fp_span_after(frame, frame.captured - packet_bytes);
    return walk_family_of(walk, frame.bytes[1], SOLARIS_IPV6, rest);
}

/* Linux netfilter log (linux/netfilter/nfnetlink_log.h): attributes in the byte order of the capturing machine, which is taken to be that
 * of the file (pcap-common.c, pcap_byteswap_nflog_pseudoheader). The last payload attribute is the packet. */
static FpDecoded walk_nflog(FpWalk *walk, FpSpan frame, bool is_big_endian)
{
    const int low = is_big_endian ? 1 : 0, high = 1 - low;
    FpSpan payload = {0};
    uint16_t type = 0;
    uint32_t in = 0, out = 0;

    if (frame.captured < NFLOG_HEADER)
        return fp_walk_missing(frame);
    for (FpSpan rest = fp_span_after(frame, NFLOG_HEADER); rest.wire >= 4;) {
        if (rest.captured < 4)
            return fp_walk_missing(rest);
        uint32_t length = rest.bytes[low] | (uint32_t)rest.bytes[high] << 8;
        unsigned attribute = (rest.bytes[2 + low] | (unsigned)rest.bytes[2 + high] << 8) & 0x7fffU;
        if (length < 4)
            return FP_DECODED_BAD_HEADER;
        if (attribute == NFLOG_PACKET_HEADER && length == 8 && rest.captured >= 6)
            type = fp_load16(rest.bytes + 4);
        if (attribute == NFLOG_INTERFACE_IN && length == 8 && rest.captured >= 8)
            in = fp_load32(rest.bytes + 4);
        if (attribute == NFLOG_INTERFACE_OUT && length == 8 && rest.captured >= 8)
            out = fp_load32(rest.bytes + 4);
        if (attribute == NFLOG_PAYLOAD)
            payload = fp_span_first(fp_span_after(rest, 4), length - 4);
        if (rest.captured < length)
            return FP_DECODED_CUT; /* Wireshark gives up here, too */
        rest = fp_span_after(rest, MIN((length + 3) & ~3U, rest.captured));
    }
    if (payload.bytes == NULL)
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_OTHER, FP_OTHER_FAMILY);
    const FpDirection direction = in != 0 ? FP_DIRECTION_IN : out != 0 ? FP_DIRECTION_OUT : FP_DIRECTION_UNKNOWN;
    fp_walk_note_interface(walk, in != 0 ? in : out, direction); /* what this machine sends came in nowhere */
    if (type != 0)
        return fp_walk_type_or_length(walk, type, payload);
    return walk_family(walk, frame.bytes[0] == 10 ? 24 : frame.bytes[0], payload);
}

FpDecoded fp_walk_nflog(FpWalk *walk, FpSpan frame)
{
    return walk_nflog(walk, frame, false);
}

FpDecoded fp_walk_nflog_big_endian(FpWalk *walk, FpSpan frame)
{
    return walk_nflog(walk, frame, true);
}

FpDecoded fp_walk_inner_link(FpWalk *walk, uint32_t link_type, FpSpan frame)
{
    if (++walk->layers > FP_WALK_LAYERS_MAX)
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_OTHER, FP_OTHER_NESTED);
    FpDecoded decoded = fp_walk_link(walk, fp_link_of_link_type(link_type, false), frame);
    if (decoded == FP_DECODED_LEFT && walk->decoder->left.kind == FP_NO_SEGMENT_LINK_TYPE)
        walk->decoder->left.number = (uint16_t)link_type;
    return decoded;
}

/* macOS: always little-endian. */
FpDecoded fp_walk_pktap(FpWalk *walk, FpSpan frame)
{
    if (frame.captured < PKTAP_HEADER_MIN)
        return fp_walk_missing(frame);
    uint32_t header_bytes = fp_load32_little(frame.bytes);
    if (header_bytes < PKTAP_HEADER_MIN || fp_load32_little(frame.bytes + 4) != PKTAP_PACKET)
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_OTHER, FP_OTHER_FAMILY);
    if (frame.captured < header_bytes)
        return fp_walk_missing(frame);
    return fp_walk_inner_link(walk, fp_load32_little(frame.bytes + 8), fp_span_after(frame, header_bytes));
}

/* Hilscher netANALYZER: four bytes before the frame, and a checksum at its end. */
FpDecoded fp_walk_netanalyzer(FpWalk *walk, FpSpan frame)
{
    return fp_walk_behind(walk, fp_walk_ethernet_fcs, frame, NETANALYZER_HEADER);
}

/* The Ethernet preamble, in which passive optical networks say whose frame it is. */
FpDecoded fp_walk_epon(FpWalk *walk, FpSpan frame)
{
    static const uint8_t preamble[4] = {0x55, 0x55, 0xd5, 0x55};

    for (uint32_t skip = 0; skip <= 2; skip++) { /* the capture may begin with the second or third byte */
        if (frame.captured < 8 || memcmp(frame.bytes, preamble + 2 - skip, skip + 2) != 0)
            continue;
        bool is_encrypted = frame.bytes[skip + 2] != 0x55 && frame.bytes[skip + 2] & 0x02;
        return is_encrypted ? fp_walk_no_segment(walk, FP_NO_SEGMENT_OTHER, FP_OTHER_ENCRYPTED)
                            : fp_walk_behind(walk, fp_walk_ethernet, frame, skip + 6);
    }
    return frame.captured < 8 ? fp_walk_missing(frame) : fp_walk_no_segment(walk, FP_NO_SEGMENT_OTHER, FP_OTHER_FAMILY);
}

#define ERF_HEADER 16U
#define ERF_EXTENSION 8U
#define ERF_MORE 0x80

/* A record of Endace's DAG cards: a header, extension headers of 8 bytes, and a header that depends on the record's type. */
FpDecoded fp_walk_erf(FpWalk *walk, FpSpan frame)
{
    if (frame.captured < ERF_HEADER)
        return fp_walk_missing(frame);
    uint8_t type = frame.bytes[8];
    FpSpan rest = fp_span_after(frame, ERF_HEADER);
    for (uint8_t more = type & ERF_MORE; more != 0; rest = fp_span_after(rest, ERF_EXTENSION)) {
        if (rest.captured < ERF_EXTENSION)
            return fp_walk_missing(rest);
        more = rest.bytes[0] & ERF_MORE;
    }
    uint32_t own_bytes = fp_link_erf_header_bytes(type);
    if (rest.captured < own_bytes)
        return fp_walk_missing(rest);
    return fp_walk_link(walk, fp_link_of_erf(type), fp_span_after(rest, own_bytes));
}

#define PDU_END 0
#define PDU_DISSECTOR 12
#define PDU_TABLE 14
#define PDU_IPV4_SOURCE 20
#define PDU_IPV4_DESTINATION 21
#define PDU_IPV6_SOURCE 22
#define PDU_IPV6_DESTINATION 23
#define PDU_TABLE_NUMBER 32

/* What the tags say about a packet that Wireshark exported. */
typedef struct {
    FpSpan dissector, table; /* names; empty if there is none */
    uint32_t number;         /* in that table */
} UpperPdu;

static void take_tag(FpWalk *walk, UpperPdu *pdu, uint16_t tag, FpSpan value)
{
    if (tag == PDU_DISSECTOR)
        *pdu = (UpperPdu){.dissector = value};
    else if (tag == PDU_TABLE)
        *pdu = (UpperPdu){.table = value, .number = pdu->number};
    else if (tag == PDU_TABLE_NUMBER && value.captured >= 4)
        pdu->number = fp_load32(value.bytes);
    else if ((tag == PDU_IPV4_SOURCE && value.captured >= 4) || (tag == PDU_IPV6_SOURCE && value.captured >= 16))
        walk->segment->source = value.bytes;
    else if ((tag == PDU_IPV4_DESTINATION && value.captured >= 4) || (tag == PDU_IPV6_DESTINATION && value.captured >= 16))
        walk->segment->destination = value.bytes;
    if (tag == PDU_IPV4_SOURCE || tag == PDU_IPV6_SOURCE)
        walk->segment->address_bytes = tag == PDU_IPV4_SOURCE ? 4 : 16;
}

/* Names are padded with zeroes. */
static bool is_named(FpSpan value, const char *name)
{
    size_t n = strlen(name);

    return value.captured >= n && memcmp(value.bytes, name, n) == 0 && (value.captured == n || value.bytes[n] == 0);
}

static FpDecoded walk_pdu(FpWalk *walk, const UpperPdu *pdu, FpSpan rest)
{
    static const struct {
        const char *name;
        FpStep *step;
    } dissectors[] = {
        {"ip", fp_walk_ipv4},
        {"ipv6", fp_walk_ipv6},
        {"eth_withoutfcs", fp_walk_ethernet},
        {"eth_maybefcs", fp_walk_ethernet},
        {"eth_withfcs", fp_walk_ethernet_fcs},
        {"raw_ip", fp_walk_raw_ip},
        {"ppp", fp_walk_ppp},
        {"ppp_hdlc", fp_walk_ppp_hdlc},
        {"llc", fp_walk_llc},
        {"mpls", fp_walk_mpls},
        {"vlan", fp_walk_vlan},
        {"chdlc", fp_walk_chdlc},
        {"fr", fp_walk_frame_relay},
        {"wlan", fp_walk_wlan},
        {"wlan_withoutfcs", fp_walk_wlan},
        {"radiotap", fp_walk_radiotap},
    };

    for (size_t i = 0; i < G_N_ELEMENTS(dissectors); i++)
        if (is_named(pdu->dissector, dissectors[i].name))
            return dissectors[i].step(walk, rest);
    if (is_named(pdu->table, "ethertype"))
        return fp_walk_type(walk, (uint16_t)pdu->number, rest);
    if (is_named(pdu->table, "ip.proto") && walk->segment->address_bytes != 0)
        return fp_walk_protocol(walk, (uint8_t)pdu->number, rest);
    return fp_walk_no_segment(walk, FP_NO_SEGMENT_OTHER, FP_OTHER_DISSECTOR);
}

/* What Wireshark's File > Export PDUs writes: tags, then the bytes that the named dissector was given. */
FpDecoded fp_walk_upper_pdu(FpWalk *walk, FpSpan rest)
{
    UpperPdu pdu = {0};
    uint16_t tag;

    walk->segment->address_bytes = 0;
    do {
        if (rest.captured < 4)
            return fp_walk_missing(rest);
        tag = fp_load16(rest.bytes);
        uint32_t length = fp_load16(rest.bytes + 2);
        rest = fp_span_after(rest, 4);
        if (rest.captured < length)
            return fp_walk_missing(rest);
        take_tag(walk, &pdu, tag, fp_span_first(rest, length));
        rest = fp_span_after(rest, length);
    } while (tag != PDU_END);
    return walk_pdu(walk, &pdu, rest);
}
