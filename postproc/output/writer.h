/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * writer.h - kept records -> a capture in the format of the first input, or another.
 *
 * Classic pcap and pcapng that keep their format are copied record by record as they stand; libwiretap writes everything else.
 */
#ifndef FP_WRITER_H
#define FP_WRITER_H

#include "capture/capture.h"
#include "output.h"

typedef struct FpWriter FpWriter;

/* libwiretap's number of the format with this name (editcap -F lists them). Returns -1 and sets error when it cannot be written. */
int fp_writer_format(const char *name, GError **error);
#define FP_WRITER_AS_INPUT (-1)

/* Creates a writer and writes the beginning of the capture. output stays the caller's; first must stay open until fp_writer_free. is_only:
 * no other capture will follow. format: from fp_writer_format, or FP_WRITER_AS_INPUT. Returns NULL and sets error, also for an output that
 * compresses where fp_writer_copies is false. */
FpWriter *fp_writer_new(FpOutput *output, FpCapture *first, bool is_only, int format, GError **error);

/* Whether such a writer would copy records as they stand. libwiretap, which does the rest, cannot write to an output that compresses. */
bool fp_writer_copies(FpCapture *first, bool is_only, int format);

/* Frees the writer, but not its output. NULL is allowed. */
void fp_writer_free(FpWriter *writer);

/* Whether pcapng has to be opened to be read through libwiretap (fp_capture_open), as records of it are not copied as they stand. writer:
 * NULL if there is none yet. format: what it was created with, or will be. */
bool fp_writer_needs_wiretap(const FpWriter *writer, int format);

/* Prepares the writer for the records of the next capture; call it for the first one, too. Returns false and sets error when they do not
 * fit the format of the output. */
bool fp_writer_next_capture(FpWriter *writer, FpCapture *capture, GError **error);

/* Writes a frame of the current capture. Returns false and sets error. */
bool fp_writer_write(FpWriter *writer, const FpRecord *record, GError **error);

/* Writes a record of the current capture that is not a frame. Before a section, write all kept frames: behind it they have no place.
 * Returns false and sets error. */
bool fp_writer_write_block(FpWriter *writer, const FpRecord *block, GError **error);

/* Copies a frame of the current capture, as it will be written, to write it later: another capture may be current by then. Free with
 * fp_writer_drop_kept. *bytes: how much memory the copy takes. */
void *fp_writer_keep(FpWriter *writer, const FpRecord *record, size_t *bytes);

/* Frees a kept record. */
void fp_writer_drop_kept(void *kept);

/* Writes a kept record; *is_written is false when it does not fit at this place. Returns false and sets error when writing fails. */
bool fp_writer_write_kept(FpWriter *writer, const void *kept, bool *is_written, GError **error);

/* Whether fp_writer_restart is possible while capture is read. Returns false and sets error. */
bool fp_writer_can_restart(const FpWriter *writer, const FpCapture *capture, GError **error);

/* After fp_writer_finish, and once the output goes on in another file: writes the beginning of the capture there. Kept records stay good.
 * Returns false and sets error. */
bool fp_writer_restart(FpWriter *writer, GError **error);

/* Writes out what is buffered. Returns false and sets error. */
bool fp_writer_flush(FpWriter *writer, GError **error);

/* Writes what belongs to the capture and has not been written yet: interfaces without a kept record. Returns false and sets error. */
bool fp_writer_end_capture(FpWriter *writer, GError **error);

/* Writes the end of the output. Returns false and sets error. */
bool fp_writer_finish(FpWriter *writer, GError **error);

#endif
