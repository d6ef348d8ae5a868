/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * network.h - what tells networks apart in which the same addresses may be in use, and its numbers -> FpSegment's network.
 *
 * file -> [record -> segment] -> stream -> verdict -> output
 *
 * Only such numbers count as are the same in both directions of a connection; the rest would tear it in two. Numbers that a tunnel's
 * receiver chooses are none, so each direction has its own: GTP's TEID, the call ID of PPTP, L2TP's session ID, MPLS labels.
 */
#ifndef FP_NETWORK_H
#define FP_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

/* Kinds of numbers: a set of bits. */
enum {
    FP_NETWORK_VLAN = 1,      /* of every VLAN tag on the way down, also 802.1ah's service and the VLAN that ERSPAN's header names */
    FP_NETWORK_VNI = 2,       /* VXLAN, VXLAN-GPE, GENEVE; the key of GRE version 0 */
    FP_NETWORK_INTERFACE = 4, /* where it was captured */
};

/* network, into which 0 or more numbers have gone, with one more: order matters, so that VLAN 1 in 2 is another than 2 in 1. Never 0 after
 * the first; and no two single numbers, pairs of VLANs, or VLANs with a VNI within give the same. Without a secret: that is up to the hash
 * that takes it on. */
static inline uint64_t fp_network_mix(uint64_t network, unsigned kind, uint32_t number)
{
    network = (network ^ ((uint64_t)kind << 32 | number)) * 0x9e3779b97f4a7c15U;
    return network ^ network >> 32;
}

/* Reads kinds' names, "vlan", "vni" and "interface", comma-separated and in any order. Returns false, and leaves *kinds alone, when a name
 * is not known or missing. */
bool fp_network_kinds_from_text(const char *text, unsigned *kinds);

#endif
