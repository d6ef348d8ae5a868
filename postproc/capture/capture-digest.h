/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * capture-digest.h - reads a digest as the captures that it stands for: with their format, their records as they stood, and the numbers of
 * their frames.
 *
 * [file -> record] -> segment -> stream -> verdict -> output
 *
 * docs/digest.md has the format. fp_capture_read gives the records of one capture after another: at the end of one, fp_digest_next goes on
 * to the next. What is said of a record by capture.h is what the capture itself would say.
 */
#ifndef FP_CAPTURE_DIGEST_H
#define FP_CAPTURE_DIGEST_H

#include "capture.h"
#include "digest-notes.h"

/* Opens path like fp_capture_open, and takes a digest for one. Only from a file, not from a pipe. Returns NULL and sets error. */
FpCapture *fp_digest_open_any(const char *path, bool pcapng_by_wiretap, GError **error);

/* Whether capture is a digest that was opened so. */
bool fp_digest_is_one(const FpCapture *capture);

/* Goes on to the next capture that the digest stands for. Returns 1, 0 when there is none, or -1 and sets error. */
int fp_digest_next(FpCapture *capture, GError **error);

/* What the digest says of the capture whose records are read. Borrowed until fp_digest_next. */
const FpDigestNote *fp_digest_note(const FpCapture *capture);

/* The name of the capture whose records are read, as it was given when the digest was made; of what is no digest, fp_capture_path. */
const char *fp_digest_source(const FpCapture *capture);

/* Whether no other capture follows, as far as this one says: true of all that are no digests. */
bool fp_digest_is_alone(const FpCapture *capture);

/* How many frames of the capture stand before the first of those read last, and after those read before; -1: that frame does not count, as
 * it is FP_RECORD_LATE. After the end, how many stood at the end. 0 for what is no digest. */
int64_t fp_digest_left_out(const FpCapture *capture);

/* The number, in its capture, of the frame of a digest that was read last. */
uint64_t fp_digest_number(const FpCapture *capture);

/* Has the file itself read from the frame on that was read last, which asserts wrongly. First gives the frames before that one: see
 * fp_digest_read_skipped. Returns false and sets error when the file is not there, or is another. */
bool fp_digest_reread(FpCapture *capture, GError **error);

/* Gives the next frame before those that will be read. Returns 1; or 0, and then fp_capture_read goes on; or -1 and sets error. *number: of
 * the frame. */
int fp_digest_read_skipped(FpCapture *capture, FpRecord *record, uint64_t *number, GError **error);

/* For capture.c: whether a capture that was opened, and of which nothing has been read, is a digest. */
bool fp_digest_is_at_hand(const FpCapture *capture);

/* For capture.c and its readers: frees what capture has as a digest; sets the error of a reader that meets a digest. */
void fp_digest_leave(FpCapture *capture);
void fp_digest_set_unasked(const char *path, GError **error);

#endif
