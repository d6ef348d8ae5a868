/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * decode.c - records of any bytes -> segments.
 *
 * The input: a byte for the link type, one for what is asked for, then records, each with its length in two bytes. Whatever they are: only
 * they are read, what a segment borrows is there until the batch ends, and both ways down a frame find the same.
 */
#include "target.h"

#include "decode/decode.h"
#include "decode/network.h"

#define RECORDS_MAX 64U

static void keep_looking(const FpSegment *segment)
{
    volatile unsigned sum = 0;

    for (unsigned i = 0; i < segment->address_bytes; i++)
        sum += segment->source[i] + segment->destination[i];
    (void)sum;
    REQUIRE(segment->address_bytes == 4 || segment->address_bytes == 16);
}

static void look_at_notes(FpDecoder *decoder, const FpRecord *record)
{
    FpDecodeNotes notes;
    volatile unsigned sum = 0;

    fp_decode_again(decoder, record, 0, &notes);
    for (size_t i = 0; i < notes.segment.captured; i++)
        sum += notes.segment.bytes[i];
    (void)sum;
    REQUIRE(notes.n_vlans <= FP_DECODE_NOTES_VLANS_MAX);
}

static void decode(FpDecoder *decoder, FpRecord *record, unsigned transports)
{
    FpSegment segment = {0}, plain = {0};
    bool is_plain = fp_decode_plain(record, &plain);
    FpDecoded decoded = fp_decode(decoder, record, &segment);

    REQUIRE(fp_decoded_name(decoded) != NULL);
    if (decoded == FP_DECODED_LEFT)
        (void)fp_decoder_no_segment(decoder);
    if (is_plain && (transports == 0 || transports & FP_TAKES_TCP))
        REQUIRE(decoded == FP_DECODED_SEGMENT && plain.seq == segment.seq && plain.source_port == segment.source_port &&
                plain.segment_bytes == segment.segment_bytes);
    if (decoded != FP_DECODED_SEGMENT)
        return;
    keep_looking(&segment);
    look_at_notes(decoder, record);
    fp_extra_free(fp_decoder_take_extra(decoder));
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    Input input = {bytes, n};
    const FpLink link = (FpLink)(input_byte(&input) % (FP_LINK_NONE + 1U));
    const unsigned asked = input_byte(&input), transports = asked & 7;
    FpDecoder *decoder = fp_decoder_new(NULL, asked >> 3 & 7, transports);
    uint8_t *copies[RECORDS_MAX];
    unsigned count = 0;

    while (count < RECORDS_MAX && input.n > 2) {
        size_t length = input_byte(&input) << 8;
        length |= input_byte(&input);
        size_t captured = length & 0x7fff;
        copies[count] = input_copy(&input, &captured);
        FpRecord record = {.data = copies[count], .captured_bytes = (uint32_t)captured, .link = link, .time_ns = (int64_t)count * 1000};
        record.wire_bytes = record.captured_bytes + (length & 0x8000 ? 100 : 0); /* cut by the snapshot length */
        count++;
        decode(decoder, &record, transports);
        if (asked & 0x40)
            fp_decoder_end_batch(decoder);
    }
    fp_decoder_end_batch(decoder);
    fp_decoder_free(decoder);
    while (count > 0)
        free(copies[--count]);
    return 0;
}
