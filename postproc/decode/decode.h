/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * decode.h - a frame's bytes -> the TCP segment in it, or why there is none.
 *
 * file -> [record -> segment] -> stream -> verdict -> output
 *
 * It sees what Wireshark sees with default preferences, 4.0's dissectors being the reference; where it cannot, it says so by
 * a reason, and guesses nothing.
 */
#ifndef FP_DECODE_H
#define FP_DECODE_H

#include "capture/record.h"
#include "decode-notes.h"
#include "fragments.h"
#include "network.h"
#include "no-segment.h"
#include "segment.h"

/* The numbers are those of checkpoints that were written before, in which three more reasons had a place. */
typedef enum {
    FP_DECODED_SEGMENT = 0,
    FP_DECODED_LEFT = 1,       /* it leads to what is no TCP: fp_decoder_left says what */
    FP_DECODED_FRAGMENT = 3,   /* a fragment with which its datagram is not complete */
    FP_DECODED_CUT = 4,        /* the capture's snaplen left too little of the headers */
    FP_DECODED_BAD_HEADER = 5, /* a header that contradicts itself */
    FP_DECODED_NOT_PACKET = 8, /* what some formats hold besides packets */
} FpDecoded;

#define FP_N_DECODED (FP_DECODED_NOT_PACKET + 1)

/* The reason in words, as the summary has it: "contradictory header". */
const char *fp_decoded_name(FpDecoded decoded);

/* Holds the IP fragments that wait for the rest of their datagram. */
typedef struct FpDecoder FpDecoder;

/* keeper: how records are kept whose fragments wait, NULL for not at all. network_kinds: FP_NETWORK_..., the numbers in frames that go
 * into a segment's network. Fragments are put together whatever network they are of, as Wireshark does. */
FpDecoder *fp_decoder_new(const FpKeeper *keeper, unsigned network_kinds);
void fp_decoder_free(FpDecoder *decoder);

/* Fills in *segment when it returns FP_DECODED_SEGMENT. Its addresses are borrowed from record->data or from decoder, until
 * fp_decoder_end_batch. Its network is not set but gone on with: where there are network_kinds it must be 0 or what is known of the
 * record, and where there are none nothing touches it. Records must be given in capture order, each once. */
FpDecoded fp_decode(FpDecoder *decoder, const FpRecord *record, FpSegment *segment);

/* fp_decode for the frames that nearly all are, which no others have to come before; false for the rest. */
bool fp_decode_plain(const FpRecord *record, FpSegment *segment);

/* What the record decoded last, with FP_DECODED_LEFT, has instead of TCP. The number of a link type is the caller's to fill in. */
FpNoSegment fp_decoder_left(const FpDecoder *decoder);

/* Goes the way down once more, of a record that was decoded since fp_decoder_end_batch and is still where it was, to its index'th segment,
 * and fills in *trail, which borrows as the segment did. */
void fp_decode_again(FpDecoder *decoder, const FpRecord *record, unsigned index, FpDecodeNotes *trail);

/* Nothing is borrowed any more of what has been decoded. */
void fp_decoder_end_batch(FpDecoder *decoder);

/* What few records have besides their segment. */
typedef struct {
    GPtrArray *fragments; /* what keeper kept of the records that hold the rest of what this one completed, in capture order; may be NULL */
    GArray *earlier;      /* of FpSegment: where a record holds several, those before the one that was returned; may be NULL */
} FpExtra;

/* Of the record decoded last, the caller's to free; NULL: there is nothing. To be called after each FP_DECODED_SEGMENT. */
FpExtra *fp_decoder_take_extra(FpDecoder *decoder);
void fp_extra_free(FpExtra *extra); /* NULL is allowed */

/* How many IP datagrams were forgotten incomplete, as too many fragments waited. */
uint64_t fp_decoder_forgotten(const FpDecoder *decoder);

#endif
