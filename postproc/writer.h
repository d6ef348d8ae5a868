/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * writer.h - kept records -> a capture in the format of the first input.
 *
 * Classic pcap is copied record by record as it stands; everything else is written by libwiretap.
 */
#ifndef FP_WRITER_H
#define FP_WRITER_H

#include "capture.h"
#include "output.h"

typedef struct FpWriter FpWriter;

/* Writes the beginning of the capture. output stays the caller's; first must stay open until fp_writer_free. is_only: no other capture will
 * follow. Returns NULL with error set. */
FpWriter *fp_writer_new(FpOutput *output, FpCapture *first, bool is_only, GError **error);
void fp_writer_free(FpWriter *writer);

/* Whether the captures after the first must be read through libwiretap. */
bool fp_writer_insists_on_wiretap(const FpWriter *writer);

/* Readies the writer for the records of the next capture, the first one too. Fails when they do not fit the output's format. */
bool fp_writer_next_capture(FpWriter *writer, FpCapture *capture, GError **error);

/* Writes a record of the capture that was given last. */
bool fp_writer_write(FpWriter *writer, const FpRecord *record, GError **error);

/* A copy of a record of the capture that was given last, as it will be written; for later, whatever capture is being read by then. *bytes:
 * how much memory it takes. */
void *fp_writer_keep(FpWriter *writer, const FpRecord *record, size_t *bytes);
void fp_writer_drop_kept(void *kept);
bool fp_writer_write_kept(FpWriter *writer, const void *kept, GError **error);

/* Writes what belongs to the capture and has not been written: interfaces without a kept record. */
bool fp_writer_end_capture(FpWriter *writer, GError **error);

/* Writes the end of the output. */
bool fp_writer_finish(FpWriter *writer, GError **error);

#endif
