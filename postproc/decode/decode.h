/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * decode.h - a frame's bytes -> the TCP segment or UDP datagram in them, or the reason why there is none.
 *
 * file -> [record -> segment] -> stream -> verdict -> output
 *
 * The decoder sees what Wireshark sees with default preferences; the dissectors of 4.0 are the reference. Where it cannot, it returns a
 * reason and guesses nothing.
 */
#ifndef FP_DECODE_H
#define FP_DECODE_H

#include "capture/record.h"
#include "decode-notes.h"
#include "fragments.h"
#include "network.h"
#include "no-segment.h"
#include "segment.h"
#include "verdict.h"

/* Older checkpoints hold the same numbers; the gaps are reasons that no longer exist. */
typedef enum {
    FP_DECODED_SEGMENT = 0,
    FP_DECODED_LEFT = 1,       /* something other than the transports that are wanted; fp_decoder_no_segment says what */
    FP_DECODED_DATAGRAM = 2,   /* a segment of UDP, where these are counted by themselves; fp_decode says FP_DECODED_SEGMENT of it */
    FP_DECODED_FRAGMENT = 3,   /* a fragment that does not complete its datagram */
    FP_DECODED_CUT = 4,        /* the snaplen truncated the headers */
    FP_DECODED_BAD_HEADER = 5, /* a header that contradicts itself */
    FP_DECODED_NOT_PACKET = 8, /* not a packet; some formats hold other records, too */
} FpDecoded;

#define FP_N_DECODED (FP_DECODED_NOT_PACKET + 1)

/* Returns the reason in words, as the summary prints it, such as "contradictory header". */
const char *fp_decoded_name(FpDecoded decoded);

/* Decoding state: the IP fragments that wait for the rest of their datagram. */
typedef struct FpDecoder FpDecoder;

/* Returns a new decoder. transports is a set of FP_TAKES_...: which segments are wanted, 0 being TCP alone; what core/ does not take of UDP
 * by itself is in it, too. keeper (copied) says how to keep records whose fragments wait; NULL keeps none. network_kinds is a set of
 * FP_NETWORK_...: numbers of these kinds in frames go into the segment's network. Reassembly ignores networks, as in Wireshark. */
FpDecoder *fp_decoder_new(const FpKeeper *keeper, unsigned network_kinds, unsigned transports);
/* Frees a decoder. NULL is allowed. */
void fp_decoder_free(FpDecoder *decoder);

/* Decodes a record; fills in *segment when it returns FP_DECODED_SEGMENT. Pass records in capture order, each once. The segment's addresses
 * are borrowed from record->data or from decoder until fp_decoder_end_batch. With network_kinds, set segment->network before the call to 0
 * or to what is known of the record; numbers in the frame are mixed into it. Without network_kinds, it stays untouched. */
FpDecoded fp_decode(FpDecoder *decoder, const FpRecord *record, FpSegment *segment);

/* fp_decode for the common frames of TCP, which do not depend on earlier records. Returns false for all others. */
bool fp_decode_plain(const FpRecord *record, FpSegment *segment);

/* After FP_DECODED_LEFT: returns what the record has instead. If that is a link type without a number, the caller fills it in. */
FpNoSegment fp_decoder_no_segment(const FpDecoder *decoder);

/* Decodes a record a second time, down to its index'th segment, and fills in *notes, which borrows as the segment did. The record must have
 * been decoded since the last fp_decoder_end_batch, and must still be where it was. */
void fp_decode_again(FpDecoder *decoder, const FpRecord *record, unsigned index, FpDecodeNotes *notes);

/* Frees what the decoder lent since the last call. No decoded segment borrows from it any more. */
void fp_decoder_end_batch(FpDecoder *decoder);

/* What only a few records have besides their segment. */
typedef struct {
    GPtrArray *fragments; /* what keeper kept of the records with the other fragments of this datagram, in capture order; may be NULL */
    GArray *earlier;      /* of FpSegment: if a record holds several, those before the returned one; may be NULL */
} FpExtra;

/* Returns the extras of the record decoded last, or NULL if it has none. The caller frees them with fp_extra_free. Call it after each
 * FP_DECODED_SEGMENT. */
FpExtra *fp_decoder_take_extra(FpDecoder *decoder);
/* Frees extras. NULL is allowed. */
void fp_extra_free(FpExtra *extra);

/* Returns how many incomplete IP datagrams were dropped because too many fragments waited. */
uint64_t fp_decoder_forgotten(const FpDecoder *decoder);

#endif
