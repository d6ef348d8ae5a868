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

#include <glib.h>

#include "capture/record.h"
#include "span.h"

typedef struct FpFragments FpFragments;

/* What the caller keeps of a record whose fragment has to wait, to have it when the datagram is complete. keep makes it, and says how much
 * memory that takes; drop frees it. */
typedef struct {
    void *(*keep)(void *user, const FpRecord *record, size_t *bytes);
    GDestroyNotify drop;
    void *user;
} FpKeeper;

/* What is put together: IP's datagrams by its version, and others' packets. */
enum {
    FP_DATAGRAM_WLAN = 0x80211,
    FP_DATAGRAM_BATMAN,
    FP_DATAGRAM_CAPWAP,
};

/* Which datagram a fragment is of. Unused bytes of the addresses must be zero. */
typedef struct {
    uint8_t source[16];
    uint8_t destination[16];
    uint32_t id;      /* with whatever else tells datagrams apart mixed in */
    uint32_t version; /* 4, 6 or FP_DATAGRAM_... */
} FpDatagramKey;

/* keeper is copied; NULL: nothing is kept of records. */
FpFragments *fp_fragments_new(const FpKeeper *keeper);
void fp_fragments_free(FpFragments *fragments);

/* To be called before the fragments of a record are added; drops what was kept for the record before. The other drops it when nobody
 * wants it any more. */
void fp_fragments_begin_record(FpFragments *fragments, const FpRecord *record);
void fp_fragments_end_record(FpFragments *fragments);

/* Has what is added next, the same fragments of the same record in the same order, answered as it was the first time; nothing else comes of
 * it. As long as nothing that is lent has been ended. */
void fp_fragments_begin_record_again(FpFragments *fragments, const FpRecord *record);

/* Ends what was lent. */
void fp_fragments_end_batch(FpFragments *fragments);

/*
 * Takes a fragment, captured whole: payload begins at offset of the datagram's payload; more: others come behind it. Returns true when
 * the datagram is complete with it, and then *datagram is that datagram's payload, borrowed until fp_fragments_end_batch.
 */
bool fp_fragments_add(FpFragments *fragments, const FpDatagramKey *key, FpSpan payload, uint32_t offset, bool more, FpSpan *datagram);

/* The same of fragments that have numbers, 0 and on, instead of offsets. may_be_lone: the last, of which none came before, is the whole. */
bool fp_fragments_add_numbered(FpFragments *fragments, const FpDatagramKey *key, FpSpan payload, uint32_t number, bool more,
                               bool may_be_lone, FpSpan *datagram);

/* What was kept of the records that hold the rest of the datagrams which are complete with this record, in capture order; the
 * caller's from now on. NULL: there are none. */
GPtrArray *fp_fragments_take_kept(FpFragments *fragments);

/* How many datagrams were forgotten incomplete. */
uint64_t fp_fragments_forgotten(const FpFragments *fragments);

#endif
