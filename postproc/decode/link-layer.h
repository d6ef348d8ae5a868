/* SPDX-License-Identifier: GPL-2.0-or-later */
/* link-layer.h - what steps share that lead to Ethernet and what its types announce. */
#ifndef FP_LINK_LAYER_H
#define FP_LINK_LAYER_H

#include "decode-internal.h"

#define FP_FCS_BYTES 4U /* of Ethernet's checksum, and of IEEE 802.11's */

#define FP_ETHERNET_LENGTH_MAX 1500U /* a type field up to this is a length (IEEE 802.3 3.2.6) */

/* What follows an Ethernet type; or also a length in its place. */
FpDecoded fp_walk_type(FpWalk *walk, uint16_t type, FpSpan rest);
FpDecoded fp_walk_type_or_length(FpWalk *walk, uint16_t type, FpSpan rest);

bool fp_walk_is_type(uint16_t type); /* there is a step for it */

/* What follows SNAP's header (RFC 1042): from the organisation on. */
FpStep fp_walk_snap;

/* What follows GRE's header. flags: as they stand there. */
FpDecoded fp_walk_gre_type(FpWalk *walk, uint16_t flags, uint16_t type, FpSpan rest);

/* What follows a protocol's number of IP. */
FpDecoded fp_walk_protocol(FpWalk *walk, uint8_t protocol, FpSpan rest);

/* A frame that ends in a checksum. */
FpStep fp_walk_ethernet_fcs;

#endif
