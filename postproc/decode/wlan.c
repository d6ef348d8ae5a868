/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * wlan.c - IEEE 802.11 data frames, also several frames in one (A-MSDU) or one in several. Reference: packet-ieee80211.c of 4.0.
 */
#include <string.h>

#include "layers.h"
#include "link-layer.h"
#include "wlan.h"

#define TYPE_DATA 0x08 /* in the first byte of the frame control field */
#define TYPE_MASK 0x0c
#define VERSION_MASK 0x03
#define SUBTYPE_NULL 0x40
#define SUBTYPE_QOS 0x80
#define TO_DS 0x01 /* in its second byte */
#define FROM_DS 0x02
#define BOTH_DS 0x03
#define MORE_FRAGMENTS 0x04
#define PROTECTED 0x40
#define ORDER 0x80
#define QOS_AGGREGATE 0x80 /* in the first byte of the QoS control field */
#define QOS_MESH 0x01      /* in its second */

#define MESH_EXTENSION 0x03
#define SUBFRAME_HEADER 14U
#define KEY_IS_EXTENDED 0x20

/* The parts of a header that matter here. */
typedef struct {
    const uint8_t *destination, *source; /* 6 bytes each */
    uint32_t header_bytes;
    uint16_t sequence; /* the sequence control field: its last four bits are the fragment number */
    uint8_t flags;
    bool is_aggregate;
} Header;

/* Returns the length of a mesh header, or 0 if there is none: 6 bytes, and up to two addresses. The QoS field should announce the header,
 * but does not always. */
static uint32_t mesh_bytes(FpSpan frame, uint32_t header_bytes, uint8_t flags, bool says_mesh)
{
    if ((flags & FROM_DS) == 0 || frame.captured <= header_bytes)
        return 0;
    uint8_t mesh = frame.bytes[header_bytes];
    uint32_t bytes = 6U + 6U * (mesh & MESH_EXTENSION);
    if ((mesh & ~MESH_EXTENSION) != 0 || (mesh & MESH_EXTENSION) == MESH_EXTENSION)
        return 0;
    if (frame.captured < header_bytes + bytes + 2)
        return says_mesh ? bytes : 0;
    return fp_load16(frame.bytes + header_bytes + bytes) == 0xaaaa ? bytes : 0;
}

/* Fills in *header for a data frame. Returns FP_DECODED_SEGMENT to go on. */
static FpDecoded read_header(const FpWalk *walk, FpSpan frame, unsigned form, Header *header)
{
    const uint8_t *bytes = frame.bytes;

    if (frame.captured < 24)
        return fp_walk_missing(frame);
    uint8_t kind = bytes[form & FP_WLAN_SWAPPED ? 1 : 0], flags = bytes[form & FP_WLAN_SWAPPED ? 0 : 1], ds = flags & BOTH_DS;
    if ((kind & TYPE_MASK) != TYPE_DATA || kind & (SUBTYPE_NULL | VERSION_MASK))
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_OTHER, FP_OTHER_WLAN);
    bool is_qos = kind & SUBTYPE_QOS;
    uint32_t qos_at = ds == BOTH_DS ? 30 : 24;
    *header = (Header){
        .destination = bytes + (ds & TO_DS ? 16 : 4),
        .source = bytes + (ds == BOTH_DS   ? 24
                           : ds == FROM_DS ? 16
                                           : 10),
        .header_bytes = qos_at + (is_qos ? flags & ORDER ? 6 : 2 : 0), /* 6: with an HT control field */
        .sequence = fp_load16_little(bytes + 22),
        .flags = flags,
    };
    if (form & FP_WLAN_PADDED)
        header->header_bytes = (header->header_bytes + 3) & ~3U;
    if (frame.captured < header->header_bytes)
        return fp_walk_missing(frame);
    header->is_aggregate = is_qos && bytes[qos_at] & QOS_AGGREGATE;
    header->header_bytes += mesh_bytes(frame, header->header_bytes, flags, is_qos && bytes[qos_at + 1] & QOS_MESH);
    return frame.captured < header->header_bytes ? fp_walk_missing(frame) : FP_DECODED_SEGMENT;
}

/* Reassembles fragments. A last fragment before which none came is taken for the whole frame: some drivers reassemble frames and leave the
 * number. Returns false while the frame is incomplete. */
static bool reassemble(FpWalk *walk, const Header *header, FpSpan *payload)
{
    FpDatagramKey key = {.version = FP_DATAGRAM_WLAN, .id = header->sequence >> 4};

    memcpy(key.source, header->source, 6);
    memcpy(key.destination, header->destination, 6);
    return fp_fragments_add_numbered(walk->decoder->fragments, &key, *payload, header->sequence & 0x0f, header->flags & MORE_FRAGMENTS,
                                     true, payload);
}

/* An A-MSDU (IEEE 802.11 9.3.2.2.2): subframes with two addresses and a length, each padded to a multiple of four bytes. */
static FpDecoded walk_aggregate(FpWalk *walk, FpSpan payload)
{
    FpParts parts = fp_parts_begin(walk);
    uint32_t at = 0;

    do {
        FpSpan rest = fp_span_after(payload, at);
        uint32_t length = rest.captured < SUBFRAME_HEADER ? 0 : fp_load16(rest.bytes + 12);
        fp_parts_next(&parts);
        if (rest.captured < SUBFRAME_HEADER + length || rest.captured < SUBFRAME_HEADER) {
            (void)fp_parts_add(&parts, fp_walk_missing(rest));
            break;
        }
        if (!fp_parts_add(&parts, fp_walk_llc(walk, fp_span_first(fp_span_after(rest, SUBFRAME_HEADER), length))))
            break;
        at = (at + SUBFRAME_HEADER + length + 3) & ~3U;
    } while (at < payload.captured && payload.wire - at > SUBFRAME_HEADER);
    return fp_parts_end(&parts);
}

/* IEEE 802.2 should follow the header. Some devices have Ethernet there, or two extra bytes, and some networks have only a type. */
static FpDecoded walk_payload(FpWalk *walk, const Header *header, FpSpan rest)
{
    if (header->is_aggregate && rest.wire > 4)
        return walk_aggregate(walk, rest);
    if (rest.captured < 2 || fp_load16(rest.bytes) == 0xaaaa)
        return fp_walk_llc(walk, rest);
    if ((rest.captured >= 12 && memcmp(rest.bytes + 6, header->source, 6) == 0) ||
        (rest.captured >= 6 && memcmp(rest.bytes, header->destination, 6) == 0))
        return fp_walk_ethernet(walk, rest);
    uint16_t first = fp_load16(rest.bytes);
    if (first == 0xffff)
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_SAP, 0xff);
    if (first == 0 && rest.captured >= 18 && memcmp(rest.bytes + 6, header->destination, 6) == 0 &&
        memcmp(rest.bytes + 12, header->source, 6) == 0)
        return fp_walk_ethernet(walk, fp_span_after(rest, 6));
    if (first == 0 || fp_load16_little(rest.bytes) == header->sequence)
        return fp_walk_llc(walk, fp_span_after(rest, 2));
    return fp_walk_is_type(first) ? fp_walk_type(walk, first, fp_span_after(rest, 2)) : fp_walk_llc(walk, rest);
}

FpDecoded fp_walk_wlan_of_form(FpWalk *walk, FpSpan frame, unsigned form)
{
    Header header;

    if (++walk->layers > FP_WALK_LAYERS_MAX)
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_OTHER, FP_OTHER_NESTED);
    FpDecoded decoded = read_header(walk, frame, form, &header);
    if (decoded != FP_DECODED_SEGMENT)
        return decoded;
    FpSpan payload = fp_span_after(frame, header.header_bytes);
    if (header.flags & PROTECTED && (form & FP_WLAN_DECRYPTED) == 0)
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_OTHER, FP_OTHER_WLAN_PROTECTED);
    if (header.flags & PROTECTED) {
        if (payload.captured < 8)
            return fp_walk_missing(payload);
        payload = fp_span_after(payload, payload.bytes[3] & KEY_IS_EXTENDED ? 8 : 4);
    }
    if ((header.flags & MORE_FRAGMENTS || (header.sequence & 0x0f) != 0) && !reassemble(walk, &header, &payload))
        return fp_walk_no_segment(walk, FP_NO_SEGMENT_OTHER, FP_OTHER_WLAN_FRAGMENT);
    return walk_payload(walk, &header, payload);
}

FpDecoded fp_walk_wlan(FpWalk *walk, FpSpan frame)
{
    return fp_walk_wlan_of_form(walk, frame, 0);
}

FpDecoded fp_walk_wlan_swapped(FpWalk *walk, FpSpan frame)
{
    return fp_walk_wlan_of_form(walk, frame, FP_WLAN_SWAPPED);
}

/* IEEE 802.11 as an Intel adapter passed it to Windows: in Ethernet, and decrypted, although its header says that it is protected. */
FpDecoded fp_walk_wlan_decrypted(FpWalk *walk, FpSpan frame)
{
    return fp_walk_wlan_of_form(walk, frame, FP_WLAN_DECRYPTED);
}
