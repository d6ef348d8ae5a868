/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * decode-internal.h - decodes a frame's headers step by step: what the files with these steps share.
 *
 * A step takes the walk and the span that begins with its header. It ends in a segment, or in the reason why there is none. layers.h says
 * which step handles which Ethernet type, port and so on.
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
    bool takes_tcp, takes_datagrams;
    bool takes_plain;    /* plain frames need not take the long way */
    FpNoSegment left;    /* what the record decoded last has instead of a segment */
    GArray *earlier;     /* of FpSegment: those of the record decoded last that come before the returned one */
    GPtrArray *inflated; /* packets rebuilt from records of this batch; segments borrow from them */
};

typedef struct {
    FpDecoder *decoder;
    FpSegment *segment;     /* filled in on the way; complete when the walk ends in FP_DECODED_SEGMENT */
    FpDecodeNotes *notes;   /* filled in, too, when network_kinds has FP_NETWORK_VLAN; NULL for most walks */
    unsigned skip;          /* with a notes: how many segments of the record come before the wanted one */
    unsigned network_kinds; /* FP_NETWORK_...: kinds of numbers that go into the segment's network */
    uint64_t vlans;         /* IDs of the last five VLAN tags, twelve bits each: they keep fragments between private addresses apart */
    uint16_t layers;        /* how many nested packets and frames have been decoded so far */
    uint16_t ip_headers;    /* how many of these are IP headers, also where nothing could be made of one */
    uint8_t vlan_tags;      /* how many of these are VLAN tags */
    bool is_fragment;       /* the bytes are the beginning of a datagram whose rest is missing */
} FpWalk;

typedef FpDecoded FpStep(FpWalk *walk, FpSpan rest);

/* More nested layers than anybody builds, and few enough for any stack. */
#define FP_WALK_LAYERS_MAX 64

/* Ends a walk without a segment: number, of this kind, names what is there instead. */
static inline FpDecoded fp_walk_no_segment(const FpWalk *walk, FpNoSegmentKind kind, uint32_t number)
{
    walk->decoder->left = (FpNoSegment){.kind = kind, .number = (uint16_t)number};
    return FP_DECODED_LEFT;
}

/* Returns the reason when a header has too few bytes: the capture truncated it, or the frame contradicts itself. */
static inline FpDecoded fp_walk_missing(FpSpan rest)
{
    return rest.captured < rest.wire ? FP_DECODED_CUT : FP_DECODED_BAD_HEADER;
}

/* Runs a step after the first n bytes. */
static inline FpDecoded fp_walk_behind(FpWalk *walk, FpStep *step, FpSpan rest, uint32_t n)
{
    return rest.captured < n ? fp_walk_missing(rest) : step(walk, fp_span_after(rest, n));
}

/* Mixes a number that tells networks apart into the segment's network, if numbers of its kind are asked for. */
static inline void fp_walk_note_network(const FpWalk *walk, unsigned kind, uint32_t number)
{
    if (walk->network_kinds & kind)
        walk->segment->network = fp_network_mix(walk->segment->network, kind, number);
}

/* The same for a VLAN ID. 0 is no VLAN: such a tag carries only a priority, and one direction's frames may lack it (IEEE 802.1Q 9.6). */
static inline void fp_walk_note_vlan(const FpWalk *walk, uint16_t vlan)
{
    if ((walk->network_kinds & FP_NETWORK_VLAN) == 0 || vlan == 0)
        return;
    fp_walk_note_network(walk, FP_NETWORK_VLAN, vlan);
    if (walk->notes != NULL)
        fp_decode_notes_add_vlan(walk->notes, vlan);
}

/* Where notes are taken, notes the interface that a capture header names by its index, 0 for none, and the frame's direction; the outermost
 * header counts. */
static inline void fp_walk_note_interface(const FpWalk *walk, uint32_t index, FpDirection direction)
{
    if (walk->notes != NULL && walk->notes->interface == 0)
        walk->notes->interface = index;
    if (walk->notes != NULL && walk->notes->direction == FP_DIRECTION_UNKNOWN)
        walk->notes->direction = direction;
}

/* Copies a TCP header into the segment. FP_TCP_NEEDED_BYTES of it must have been captured. */
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
    segment->transport = FP_TRANSPORT_TCP;
}

/* Where notes are taken, notes where the segment is, if it is the wanted one. Returns false when it is not. */
static inline bool fp_walk_note_segment(FpWalk *walk, FpSpan segment)
{
    if (walk->notes == NULL)
        return true;
    if (walk->skip > 0) {
        walk->skip--;
        return false;
    }
    walk->notes->segment = segment;
    return true;
}

/*
 * A record that holds several frames side by side. Call fp_parts_begin; for each frame call fp_parts_next, run a step, and pass its result
 * to fp_parts_add; then call fp_parts_end. All frames are decoded from the same point of the walk.
 */
typedef struct {
    FpWalk *walk;
    FpWalk before;
    uint64_t network_before;
    unsigned vlans_before;
    guint n_found;
    FpDecoded last;
} FpParts;

/* Remembers this point of the walk. */
FpParts fp_parts_begin(FpWalk *walk);
/* Goes back to that point for the next frame. */
void fp_parts_next(FpParts *parts);
/* Takes the result of a frame's step. Returns false when no other frame is to be decoded. */
bool fp_parts_add(FpParts *parts, FpDecoded decoded);
/* Returns the result for the record. The last segment is then in walk->segment, those before it in decoder->earlier. */
FpDecoded fp_parts_end(FpParts *parts);

/* Whether the ports of a UDP header are those of a tunnel, decoded or not (tunnel-udp.c). */
bool fp_udp_ports_matter(const uint8_t *header);

/* Decodes a frame of a link type (decode.c). */
FpDecoded fp_walk_link(FpWalk *walk, FpLink link, FpSpan rest);

#endif
