/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * no-segment.h - what the way down to a segment ended at, by the number that names it: an Ethernet type, a protocol of IP ...
 *
 * file -> [record -> segment] -> stream -> verdict -> output
 */
#ifndef FP_NO_SEGMENT_H
#define FP_NO_SEGMENT_H

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/capture.h"

/* Whose number it is. */
typedef enum {
    FP_NO_SEGMENT_OTHER,         /* FP_OTHER_... */
    FP_NO_SEGMENT_LINK_TYPE,     /* pcap's LINKTYPE_ */
    FP_NO_SEGMENT_ENCAPSULATION, /* libwiretap's WTAP_ENCAP_, of what has no link type */
    FP_NO_SEGMENT_TYPE,          /* Ethernet's */
    FP_NO_SEGMENT_SAP,           /* of IEEE 802.2 */
    FP_NO_SEGMENT_PPP,
    FP_NO_SEGMENT_PROTOCOL, /* of IP */
    FP_NO_SEGMENT_GRE,
    FP_NO_SEGMENT_PORT, /* of UDP: a tunnel's that is not decoded, or whose packet has no network's packet in it */
} FpNoSegmentKind;

#define FP_N_LEFT (FP_NO_SEGMENT_PORT + 1)

enum {
    FP_OTHER_NESTED, /* too deep within one another */
    FP_OTHER_SNAP,   /* a SNAP header of an organisation's own */
    FP_OTHER_WLAN,   /* management and control of IEEE 802.11, data frames without data */
    FP_OTHER_WLAN_PROTECTED,
    FP_OTHER_WLAN_FRAGMENT,
    FP_OTHER_MPLS,
    FP_OTHER_FAMILY, /* an address family that is not IP's */
    FP_OTHER_ARCNET,
    FP_OTHER_FRAME_RELAY,
    FP_OTHER_ROUTING, /* a routing header with compressed addresses */
    FP_OTHER_ENCRYPTED,
    FP_OTHER_DISSECTOR, /* Wireshark's upper PDU, of another dissector */
    FP_N_OTHER,
};

typedef struct {
    FpNoSegmentKind kind;
    uint16_t number;
} FpNoSegment;

/* Of a record whose link type is not decoded: that link type, or libwiretap's encapsulation where files have no link type for it. */
FpNoSegment fp_no_segment_of_link(const FpCapture *capture, const FpRecord *record);

/* Writes what people call it, for instance "ARP" or "Ethernet type 0x88b5", as a string of at most n bytes. */
#define FP_NO_SEGMENT_NAME_BYTES 64
void fp_no_segment_name(FpNoSegment left, char *text, size_t n);

/* How many there were of each. Bounded, however many kinds there are. */
typedef struct FpNoSegmentCounts FpNoSegmentCounts;

FpNoSegmentCounts *fp_no_segment_counts_new(void);
void fp_no_segment_counts_free(FpNoSegmentCounts *counts); /* NULL is allowed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FpNoSegmentCounts, fp_no_segment_counts_free)
void fp_no_segment_count(FpNoSegmentCounts *counts, FpNoSegment left);

typedef struct {
    FpNoSegment left;
    uint64_t n;
} FpNoSegmentCount;

/* Fills in up to max of them, the most frequent first; returns how many. *rest: how many frames the others are. */
size_t fp_no_segment_counts_top(const FpNoSegmentCounts *counts, FpNoSegmentCount *top, size_t max, uint64_t *rest);

#endif
