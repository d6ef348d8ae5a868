/* SPDX-License-Identifier: GPL-2.0-or-later */
/* link-layer.h - steps that several files share: what Ethernet types, GRE types and IP protocols announce. */
#ifndef FP_LINK_LAYER_H
#define FP_LINK_LAYER_H

#include "decode-internal.h"

#define FP_FCS_BYTES 4U /* length of the checksum in Ethernet and IEEE 802.11 */

#define FP_ETHERNET_LENGTH_MAX 1500U /* a type field up to this is a length (IEEE 802.3 3.2.6) */

/* Decodes what follows an Ethernet type. */
FpDecoded fp_walk_type(FpWalk *walk, uint16_t type, FpSpan rest);
/* Decodes what follows an Ethernet type, or a length in its place. */
FpDecoded fp_walk_type_or_length(FpWalk *walk, uint16_t type, FpSpan rest);

/* Whether there is a step for an Ethernet type. */
bool fp_walk_is_type(uint16_t type);

/* Decodes a SNAP header (RFC 1042), which begins with the organisation. */
FpStep fp_walk_snap;

/* Decodes what follows a GRE header; flags and type are from that header. */
FpDecoded fp_walk_gre_type(FpWalk *walk, uint16_t flags, uint16_t type, FpSpan rest);

/* Decodes what follows an IP protocol number. */
FpDecoded fp_walk_protocol(FpWalk *walk, uint8_t protocol, FpSpan rest);

/* Decodes an Ethernet frame that ends in a checksum. */
FpStep fp_walk_ethernet_fcs;

#endif
