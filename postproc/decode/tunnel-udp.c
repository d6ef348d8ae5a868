/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tunnel-udp.c - tunnels over UDP, recognised by their ports. Reference: packet-udp.c, packet-vxlan.c, packet-geneve.c, packet-capwap.c,
 * packet-lwapp.c, packet-gtp.c, packet-teredo.c, packet-l2tp.c, packet-lisp-data.c, packet-ayiya.c, packet-tzsp.c, packet-jmirror.c,
 * packet-amt.c, packet-mip.c of 4.0.
 */
#include <string.h>

#include "layers.h"
#include "link-layer.h"
#include "wlan.h"

#define PROTOCOL_UDP 17

#define VXLAN_HEADER 8U
#define VXLAN_HAS_VNI 0x08
#define GENEVE_HEADER 8U

#define CAPWAP_HEADER 8U
#define CAPWAP_FRAGMENT 0x80
#define CAPWAP_LAST 0x40
#define CAPWAP_KEEP_ALIVE 0x08
#define CAPWAP_BINDING_WLAN 1
#define LWAPP_HEADER 6U
#define LWAPP_CONTROL 0x04

#define LISP_HEADER 8U
#define AYIYA_FORWARD 1
#define AMT_QUERY 4
#define AMT_UPDATE 5
#define AMT_DATA 6
#define MOBILE_IP_DATA 4

#define TZSP_NULL 4
#define TZSP_PORT 5
#define TZSP_PAD 0
#define TZSP_END 1

/* Notes the 24-bit number in the second word of a VXLAN, VXLAN-GPE or GENEVE header. */
static void note_vni(const FpWalk *walk, const uint8_t *header)
{
    fp_walk_note_network(walk, FP_NETWORK_VNI, fp_load32(header + 4) >> 8);
}

/* VXLAN (RFC 7348 5). */
FpDecoded fp_walk_vxlan(FpWalk *walk, FpSpan rest)
{
    if (rest.captured < VXLAN_HEADER)
        return fp_walk_missing(rest);
    if (rest.bytes[0] & VXLAN_HAS_VNI)
        note_vni(walk, rest.bytes);
    return fp_walk_ethernet(walk, fp_span_after(rest, VXLAN_HEADER));
}

/* VXLAN-GPE (draft-ietf-nvo3-vxlan-gpe 3): the header says what it carries. */
FpDecoded fp_walk_vxlan_gpe(FpWalk *walk, FpSpan rest)
{
    if (rest.captured < VXLAN_HEADER)
        return fp_walk_missing(rest);
    if (rest.bytes[0] & VXLAN_HAS_VNI)
        note_vni(walk, rest.bytes);
    return fp_walk_layer(walk, fp_layer_of_next(rest.bytes[3]), fp_span_after(rest, VXLAN_HEADER), FP_NO_SEGMENT_PORT, 4790);
}

/* GENEVE (RFC 8926 3.4): options, then what the type says. */
FpDecoded fp_walk_geneve(FpWalk *walk, FpSpan rest)
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

/* Returns the offset of a user data packet's payload, or 0 when that was not captured. Ends *packet where the header says. */
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

/* GTP user data (3GPP TS 29.281, TS 29.060): IP; or Ethernet, if an IP type is where Ethernet has its type. */
FpDecoded fp_walk_gtp(FpWalk *walk, FpSpan packet)
{
    if (packet.captured < 8)
        return fp_walk_missing(packet);
    if (packet.bytes[0] >> 5 > 2 || packet.bytes[1] != 0xff || (packet.bytes[0] & 0x10) == 0)
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_PORT, 2123); /* signalling */
    uint32_t at = gtp_payload_offset(&packet);
    if (at == 0)
        return fp_walk_missing(packet);

    FpSpan rest = fp_span_after(packet, at);
    if (rest.bytes[0] >= 0x45 && rest.bytes[0] <= 0x4e)
        return fp_walk_ipv4(walk, rest);
    if (rest.bytes[0] >> 4 == 6)
        return fp_walk_ipv6(walk, rest);
    uint16_t type = rest.captured > 14 ? fp_load16(rest.bytes + 12) : 0;
    return type == 0x0800 || type == 0x86dd ? fp_walk_ethernet(walk, rest) : fp_walk_no_segment(walk, FP_NO_SEGMENT_PORT, 2152);
}

/* Teredo (RFC 4380 5.1.1): authentication and origin may come before the IPv6 packet. */
FpDecoded fp_walk_teredo(FpWalk *walk, FpSpan rest)
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
    return rest.bytes[0] >> 4 == 6 ? fp_walk_ipv6(walk, rest) : fp_walk_no_segment(walk, FP_NO_SEGMENT_PORT, 3544);
}

/* L2TPv2 (RFC 2661 3.1): data messages carry PPP. */
FpDecoded fp_walk_l2tp(FpWalk *walk, FpSpan rest)
{
    if (rest.captured < 2)
        return fp_walk_missing(rest);
    uint16_t flags = fp_load16(rest.bytes);
    if ((flags & 0x8000) != 0 || (flags & 0x000f) != 2)
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_PORT, 1701); /* control, or version 3 */
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
    return fp_walk_behind(walk, fp_walk_ppp_hdlc, rest, header_bytes);
}

/* Reassembles CAPWAP's own fragments (RFC 5415 3.4). Returns false while the packet is incomplete. */
static bool reassemble_capwap(FpWalk *walk, const uint8_t *header, FpSpan *payload)
{
    FpDatagramKey key = {.version = FP_DATAGRAM_CAPWAP, .id = fp_load16(header + 4)};

    if (payload->captured < payload->wire || payload->wire == 0)
        return false;
    memcpy(key.source, walk->segment->source, walk->segment->address_bytes);
    memcpy(key.destination, walk->segment->destination, walk->segment->address_bytes);
    return fp_fragments_add(walk->decoder->fragments, &key, *payload, fp_load16(header + 6) & 0xfff8U, (header[3] & CAPWAP_LAST) == 0,
                            payload);
}

/* CAPWAP's data channel (RFC 5415 4.3): Ethernet, or IEEE 802.11. */
FpDecoded fp_walk_capwap(FpWalk *walk, FpSpan rest)
{
    if (rest.captured < CAPWAP_HEADER)
        return fp_walk_missing(rest);
    const uint8_t *header = rest.bytes;
    uint32_t header_bytes = (header[1] >> 3) * 4U;
    bool is_native = header[2] & 1;
    if ((header[0] & 0x0f) == 1)
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_OTHER, FP_OTHER_ENCRYPTED); /* DTLS */
    if (rest.captured < header_bytes)
        return fp_walk_missing(rest);
    FpSpan payload = fp_span_after(rest, header_bytes);
    if (header[3] & CAPWAP_FRAGMENT && !reassemble_capwap(walk, header, &payload))
        return FP_DECODED_FRAGMENT;
    if (header[3] & CAPWAP_KEEP_ALIVE || (is_native && (header[2] >> 1 & 0x1f) != CAPWAP_BINDING_WLAN))
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_PORT, 5247);
    return is_native ? fp_walk_wlan_swapped(walk, payload) : fp_walk_ethernet(walk, payload);
}

/* LWAPP (RFC 5412 3.3): frames of IEEE 802.11. */
FpDecoded fp_walk_lwapp(FpWalk *walk, FpSpan rest)
{
    if (rest.captured < LWAPP_HEADER)
        return fp_walk_missing(rest);
    if (rest.bytes[0] & LWAPP_CONTROL)
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_PORT, 12223);
    return fp_walk_wlan(walk, fp_span_after(rest, LWAPP_HEADER));
}

/* LISP (RFC 9300 5.1): a header of 8 bytes, then IP. Its instance ID is not noted, as it is not the same in both directions. */
FpDecoded fp_walk_lisp(FpWalk *walk, FpSpan rest)
{
    if (rest.captured < LISP_HEADER + 1)
        return fp_walk_missing(rest);
    FpSpan packet = fp_span_after(rest, LISP_HEADER);
    if (packet.bytes[0] >> 4 == 4)
        return fp_walk_ipv4(walk, packet);
    return packet.bytes[0] >> 4 == 6 ? fp_walk_ipv6(walk, packet) : fp_walk_no_segment(walk, FP_NO_SEGMENT_PORT, 4341);
}

/* AYIYA, used by tunnel brokers (draft-massar-v6ops-ayiya 3): the header contains the lengths of identity and signature. */
FpDecoded fp_walk_ayiya(FpWalk *walk, FpSpan rest)
{
    if (rest.captured < 4)
        return fp_walk_missing(rest);
    uint32_t header_bytes = 8U + (1U << (rest.bytes[0] >> 4)) + (rest.bytes[1] >> 4) * 4U;
    if ((rest.bytes[2] & 0x0f) != AYIYA_FORWARD)
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_PORT, 5072);
    return rest.captured < header_bytes ? fp_walk_missing(rest) : fp_walk_protocol(walk, rest.bytes[3], fp_span_after(rest, header_bytes));
}

/* Juniper's packet mirroring: two numbers, then a packet that is recognised by its first bytes. */
FpDecoded fp_walk_juniper_mirror(FpWalk *walk, FpSpan rest)
{
    if (rest.captured < 12)
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_PORT, 30030);
    FpSpan packet = fp_span_after(rest, 8);
    uint32_t first = fp_load32(packet.bytes);
    if (packet.bytes[0] == 0x45)
        return fp_walk_ipv4(walk, packet);
    if (packet.bytes[0] >> 4 == 6)
        return fp_walk_ipv6(walk, packet);
    if ((first & 0xffff0fffU) == 0xff030021U || first == 0xff030057U)
        return fp_walk_ppp_hdlc(walk, packet);
    return fp_walk_no_segment(walk, FP_NO_SEGMENT_PORT, 30030);
}

/* Steps over TZSP's options. Returns false when they do not end. */
static bool step_tzsp_options(FpSpan *rest)
{
    for (;;) {
        if (rest->captured < 1)
            return false;
        uint8_t tag = rest->bytes[0];
        if (tag != TZSP_PAD && tag != TZSP_END && rest->captured < 2)
            return false;
        uint32_t bytes = tag == TZSP_PAD || tag == TZSP_END ? 1 : 2U + rest->bytes[1];
        if (rest->captured < bytes)
            return false;
        *rest = fp_span_after(*rest, bytes);
        if (tag == TZSP_END)
            return true;
    }
}

/* TZSP: frames that a device mirrors. The header has its own numbers for link types, and options. */
FpDecoded fp_walk_tzsp(FpWalk *walk, FpSpan packet)
{
    if (packet.captured < 4)
        return fp_walk_missing(packet);
    uint16_t encapsulation = fp_load16(packet.bytes + 2);
    FpSpan rest = fp_span_after(packet, 4);
    if (packet.bytes[1] == TZSP_NULL || packet.bytes[1] == TZSP_PORT)
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_PORT, 37008);
    if (!step_tzsp_options(&rest))
        return fp_walk_missing(rest);
    return fp_walk_layer(walk, fp_layer_of_tzsp(encapsulation), rest, FP_NO_SEGMENT_PORT, 37008);
}

/* AMT (RFC 7450 5.1): multicast for networks that have none. */
FpDecoded fp_walk_amt(FpWalk *walk, FpSpan rest)
{
    if (rest.captured < 1)
        return fp_walk_missing(rest);
    switch (rest.bytes[0] & 0x0f) {
    case AMT_QUERY:
    case AMT_UPDATE:
        return fp_walk_behind(walk, fp_walk_ipv4, rest, 12);
    case AMT_DATA:
        return fp_walk_behind(walk, fp_walk_ipv4, rest, 2);
    default:
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_PORT, 2268);
    }
}

/* Mobile IP through NAT (RFC 3519 3.3). */
FpDecoded fp_walk_mobile_ip(FpWalk *walk, FpSpan rest)
{
    if (rest.captured < 1)
        return fp_walk_missing(rest);
    return rest.bytes[0] == MOBILE_IP_DATA ? fp_walk_behind(walk, fp_walk_ipv4, rest, 4)
                                           : fp_walk_no_segment(walk, FP_NO_SEGMENT_PORT, 434);
}

static FpStep *tunnel_of_port(uint16_t port)
{
    return fp_layer_of_port(port);
}

#define AS_TRUE(port) case port:

static bool is_opaque(uint16_t port)
{
    switch (port) {
        FP_OPAQUE_PORTS(AS_TRUE)
        return true;
    default:
        return false;
    }
}

static FpStep *tunnel_of(const uint8_t *header)
{
    uint16_t source = fp_load16(header), destination = fp_load16(header + 2);
    uint16_t lower = source < destination ? source : destination, higher = source < destination ? destination : source;
    FpStep *tunnel = tunnel_of_port(lower);

    return tunnel != NULL ? tunnel : tunnel_of_port(higher);
}

bool fp_udp_ports_matter(const uint8_t *header)
{
    return tunnel_of(header) != NULL || is_opaque(fp_load16(header)) || is_opaque(fp_load16(header + 2));
}

static FpDecoded leave_datagram(const FpWalk *walk, const uint8_t *header)
{
    uint16_t source = fp_load16(header), destination = fp_load16(header + 2);
    uint16_t lower = source < destination ? source : destination, higher = source < destination ? destination : source;
    uint16_t opaque = is_opaque(lower) ? lower : is_opaque(higher) ? higher : 0;

    return opaque != 0 ? fp_walk_no_segment(walk, FP_NO_SEGMENT_PORT, opaque)
                       : fp_walk_no_segment(walk, FP_NO_SEGMENT_PROTOCOL, PROTOCOL_UDP);
}

/* The UDP length; where a jumbogram has 0 (RFC 2675 4), what IP leaves. */
static uint32_t length_of(const FpWalk *walk, FpSpan datagram)
{
    uint32_t length = fp_load16(datagram.bytes + 4);

    return length == 0 && walk->segment->address_bytes == 16 ? datagram.wire : length;
}

/* Follows the tunnel whose port a header has. */
static FpDecoded enter_tunnel(FpWalk *walk, FpStep *tunnel, FpSpan datagram)
{
    uint32_t length = length_of(walk, datagram);

    if (length < FP_UDP_HEADER_BYTES)
        return FP_DECODED_BAD_HEADER;
    FpSpan rest = fp_span_after(fp_span_first(datagram, length), FP_UDP_HEADER_BYTES);
    if (tunnel == fp_walk_lwapp && fp_load16(datagram.bytes + 2) == 12223) { /* on the way to the controller, an address comes first */
        if (rest.captured < 6)
            return fp_walk_missing(rest);
        rest = fp_span_after(rest, 6);
    }
    return tunnel(walk, rest);
}

/* The datagram itself is what is wanted. */
static FpDecoded take_datagram(FpWalk *walk, FpSpan datagram)
{
    uint32_t length = length_of(walk, datagram);

    if (length < FP_UDP_HEADER_BYTES)
        return FP_DECODED_BAD_HEADER;
    if (length > datagram.wire)
        length = datagram.wire;
    if (length < FP_UDP_HEADER_BYTES)
        return FP_DECODED_BAD_HEADER; /* the IP header says so */
    if (!fp_walk_note_segment(walk, fp_span_first(datagram, length)))
        return leave_datagram(walk, datagram.bytes);
    FpSpan payload = fp_span_after(fp_span_first(datagram, length), FP_UDP_HEADER_BYTES);
    FpSegment *segment = walk->segment;
    segment->source_port = fp_load16(datagram.bytes);
    segment->destination_port = fp_load16(datagram.bytes + 2);
    segment->seq = segment->ack = 0;
    segment->window = 0;
    segment->flags = 0;
    segment->header_bytes = FP_UDP_HEADER_BYTES;
    segment->segment_bytes = length;
    segment->length_unknown = walk->is_fragment;
    segment->transport = FP_TRANSPORT_UDP;
    segment->is_quic_long = fp_datagram_is_quic_long(payload.bytes, payload.captured);
    return FP_DECODED_SEGMENT;
}

/* Where datagrams are wanted, the header of a tunnel is that of a datagram, unless an IP header follows inside. What was learnt on the way
 * in is not true of the datagram. */
static FpDecoded enter_tunnel_or_take(FpWalk *walk, FpStep *tunnel, FpSpan datagram)
{
    const FpWalk before = *walk;
    const uint64_t network = walk->network_kinds != 0 ? walk->segment->network : 0;
    const unsigned n_vlans = walk->notes != NULL ? walk->notes->n_vlans : 0;
    FpDecoded decoded = enter_tunnel(walk, tunnel, datagram);

    if (decoded == FP_DECODED_SEGMENT || walk->ip_headers != before.ip_headers)
        return decoded;
    *walk = before;
    if (walk->network_kinds != 0)
        walk->segment->network = network;
    if (walk->notes != NULL)
        walk->notes->n_vlans = n_vlans;
    return take_datagram(walk, datagram);
}

/* UDP. Tunnels are recognised by their ports, the lower port first. */
FpDecoded fp_walk_udp(FpWalk *walk, FpSpan datagram)
{
    if (datagram.captured < FP_UDP_HEADER_BYTES)
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_PROTOCOL, PROTOCOL_UDP);
    FpStep *tunnel = tunnel_of(datagram.bytes);
    if (walk->decoder->takes_datagrams)
        return tunnel != NULL ? enter_tunnel_or_take(walk, tunnel, datagram) : take_datagram(walk, datagram);
    return tunnel != NULL ? enter_tunnel(walk, tunnel, datagram) : leave_datagram(walk, datagram.bytes);
}
