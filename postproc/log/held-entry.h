/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * held-entry.h - a first payload frame whose line is written later: a copy of all that its line says about it, but for the message.
 *
 * file -> record -> segment -> stream -> verdict -> [output]
 */
#ifndef FP_HELD_ENTRY_H
#define FP_HELD_ENTRY_H

#include "log.h"
#include "streams.h"

typedef struct FpHeldEntry FpHeldEntry;

/* Copies entry with the first payload_bytes of its payload. Free with fp_held_entry_free. */
FpHeldEntry *fp_held_entry_new(const FpLogEntry *entry, uint32_t payload_bytes);
void fp_held_entry_free(FpHeldEntry *held); /* NULL is allowed */

/* Returns the entry, without message and facts. It borrows from held. */
const FpLogEntry *fp_held_entry_get(const FpHeldEntry *held);

/* Makes it the entry of a later ClientHello (FpLogEntry.turn, way), which is not saved with it. */
void fp_held_entry_set_turn(FpHeldEntry *held, uint32_t turn, FpSaidWay way);

/* Returns what the entry has of the payload, so that it can be changed; *n: how many bytes. */
uint8_t *fp_held_entry_payload(FpHeldEntry *held, size_t *n);

/* The memory that it takes, with what the allocator adds. */
size_t fp_held_entry_bytes(const FpHeldEntry *held);

/* Writes it in this machine's byte order. Returns false when write does. */
bool fp_held_entry_save(const FpHeldEntry *held, FpStreamsWrite write, void *user);

/* Reads what fp_held_entry_save wrote. Returns NULL when read returns false, or the bytes make no sense. Free with fp_held_entry_free. */
FpHeldEntry *fp_held_entry_load(FpStreamsRead read, void *user);

#endif
