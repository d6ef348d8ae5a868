/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * read-ahead.h - a thread that reads a capture ahead of the pass and decodes some of its frames.
 *
 * [file -> record -> segment] -> stream -> verdict -> output
 *
 * It does what does not depend on earlier records: it decodes plain frames, but not frames in IP fragments. It decodes only while the pass
 * is the slower one.
 */
#ifndef FP_READ_AHEAD_H
#define FP_READ_AHEAD_H

#include "capture/capture.h"
#include "decode/decoded.h"

typedef struct FpReadAhead FpReadAhead;

/* Whether a capture can be read ahead: a regular file in classic pcap, or in pcapng that is not read by libwiretap. */
bool fp_read_ahead_is_possible(const FpCapture *capture);

/* Starts to read capture, which belongs to the thread until fp_read_ahead_end. streams: used only to make keys; NULL: nothing is decoded.
 * Returns NULL when no thread can be started. */
FpReadAhead *fp_read_ahead_begin(FpCapture *capture, const FpStreams *streams);

/* Like fp_capture_read, but lends *records, and *pending, which is NULL if they have not been decoded. A record without has_segment is not
 * a plain frame. Both are borrowed until the next call, and may be written to. */
int fp_read_ahead_read(FpReadAhead *ahead, int max, const FpRecord **records, FpDecodedRecord **pending, GError **error);

/* Ends the thread and frees ahead. No more can be read from the capture; it looks as if it had been read only as far as fp_read_ahead_read
 * came. */
void fp_read_ahead_end(FpReadAhead *ahead);

#endif
