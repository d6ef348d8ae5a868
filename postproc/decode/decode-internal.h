/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * decode-internal.h - the way down through a frame's headers, step by step: what the files that decode them hand on.
 *
 * A step takes the walk and the span that begins with its header. It ends in a segment, or in the reason why there is none. Which step
 * takes what an Ethernet type, a port ... announces stands in layers.h.
 */
#ifndef FP_DECODE_INTERNAL_H
#define FP_DECODE_INTERNAL_H

#include <glib.h>

#include "decode-notes.h"
#include "decode.h"
#include "fragments.h"
#include "network.h"
#include "span.h"

struct FpDecoder {
    FpFragments *fragments;
    unsigned network_kinds;
    FpNoSegment left;    /* what the record decoded last has instead of a segment */
    GArray *earlier;     /* of FpSegment: those of the record decoded last that come before the one that was returned */
    GPtrArray *inflated; /* what was made of records since the last batch ended, and is borrowed from */
};

typedef struct {
    FpDecoder *decoder;
    FpSegment *segment;     /* filled in on the way; all of it when the end is FP_DECODED_SEGMENT */
    FpDecodeNotes *trail;   /* filled in too, with FP_NETWORK_VLAN in network_kinds; NULL for most */
    unsigned skip;          /* with a trail: how many segments of the record come before the one that is looked for */
    unsigned network_kinds; /* FP_NETWORK_..., the numbers on the way that go into the segment's network */
    uint16_t vlan;          /* the outermost VLAN's number, 0 for none: Wireshark keeps fragments between private addresses apart by it */
    uint16_t layers;        /* how many packets and frames within one another have been gone through */
    uint8_t vlan_tags;      /* of these, VLAN tags */
    bool is_fragment;       /* what is looked at is the beginning of a datagram whose rest is not known */
} FpWalk;

typedef FpDecoded FpStep(FpWalk *walk, FpSpan rest);

/* More of them within one another than anybody builds, and few enough for any stack. */
#define FP_WALK_LAYERS_MAX 64

/* The way ends at a number that leads nowhere. */
static inline FpDecoded fp_walk_no_segment(const FpWalk *walk, FpNoSegmentKind kind, uint32_t number)
{
    walk->decoder->left = (FpNoSegment){.kind = kind, .number = (uint16_t)number};
    return FP_DECODED_LEFT;
}

/* Not enough bytes for a header. */
static inline FpDecoded fp_walk_missing(FpSpan rest)
{
    return rest.captured < rest.wire ? FP_DECODED_CUT : FP_DECODED_BAD_HEADER;
}

/* A step behind the first n bytes. */
static inline FpDecoded fp_walk_behind(FpWalk *walk, FpStep *step, FpSpan rest, uint32_t n)
{
    return rest.captured < n ? fp_walk_missing(rest) : step(walk, fp_span_after(rest, n));
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
        fp_decode_notes_add_vlan(walk->trail, vlan);
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

/*
 * A record that holds several frames beside one another: begin; of each, next, then add what a step made of it; end. All are gone through
 * from the same point of the way. add returns false when no other is to be taken; end returns what came of the record, with the last
 * segment in walk->segment and those before in decoder->earlier.
 */
typedef struct {
    FpWalk *walk;
    FpWalk before;
    uint64_t network_before;
    unsigned vlans_before;
    guint n_found;
    FpDecoded last;
} FpParts;

FpParts fp_parts_begin(FpWalk *walk);
void fp_parts_next(FpParts *parts);
bool fp_parts_add(FpParts *parts, FpDecoded decoded);
FpDecoded fp_parts_end(FpParts *parts);

/* decode.c: what a frame of a link type has. */
FpDecoded fp_walk_link(FpWalk *walk, FpLink link, FpSpan rest);

#endif
