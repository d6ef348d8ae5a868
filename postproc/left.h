/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * left.h - what the way down to a segment ended at, by the number that names it: an Ethernet type, a protocol of IP ...
 *
 * file -> [record -> segment] -> stream -> verdict -> output
 */
#ifndef FP_LEFT_H
#define FP_LEFT_H

#include <glib.h>
#include <stddef.h>
#include <stdint.h>

/* Whose number it is. */
typedef enum {
    FP_LEFT_OTHER,         /* FP_OTHER_... */
    FP_LEFT_LINK_TYPE,     /* pcap's LINKTYPE_ */
    FP_LEFT_ENCAPSULATION, /* libwiretap's WTAP_ENCAP_, of what has no link type */
    FP_LEFT_TYPE,          /* Ethernet's */
    FP_LEFT_SAP,           /* of IEEE 802.2 */
    FP_LEFT_PPP,
    FP_LEFT_PROTOCOL, /* of IP */
    FP_LEFT_GRE,
    FP_LEFT_PORT, /* of UDP: a tunnel's that is not decoded, or whose packet has no network's packet in it */
} FpLeftKind;

#define FP_N_LEFT (FP_LEFT_PORT + 1)

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
    FpLeftKind kind;
    uint16_t number;
} FpLeft;

/* Writes what people call it, for instance "ARP" or "Ethernet type 0x88b5", as a string of at most n bytes. */
#define FP_LEFT_NAME_BYTES 64
void fp_left_name(FpLeft left, char *text, size_t n);

/* How many there were of each. Bounded, however many kinds there are. */
typedef struct FpLeftCounts FpLeftCounts;

FpLeftCounts *fp_left_counts_new(void);
void fp_left_counts_free(FpLeftCounts *counts); /* NULL is allowed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FpLeftCounts, fp_left_counts_free)
void fp_left_count(FpLeftCounts *counts, FpLeft left);

typedef struct {
    FpLeft left;
    uint64_t n;
} FpLeftCount;

/* Fills in up to max of them, the most frequent first; returns how many. *rest: how many frames the others are. */
size_t fp_left_counts_top(const FpLeftCounts *counts, FpLeftCount *top, size_t max, uint64_t *rest);

#endif
