/* SPDX-License-Identifier: GPL-2.0-or-later */
/* capture-pcapng.h - what the writer needs of a pcapng that is walked. */
#ifndef FP_CAPTURE_PCAPNG_H
#define FP_CAPTURE_PCAPNG_H

#include "capture.h"

/* Blocks that are no frames. */
typedef enum {
    FP_BLOCK_SECTION,
    FP_BLOCK_INTERFACE,
    FP_BLOCK_OTHER, /* names, secrets, statistics ...: or a piece of one, in order */
} FpBlockKind;

/* Takes such a block as it stands in the file. Returns false with error set to end the reading. */
typedef bool (*FpTakeBlock)(void *user, FpBlockKind kind, const uint8_t *block, size_t bytes, GError **error);

/* Has take_block given each such block when fp_capture_read comes upon it, in its place between the records. */
void fp_capture_pcapng_on_block(FpCapture *capture, FpTakeBlock take_block, void *user);

/* The number that a record's interface has in its section. */
uint32_t fp_pcapng_interface(const FpCapture *capture, const FpRecord *record);

#endif
