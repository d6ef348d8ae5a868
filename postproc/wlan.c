/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wlan.c - IEEE 802.11 data frames, and the headers that captures put before them: radiotap and PPI, both little-endian.
 */
#include "link.h"
#include "walk.h"

#define TYPE_DATA 0x08 /* in the first byte of the frame control field */
#define TYPE_MASK 0x0c
#define SUBTYPE_NULL 0x40
#define SUBTYPE_QOS 0x80
#define TO_DS 0x01 /* in its second byte */
#define FROM_DS 0x02
#define MORE_FRAGMENTS 0x04
#define PROTECTED 0x40
#define ORDER 0x80
#define QOS_AGGREGATE 0x80 /* in the first byte of the QoS control field */

#define RADIOTAP_TSFT 0x01U
#define RADIOTAP_FLAGS 0x02U
#define RADIOTAP_MORE 0x80000000U
#define RADIOTAP_FLAG_FCS 0x10
#define RADIOTAP_FLAG_PAD 0x20
#define FCS_BYTES 4U
#define PPI_HEADER 8U

static uint16_t little16(const uint8_t *bytes)
{
    return (uint16_t)(bytes[1] << 8 | bytes[0]);
}

static uint32_t little32(const uint8_t *bytes)
{
    return (uint32_t)little16(bytes + 2) << 16 | little16(bytes);
}

typedef enum {
    FRAME_PADDED = 1,  /* after the header, to a multiple of four */
    FRAME_SWAPPED = 2, /* the bytes of the frame control field */
} FrameForm;

static FpDecoded walk_frame(FpWalk *walk, FpSpan frame, unsigned form)
{
    const uint8_t *header = frame.bytes;

    if (frame.captured < 24)
        return fp_walk_missing_link(frame);
    uint8_t kind = header[form & FRAME_SWAPPED ? 1 : 0], flags = header[form & FRAME_SWAPPED ? 0 : 1];
    if ((kind & TYPE_MASK) != TYPE_DATA || kind & SUBTYPE_NULL)
        return FP_DECODED_NOT_IP;
    bool is_qos = kind & SUBTYPE_QOS;
    uint32_t header_bytes = (flags & (TO_DS | FROM_DS)) == (TO_DS | FROM_DS) ? 30 : 24;
    uint32_t qos_at = header_bytes;
    if (is_qos)
        header_bytes += flags & ORDER ? 6 : 2; /* with an HT control field */
    if (form & FRAME_PADDED)
        header_bytes = (header_bytes + 3) & ~3U;
    if (frame.captured < header_bytes)
        return fp_walk_missing_link(frame);
    if (flags & PROTECTED)
        return FP_DECODED_LINK; /* encrypted */
    if (flags & MORE_FRAGMENTS || (header[22] & 0x0f) != 0)
        return FP_DECODED_LINK;
    if (is_qos && header[qos_at] & QOS_AGGREGATE)
        return FP_DECODED_LINK; /* several frames in one */
    return fp_walk_llc(walk, fp_span_after(frame, header_bytes));
}

FpDecoded fp_walk_wlan(FpWalk *walk, FpSpan frame)
{
    return walk_frame(walk, frame, 0);
}

FpDecoded fp_walk_wlan_swapped(FpWalk *walk, FpSpan frame)
{
    return walk_frame(walk, frame, FRAME_SWAPPED);
}

/* The flags field of a radiotap header, 0 when it has none. header has been captured whole. */
static uint8_t radiotap_flags(const uint8_t *header, uint32_t header_bytes)
{
    uint32_t present = little32(header + 4), at = 4;

    do
        at += 4;
    while (at + 4 <= header_bytes && little32(header + at - 4) & RADIOTAP_MORE);
    if (present & RADIOTAP_TSFT)
        at = ((at + 7) & ~7U) + 8;
    return present & RADIOTAP_FLAGS && at < header_bytes ? header[at] : 0;
}

FpDecoded fp_walk_radiotap(FpWalk *walk, FpSpan frame)
{
    if (frame.captured < 8)
        return fp_walk_missing_link(frame);
    uint32_t header_bytes = little16(frame.bytes + 2);
    if (header_bytes < 8 || frame.captured < header_bytes)
        return fp_walk_missing_link(frame);
    uint8_t flags = radiotap_flags(frame.bytes, header_bytes);
    FpSpan rest = fp_span_after(frame, header_bytes);
    if (flags & RADIOTAP_FLAG_FCS && rest.wire >= FCS_BYTES)
        rest = fp_span_first(rest, rest.wire - FCS_BYTES);
    return walk_frame(walk, rest, flags & RADIOTAP_FLAG_PAD ? FRAME_PADDED : 0);
}

FpDecoded fp_walk_ppi(FpWalk *walk, FpSpan frame)
{
    if (frame.captured < PPI_HEADER)
        return fp_walk_missing_link(frame);
    uint32_t header_bytes = little16(frame.bytes + 2);
    if (header_bytes < PPI_HEADER || frame.captured < header_bytes)
        return fp_walk_missing_link(frame);
    FpLink link = fp_link_of_link_type(little32(frame.bytes + 4), false);
    if (link == FP_LINK_PPI)
        return FP_DECODED_LINK;
    return fp_walk_link(walk, link, fp_span_after(frame, header_bytes));
}
