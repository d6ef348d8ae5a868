/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fragments.h - IP fragments that wait for the rest of their datagram (RFC 791 3.2, RFC 8200 4.5).
 *
 * What completes a datagram is as in Wireshark (reassemble.c, fragment_add_work). Bounded: when too much waits, the datagram that began to
 * wait first is forgotten.
 */
#ifndef FP_FRAGMENTS_H
#define FP_FRAGMENTS_H

#include <stddef.h>
#include <stdint.h>

#include "span.h"

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
 * Takes a fragment, captured whole: payload begins at offset of the datagram's payload; more: others come behind it. Returns true when
 * the datagram is complete with it, and then *datagram is that datagram's payload, borrowed until fp_fragments_release.
 */
bool fp_fragments_add(FpFragments *fragments, const FpDatagramKey *key, FpSpan payload, uint32_t offset, bool more, FpSpan *datagram);

/* Frees the datagrams that fp_fragments_add has completed. */
void fp_fragments_release(FpFragments *fragments);

/* How many datagrams were forgotten incomplete. */
uint64_t fp_fragments_forgotten(const FpFragments *fragments);

#endif
