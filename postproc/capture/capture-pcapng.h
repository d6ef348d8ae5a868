/* SPDX-License-Identifier: GPL-2.0-or-later */
/* capture-pcapng.h - what the writer needs of a walked pcapng. */
#ifndef FP_CAPTURE_PCAPNG_H
#define FP_CAPTURE_PCAPNG_H

#include "capture.h"

/* Kinds of blocks that are not frames. */
typedef enum {
    FP_BLOCK_SECTION,
    FP_BLOCK_INTERFACE,
    FP_BLOCK_OTHER, /* names, secrets, statistics ..., or a piece of one, in order */
} FpBlockKind;

/* Takes such a block as it stands in the file; borrowed. Returns false and sets error to end the reading. */
typedef bool (*FpTakeBlock)(void *user, FpBlockKind kind, const uint8_t *block, size_t bytes, GError **error);

/* Passes each such block to take_block when fp_capture_read reaches it, in its place between the records. capture must be a walked
 * pcapng. */
void fp_capture_pcapng_on_block(FpCapture *capture, FpTakeBlock take_block, void *user);

/* The number of a record's interface within its section. */
uint32_t fp_pcapng_interface(const FpCapture *capture, const FpRecord *record);

#endif
