/* SPDX-License-Identifier: GPL-2.0-or-later */
/* decode.c - the entry to decoding: plain frames at once, all others step by step, beginning with the link type. See decode.h. */
#include "decode.h"

#include <glib.h>

#include "capture/link-type.h"
#include "layers.h"
#include "plain.h"

FpDecoder *fp_decoder_new(const FpKeeper *keeper, unsigned network_kinds, unsigned transports)
{
    FpDecoder *decoder = g_new0(FpDecoder, 1);

    decoder->fragments = fp_fragments_new(keeper);
    decoder->network_kinds = network_kinds;
    decoder->takes_tcp = transports == 0 || transports & FP_TAKES_TCP;
    decoder->takes_plain = decoder->takes_tcp && fp_plain_is_on();
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

static FpDecoded walk(FpWalk *walk, const FpRecord *record)
{
    return fp_walk_link(walk, record->link, (FpSpan){record->data, record->captured_bytes, record->wire_bytes});
}

FpDecoded fp_decode(FpDecoder *decoder, const FpRecord *record, FpSegment *segment)
{
    if (decoder->takes_plain && fp_decode_plain(record, segment))
        return FP_DECODED_SEGMENT;
    if (decoder->takes_plain && !decoder->takes_datagrams && fp_plain_is_datagram(record)) {
        decoder->left = (FpNoSegment){.kind = FP_NO_SEGMENT_PROTOCOL, .number = 17};
        return FP_DECODED_LEFT;
    }

    segment->time_ns = record->time_ns;
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
