/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ppp.c - PPP in its framings, PPPoE, Cisco HDLC, Frame Relay. Reference: packet-ppp.c, packet-pppoe.c, packet-chdlc.c, packet-fr.c of 4.0.
 */
#include <string.h>

#include "layers.h"
#include "link-layer.h"

#define PPPOE_HEADER 6U
#define CHDLC_HEADER 4U
#define CHDLC_UNICAST 0x0f
#define CHDLC_MULTICAST 0x8f

#define BRIDGED_PADDING 0x0f /* flags of a bridged frame (RFC 3518 4.1): how many bytes of padding */
#define BRIDGED_FCS 0x80
#define BRIDGED_CONTROL 0x20
#define BRIDGED_ETHERNET 1

#define PROTOCOL_TCP 6
#define MULTILINK_FIRST 0x80
#define MULTILINK_LAST 0x40

#define PPP_FLAG 0x7e
#define PPP_ESCAPE 0x7d

#define MUX_HAS_PROTOCOL 0x80
#define MUX_IS_LONG 0x40

#define FRAME_RELAY_LAST 0x01 /* the last byte of an address */
#define LLC_UNNUMBERED 0x03
#define NLPID_SNAP 0x80

static FpDecoded walk_ppp_protocol(FpWalk *walk, uint16_t protocol, FpSpan rest)
{
    return fp_walk_layer(walk, fp_layer_of_ppp(protocol), rest, FP_NO_SEGMENT_PPP, protocol);
}

/* PPP from its protocol field on, which may be shortened to one byte (RFC 1661 6.5). */
FpDecoded fp_walk_ppp(FpWalk *walk, FpSpan rest)
{
    if (++walk->layers > FP_WALK_LAYERS_MAX)
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_OTHER, FP_OTHER_NESTED);
    if (rest.captured < 2)
        return fp_walk_missing(rest);
    bool is_short = rest.bytes[0] & 1;
    return walk_ppp_protocol(walk, is_short ? rest.bytes[0] : fp_load16(rest.bytes), fp_span_after(rest, is_short ? 1 : 2));
}

/* PPPoE session (RFC 2516 4): the header contains the length of the payload. */
FpDecoded fp_walk_pppoe(FpWalk *walk, FpSpan rest)
{
    if (rest.captured < PPPOE_HEADER)
        return fp_walk_missing(rest);
    return fp_walk_ppp(walk, fp_span_first(fp_span_after(rest, PPPOE_HEADER), fp_load16(rest.bytes + 4)));
}

/* A bridged frame (RFC 3518 4.1). */
FpDecoded fp_walk_ppp_bridged(FpWalk *walk, FpSpan rest)
{
    if (rest.captured < 2)
        return fp_walk_missing(rest);
    uint8_t flags = rest.bytes[0];
    if (flags & BRIDGED_CONTROL || rest.bytes[1] != BRIDGED_ETHERNET || rest.wire - 2 < (flags & BRIDGED_PADDING))
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_PPP, 0x31);
    FpSpan frame = fp_span_without_last(fp_span_after(rest, 2), flags & BRIDGED_PADDING);
    return flags & BRIDGED_FCS ? fp_walk_ethernet_fcs(walk, frame) : fp_walk_ethernet(walk, frame);
}

/* Van Jacobson's compression (RFC 1144 3.2.2): an uncompressed packet, but with the number of the connection in the protocol field. */
FpDecoded fp_walk_vj_uncompressed(FpWalk *walk, FpSpan rest)
{
    if (rest.captured < 20)
        return fp_walk_missing(rest);
    uint8_t *packet = g_memdup2(rest.bytes, rest.captured);
    g_ptr_array_add(walk->decoder->inflated, packet);
    packet[9] = PROTOCOL_TCP;
    return fp_walk_ipv4(walk, (FpSpan){packet, rest.captured, rest.wire});
}

/* Multilink (RFC 1990): only packets in one fragment. Others are not reassembled, because their fragments come over several links. */
FpDecoded fp_walk_ppp_multilink(FpWalk *walk, FpSpan rest)
{
    const uint8_t whole = MULTILINK_FIRST | MULTILINK_LAST;

    if (rest.captured < 4)
        return fp_walk_missing(rest);
    if ((rest.bytes[0] & whole) != whole)
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_PPP, 0x3d);
    return fp_walk_ppp(walk, fp_span_after(rest, 4));
}

/* Takes the next subframe. It may lack a protocol number, and then has that of the one before. Returns false when it is incomplete. */
static bool next_of_mux(FpSpan *rest, uint16_t *protocol, FpSpan *part)
{
    if (rest->captured < 1)
        return false;
    uint32_t at = rest->bytes[0] & MUX_IS_LONG ? 2 : 1, begin = at;
    if (rest->captured < at + 2)
        return false;
    uint32_t length = at == 2 ? fp_load16(rest->bytes) & 0x3fffU : rest->bytes[0] & 0x3fU;
    if (rest->bytes[0] & MUX_HAS_PROTOCOL) {
        bool is_short = rest->bytes[at] & 1;
        *protocol = is_short ? rest->bytes[at] : fp_load16(rest->bytes + at);
        at += is_short ? 1 : 2;
    }
    if (length < at - begin || rest->captured < begin + length)
        return false;
    *part = fp_span_first(fp_span_after(*rest, at), length - (at - begin));
    *rest = fp_span_after(*rest, begin + length);
    return true;
}

/* Several packets in one frame (RFC 3153). */
FpDecoded fp_walk_ppp_mux(FpWalk *walk, FpSpan rest)
{
    FpParts parts = fp_parts_begin(walk);
    uint16_t protocol = 0x21;
    FpSpan part;

    while (next_of_mux(&rest, &protocol, &part)) {
        fp_parts_next(&parts);
        if (!fp_parts_add(&parts, walk_ppp_protocol(walk, protocol, part)))
            break;
    }
    return fp_parts_end(&parts);
}

static FpDecoded walk_chdlc_type(FpWalk *walk, uint16_t type, FpSpan rest)
{
    return fp_walk_layer(walk, fp_layer_of_chdlc(type), rest, FP_NO_SEGMENT_TYPE, type);
}

/* In Cisco HDLC, OSI's packets have a byte of padding before them, unless they are of OSI's own protocols. */
FpDecoded fp_walk_osi_padded(FpWalk *walk, FpSpan rest)
{
    bool is_own = rest.captured > 0 && rest.bytes[0] >= 0x81 && rest.bytes[0] <= 0x83;

    return fp_walk_behind(walk, fp_walk_osi, rest, is_own ? 0 : 1);
}

/* Cisco HDLC: address, control, Ethernet type. */
FpDecoded fp_walk_chdlc(FpWalk *walk, FpSpan frame)
{
    if (frame.captured < CHDLC_HEADER)
        return fp_walk_missing(frame);
    return walk_chdlc_type(walk, fp_load16(frame.bytes + 2), fp_span_after(frame, CHDLC_HEADER));
}

/* PPP in HDLC-like framing (RFC 1662 3.1), with or without address and control. */
static FpDecoded walk_ppp_frame(FpWalk *walk, FpSpan frame)
{
    if (frame.captured < 2)
        return fp_walk_missing(frame);
    return fp_walk_ppp(walk, frame.bytes[0] == 0xff ? fp_span_after(frame, 2) : frame);
}

/* The same, or Cisco HDLC under PPP's name. */
FpDecoded fp_walk_ppp_hdlc(FpWalk *walk, FpSpan frame)
{
    if (frame.captured < 2)
        return fp_walk_missing(frame);
    if (frame.bytes[0] == CHDLC_UNICAST || frame.bytes[0] == CHDLC_MULTICAST)
        return fp_walk_chdlc(walk, frame);
    return walk_ppp_frame(walk, frame);
}

/* Unescapes what is between two flags (RFC 1662 4.2). kept owns the result. */
static FpSpan unescape(GPtrArray *kept, const uint8_t *bytes, uint32_t n)
{
    uint8_t *plain = g_malloc(n + 1);
    uint32_t length = 0;

    for (uint32_t i = 0; i < n; i++) {
        bool is_escaped = bytes[i] == PPP_ESCAPE;
        if (is_escaped && ++i == n)
            break;
        plain[length++] = (uint8_t)(bytes[i] ^ (is_escaped ? 0x20 : 0));
    }
    g_ptr_array_add(kept, plain);
    return (FpSpan){plain, length, length};
}

/* PPP as on a serial line: a packet holds a piece of the byte stream. Decodes the frames that are complete in it. */
FpDecoded fp_walk_ppp_stream(FpWalk *walk, FpSpan rest)
{
    FpParts parts = fp_parts_begin(walk);
    const uint8_t *end = rest.bytes + rest.captured, *flag = memchr(rest.bytes, PPP_FLAG, rest.captured), *next;

    for (; flag != NULL && (next = memchr(flag + 1, PPP_FLAG, (size_t)(end - flag - 1))) != NULL; flag = next) {
        if (next == flag + 1)
            continue;
        FpSpan frame = unescape(walk->decoder->inflated, flag + 1, (uint32_t)(next - flag - 1));
        fp_parts_next(&parts);
        if (!fp_parts_add(&parts, walk_ppp_frame(walk, frame)))
            break;
    }
    return fp_parts_end(&parts);
}

/* PPP in pcap, after a byte that gives the direction. */
FpDecoded fp_walk_ppp_direction(FpWalk *walk, FpSpan frame)
{
    return fp_walk_behind(walk, fp_walk_ppp_hdlc, frame, 1);
}

/* RFC 2427 from the protocol identifier on. A byte of padding may come before it. */
FpDecoded fp_walk_frame_relay_nlpid(FpWalk *walk, FpSpan rest)
{
    if (rest.captured > 0 && rest.bytes[0] == 0)
        rest = fp_span_after(rest, 1);
    if (rest.captured < 1)
        return fp_walk_missing(rest);
    FpSpan inner = fp_span_after(rest, 1);
    if (rest.bytes[0] == NLPID_SNAP)
        return fp_walk_snap(walk, inner);
    return fp_walk_layer(walk, fp_layer_of_nlpid(rest.bytes[0]), inner, FP_NO_SEGMENT_OTHER, FP_OTHER_FRAME_RELAY);
}

/* Returns the length of the address in bytes, or 0 when it has no end. */
static uint32_t frame_relay_address_bytes(FpSpan frame)
{
    for (uint32_t at = 0; at < frame.captured; at++)
        if (frame.bytes[at] & FRAME_RELAY_LAST)
            return at + 1;
    return 0;
}

/* Frame Relay: RFC 2427 if its control field comes first; else Cisco's, if a type of Cisco's comes first; else Ethernet, if it looks so. */
FpDecoded fp_walk_frame_relay(FpWalk *walk, FpSpan frame)
{
    uint32_t address_bytes = frame_relay_address_bytes(frame);

    if (address_bytes == 0 || frame.captured < address_bytes + 2)
        return fp_walk_missing(frame);
    FpSpan rest = fp_span_after(frame, address_bytes);
    if (rest.bytes[0] == LLC_UNNUMBERED)
        return fp_walk_frame_relay_nlpid(walk, fp_span_after(rest, 1));
    uint16_t type = fp_load16(rest.bytes);
    if ((frame.bytes[0] & 0xfc) == 0 && (address_bytes < 2 || (frame.bytes[1] & 0xf0) == 0)) /* signalling */
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_OTHER, FP_OTHER_FRAME_RELAY);
    if (fp_layer_of_chdlc(type) != NULL)
        return walk_chdlc_type(walk, type, fp_span_after(rest, 2));
    type = rest.captured >= 14 ? fp_load16(rest.bytes + 12) : 0xffff;
    if (type <= FP_ETHERNET_LENGTH_MAX || fp_walk_is_type(type))
        return fp_walk_ethernet_fcs(walk, rest);
    return fp_walk_no_segment(walk, FP_NO_SEGMENT_OTHER, FP_OTHER_FRAME_RELAY);
}
