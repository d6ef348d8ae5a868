/* SPDX-License-Identifier: GPL-2.0-or-later */
/* parts.c - several frames in one record. See decode-internal.h. */
#include "decode-internal.h"

FpParts fp_parts_begin(FpWalk *walk)
{
    return (FpParts){
        .walk = walk,
        .before = *walk,
        .network_before = walk->network_kinds != 0 ? walk->segment->network : 0,
        .vlans_before = walk->notes != NULL ? walk->notes->n_vlans : 0,
        .last = FP_DECODED_BAD_HEADER,
    };
}

void fp_parts_next(FpParts *parts)
{
    FpWalk *walk = parts->walk;
    const unsigned skip = walk->skip;
    const uint16_t ip_headers = walk->ip_headers;

    *walk = parts->before;
    walk->skip = skip;
    walk->ip_headers = ip_headers;
    if (walk->network_kinds != 0)
        walk->segment->network = parts->network_before;
    if (walk->notes != NULL)
        walk->notes->n_vlans = parts->vlans_before;
}

/* Wireshark gives up on the whole record when headers of a part were truncated. */
bool fp_parts_add(FpParts *parts, FpDecoded decoded)
{
    FpWalk *walk = parts->walk;

    parts->last = decoded;
    if (decoded == FP_DECODED_SEGMENT && walk->notes != NULL)
        return false; /* the wanted segment */
    if (decoded == FP_DECODED_SEGMENT) {
        g_array_append_val(walk->decoder->earlier, *walk->segment);
        parts->n_found++;
    }
    return decoded != FP_DECODED_CUT;
}

FpDecoded fp_parts_end(FpParts *parts)
{
    GArray *earlier = parts->walk->decoder->earlier;

    if (parts->n_found == 0)
        return parts->last;
    *parts->walk->segment = g_array_index(earlier, FpSegment, earlier->len - 1);
    g_array_set_size(earlier, earlier->len - 1);
    return FP_DECODED_SEGMENT;
}
