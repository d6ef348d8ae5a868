/* SPDX-License-Identifier: GPL-2.0-or-later */
/* juniper.c - what Juniper's routers put before packets that they capture themselves. Reference: packet-juniper.c of 4.0. */
#include "layers.h"
#include "link-layer.h"

#define MAGIC 0x4d4743U /* "MGC" */
#define FLAG_IN 0x01
#define FLAG_NO_LINK 0x02
#define FLAG_EXTENSIONS 0x80
#define SERVICES_IN_BYTES 16U
#define SERVICES_OUT_BYTES 12U
#define VP_BYTES 18U
#define VN_END 255

#define LLC_OSI 0xfefe03
#define LLC_SNAP 0xaaaa03
#define LLC_UNNUMBERED 0x03
#define ATM2_GAP_COUNT 0x3fU

static FpDecoded walk_protocol(FpWalk *walk, uint8_t protocol, FpSpan rest)
{
    return fp_walk_layer(walk, fp_layer_of_juniper(protocol), rest, FP_NO_SEGMENT_OTHER, FP_OTHER_FAMILY);
}

/* Steps over the header, which old routers do not write, and its extensions. Returns true with *rest at the link layer; or false when there
 * is none, with *decoded as the result for the packet. */
static bool step_header(FpWalk *walk, FpSpan frame, FpSpan *rest, FpDecoded *decoded)
{
    bool has_header = frame.captured >= 4 && fp_load32(frame.bytes) >> 8 == MAGIC;
    uint8_t flags = has_header ? frame.bytes[3] : 0;
    uint32_t header_bytes = has_header ? 4 : 0;

    *decoded = fp_walk_missing(frame);
    if (flags & FLAG_EXTENSIONS) {
        if (frame.captured < 6)
            return false;
        header_bytes = 6U + fp_load16(frame.bytes + 4);
    }
    if (frame.captured < 4 || frame.captured < header_bytes)
        return false;
    *rest = fp_span_after(frame, header_bytes);
    if ((flags & FLAG_NO_LINK) == 0)
        return true;
    if (rest->captured >= 4) /* in the router's byte order, taken to be little-endian */
        *decoded = walk_protocol(walk, rest->bytes[0], fp_span_after(*rest, 4));
    return false;
}

/* Runs a step n bytes after the header. */
static FpDecoded walk_behind_header(FpWalk *walk, FpStep *step, FpSpan frame, uint32_t n)
{
    FpDecoded decoded;
    FpSpan rest;

    return step_header(walk, frame, &rest, &decoded) ? fp_walk_behind(walk, step, rest, n) : decoded;
}

FpDecoded fp_walk_juniper_ethernet(FpWalk *walk, FpSpan frame)
{
    return walk_behind_header(walk, fp_walk_ethernet, frame, 0);
}

FpDecoded fp_walk_juniper_ppp(FpWalk *walk, FpSpan frame)
{
    return walk_behind_header(walk, fp_walk_ppp, frame, 2);
}

FpDecoded fp_walk_juniper_frame_relay(FpWalk *walk, FpSpan frame)
{
    return walk_behind_header(walk, fp_walk_frame_relay, frame, 0);
}

FpDecoded fp_walk_juniper_chdlc(FpWalk *walk, FpSpan frame)
{
    return walk_behind_header(walk, fp_walk_chdlc, frame, 0);
}

/* A virtual port of services. Only IPv4 has been seen there. */
FpDecoded fp_walk_juniper_vp(FpWalk *walk, FpSpan frame)
{
    return walk_behind_header(walk, fp_walk_ipv4, frame, VP_BYTES);
}

FpDecoded fp_walk_juniper_services(FpWalk *walk, FpSpan frame)
{
    bool is_in = frame.captured >= 4 && frame.bytes[3] & FLAG_IN;

    return walk_behind_header(walk, fp_walk_ipv4, frame, is_in ? SERVICES_IN_BYTES : SERVICES_OUT_BYTES);
}

static FpDecoded walk_ggsn(FpWalk *walk, FpSpan rest)
{
    return rest.captured < 4 || rest.bytes[1] != 0 ? fp_walk_missing(rest) : walk_protocol(walk, rest.bytes[0], fp_span_after(rest, 4));
}

FpDecoded fp_walk_juniper_ggsn(FpWalk *walk, FpSpan frame)
{
    return walk_behind_header(walk, walk_ggsn, frame, 0);
}

/* A virtual network's packet: values with types and lengths, the last of type 255, then Ethernet. */
FpDecoded fp_walk_juniper_vn(FpWalk *walk, FpSpan rest)
{
    bool is_last = false;

    while (!is_last) {
        if (rest.captured < 2 || rest.captured < rest.bytes[1] + 2U)
            return fp_walk_missing(rest);
        is_last = rest.bytes[0] == VN_END;
        rest = fp_span_after(rest, rest.bytes[1] + 2U);
    }
    return fp_walk_ethernet(walk, rest);
}

/* Nothing states what an ATM cell carries, so it is guessed from its first bytes. is_bridged: it is Ethernet, unless it is IEEE 802.2. */
static FpDecoded walk_atm_payload(FpWalk *walk, FpSpan rest, bool is_bridged, bool may_be_ppp)
{
    if (rest.captured < 4)
        return fp_walk_missing(rest);
    uint32_t llc = fp_load32(rest.bytes) >> 8;
    if (llc == LLC_OSI || llc == LLC_SNAP)
        return fp_walk_llc(walk, rest);
    if (is_bridged)
        return fp_walk_ethernet(walk, rest);
    uint16_t protocol = fp_load16(rest.bytes);
    if (may_be_ppp && (protocol == 0x21 || protocol == 0x57 || protocol == 0x23 || protocol == 0x281 || protocol == 0x283))
        return fp_walk_ppp(walk, rest);
    if (rest.bytes[0] == LLC_UNNUMBERED)
        return fp_walk_osi(walk, fp_span_after(rest, 1));
    if (rest.bytes[0] >= 0x45 && rest.bytes[0] <= 0x4f)
        return fp_walk_ipv4(walk, rest);
    return rest.bytes[0] >> 4 == 6 ? fp_walk_ipv6(walk, rest) : fp_walk_no_segment(walk, FP_NO_SEGMENT_OTHER, FP_OTHER_FAMILY);
}

static FpDecoded walk_atm1(FpWalk *walk, FpSpan rest)
{
    if (rest.captured < 4)
        return fp_walk_missing(rest);
    if (rest.bytes[0] == 0x80) /* operation and maintenance */
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_OTHER, FP_OTHER_FAMILY);
    return walk_atm_payload(walk, fp_span_after(rest, 4), false, false);
}

FpDecoded fp_walk_juniper_atm1(FpWalk *walk, FpSpan frame)
{
    return walk_behind_header(walk, walk_atm1, frame, 0);
}

static FpDecoded walk_atm2(FpWalk *walk, FpSpan rest, bool is_in)
{
    if (rest.captured < 8)
        return fp_walk_missing(rest);
    if (rest.bytes[7] & 0x70) /* operation and maintenance */
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_OTHER, FP_OTHER_FAMILY);
    bool is_bridged = !is_in && fp_load32(rest.bytes) & ATM2_GAP_COUNT;
    return walk_atm_payload(walk, fp_span_after(rest, 8), is_bridged, true);
}

FpDecoded fp_walk_juniper_atm2(FpWalk *walk, FpSpan frame)
{
    FpDecoded decoded;
    FpSpan rest;

    return step_header(walk, frame, &rest, &decoded) ? walk_atm2(walk, rest, frame.bytes[3] & FLAG_IN) : decoded;
}
