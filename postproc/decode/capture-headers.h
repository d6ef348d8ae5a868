/* SPDX-License-Identifier: GPL-2.0-or-later */
/* capture-headers.h - a frame within what was put before it. */
#ifndef FP_CAPTURE_HEADERS_H
#define FP_CAPTURE_HEADERS_H

#include "decode-internal.h"

/* link_type: of pcap's, as the header names it. */
FpDecoded fp_walk_inner_link(FpWalk *walk, uint32_t link_type, FpSpan frame);

#endif
