/* SPDX-License-Identifier: GPL-2.0-or-later */
/* streams-internal.h - how the table of streams lies in memory, for streams.c and streams-save.c. Nobody else includes it. */
#ifndef FP_STREAMS_INTERNAL_H
#define FP_STREAMS_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "stream.h"
#include "streams.h"

/* What most segments need of their stream fits beside its key: they find it settled, and are done. */
typedef struct {
    uint64_t hash;             /* 0: free */
    uint32_t index;            /* of the stream, in FpStreams.pool */
    uint32_t last_active : 15; /* time of its last frame, see coarse_time */
    uint32_t is_settled : 1;
    uint32_t is_unanswered : 1;
    uint32_t is_closed : 1;
} Slot;

/* 2^24 segments hold more streams than there are indexes. Tests take less of both, for tables that split often and come to their end. */
#ifndef SEGMENT_BITS
#define SEGMENT_BITS 13
#endif
#ifndef DEPTH_MAX
#define DEPTH_MAX 24
#endif

#define SEGMENT_SLOTS ((size_t)1 << SEGMENT_BITS)
#define SEGMENT_MASK (SEGMENT_SLOTS - 1)

/* An open-addressing array for all streams whose hashes have the same depth lowest bits; the highest bits say where in it they belong. */
typedef struct Segment Segment;
struct Segment {
    _Alignas(64) Slot slots[SEGMENT_SLOTS];
    Segment *next; /* in a ring of all */
    uint32_t used;
    uint32_t hand; /* where forgetting goes on: always beginning at the same place would leave the rest ever fuller */
    unsigned depth;
    uint32_t bits; /* these lowest bits */
};

/* Where segments come from. None moves: when a region is used up, there is another, as large as all before it. */
typedef struct {
    Segment *regions[DEPTH_MAX + 1];
    unsigned n_regions;
    size_t taken;
    size_t left; /* in the last region */
} Segments;

/* Streams lie in the order in which they started, as those that go on at the same time mostly did: new ones share cache lines. */
typedef struct {
    FpStream *streams;
    size_t room;
    size_t end;         /* of those that have been in use */
    uint32_t n_free;    /* before end */
    uint32_t next_free; /* of a free one, number is the next */
} Pool;

struct FpStreams {
    Segment **directory; /* by the lowest bits of the hash; a segment of fewer bits than others is there several times */
    size_t mask;         /* number of entries, a power of two, less one */
    Segment *hand;       /* the last in which something was forgotten */
    size_t used;
    size_t max_used;
    Segments segments;
    Pool pool;
    FpRules rules;
    uint64_t seed;
    uint32_t next_number;
    FpStreamsStats stats;
};

#define STREAMS_MIN 16U /* in a table, at least */

/* An empty segment, or NULL when there is no memory. */
Segment *fp_segments_take(Segments *segments);

/* Makes room for n streams at least in a pool that has none yet. Returns false when there is no memory. */
bool fp_pool_begin(Pool *pool, size_t n);

#endif
