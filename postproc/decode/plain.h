/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plain.h - the short way of plain frames, which nearly all are: Ethernet, IPv4 without options or IPv6 without extension headers, TCP; no
 * fragment, and whole as far as FP_TCP_NEEDED_BYTES of the TCP header, with nothing odd about their lengths.
 *
 * file -> [record -> segment -> stream] -> verdict -> output
 *
 * It has three steps, of which the first two take a batch of frames each, and most frames need no third:
 *
 * 1. fp_plain_begin finds nothing but the key of the stream, and has the memory loaded where that stream is.
 * 2. fp_plain_pass_by leaves out segments of settled streams: none without SYN, FIN and RST can be in a class there, or tell the stream
 *    anything but that it is alive (fp_stream_is_settled).
 * 3. fp_plain_finish reads the segment.
 *
 * fp_decode_plain (decode.h) does all of it for those who want the segment anyway.
 *
 * Why it is exact. What goes this way would go the long way with the same result: no step between these three headers leads elsewhere,
 * notes the number of a network, or waits for another frame. Everything else is left to the long way, whatever it is: tags, options,
 * extension headers, fragments, other transports, headers that the capture cut or that contradict themselves. Nothing is judged here: which
 * streams are settled, under which rules, core says, and frames that open or end a stream skip the second step.
 *
 * With FIRSTPAYLOAD_LONG_WAY in the environment no frame goes the short way. A test compares both.
 */
#ifndef FP_PLAIN_H
#define FP_PLAIN_H

#include <stdbool.h>

#include "capture/record.h"
#include "decoded.h"
#include "segment.h"
#include "streams.h"

/* Returns whether plain frames go the short way. */
bool fp_plain_is_on(void);

/* The first step: takes up to n frames, until one is not plain. Fills in of each what it will take to go on: the key, and begun unless
 * the segment is complete already. Returns how many it has taken. */
int fp_plain_begin(const FpStreams *streams, const FpRecord *records, int n, FpDecodedRecord *decoded);

/* The second step: takes up to n frames, until the stream of one is not settled, or one is not begun. Returns how many it has taken;
 * nothing more is to be done for these. Sets *place if there is one that is not taken and is begun. */
int fp_plain_pass_by(FpStreams *streams, const FpRecord *records, int n, const FpDecodedRecord *decoded, FpStreamPlace **place);

/* The third step, for a frame that is begun: completes its segment. */
void fp_plain_finish(const FpRecord *record, FpDecodedRecord *decoded);

#endif
