/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * fragments.h - IP fragments that wait for the rest of their datagram (RFC 791 3.2, RFC 8200 4.5).
 *
 * A datagram is complete under the same conditions as in Wireshark (reassemble.c, fragment_add_work). Memory is bounded: when too much
 * waits, the datagram that began to wait first is dropped.
 */
#ifndef FP_FRAGMENTS_H
#define FP_FRAGMENTS_H

#include <stddef.h>
#include <stdint.h>

#include <glib.h>

#include "capture/record.h"
#include "span.h"

typedef struct FpFragments FpFragments;

/* How the caller keeps a record whose fragment has to wait, so that it is there when the datagram is complete. keep returns what is kept,
 * and sets *bytes to the memory that it takes; drop frees it. */
typedef struct {
    void *(*keep)(void *user, const FpRecord *record, size_t *bytes);
    GDestroyNotify drop;
    void *user;
} FpKeeper;

/* What is reassembled: IP datagrams, by IP version, and packets of other protocols. */
enum {
    FP_DATAGRAM_WLAN = 0x80211,
    FP_DATAGRAM_BATMAN,
    FP_DATAGRAM_CAPWAP,
};

/* Identifies the datagram of a fragment. Unused bytes of the addresses must be zero. */
typedef struct {
    uint8_t source[16];
    uint8_t destination[16];
    uint32_t id;      /* and whatever else tells datagrams apart */
    uint32_t version; /* 4, 6 or FP_DATAGRAM_... */
} FpDatagramKey;

/* Returns an empty set of fragments. keeper is copied; with NULL, nothing is kept of records. */
FpFragments *fp_fragments_new(const FpKeeper *keeper);
/* Frees everything that waits or is lent. NULL is allowed. */
void fp_fragments_free(FpFragments *fragments);

/* Begins a record: call it before adding the record's fragments. Drops what was kept for the previous record. */
void fp_fragments_begin_record(FpFragments *fragments, const FpRecord *record);
/* Drops what was kept for the record, when nobody will take it. */
void fp_fragments_end_record(FpFragments *fragments);

/* Replays a record. The same fragments must be added in the same order; they are answered as they were the first time, and nothing else
 * changes. Datagrams lent for the record must not have been freed by fp_fragments_end_batch. */
void fp_fragments_begin_record_again(FpFragments *fragments, const FpRecord *record);

/* Frees the datagrams that were lent. */
void fp_fragments_end_batch(FpFragments *fragments);

/*
 * Adds a fragment that was captured whole. payload begins at byte offset of the datagram's payload; more: other fragments follow it.
 * Returns true when it completes the datagram; *datagram is then the datagram's payload, borrowed until fp_fragments_end_batch.
 */
bool fp_fragments_add(FpFragments *fragments, const FpDatagramKey *key, FpSpan payload, uint32_t offset, bool more, FpSpan *datagram);

/* The same for fragments that have numbers, from 0, instead of offsets. may_be_lone: if none came before the last one, it is the whole
 * datagram. */
bool fp_fragments_add_numbered(FpFragments *fragments, const FpDatagramKey *key, FpSpan payload, uint32_t number, bool more,
                               bool may_be_lone, FpSpan *datagram);

/* Returns what was kept of the records with the other fragments of the datagrams that this record completes, in capture order; NULL if
 * there is nothing. The caller owns the array. */
GPtrArray *fp_fragments_take_kept(FpFragments *fragments);

/* Returns how many datagrams were dropped incomplete. */
uint64_t fp_fragments_forgotten(const FpFragments *fragments);

#endif
