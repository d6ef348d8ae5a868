/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * cut.h - tells the kernel which frames the pass does not need: the one place that does.
 *
 * A stream is cut as soon as core/ says that nothing of it matters any more but SYN, FIN and RST, and another of its frames has come.
 * Nothing else has to be asked: a frame that core/ puts in no class is shown to no log, no message, no reply and no tshark.
 */
#ifndef FP_CUT_H
#define FP_CUT_H

#include "capture/kernel-cut.h"
#include "decode/decoded.h"
#include "streams.h"

/* Counts the SYNs in a batch of n records that have been decoded. It comes before fp_cut_tell, as the table is asked when it has taken all
 * of the batch. */
void fp_cut_take_syns(FpKernelCut *cut, const FpRecord *records, const FpDecodedRecord *decoded, int n);

/* Tells of a batch of n records whose segments streams has taken. Their addresses must still be valid, their extra need not be. Streams
 * must not be told apart by networks. */
void fp_cut_tell(FpKernelCut *cut, const FpStreams *streams, const FpRecord *records, const FpDecodedRecord *decoded, int n);

#endif
