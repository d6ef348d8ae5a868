/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ip.c - IPv4 and IPv6, down to what they carry. Headers that contradict themselves are treated exactly as Wireshark treats them; the
 * reference is packet-ip.c (dissect_ip_v4), packet-ipv6.c (dissect_ipv6 and what it calls) and packet-tcp.c (dissect_tcp) of 4.0.
 */
#include <string.h>

#include "layers.h"
#include "link-layer.h"

#define PROTOCOL_HOP_BY_HOP 0
#define PROTOCOL_TCP 6
#define PROTOCOL_ROUTING 43
#define PROTOCOL_FRAGMENT 44
#define PROTOCOL_AH 51
#define PROTOCOL_NONE 59
#define PROTOCOL_DESTINATION 60

FpDecoded fp_walk_tcp(FpWalk *walk, FpSpan rest)
{
    if (rest.captured < FP_TCP_NEEDED_BYTES)
        return fp_walk_missing(rest);
    if (!walk->decoder->takes_tcp || !fp_walk_note_segment(walk, rest))
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_PROTOCOL, PROTOCOL_TCP);
    fp_walk_fill_tcp(walk->segment, rest.bytes, rest.wire, walk->is_fragment);
    return FP_DECODED_SEGMENT;
}

FpDecoded fp_walk_protocol(FpWalk *walk, uint8_t protocol, FpSpan rest)
{
    if (++walk->layers > FP_WALK_LAYERS_MAX)
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_OTHER, FP_OTHER_NESTED);
    return fp_walk_layer(walk, fp_layer_of_protocol(protocol), rest, FP_NO_SEGMENT_PROTOCOL, protocol);
}

#define IPV4_HEADER_MIN 20U
#define IPV4_MORE_FRAGMENTS 0x2000U
#define IPV4_OFFSET 0x1fffU
#define OPTION_END 0
#define OPTION_NOP 1
#define OPTION_LOOSE_ROUTE 131
#define OPTION_STRICT_ROUTE 137

/* Returns the final destination: the last address of a source route (RFC 791 3.1) that is not used up, else the destination field. */
static const uint8_t *final_destination(const uint8_t *header, uint32_t header_bytes)
{
    for (uint32_t i = IPV4_HEADER_MIN; i + 1 < header_bytes && header[i] != OPTION_END;) {
        uint32_t length = header[i + 1];
        if (header[i] == OPTION_NOP) {
            i++;
            continue;
        }
        if (length < 2 || length > header_bytes - i)
            break;
        if (header[i] == OPTION_LOOSE_ROUTE || header[i] == OPTION_STRICT_ROUTE) {
            uint32_t pointer = i + 2 < header_bytes ? header[i + 2] : 0;
            if (pointer < 4 || pointer % 4 != 0 || pointer > length)
                break;
            return header + i + length - 4;
        }
        i += length;
    }
    return header + 16;
}

static bool is_local(const uint8_t *address)
{
    return address[0] == 10 || (address[0] == 172 && (address[1] & 0xf0) == 16) || (address[0] == 192 && address[1] == 168) ||
           (address[0] == 169 && address[1] == 254);
}

/* Returns true when this fragment completes the datagram; *payload is then the datagram's payload. */
static bool reassemble_ipv4(FpWalk *walk, FpSpan packet, uint32_t header_bytes, FpSpan *payload)
{
    const uint8_t *header = packet.bytes;
    const FpSegment *segment = walk->segment;
    uint16_t field = fp_load16(header + 6);
    FpDatagramKey key = {.version = 4, .id = (uint32_t)header[9] << 16 | fp_load16(header + 4)};

    memcpy(key.source, segment->source, 4);
    memcpy(key.destination, segment->destination, 4);
    if (is_local(segment->source) || is_local(segment->destination))
        memcpy(key.source + 4, &walk->vlans, sizeof walk->vlans);
    return fp_fragments_add(walk->decoder->fragments, &key, fp_span_after(packet, header_bytes), (field & IPV4_OFFSET) * 8U,
                            field & IPV4_MORE_FRAGMENTS, payload);
}

/* The header has been checked, and packet ends with the datagram. is_whole: the whole datagram was captured. */
static FpDecoded walk_ipv4_payload(FpWalk *walk, FpSpan packet, uint32_t header_bytes, bool is_whole)
{
    uint16_t fragment = fp_load16(packet.bytes + 6) & (IPV4_MORE_FRAGMENTS | IPV4_OFFSET);
    FpSpan payload = fp_span_after(packet, header_bytes);

    walk->is_fragment = false;
    if (fragment != 0 && is_whole && payload.wire > 0) {
        if (!reassemble_ipv4(walk, packet, header_bytes, &payload))
            return FP_DECODED_FRAGMENT;
    } else if ((fragment & IPV4_OFFSET) != 0) {
        return FP_DECODED_FRAGMENT;
    } else {
        walk->is_fragment = fragment != 0;
    }
    return fp_walk_protocol(walk, packet.bytes[9], payload);
}

FpDecoded fp_walk_ipv4(FpWalk *walk, FpSpan packet)
{
    const uint8_t *header = packet.bytes;

    if (++walk->layers > FP_WALK_LAYERS_MAX)
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_OTHER, FP_OTHER_NESTED);
    if (packet.captured > 0)
        walk->ip_headers++;
    if (packet.captured < IPV4_HEADER_MIN)
        return fp_walk_missing(packet);
    if (header[0] >> 4 == 6)
        return fp_walk_ipv6(walk, packet);

    uint32_t header_bytes = (header[0] & 0x0fU) * 4U;
    uint32_t total_bytes = fp_load16(header + 2);
    if (header[0] >> 4 != 4 || header_bytes < IPV4_HEADER_MIN)
        return FP_DECODED_BAD_HEADER;
    if (total_bytes == 0)
        total_bytes = packet.wire; /* segmentation offload leaves it to the network card */
    if (total_bytes < header_bytes)
        return FP_DECODED_BAD_HEADER;
    bool is_whole = total_bytes <= packet.captured;
    packet = fp_span_first(packet, total_bytes);
    if (packet.captured < header_bytes)
        return fp_walk_missing(packet);

    walk->segment->address_bytes = 4;
    walk->segment->source = header + 12;
    walk->segment->destination = header_bytes == IPV4_HEADER_MIN ? header + 16 : final_destination(header, header_bytes);
    return walk_ipv4_payload(walk, packet, header_bytes, is_whole);
}

#define IPV6_HEADER 40U
#define IPV6_FRAGMENT_HEADER 8U
#define IPV6_FRAGMENT_OFFSET 0xfff8U
#define IPV6_FRAGMENT_MORE 0x0001U
#define OPTION_PAD1 0x00
#define OPTION_JUMBO 0xc2
#define OPTION_HOME_ADDRESS 0xc9
#define ROUTING_SOURCE 0
#define ROUTING_MOBILE 2
#define ROUTING_RPL 3
#define ROUTING_SEGMENT 4

/* Where the walk is in a chain of headers. */
typedef struct {
    FpSpan rest; /* begins with the header whose number is next */
    uint8_t next;
    uint32_t payload_bytes; /* the IPv6 payload length minus the headers passed: a fragment's own bytes */
} Chain;

/* Returns the length in the jumbo payload option (RFC 2675 2), or 0. packet begins with the hop-by-hop options header. */
static uint32_t jumbo_bytes(FpSpan packet)
{
    if (packet.captured < 2)
        return 0;
    uint32_t end = (packet.bytes[1] + 1U) * 8U;
    for (uint32_t i = 2; i < end && packet.captured - i >= 6 && packet.captured > i;) {
        uint8_t type = packet.bytes[i];
        if (type == OPTION_PAD1) {
            i++;
            continue;
        }
        if (type == OPTION_JUMBO && packet.bytes[i + 1] == 4) {
            uint32_t length = fp_load32(packet.bytes + i + 2);
            return length > 0xffff ? length : 0;
        }
        i += 2U + packet.bytes[i + 1];
    }
    return 0;
}

/* Steps over n bytes of headers. Returns false when they were not captured. */
static bool step(Chain *chain, uint32_t n)
{
    if (chain->rest.captured < n)
        return false;
    chain->next = chain->rest.bytes[0];
    chain->rest = fp_span_after(chain->rest, n);
    chain->payload_bytes -= chain->payload_bytes < n ? chain->payload_bytes : n;
    return true;
}

/* Hop-by-hop and destination options. A home address (RFC 6275 6.3) replaces the source. */
static bool step_options(Chain *chain, FpSegment *segment)
{
    FpSpan rest = chain->rest;

    if (rest.captured < 2)
        return false;
    uint32_t end = (rest.bytes[1] + 1U) * 8U;
    for (uint32_t i = 2; i < end;) {
        if (i + 2 > rest.captured)
            return false;
        if (rest.bytes[i] == OPTION_PAD1) {
            i++;
            continue;
        }
        uint32_t length = rest.bytes[i + 1];
        if (rest.captured - i - 2 < length)
            return false;
        if (rest.bytes[i] == OPTION_HOME_ADDRESS) {
            if (rest.captured - i - 2 < 16)
                return false;
            segment->source = rest.bytes + i + 2;
        }
        i += 2 + length;
    }
    return step(chain, end);
}

/* Routing headers. Until the packet gets there, its final destination replaces the destination. Returns FP_DECODED_SEGMENT to go on. */
static FpDecoded step_routing(const FpWalk *walk, Chain *chain)
{
    const uint8_t *header = chain->rest.bytes;

    if (chain->rest.captured < 8)
        return fp_walk_missing(chain->rest);
    uint32_t header_bytes = (header[1] + 1U) * 8U;
    uint8_t type = header[2], segments_left = header[3];
    if (chain->rest.captured < header_bytes)
        return fp_walk_missing(chain->rest);

    uint32_t address = 0; /* offset of the final destination */
    if (segments_left > 0 && type == ROUTING_SOURCE && header[1] >= 2)
        address = 8U + (header[1] / 2U - 1U) * 16U;
    else if (segments_left > 0 && (type == ROUTING_MOBILE || type == ROUTING_SEGMENT))
        address = 8;
    else if (segments_left > 0 && type == ROUTING_RPL)
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_OTHER, FP_OTHER_ROUTING); /* compressed addresses (RFC 6554) are not decoded */
    if (address != 0) {
        if (address + 16 > header_bytes)
            return FP_DECODED_BAD_HEADER;
        walk->segment->destination = header + address;
    }
    return step(chain, header_bytes) ? FP_DECODED_SEGMENT : fp_walk_missing(chain->rest);
}

/* Fragment header. Returns FP_DECODED_SEGMENT to go on; if this fragment completes the datagram, chain goes on with that. */
static FpDecoded step_fragment(FpWalk *walk, Chain *chain)
{
    if (chain->rest.captured < IPV6_FRAGMENT_HEADER)
        return fp_walk_missing(chain->rest);
    uint16_t field = fp_load16(chain->rest.bytes + 2);
    FpDatagramKey key = {.version = 6, .id = fp_load32(chain->rest.bytes + 4)};
    memcpy(key.source, walk->segment->source, 16);
    memcpy(key.destination, walk->segment->destination, 16);
    step(chain, IPV6_FRAGMENT_HEADER);

    if (chain->payload_bytes == 0 || (field & (IPV6_FRAGMENT_OFFSET | IPV6_FRAGMENT_MORE)) == 0)
        return FP_DECODED_SEGMENT; /* the only fragment (RFC 6946), or a jumbogram, which has none */
    if (chain->rest.captured < chain->payload_bytes)
        return FP_DECODED_FRAGMENT;
    FpSpan payload = fp_span_first(chain->rest, chain->payload_bytes);
    chain->payload_bytes = 0;
    if (!fp_fragments_add(walk->decoder->fragments, &key, payload, field & IPV6_FRAGMENT_OFFSET, field & IPV6_FRAGMENT_MORE, &chain->rest))
        return FP_DECODED_FRAGMENT;
    walk->is_fragment = false;
    return FP_DECODED_SEGMENT;
}

/* Steps over one extension header. */
static FpDecoded step_extension(FpWalk *walk, Chain *chain)
{
    switch (chain->next) {
    case PROTOCOL_ROUTING:
        return step_routing(walk, chain);
    case PROTOCOL_FRAGMENT:
        return step_fragment(walk, chain);
    case PROTOCOL_AH: /* length in units of 4 bytes (RFC 4302 2.2) */
        return chain->rest.captured >= 2 && step(chain, (chain->rest.bytes[1] + 2U) * 4U) ? FP_DECODED_SEGMENT
                                                                                          : fp_walk_missing(chain->rest);
    default:
        return step_options(chain, walk->segment) ? FP_DECODED_SEGMENT : fp_walk_missing(chain->rest);
    }
}

static bool is_extension(uint8_t protocol)
{
    return protocol == PROTOCOL_HOP_BY_HOP || protocol == PROTOCOL_ROUTING || protocol == PROTOCOL_FRAGMENT ||
           protocol == PROTOCOL_DESTINATION || protocol == PROTOCOL_AH;
}

FpDecoded fp_walk_ipv6(FpWalk *walk, FpSpan packet)
{
    const uint8_t *header = packet.bytes;

    if (++walk->layers > FP_WALK_LAYERS_MAX)
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_OTHER, FP_OTHER_NESTED);
    if (packet.captured > 0)
        walk->ip_headers++;
    if (packet.captured < IPV6_HEADER)
        return fp_walk_missing(packet);
    if (header[0] >> 4 != 6)
        return FP_DECODED_BAD_HEADER;
    walk->segment->address_bytes = 16;
    walk->segment->source = header + 8;
    walk->segment->destination = header + 24;

    uint32_t payload_bytes = fp_load16(header + 4);
    Chain chain = {.next = header[6], .payload_bytes = payload_bytes, .rest = fp_span_after(packet, IPV6_HEADER)};
    if (payload_bytes == 0 && chain.next == PROTOCOL_HOP_BY_HOP)
        payload_bytes = jumbo_bytes(chain.rest);
    else if (payload_bytes == 0 && chain.next != PROTOCOL_NONE) /* Linux leaves it to segmentation offload (BIG TCP) */
        payload_bytes = chain.payload_bytes = chain.rest.wire;
    chain.rest = fp_span_first(chain.rest, payload_bytes);

    while (is_extension(chain.next)) { /* each consumes bytes of the packet, so the loop ends */
        FpDecoded decoded = step_extension(walk, &chain);
        if (decoded != FP_DECODED_SEGMENT)
            return decoded;
    }
    return fp_walk_protocol(walk, chain.next, chain.rest);
}
