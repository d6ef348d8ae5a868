/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wlan-headers.c - what captures put before IEEE 802.11 frames: radiotap, PPI, Prism, AVS. Reference: packet-ieee80211-radiotap.c,
 * packet-ppi.c, packet-ieee80211-prism.c, packet-ieee80211-wlancap.c of 4.0.
 */
#include "capture-headers.h"
#include "capture/link-type.h"
#include "layers.h"
#include "link-layer.h"
#include "wlan.h"

#define RADIOTAP_TSFT 0x01U
#define RADIOTAP_FLAGS 0x02U
#define RADIOTAP_MORE 0x80000000U
#define RADIOTAP_FLAG_FCS 0x10
#define RADIOTAP_FLAG_PAD 0x20
#define PPI_HEADER 8U
#define PRISM_HEADER 144U
#define PRISM_MESSAGE 0x00000044U
#define PRISM_MESSAGE_2 0x00000041U
#define AVS_MAGIC 0x80211000U
#define AVS_VERSION_MAX 2U

/* Returns the flags field of a radiotap header, or 0 if it has none. The whole header must have been captured. */
static uint8_t radiotap_flags(const uint8_t *header, uint32_t header_bytes)
{
    uint32_t present = fp_load32_little(header + 4), at = 4;

    do
        at += 4;
    while (at + 4 <= header_bytes && fp_load32_little(header + at - 4) & RADIOTAP_MORE);
    if (present & RADIOTAP_TSFT)
        at = ((at + 7) & ~7U) + 8;
    return present & RADIOTAP_FLAGS && at < header_bytes ? header[at] : 0;
}

FpDecoded fp_walk_radiotap(FpWalk *walk, FpSpan frame)
{
    if (frame.captured < 8)
        return fp_walk_missing(frame);
    uint32_t header_bytes = fp_load16_little(frame.bytes + 2);
    if (header_bytes < 8 || frame.captured < header_bytes)
        return fp_walk_missing(frame);
    uint8_t flags = radiotap_flags(frame.bytes, header_bytes);
    FpSpan rest = fp_span_after(frame, header_bytes);
    if (flags & RADIOTAP_FLAG_FCS)
        rest = fp_span_without_last(rest, FP_FCS_BYTES);
    return fp_walk_wlan_of_form(walk, rest, flags & RADIOTAP_FLAG_PAD ? FP_WLAN_PADDED : 0);
}

/* PPI: the header names the frame's link type, mostly that of IEEE 802.11. */
FpDecoded fp_walk_ppi(FpWalk *walk, FpSpan frame)
{
    if (frame.captured < PPI_HEADER)
        return fp_walk_missing(frame);
    uint32_t header_bytes = fp_load16_little(frame.bytes + 2);
    if (header_bytes < PPI_HEADER || frame.captured < header_bytes)
        return fp_walk_missing(frame);
    return fp_walk_inner_link(walk, fp_load32_little(frame.bytes + 4), fp_span_after(frame, header_bytes));
}

FpDecoded fp_walk_avs(FpWalk *walk, FpSpan frame)
{
    if (frame.captured < 8)
        return fp_walk_missing(frame);
    uint32_t header_bytes = fp_load32(frame.bytes + 4);
    return frame.captured < header_bytes ? fp_walk_missing(frame) : fp_walk_wlan(walk, fp_span_after(frame, header_bytes));
}

/* A Prism header in either byte order, an AVS header, or none. */
FpDecoded fp_walk_prism(FpWalk *walk, FpSpan frame)
{
    if (frame.captured < 4)
        return fp_walk_missing(frame);
    uint32_t big = fp_load32(frame.bytes), little = fp_load32_little(frame.bytes);
    if (big == AVS_MAGIC + 1 || big == AVS_MAGIC + 2)
        return fp_walk_avs(walk, frame);
    if (big == PRISM_MESSAGE || big == PRISM_MESSAGE_2 || little == PRISM_MESSAGE || little == PRISM_MESSAGE_2)
        return fp_walk_behind(walk, fp_walk_wlan, frame, PRISM_HEADER);
    return fp_walk_wlan(walk, frame);
}
