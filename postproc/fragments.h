/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fragments.h - IP fragments that wait for the rest of their datagram (RFC 791 3.2, RFC 8200 4.5).
 *
 * Of each datagram only its beginning is kept, enough for any headers: nobody here needs more than the length of the rest.
 * What completes a datagram is as in Wireshark (reassemble.c, fragment_add_work). Bounded: when too many fragments wait, the datagram
 * that began to wait first is forgotten.
 */
#ifndef FP_FRAGMENTS_H
#define FP_FRAGMENTS_H

#include <stddef.h>
#include <stdint.h>

#include "span.h"

#define FP_FRAGMENTS_HEAD_BYTES 512U

typedef struct FpFragments FpFragments;

/* Which datagram a fragment is of. Unused bytes of the addresses must be zero. */
typedef struct {
    uint8_t source[16];
    uint8_t destination[16];
    uint32_t id; /* with whatever else tells datagrams apart mixed in */
    uint32_t version;
} FpDatagramKey;

FpFragments *fp_fragments_new(void);
void fp_fragments_free(FpFragments *fragments);

/*
 * Takes a fragment, captured whole: payload begins at offset of the datagram's payload; more: others come behind it. Returns true when the
 * datagram is complete with it, and then *datagram is that datagram's payload: its first FP_FRAGMENTS_HEAD_BYTES as captured, all of it as
 * on the wire; borrowed until the next call.
 */
bool fp_fragments_add(FpFragments *fragments, const FpDatagramKey *key, FpSpan payload, uint32_t offset, bool more, FpSpan *datagram);

/* How many datagrams were forgotten incomplete. */
uint64_t fp_fragments_forgotten(const FpFragments *fragments);

#endif
