/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * read-ahead.h - a thread of its own reads a capture ahead of the pass, and decodes frames of it.
 *
 * [file -> record -> segment] -> stream -> verdict -> output
 *
 * It does what needs nothing of what came before: a plain frame is decoded by itself, one in an IP fragment is not. Where the pass is the
 * faster one, it decodes, too.
 */
#ifndef FP_READ_AHEAD_H
#define FP_READ_AHEAD_H

#include "capture/capture.h"
#include "decode/decoded.h"

typedef struct FpReadAhead FpReadAhead;

/* Whether a capture can be read ahead: a regular file of classic pcap, or of pcapng that is walked. */
bool fp_read_ahead_is_possible(const FpCapture *capture);

/* Begins to read capture, which is the thread's until fp_read_ahead_end. streams: to make keys with, of which nothing else is looked at;
 * NULL: nothing is decoded. Returns NULL where there is no thread to be had. */
FpReadAhead *fp_read_ahead_begin(FpCapture *capture, const FpStreams *streams);

/* As fp_capture_read, but that it lends *records; and *pending, NULL where they have not been decoded; where one's has_segment is not set,
 * it is not a plain frame. Both are borrowed until it is called again, and may be written to. */
int fp_read_ahead_read(FpReadAhead *ahead, int max, const FpRecord **records, FpDecodedRecord **pending, GError **error);

/* Ends the thread. The capture, of which no more can be read, is as if it had been read no further than by fp_read_ahead_read. */
void fp_read_ahead_end(FpReadAhead *ahead);

#endif
