/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * no-segment.h - what a frame has instead of a TCP segment, by the number that names it: an Ethernet type, an IP protocol and so on.
 */
#ifndef FP_NO_SEGMENT_H
#define FP_NO_SEGMENT_H

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

#include "capture/capture.h"

/* What kind of number it is. */
typedef enum {
    FP_NO_SEGMENT_OTHER,         /* FP_OTHER_... */
    FP_NO_SEGMENT_LINK_TYPE,     /* pcap's LINKTYPE_ */
    FP_NO_SEGMENT_ENCAPSULATION, /* libwiretap's WTAP_ENCAP_, if there is no link type */
    FP_NO_SEGMENT_TYPE,          /* Ethernet type */
    FP_NO_SEGMENT_SAP,           /* IEEE 802.2 service access point */
    FP_NO_SEGMENT_PPP,
    FP_NO_SEGMENT_PROTOCOL, /* IP protocol */
    FP_NO_SEGMENT_GRE,
    FP_NO_SEGMENT_PORT, /* UDP port of a tunnel that is not decoded, or whose packet has no network packet inside */
} FpNoSegmentKind;

#define FP_N_NO_SEGMENT (FP_NO_SEGMENT_PORT + 1)

enum {
    FP_OTHER_NESTED, /* too many nested layers */
    FP_OTHER_SNAP,   /* a SNAP header of some organisation */
    FP_OTHER_WLAN,   /* IEEE 802.11 management and control frames, data frames without data */
    FP_OTHER_WLAN_PROTECTED,
    FP_OTHER_WLAN_FRAGMENT,
    FP_OTHER_MPLS,
    FP_OTHER_FAMILY, /* an address family that is not IP's */
    FP_OTHER_ARCNET,
    FP_OTHER_FRAME_RELAY,
    FP_OTHER_ROUTING, /* a routing header with compressed addresses */
    FP_OTHER_ENCRYPTED,
    FP_OTHER_DISSECTOR, /* an upper PDU of Wireshark's, for another dissector */
    FP_N_OTHER,
};

typedef struct {
    FpNoSegmentKind kind;
    uint16_t number;
} FpNoSegment;

/* For a record whose link type is not decoded: returns that link type, or libwiretap's encapsulation if files have no link type for it. */
FpNoSegment fp_no_segment_of_link(const FpCapture *capture, const FpRecord *record);

/* Writes its common name, such as "ARP" or "Ethernet type 0x88b5", to text, of n bytes. */
#define FP_NO_SEGMENT_NAME_BYTES 64
void fp_no_segment_name(FpNoSegment left, char *text, size_t n);

/* Counts of frames without a segment, by kind and number. Memory is bounded, however many kinds there are. */
typedef struct FpNoSegmentCounts FpNoSegmentCounts;

/* Returns empty counts. Free them with fp_no_segment_counts_free. */
FpNoSegmentCounts *fp_no_segment_counts_new(void);
/* Frees counts. NULL is allowed. */
void fp_no_segment_counts_free(FpNoSegmentCounts *counts);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FpNoSegmentCounts, fp_no_segment_counts_free)
/* Counts one frame. */
void fp_no_segment_count(FpNoSegmentCounts *counts, FpNoSegment left);

typedef struct {
    FpNoSegment left;
    uint64_t n;
} FpNoSegmentCount;

/* Fills in up to max counts, the most frequent first, and returns their number. Sets *rest to the number of frames in all others. */
size_t fp_no_segment_counts_top(const FpNoSegmentCounts *counts, FpNoSegmentCount *top, size_t max, uint64_t *rest);

#endif
