/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * assembly.h - payloads of one side, in the order in which they were captured -> its bytes in the order of their sequence numbers.
 *
 * file -> record -> segment -> stream -> [verdict -> output]
 *
 * Of UDP they are the payloads one after another. A byte of TCP that comes again counts once: its first copy does. A hole ends what is
 * known, until it is filled; so does the place where a frame was cut by the snapshot length.
 */
#ifndef FP_ASSEMBLY_H
#define FP_ASSEMBLY_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "decode/span.h"
#include "streams.h"

typedef struct FpAssembly FpAssembly;

/* At most bytes_max bytes are put together; later ones are left out. Free with fp_assembly_free. */
FpAssembly *fp_assembly_new(uint32_t bytes_max);
void fp_assembly_free(FpAssembly *assembly); /* NULL is allowed */

/* Adds a payload that begins offset bytes after the side's first byte. offset: below 0 where it begins before that; these bytes are left
 * out. frame: a number for it, 0: none. The bytes are copied. */
void fp_assembly_add(FpAssembly *assembly, int64_t offset, FpSpan payload, uint64_t frame);

/* Adds a datagram's payload behind all that is there: a datagram has no offset. */
void fp_assembly_append(FpAssembly *assembly, FpSpan payload, uint64_t frame);

/* Returns the i-th of the datagrams, the first 0, where fp_assembly_append has added them and nothing else; *n: its bytes. NULL: there are
 * not so many. */
const uint8_t *fp_assembly_datagram(const FpAssembly *assembly, unsigned i, size_t *n);

/* Whether fp_assembly_append alone can have added what there is. */
bool fp_assembly_may_be_datagrams(const FpAssembly *assembly);

/* Returns the bytes from the first to the first that is missing; *n: how many. They are valid until the next fp_assembly_add. */
const uint8_t *fp_assembly_bytes(const FpAssembly *assembly, size_t *n);

/* The same, so that they can be changed, as the last thing that is done with them. */
uint8_t *fp_assembly_own_bytes(FpAssembly *assembly);

/* Whether no more can follow these bytes: there are bytes_max, or the frame with the next was cut. */
bool fp_assembly_is_full(const FpAssembly *assembly);

/* Whether all bytes that were sent so far are among these: there is no hole, and no frame was cut. */
bool fp_assembly_is_whole(const FpAssembly *assembly);

/* Returns the numbers of the frames that fp_assembly_bytes is from, in the order in which they came, without those that are 0; *n: how
 * many. They are valid until the next call for this assembly. */
const uint64_t *fp_assembly_frames(FpAssembly *assembly, size_t *n);

/* The memory that it takes, with what the allocator adds; without the array of fp_assembly_frames. */
size_t fp_assembly_memory(const FpAssembly *assembly);

/* Writes it in this machine's byte order. Returns false when write does. */
bool fp_assembly_save(const FpAssembly *assembly, FpStreamsWrite write, void *user);

/* Reads what fp_assembly_save wrote, with bytes_max as it was then. Returns NULL when read returns false, or the bytes make no sense. Free
 * with fp_assembly_free. */
FpAssembly *fp_assembly_load(FpStreamsRead read, void *user);

#endif
