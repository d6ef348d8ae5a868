/* SPDX-License-Identifier: GPL-2.0-or-later */
/* digest-cut.h - how much of a frame is its headers, so that the frame, cut behind them, decodes to the same segment. */
#ifndef FP_DIGEST_CUT_H
#define FP_DIGEST_CUT_H

#include "decode/decode.h"

typedef struct FpDigestCut FpDigestCut;

/* network_kinds and transports: as for the decoder that decodes the frames. Free with fp_digest_cut_free. */
FpDigestCut *fp_digest_cut_new(unsigned network_kinds, unsigned transports);
void fp_digest_cut_free(FpDigestCut *cut);

/* Returns how many bytes of record's frame have to stay, up to all that was captured. segment: what decoder made of the record, which it
 * decoded last; it is the only one in it, and no fragment. */
uint32_t fp_digest_cut_length(FpDigestCut *cut, FpDecoder *decoder, const FpRecord *record, const FpSegment *segment);

#endif
