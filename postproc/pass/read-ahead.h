/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * read-ahead.h - threads that read captures ahead of the pass, decompress them, and decode plain frames of those.
 *
 * [file -> record -> segment] -> stream -> verdict -> output
 *
 * They read the capture that the pass takes, and those that are expected after it, several at a time. Everything that depends on order is
 * left to the pass: it gets the same records, in the same order, and the same errors behind them, as if it had read by itself.
 */
#ifndef FP_READ_AHEAD_H
#define FP_READ_AHEAD_H

#include "capture/capture.h"
#include "decode/decoded.h"

typedef struct FpReadAhead FpReadAhead;

/* How people want captures to be read ahead. */
typedef struct {
    unsigned threads;      /* in all; 0: as is best */
    uint64_t memory_bytes; /* 0: fp_read_ahead_memory_default */
} FpReadAheadOptions;

/* The threads that make use of a processor each: how many processors there are for the program, at most FP_READ_AHEAD_THREADS_MAX. */
#define FP_READ_AHEAD_THREADS_MAX 256U
unsigned fp_read_ahead_threads_default(void);

/* What read ahead takes of memory by default: 256 MiB for each thread, at most 1 GiB and at most a quarter of the machine's memory. */
uint64_t fp_read_ahead_memory_default(unsigned threads);

/*
 * Creates it for threads threads, that of the pass included: it works, too, while it has to wait. What has been read and not been taken is
 * at most memory_bytes (0: the default), but at least a block of 256 KiB for each thread, and eight for the capture that is taken.
 * Decompressing takes memory besides, of at most twice as many files as there are threads. streams: used only to make keys; NULL: nothing
 * is decoded.
 */
FpReadAhead *fp_read_ahead_new(unsigned threads, uint64_t memory_bytes, const FpStreams *streams);

/* Ends the threads, and closes captures that were not opened by fp_read_ahead_open. Call it before the others are closed. NULL is
 * allowed. */
void fp_read_ahead_free(FpReadAhead *ahead);

/* Has the file at path, which messages call shown, opened and read after those that are expected before it. What cannot be read ahead is
 * left alone: pipes, what libwiretap reads, what cannot be opened. */
void fp_read_ahead_expect(FpReadAhead *ahead, const char *path, const char *shown, bool pcapng_by_wiretap);

/* The file at path is next, and no longer expected; those that were expected before it are forgotten. Returns its capture, which the caller
 * closes after fp_read_ahead_begin and fp_read_ahead_end; NULL when it has not been opened ahead: the caller opens it, and meets what is
 * wrong with it. */
FpCapture *fp_read_ahead_open(FpReadAhead *ahead, const char *path, bool pcapng_by_wiretap);

/* The file at path, if it is the next one, is not taken: forgets it. */
void fp_read_ahead_skip(FpReadAhead *ahead, const char *path);

/* Begins to take records of capture, which belongs to the threads until fp_read_ahead_end. Returns false if it cannot be read ahead: it is
 * no regular file in classic pcap, or in pcapng that is not read by libwiretap. */
bool fp_read_ahead_begin(FpReadAhead *ahead, FpCapture *capture);

/* Like fp_capture_read, but lends *records, and *pending, which is NULL if they have not been decoded. A record without has_segment is not
 * a plain frame. Both are borrowed until the next call, and may be written to. */
int fp_read_ahead_read(FpReadAhead *ahead, int max, const FpRecord **records, FpDecodedRecord **pending, GError **error);

/* Ends what fp_read_ahead_begin began. No more can be read from the capture; it looks as if it had been read only as far as
 * fp_read_ahead_read came. */
void fp_read_ahead_end(FpReadAhead *ahead);

#endif
