/* SPDX-License-Identifier: GPL-2.0-or-later */
/* decode.c - the entry to decoding: common frames at once, all others step by step, beginning with the link type. See decode.h. */
#include "decode.h"

#include <glib.h>

#include "capture/link-type.h"
#include "layers.h"

FpDecoder *fp_decoder_new(const FpKeeper *keeper, unsigned network_kinds, unsigned transports)
{
    FpDecoder *decoder = g_new0(FpDecoder, 1);

    decoder->fragments = fp_fragments_new(keeper);
    decoder->network_kinds = network_kinds;
    decoder->takes_tcp = transports == 0 || transports & FP_TAKES_TCP;
    decoder->takes_datagrams = transports & (FP_TAKES_UDP | FP_TAKES_QUIC);
    decoder->earlier = g_array_new(FALSE, FALSE, sizeof(FpSegment));
    decoder->inflated = g_ptr_array_new_with_free_func(g_free);
    return decoder;
}

void fp_decoder_free(FpDecoder *decoder)
{
    if (decoder == NULL)
        return;
    fp_fragments_free(decoder->fragments);
    g_array_unref(decoder->earlier);
    g_ptr_array_unref(decoder->inflated);
    g_free(decoder);
}

uint64_t fp_decoder_forgotten(const FpDecoder *decoder)
{
    return fp_fragments_forgotten(decoder->fragments);
}

FpNoSegment fp_decoder_no_segment(const FpDecoder *decoder)
{
    return decoder->left;
}

FpExtra *fp_decoder_take_extra(FpDecoder *decoder)
{
    GPtrArray *fragments = fp_fragments_take_kept(decoder->fragments);

    if (fragments == NULL && decoder->earlier->len == 0)
        return NULL;
    FpExtra *extra = g_new0(FpExtra, 1);
    extra->fragments = fragments;
    if (decoder->earlier->len > 0) {
        extra->earlier = decoder->earlier;
        decoder->earlier = g_array_new(FALSE, FALSE, sizeof(FpSegment));
    }
    return extra;
}

void fp_extra_free(FpExtra *extra)
{
    if (extra == NULL)
        return;
    g_clear_pointer(&extra->fragments, g_ptr_array_unref);
    g_clear_pointer(&extra->earlier, g_array_unref);
    g_free(extra);
}

const char *fp_decoded_name(FpDecoded decoded)
{
    switch (decoded) {
    case FP_DECODED_SEGMENT:
        return "TCP segment";
    case FP_DECODED_LEFT:
        return "others";
    case FP_DECODED_DATAGRAM:
        return "UDP datagram";
    case FP_DECODED_FRAGMENT:
        return "incomplete datagram";
    case FP_DECODED_CUT:
        return "headers cut by the snaplen";
    case FP_DECODED_BAD_HEADER:
        return "contradictory header";
    case FP_DECODED_NOT_PACKET:
        return "not a packet";
    }
    return "";
}

FpDecoded fp_walk_link(FpWalk *walk, FpLink link, FpSpan rest)
{
    if (link == FP_LINK_NONE)
        return FP_DECODED_NOT_PACKET;
    return fp_walk_layer(walk, fp_layer_of_link(link), rest, FP_NO_SEGMENT_LINK_TYPE, 0);
}

#define PLAIN_IPV4_BYTES (14U + 20U)
#define PLAIN_IPV6_BYTES (14U + 40U)

/* The common frames: Ethernet, IPv4 without options or IPv6 without extension headers, TCP; complete, with nothing odd about their lengths.
 * All others take the long way, which would give the same result for these. There is no number of a network in them. */
static inline bool decode_plain(const FpRecord *record, FpSegment *segment)
{
    const uint8_t *frame = record->data;

    if (record->link != FP_LINK_ETHERNET || record->captured_bytes < PLAIN_IPV4_BYTES + FP_TCP_NEEDED_BYTES)
        return false;
    uint32_t type_and_version = (uint32_t)fp_load16(frame + 12) << 8 | frame[14];
    if (type_and_version == 0x080045 && frame[23] == 6 && (fp_load16(frame + 20) & 0x3fff) == 0) {
        uint32_t total_bytes = fp_load16(frame + 16);
        if (total_bytes < 20 + FP_TCP_NEEDED_BYTES || total_bytes > record->wire_bytes - 14)
            return false;
        segment->address_bytes = 4;
        segment->source = frame + 26;
        segment->destination = frame + 30;
        fp_walk_fill_tcp(segment, frame + PLAIN_IPV4_BYTES, total_bytes - 20, false);
        return true;
    }
    if ((type_and_version & 0xfffff0) == 0x86dd60 && frame[20] == 6 && record->captured_bytes >= PLAIN_IPV6_BYTES + FP_TCP_NEEDED_BYTES) {
        uint32_t payload_bytes = fp_load16(frame + 18);
        if (payload_bytes < FP_TCP_NEEDED_BYTES || payload_bytes > record->wire_bytes - PLAIN_IPV6_BYTES)
            return false;
        segment->address_bytes = 16;
        segment->source = frame + 22;
        segment->destination = frame + 38;
        fp_walk_fill_tcp(segment, frame + PLAIN_IPV6_BYTES, payload_bytes, false);
        return true;
    }
    return false;
}

static FpDecoded walk(FpWalk *walk, const FpRecord *record)
{
    return fp_walk_link(walk, record->link, (FpSpan){record->data, record->captured_bytes, record->wire_bytes});
}

bool fp_decode_plain(const FpRecord *record, FpSegment *segment)
{
    segment->time_ns = record->time_ns;
    return decode_plain(record, segment);
}

FpDecoded fp_decode(FpDecoder *decoder, const FpRecord *record, FpSegment *segment)
{
    segment->time_ns = record->time_ns;
    if (decoder->takes_tcp && decode_plain(record, segment))
        return FP_DECODED_SEGMENT;

    FpWalk way = {.decoder = decoder, .segment = segment, .network_kinds = decoder->network_kinds};
    fp_fragments_begin_record(decoder->fragments, record);
    g_array_set_size(decoder->earlier, 0);
    FpDecoded decoded = walk(&way, record);
    if (decoded != FP_DECODED_SEGMENT)
        fp_fragments_end_record(decoder->fragments); /* nobody will ask for what was kept for it */
    return decoded;
}

void fp_decode_again(FpDecoder *decoder, const FpRecord *record, unsigned index, FpDecodeNotes *notes)
{
    FpSegment segment = {0};
    FpWalk way = {.decoder = decoder, .segment = &segment, .notes = notes, .skip = index, .network_kinds = FP_NETWORK_VLAN};

    *notes = (FpDecodeNotes){0};
    fp_fragments_begin_record_again(decoder->fragments, record);
    (void)walk(&way, record);
}

void fp_decoder_end_batch(FpDecoder *decoder)
{
    fp_fragments_end_batch(decoder->fragments);
    if (decoder->inflated->len > 0)
        g_ptr_array_set_size(decoder->inflated, 0);
}
