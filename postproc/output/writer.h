/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * writer.h - kept records -> a capture in the format of the first input, or another.
 *
 * Classic pcap and pcapng that stay what they are are copied record by record as they stand; everything else is written by libwiretap.
 */
#ifndef FP_WRITER_H
#define FP_WRITER_H

#include "capture/capture.h"
#include "output.h"

typedef struct FpWriter FpWriter;

/* libwiretap's number of the format with this name (editcap -F lists them). Returns -1 with error set when it cannot be written. */
int fp_writer_format(const char *name, GError **error);
#define FP_WRITER_AS_INPUT (-1)

/* Writes the beginning of the capture. output stays the caller's; first must stay open until fp_writer_free. is_only: no other capture will
 * follow. format: of fp_writer_format, or FP_WRITER_AS_INPUT. Returns NULL with error set. */
FpWriter *fp_writer_new(FpOutput *output, FpCapture *first, bool is_only, int format, GError **error);
void fp_writer_free(FpWriter *writer);

/* Whether records are copied as they stand. If not, pcapng must be read through libwiretap. */
bool fp_writer_copies(const FpWriter *writer);

/* Readies the writer for the records of the next capture, the first one too. Fails when they do not fit the output's format. */
bool fp_writer_next_capture(FpWriter *writer, FpCapture *capture, GError **error);

/* Has drain called before a section of pcapng begins that is not the output's first: records that are kept for later have no place behind
 * that. */
typedef bool (*FpWriterDrain)(void *user, GError **error);
void fp_writer_on_section(FpWriter *writer, FpWriterDrain drain, void *user);

/* Writes a record of the capture that was given last. */
bool fp_writer_write(FpWriter *writer, const FpRecord *record, GError **error);

/* A copy of a record of the capture that was given last, as it will be written; for later, whatever capture is being read by then. *bytes:
 * how much memory it takes. */
void *fp_writer_keep(FpWriter *writer, const FpRecord *record, size_t *bytes);
void fp_writer_drop_kept(void *kept);
bool fp_writer_write_kept(FpWriter *writer, const void *kept, bool *is_written, GError **error); /* not where it does not fit */

/* Writes out what is buffered. */
bool fp_writer_flush(FpWriter *writer, GError **error);

/* Writes what belongs to the capture and has not been written: interfaces without a kept record. */
bool fp_writer_end_capture(FpWriter *writer, GError **error);

/* Writes the end of the output. */
bool fp_writer_finish(FpWriter *writer, GError **error);

#endif
