/* SPDX-License-Identifier: GPL-2.0-or-later */
/* digest-restore.h - a frame's block in a digest -> the record as it stood in its capture. For capture-digest.c. */
#ifndef FP_DIGEST_RESTORE_H
#define FP_DIGEST_RESTORE_H

#include "capture.h"

/* The bytes of restored records. All zero: none. */
typedef struct {
    uint8_t *bytes;
    size_t room, used;
} FpRestored;

/* Makes room for n records; those restored before are gone. */
void fp_restored_begin(FpRestored *restored, const FpRecord *records, int n);
void fp_restored_clear(FpRestored *restored);

/* Replaces a record of a walked pcapng, the digest, by what it was in a capture of this format. swapped: the byte order of its section is
 * not this machine's. Sets *number to its number there. Returns what is wrong with it, or NULL. */
const char *fp_digest_restore(FpRestored *restored, const FpCaptureFormat *format, bool swapped, FpRecord *record, uint64_t *number);

#endif
