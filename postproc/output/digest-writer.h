/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * digest-writer.h - frames of a capture, and notes of what was left out -> a digest (docs/digest.md).
 *
 * file -> record -> segment -> stream -> verdict -> [output]
 */
#ifndef FP_DIGEST_WRITER_H
#define FP_DIGEST_WRITER_H

#include "capture/capture-digest.h"
#include "output.h"

/* Writes the beginning of a capture: its note, and, for a classic pcap, the interface that its frames belong to. Returns false and sets
 * error. */
bool fp_digest_write_begin(FpOutput *output, const FpCapture *capture, const FpDigestNote *note, GError **error);

/* Writes a block of a pcapng that is no frame. Returns false and sets error. */
bool fp_digest_write_block(FpOutput *output, const FpRecord *block, GError **error);

/* Replaces what bytes holds by the block of a frame, of which the first captured_bytes are kept. number: of the frame in its capture, with
 * bits of FP_DIGEST_...; those about its block are added. Returns false and sets error when such a frame cannot be kept as it stands. */
bool fp_digest_make_block(GByteArray *bytes, const FpCapture *capture, const FpRecord *record, uint32_t captured_bytes, uint64_t number,
                          GError **error);

/* Marks a made block as one that stands behind frames that came after it. swapped: the byte order it was made in is not this machine's. */
void fp_digest_mark_late(GByteArray *block, bool swapped);

/* Writes the end of a capture. Returns false and sets error. */
bool fp_digest_write_end(FpOutput *output, const FpDigestEnd *end, GError **error);

#endif
