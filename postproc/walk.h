/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * walk.h - the way down through a frame's headers, step by step: what the files that decode them hand on.
 *
 * A function of theirs takes the walk and the span that begins with its header. It ends in a segment, or in the reason why there is none.
 */
#ifndef FP_WALK_H
#define FP_WALK_H

#include "decode.h"
#include "fragments.h"
#include "network.h"
#include "span.h"
#include "trail.h"

typedef struct {
    FpFragments *fragments;
    FpSegment *segment;     /* filled in on the way; all of it when the end is FP_DECODED_SEGMENT */
    FpTrail *trail;         /* filled in too, with FP_NETWORK_VLAN in network_kinds; NULL for most */
    unsigned network_kinds; /* FP_NETWORK_..., the numbers on the way that go into the segment's network */
    uint16_t vlan;          /* the outermost VLAN's number, 0 for none: Wireshark keeps fragments between private addresses apart by it */
    uint16_t layers;        /* how many packets and frames within one another have been gone through */
    bool is_fragment;       /* what is looked at is the beginning of a datagram whose rest is not known */
} FpWalk;

/* decode.c */
FpDecoded fp_walk_link(FpWalk *walk, FpLink link, FpSpan frame);

/* link-layer.c */
#define FP_ETHERNET_LENGTH_MAX 1500U /* a type field up to this is a length (IEEE 802.3 3.2.6) */
FpDecoded fp_walk_ethernet(FpWalk *walk, FpSpan frame);
FpDecoded fp_walk_type(FpWalk *walk, uint16_t type, FpSpan rest);
FpDecoded fp_walk_llc(FpWalk *walk, FpSpan rest);
FpDecoded fp_walk_mpls(FpWalk *walk, FpSpan rest);
FpDecoded fp_walk_pppoe(FpWalk *walk, FpSpan rest);
FpDecoded fp_walk_ppp(FpWalk *walk, FpSpan rest);
FpDecoded fp_walk_ppp_hdlc(FpWalk *walk, FpSpan frame);
FpDecoded fp_walk_chdlc(FpWalk *walk, FpSpan frame);

/* wlan.c */
FpDecoded fp_walk_wlan(FpWalk *walk, FpSpan frame);
FpDecoded fp_walk_wlan_swapped(FpWalk *walk, FpSpan frame); /* the two bytes of its frame control are in the other order */
FpDecoded fp_walk_radiotap(FpWalk *walk, FpSpan frame);
FpDecoded fp_walk_ppi(FpWalk *walk, FpSpan frame);

/* ip.c */
FpDecoded fp_walk_ipv4(FpWalk *walk, FpSpan packet);
FpDecoded fp_walk_ipv6(FpWalk *walk, FpSpan packet);

/* tunnel.c */
FpDecoded fp_walk_gre(FpWalk *walk, FpSpan packet);
FpDecoded fp_walk_udp(FpWalk *walk, FpSpan datagram);

/* More of them within one another than anybody builds, and few enough for any stack. */
#define FP_WALK_LAYERS_MAX 64

/* Not enough bytes for a header of a layer below IP. */
static inline FpDecoded fp_walk_missing_link(FpSpan rest)
{
    return rest.captured < rest.wire ? FP_DECODED_CUT : FP_DECODED_NOT_IP;
}

/* The same for IP's or one above it. */
static inline FpDecoded fp_walk_missing(FpSpan rest)
{
    return rest.captured < rest.wire ? FP_DECODED_CUT : FP_DECODED_BAD_HEADER;
}

/* Takes note of a number that tells networks apart, when numbers of its kind are asked for. */
static inline void fp_walk_note_network(const FpWalk *walk, unsigned kind, uint32_t number)
{
    if (walk->network_kinds & kind)
        walk->segment->network = fp_network_mix(walk->segment->network, kind, number);
}

/* The same for a VLAN's number. 0 is none: such a tag has only a priority, and may be on one direction's frames alone (IEEE 802.1Q 9.6). */
static inline void fp_walk_note_vlan(const FpWalk *walk, uint16_t vlan)
{
    if ((walk->network_kinds & FP_NETWORK_VLAN) == 0 || vlan == 0)
        return;
    fp_walk_note_network(walk, FP_NETWORK_VLAN, vlan);
    if (walk->trail != NULL)
        fp_trail_add_vlan(walk->trail, vlan);
}

/* A TCP header, of which FP_TCP_NEEDED_BYTES have been captured, into the segment. */
static inline void fp_walk_fill_tcp(FpSegment *segment, const uint8_t *header, uint32_t segment_bytes, bool length_unknown)
{
    segment->source_port = fp_load16(header);
    segment->destination_port = fp_load16(header + 2);
    segment->seq = fp_load32(header + 4);
    segment->ack = fp_load32(header + 8);
    segment->header_bytes = (uint8_t)(header[12] >> 4 << 2);
    segment->flags = header[13];
    segment->window = fp_load16(header + 14);
    segment->segment_bytes = segment_bytes;
    segment->length_unknown = length_unknown;
}

#endif
