/* SPDX-License-Identifier: GPL-2.0-or-later */
/* decode.c - where the way down through a frame begins: by its link type. See decode.h. */
#include "decode.h"

#include <glib.h>
#include <string.h>

#include "walk.h"

#define SLL_HEADER 16U
#define SLL2_HEADER 20U
#define SLL2_INTERFACE 4
#define SLL_TYPE_LLC 0x0004
#define SLL_TYPE_PPP 0x0007
#define HARDWARE_NETLINK 824
#define PPP_ADDRESS_CONTROL 0xff03
#define FDDI_HEADER 13U
#define FDDI_LLC 0x50
#define NFLOG_HEADER 4U
#define NFLOG_PACKET_HEADER 1
#define NFLOG_PAYLOAD 9

struct FpDecoder {
    FpFragments *fragments;
    unsigned network_kinds;
};

FpDecoder *fp_decoder_new(const FpKeeper *keeper, unsigned network_kinds)
{
    FpDecoder *decoder = g_new0(FpDecoder, 1);

    decoder->fragments = fp_fragments_new(keeper);
    decoder->network_kinds = network_kinds;
    return decoder;
}

void fp_decoder_free(FpDecoder *decoder)
{
    if (decoder == NULL)
        return;
    fp_fragments_free(decoder->fragments);
    g_free(decoder);
}

uint64_t fp_decoder_forgotten(const FpDecoder *decoder)
{
    return fp_fragments_forgotten(decoder->fragments);
}

GPtrArray *fp_decoder_take_kept(FpDecoder *decoder)
{
    return fp_fragments_take_kept(decoder->fragments);
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

static FpDecoded walk_cooked(FpWalk *walk, FpSpan frame, FpLink link)
{
    uint32_t header_bytes = link == FP_LINK_SLL ? SLL_HEADER : SLL2_HEADER;

    if (frame.captured < header_bytes)
        return fp_walk_missing_link(frame);
    uint16_t hardware = fp_load16(frame.bytes + (link == FP_LINK_SLL ? 2 : 8));
    uint16_t type = fp_load16(frame.bytes + (link == FP_LINK_SLL ? 14 : 0));
    FpSpan rest = fp_span_after(frame, header_bytes);
    if (link == FP_LINK_SLL2)
        fp_walk_note_network(walk, FP_NETWORK_INTERFACE, fp_load32(frame.bytes + SLL2_INTERFACE));
    if (hardware == HARDWARE_NETLINK)
        return FP_DECODED_NOT_IP;
    if (type == SLL_TYPE_LLC)
        return fp_walk_llc(walk, rest);
    if (type == SLL_TYPE_PPP)
        return fp_walk_ppp_hdlc(walk, rest);
    return type <= FP_ETHERNET_LENGTH_MAX ? FP_DECODED_NOT_IP : fp_walk_type(walk, type, rest);
}

/* Some systems leave bits of PPP before the packet (packet-raw.c, dissect_raw). */
static FpDecoded walk_raw_ip(FpWalk *walk, FpSpan packet)
{
    static const uint8_t zeroes[10] = {0};

    if (packet.captured < 8)
        return fp_walk_missing_link(packet);
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
        return FP_DECODED_NOT_IP;
    }
}

/* The numbers that systems have for IPv6 differ: 24 NetBSD and OpenBSD, 28 FreeBSD, 30 macOS. */
static FpDecoded walk_family(FpWalk *walk, uint32_t family, FpSpan packet)
{
    switch (family) {
    case 2:
        return fp_walk_ipv4(walk, packet);
    case 24:
    case 28:
    case 30:
        return fp_walk_ipv6(walk, packet);
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

static FpDecoded walk_loopback(FpWalk *walk, FpSpan frame, FpLink link)
{
    if (frame.captured < 4)
        return fp_walk_missing_link(frame);
    FpSpan rest = fp_span_after(frame, 4);
    if (link == FP_LINK_LOOP)
        return walk_family(walk, fp_load32(frame.bytes), rest);
    if (fp_load16(frame.bytes) == PPP_ADDRESS_CONTROL)
        return fp_walk_ppp_hdlc(walk, frame);
    uint32_t family = null_family(frame.bytes);
    if (family > FP_ETHERNET_LENGTH_MAX)
        return fp_walk_type(walk, (uint16_t)family, rest);
    return walk_family(walk, family, rest);
}

/* FDDI: frame control, addresses, IEEE 802.2. */
static FpDecoded walk_fddi(FpWalk *walk, FpSpan frame)
{
    if (frame.captured < FDDI_HEADER)
        return fp_walk_missing_link(frame);
    return (frame.bytes[0] & 0xf0) == FDDI_LLC ? fp_walk_llc(walk, fp_span_after(frame, FDDI_HEADER)) : FP_DECODED_NOT_IP;
}

/* Linux netfilter log (linux/netfilter/nfnetlink_log.h): attributes in the byte order of the machine that captured, for which that of the
 * file is taken (pcap-common.c, pcap_byteswap_nflog_pseudoheader). The last payload attribute is the packet. */
static FpDecoded walk_nflog(FpWalk *walk, FpSpan frame, bool is_big_endian)
{
    const int low = is_big_endian ? 1 : 0, high = 1 - low;

    FpSpan payload = {0};
    uint16_t type = 0;

    if (frame.captured < NFLOG_HEADER)
        return fp_walk_missing_link(frame);
    for (FpSpan rest = fp_span_after(frame, NFLOG_HEADER); rest.wire >= 4;) {
        if (rest.captured < 4)
            return fp_walk_missing_link(rest);
        uint32_t length = rest.bytes[low] | (uint32_t)rest.bytes[high] << 8;
        unsigned attribute = (rest.bytes[2 + low] | (unsigned)rest.bytes[2 + high] << 8) & 0x7fffU;
        if (length < 4)
            return FP_DECODED_BAD_HEADER;
        if (attribute == NFLOG_PACKET_HEADER && length == 8 && rest.captured >= 6)
            type = fp_load16(rest.bytes + 4);
        if (attribute == NFLOG_PAYLOAD)
            payload = fp_span_first(fp_span_after(rest, 4), length - 4);
        if (rest.captured < length)
            return FP_DECODED_CUT; /* Wireshark gives up on it too */
        rest = fp_span_after(rest, MIN((length + 3) & ~3U, rest.captured));
    }
    if (payload.bytes == NULL)
        return FP_DECODED_NOT_IP;
    if (type != 0)
        return fp_walk_type(walk, type, payload);
    return walk_family(walk, frame.bytes[0] == 10 ? 24 : frame.bytes[0], payload);
}

FpDecoded fp_walk_link(FpWalk *walk, FpLink link, FpSpan frame)
{
    switch (link) {
    case FP_LINK_ETHERNET:
        return fp_walk_ethernet(walk, frame);
    case FP_LINK_SLL:
    case FP_LINK_SLL2:
        return walk_cooked(walk, frame, link);
    case FP_LINK_RAW_IP:
        return walk_raw_ip(walk, frame);
    case FP_LINK_IPV4:
        return fp_walk_ipv4(walk, frame);
    case FP_LINK_IPV6:
        return fp_walk_ipv6(walk, frame);
    case FP_LINK_NULL:
    case FP_LINK_LOOP:
        return walk_loopback(walk, frame, link);
    case FP_LINK_PPP:
        return fp_walk_ppp_hdlc(walk, frame);
    case FP_LINK_PPPOE:
        return fp_walk_pppoe(walk, frame);
    case FP_LINK_CHDLC:
        return fp_walk_chdlc(walk, frame);
    case FP_LINK_FDDI:
        return walk_fddi(walk, frame);
    case FP_LINK_NFLOG:
    case FP_LINK_NFLOG_BIG_ENDIAN:
        return walk_nflog(walk, frame, link == FP_LINK_NFLOG_BIG_ENDIAN);
    case FP_LINK_WLAN:
        return fp_walk_wlan(walk, frame);
    case FP_LINK_RADIOTAP:
        return fp_walk_radiotap(walk, frame);
    case FP_LINK_PPI:
        return fp_walk_ppi(walk, frame);
    case FP_LINK_NONE:
        return FP_DECODED_NOT_PACKET;
    default:
        return FP_DECODED_LINK;
    }
}

#define PLAIN_IPV4_BYTES (14U + 20U)
#define PLAIN_IPV6_BYTES (14U + 40U)

/* The frames that nearly all are: Ethernet, IPv4 without options or IPv6 without extension headers, TCP; whole, and nothing odd about their
 * lengths. Everything else takes the long way, which would give the same. No number of a network is on this way. */
static inline bool decode_plain(const FpRecord *record, FpSegment *segment)
{
    const uint8_t *frame = record->data;

    if (record->link != FP_LINK_ETHERNET || record->captured_bytes < PLAIN_IPV4_BYTES + FP_TCP_NEEDED_BYTES)
        return false;
    uint32_t type_and_version = (uint32_t)fp_load16(frame + 12) << 8 | frame[14];
    if (type_and_version == 0x080045 && frame[23] == 6 && (fp_load16(frame + 20) & 0x3fff) == 0) {
        uint32_t total_bytes = fp_load16(frame + 16);
        if (total_bytes < 20 + FP_TCP_NEEDED_BYTES || total_bytes > record->wire_bytes - 14)
            return false;
        segment->address_bytes = 4;
        segment->source = frame + 26;
        segment->destination = frame + 30;
        fp_walk_fill_tcp(segment, frame + PLAIN_IPV4_BYTES, total_bytes - 20, false);
        return true;
    }
    if ((type_and_version & 0xfffff0) == 0x86dd60 && frame[20] == 6 && record->captured_bytes >= PLAIN_IPV6_BYTES + FP_TCP_NEEDED_BYTES) {
        uint32_t payload_bytes = fp_load16(frame + 18);
        if (payload_bytes < FP_TCP_NEEDED_BYTES || payload_bytes > record->wire_bytes - PLAIN_IPV6_BYTES)
            return false;
        segment->address_bytes = 16;
        segment->source = frame + 22;
        segment->destination = frame + 38;
        fp_walk_fill_tcp(segment, frame + PLAIN_IPV6_BYTES, payload_bytes, false);
        return true;
    }
    return false;
}

static FpDecoded walk(FpWalk *walk, const FpRecord *record)
{
    return fp_walk_link(walk, record->link, (FpSpan){record->data, record->captured_bytes, record->wire_bytes});
}

bool fp_decode_plain(const FpRecord *record, FpSegment *segment)
{
    segment->time_ns = record->time_ns;
    return decode_plain(record, segment);
}

FpDecoded fp_decode(FpDecoder *decoder, const FpRecord *record, FpSegment *segment)
{
    segment->time_ns = record->time_ns;
    if (decode_plain(record, segment))
        return FP_DECODED_SEGMENT;

    FpWalk way = {.fragments = decoder->fragments, .segment = segment, .network_kinds = decoder->network_kinds};
    fp_fragments_begin_record(decoder->fragments, record);
    FpDecoded decoded = walk(&way, record);
    if (decoded != FP_DECODED_SEGMENT)
        fp_fragments_end_record(decoder->fragments); /* nobody will ask for what was kept of it */
    return decoded;
}

void fp_decode_again(FpDecoder *decoder, const FpRecord *record, FpTrail *trail)
{
    FpSegment segment = {0};
    FpWalk way = {.fragments = decoder->fragments, .segment = &segment, .trail = trail, .network_kinds = FP_NETWORK_VLAN};

    *trail = (FpTrail){0};
    fp_fragments_begin_record_again(decoder->fragments, record);
    (void)walk(&way, record);
}

void fp_decoder_end_batch(FpDecoder *decoder)
{
    fp_fragments_end_batch(decoder->fragments);
}
