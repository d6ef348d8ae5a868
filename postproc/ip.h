/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ip.h - an IPv4 or IPv6 packet's bytes -> the TCP segment in it. The middle of decode.h; its results and borrowing are the same. */
#ifndef FP_IP_H
#define FP_IP_H

#include "decode.h"
#include "fragments.h"
#include "span.h"

/* vlan: the outermost VLAN's number, 0 for none. Wireshark keeps fragments between private addresses apart by it. */
FpDecoded fp_decode_ipv4(FpFragments *fragments, FpSpan packet, uint16_t vlan, FpSegment *segment);
FpDecoded fp_decode_ipv6(FpFragments *fragments, FpSpan packet, FpSegment *segment);

#endif
