/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * network.h - numbers that tell apart networks in which the same addresses may be in use -> FpSegment's network.
 *
 * file -> [record -> segment] -> stream -> verdict -> output
 *
 * Only numbers that are the same in both directions of a connection count; others would split the connection. Numbers that the receiver of
 * a tunnel chooses do not count, because each direction has its own: GTP's TEID, the call ID of PPTP, L2TP's session ID, MPLS labels.
 */
#ifndef FP_NETWORK_H
#define FP_NETWORK_H

#include <stdbool.h>
#include <stdint.h>

/* Kinds of numbers, as a set of bits. */
enum {
    FP_NETWORK_VLAN = 1,      /* every VLAN tag of a frame, 802.1ah's service number, the VLAN in an ERSPAN header */
    FP_NETWORK_VNI = 2,       /* VXLAN, VXLAN-GPE, GENEVE; the key of GRE version 0 */
    FP_NETWORK_INTERFACE = 4, /* the capturing interface */
};

/* Mixes one more number into network, which is 0 before the first. Order matters: VLAN 1 in VLAN 2 is not VLAN 2 in VLAN 1. The first
 * number never gives 0. No two single numbers, pairs of VLANs, or VLANs with a VNI inside give the same result. There is no secret in it;
 * the hash that the result goes into has to bring one. */
static inline uint64_t fp_network_mix(uint64_t network, unsigned kind, uint32_t number)
{
    network = (network ^ ((uint64_t)kind << 32 | number)) * 0x9e3779b97f4a7c15U;
    return network ^ network >> 32;
}

/* Parses a comma-separated list of "vlan", "vni" and "interface", in any order. Returns false, and leaves *kinds alone, when a name is
 * unknown or missing. */
bool fp_network_kinds_from_text(const char *text, unsigned *kinds);

#endif
