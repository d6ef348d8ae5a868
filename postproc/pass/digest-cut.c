/* SPDX-License-Identifier: GPL-2.0-or-later */
/* digest-cut.c - see digest-cut.h. Whether a frame may be cut is tried out, as what is around a segment is the decoder's affair. */
#include "digest-cut.h"

#include <glib.h>
#include <string.h>

struct FpDigestCut {
    FpDecoder *decoder; /* for trying out; no fragment ever gets there */
    unsigned network_kinds;
};

FpDigestCut *fp_digest_cut_new(unsigned network_kinds, unsigned transports)
{
    FpDigestCut *cut = g_new0(FpDigestCut, 1);

    cut->decoder = fp_decoder_new(NULL, network_kinds, transports);
    cut->network_kinds = network_kinds;
    return cut;
}

void fp_digest_cut_free(FpDigestCut *cut)
{
    if (cut == NULL)
        return;
    fp_decoder_free(cut->decoder);
    g_free(cut);
}

static bool are_equal(const FpSegment *a, const FpSegment *b)
{
    return a->address_bytes == b->address_bytes && memcmp(a->source, b->source, a->address_bytes) == 0 &&
           memcmp(a->destination, b->destination, a->address_bytes) == 0 && a->time_ns == b->time_ns && a->seq == b->seq &&
           a->ack == b->ack && a->segment_bytes == b->segment_bytes && a->source_port == b->source_port &&
           a->destination_port == b->destination_port && a->window == b->window && a->header_bytes == b->header_bytes &&
           a->flags == b->flags && a->length_unknown == b->length_unknown && a->transport == b->transport &&
           a->is_quic_long == b->is_quic_long;
}

/* Whether the first bytes of a frame say the same. What the capture itself says of its network is not in them. */
static bool says_the_same(FpDigestCut *cut, const FpRecord *record, uint32_t bytes, const FpSegment *segment)
{
    FpRecord first = *record;
    FpSegment found = {.network = 0}, whole = {.network = 0};

    first.captured_bytes = bytes;
    bool is_same = fp_decode(cut->decoder, &first, &found) == FP_DECODED_SEGMENT && are_equal(&found, segment);
    FpExtra *extra = is_same ? fp_decoder_take_extra(cut->decoder) : NULL;
    is_same &= extra == NULL;
    fp_extra_free(extra);
    fp_decoder_end_batch(cut->decoder);
    if (is_same && cut->network_kinds != 0) {
        is_same = fp_decode(cut->decoder, record, &whole) == FP_DECODED_SEGMENT && whole.network == found.network;
        fp_decoder_end_batch(cut->decoder);
    }
    return is_same;
}

uint32_t fp_digest_cut_length(FpDigestCut *cut, FpDecoder *decoder, const FpRecord *record, const FpSegment *segment)
{
    const uint32_t header_bytes = MAX(segment->header_bytes, FP_TCP_HEADER_MIN_BYTES);
    FpSegment plain;

    if (fp_decode_plain(record, &plain)) {
        const uint32_t before = segment->address_bytes == 4 ? 34 : 54;
        return MIN(before + header_bytes, record->captured_bytes);
    }
    FpDecodeNotes notes;
    fp_decode_again(decoder, record, 0, &notes);
    const uint8_t *at = notes.segment.bytes;
    if (at == NULL || at < record->data || at >= record->data + record->captured_bytes)
        return record->captured_bytes; /* it was compressed */
    const uint32_t bytes = (uint32_t)(at - record->data) + header_bytes;
    return bytes < record->captured_bytes && says_the_same(cut, record, bytes, segment) ? bytes : record->captured_bytes;
}
