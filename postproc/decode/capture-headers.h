/* SPDX-License-Identifier: GPL-2.0-or-later */
/* capture-headers.h - frames behind a header that names their link type. */
#ifndef FP_CAPTURE_HEADERS_H
#define FP_CAPTURE_HEADERS_H

#include "decode-internal.h"

/* Decodes a frame behind such a header. link_type is pcap's number, as the header names it. */
FpDecoded fp_walk_inner_link(FpWalk *walk, uint32_t link_type, FpSpan frame);

#endif
