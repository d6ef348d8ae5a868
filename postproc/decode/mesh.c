/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * mesh.c - protocols that carry frames from node to node in a mesh: B.A.T.M.A.N. in its versions, Roofnet. Reference: packet-batadv.c,
 * packet-bat.c, packet-roofnet.c of 4.0.
 */
#include <string.h>

#include "layers.h"

#define TYPE_BATMAN 0x4305
#define TYPE_ROOFNET 0x0641

#define ROOFNET_HEADER 20U
#define ROOFNET_HOP 20U /* the address of the last node, of 4 bytes, comes after the hops */
#define ROOFNET_HOPS_MAX 10
#define ROOFNET_ETHERNET 0x0200

#define OLD_UNICAST 3 /* packet types up to version 14 */
#define OLD_BROADCAST 4
#define OLD_FRAGMENT 6
#define OLD_UNICAST_4 9
#define BROADCAST 0x01 /* packet types of version 15 */
#define UNICAST 0x40
#define FRAGMENT 0x41
#define UNICAST_4 0x42
#define IS_HEAD 0x01
#define GATEWAY_DATA 1

/* One of the two fragments with this id. destination and origin are addresses of 6 bytes. */
static FpDecoded walk_fragment(FpWalk *walk, FpSpan payload, const uint8_t *destination, const uint8_t *origin, uint16_t id, bool is_first,
                               FpStep *whole)
{
    FpDatagramKey key = {.version = FP_DATAGRAM_BATMAN, .id = id};

    memcpy(key.destination, destination, 6);
    memcpy(key.source, origin, 6);
    if (!fp_fragments_add_numbered(walk->decoder->fragments, &key, payload, is_first ? 0 : 1, is_first, false, &payload))
        return FP_DECODED_FRAGMENT;
    return whole(walk, payload);
}

static FpDecoded walk_old_fragment(FpWalk *walk, FpSpan rest, uint8_t version)
{
    uint32_t header_bytes = version == 14 ? 20 : 18;

    if (rest.captured < header_bytes)
        return fp_walk_missing(rest);
    bool is_head = rest.bytes[version == 14 ? 10 : 9] & IS_HEAD;
    uint16_t id = (uint16_t)(fp_load16(rest.bytes + header_bytes - 2) + is_head);
    return walk_fragment(walk, fp_span_after(rest, header_bytes), rest.bytes + (version == 14 ? 4 : 2), rest.bytes + header_bytes - 8, id,
                         is_head, fp_walk_ethernet);
}

/* B.A.T.M.A.N. advanced up to version 14. */
static FpDecoded walk_old_batman(FpWalk *walk, FpSpan rest, uint8_t version)
{
    uint32_t unicast_bytes = version == 14 ? 10 : 9, broadcast_bytes = version == 14 ? 14 : version >= 10 ? 13 : 10;

    switch (rest.bytes[0]) {
    case OLD_UNICAST:
        return version < 6 ? fp_walk_no_segment(walk, FP_NO_SEGMENT_TYPE, TYPE_BATMAN)
                           : fp_walk_behind(walk, fp_walk_ethernet, rest, unicast_bytes);
    case OLD_BROADCAST:
        return version < 6 ? fp_walk_no_segment(walk, FP_NO_SEGMENT_TYPE, TYPE_BATMAN)
                           : fp_walk_behind(walk, fp_walk_ethernet, rest, broadcast_bytes);
    case OLD_FRAGMENT:
        return version < 12 ? fp_walk_no_segment(walk, FP_NO_SEGMENT_TYPE, TYPE_BATMAN) : walk_old_fragment(walk, rest, version);
    case OLD_UNICAST_4:
        return version < 14 ? fp_walk_no_segment(walk, FP_NO_SEGMENT_TYPE, TYPE_BATMAN) : fp_walk_behind(walk, fp_walk_ethernet, rest, 18);
    default:
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_TYPE, TYPE_BATMAN);
    }
}

/* B.A.T.M.A.N. advanced, version 15: the second fragment has number 0. */
static FpDecoded walk_new_fragment(FpWalk *walk, FpSpan rest)
{
    if (rest.captured < 20)
        return fp_walk_missing(rest);
    uint8_t number = rest.bytes[3] >> 4;
    if (number > 1) /* Wireshark reassembles no more than two */
        return FP_DECODED_FRAGMENT;
    rest.wire = rest.captured; /* Wireshark goes by what was captured */
    return walk_fragment(walk, fp_span_after(rest, 20), rest.bytes + 4, rest.bytes + 10, fp_load16(rest.bytes + 16), number == 1,
                         fp_walk_batman);
}

/* B.A.T.M.A.N. advanced. */
FpDecoded fp_walk_batman(FpWalk *walk, FpSpan rest)
{
    if (++walk->layers > FP_WALK_LAYERS_MAX)
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_OTHER, FP_OTHER_NESTED);
    if (rest.captured < 2)
        return fp_walk_missing(rest);
    if (rest.bytes[1] < 15)
        return walk_old_batman(walk, rest, rest.bytes[1]);
    if (rest.bytes[1] > 15)
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_TYPE, TYPE_BATMAN);
    switch (rest.bytes[0]) {
    case BROADCAST:
        return fp_walk_behind(walk, fp_walk_ethernet, rest, 14);
    case UNICAST:
        return fp_walk_behind(walk, fp_walk_ethernet, rest, 10);
    case UNICAST_4:
        return fp_walk_behind(walk, fp_walk_ethernet, rest, 18);
    case FRAGMENT:
        return walk_new_fragment(walk, rest);
    default:
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_TYPE, TYPE_BATMAN);
    }
}

/* Layer 3 B.A.T.M.A.N.: a tunnel to a gateway. */
FpDecoded fp_walk_batman_gateway(FpWalk *walk, FpSpan rest)
{
    if (rest.captured < 5)
        return fp_walk_missing(rest);
    return rest.bytes[0] == GATEWAY_DATA ? fp_walk_ipv4(walk, fp_span_after(rest, 1)) : fp_walk_no_segment(walk, FP_NO_SEGMENT_PORT, 4306);
}

/* Roofnet: hops, then IP, or two bytes of padding and Ethernet. */
FpDecoded fp_walk_roofnet(FpWalk *walk, FpSpan rest)
{
    if (rest.captured < ROOFNET_HEADER)
        return fp_walk_missing(rest);
    uint32_t n_hops = rest.bytes[2];
    uint32_t header_bytes = ROOFNET_HEADER + n_hops * ROOFNET_HOP + 4;
    if (n_hops > ROOFNET_HOPS_MAX || fp_load16(rest.bytes + 10) == 0)
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_TYPE, TYPE_ROOFNET);
    return fp_load16(rest.bytes + 8) & ROOFNET_ETHERNET ? fp_walk_behind(walk, fp_walk_ethernet, rest, header_bytes + 2)
                                                        : fp_walk_behind(walk, fp_walk_ipv4, rest, header_bytes);
}
