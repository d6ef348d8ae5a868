/* SPDX-License-Identifier: GPL-2.0-or-later */
/* streams-internal.h - how the table of streams lies in memory, for streams.c, streams-forget.c, streams-memory.c and streams-save.c.
 * Nobody else includes it. */
#ifndef FP_STREAMS_INTERNAL_H
#define FP_STREAMS_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "stream.h"
#include "streams.h"

/* What most segments need of their stream fits beside its key: they find it settled, and are done. */
typedef struct {
    uint64_t hash;             /* 0: free */
    uint32_t index;            /* of the stream, in the pool for its state */
    uint32_t last_active : 25; /* time of its last frame, see coarse_time */
    uint32_t is_settled : 1;
    uint32_t is_unanswered : 1;
    uint32_t is_answered : 1;
    uint32_t is_closed : 1;
    uint32_t state : 2; /* an FpStreamState */
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

/* At most so many are taken, so that searches stay short. */
#define FULL_SLOTS (SEGMENT_SLOTS / 16 * 13)

/* Slots that share a cache line: a stream is in the first line from its home on that had a free one. */
#define LINE_SLOTS ((size_t)4)

/* An open-addressing array for all streams whose hashes have the same depth highest bits; the lowest bits say in which line they belong. */
typedef struct Segment Segment;
struct Segment {
    _Alignas(64) Slot slots[SEGMENT_SLOTS];
    Segment *next; /* in a ring of all */
    uint32_t used;
    unsigned depth;
    uint32_t bits; /* these highest bits */
};

/* Where segments come from. None moves: when a region is used up, there is another, as large as all before it. */
typedef struct {
    Segment *regions[DEPTH_MAX + 1];
    unsigned n_regions;
    size_t taken;
    size_t left; /* in the last region */
} Segments;

/* Streams in the same kind of state. They lie in the order in which they came, as those that go on at the same time mostly did: new ones
 * share cache lines. A free item begins with the index of the next. */
typedef struct {
    uint8_t *items;
    size_t item_bytes;
    size_t room;
    size_t end;         /* of those that have been in use */
    uint32_t n_free;    /* before end */
    uint32_t next_free; /* what it says when n_free is 0 means nothing */
} Pool;

/* What a place in the pool of whole streams has behind its FpStream, if the rules ask for it. All 0: not known. */
typedef enum {
    PART_LAST = 1,    /* uint64_t: twice the time of its last frame in ns, less the highest bit, and 1 more */
    PART_ANCHORS = 2, /* uint32_t[2], for fp_stream_take */
} Part;

#define N_PARTS 2U
#define PARTS_ALL ((1U << N_PARTS) - 1)

static inline unsigned fp_parts_of(const FpRules *rules)
{
    return (rules->idle_ns != 0 ? PART_LAST : 0) | (rules->asked & FP_CLASS_OPENING ? PART_ANCHORS : 0);
}

/* Where the part is in a place of the pool; of the part that comes after the last, where the place ends. */
static inline size_t fp_part_offset(unsigned parts, unsigned part)
{
    return sizeof(FpStream) + sizeof(uint64_t) * (size_t)__builtin_popcount(parts & (part - 1));
}

static inline size_t fp_whole_bytes(unsigned parts)
{
    return fp_part_offset(parts, PARTS_ALL + 1);
}

struct FpStreams {
    Segment **directory; /* by the depth highest bits of the hash; a segment of fewer bits than others is there several times */
    unsigned depth;
    Segment *hand; /* the last in which something was forgotten */
    size_t used;
    size_t max_used;
    size_t room; /* in both pools */
    Segments segments;
    Pool whole; /* FpStream, and parts */
    Pool brief; /* FpStreamBrief */
    FpRules rules;
    unsigned parts;     /* a set of Part, by the rules */
    uint8_t unsettling; /* by the rules, too */
    uint64_t seed;
    uint32_t next_number;
    FpStreamsStats stats;
};

#define STREAMS_MIN 16U /* in a table, at least */

/* The n highest bits of a hash; n may be 0. */
static inline size_t fp_highest_bits(uint64_t hash, unsigned n)
{
    return hash >> 1 >> (63 - n);
}

/* Where in its segment a hash belongs: the first slot of a line. */
static inline size_t fp_home_of(uint64_t hash)
{
    return hash & SEGMENT_MASK & ~(LINE_SLOTS - 1);
}

/* Time in steps of 17 ms, which come round after six and a half days. */
#define IDLE_STEPS (1U << 25)

static inline unsigned fp_coarse_time(int64_t time_ns)
{
    return (unsigned)((uint64_t)time_ns >> 24) % IDLE_STEPS;
}

/* How long nothing has come, in steps; right up to six days. */
static inline unsigned fp_idle_steps(const Slot *slot, unsigned now)
{
    unsigned steps = (now - slot->last_active) % IDLE_STEPS;

    return steps < IDLE_STEPS / 16 * 15 ? steps : 0; /* the capture's clock may have been set back */
}

/* Forgets a sixteenth of what is in the segment, at least one; now is a coarse time. */
void fp_streams_forget_some(FpStreams *streams, Segment *segment, unsigned now);

/* An empty segment, or NULL when there is no memory. */
Segment *fp_segments_take(Segments *segments);
void fp_segments_free(Segments *segments);
size_t fp_segments_bytes(const Segments *segments);

/* Enters a segment in the directory, wherever hashes with its bits look for it. */
void fp_streams_enter(FpStreams *streams, Segment *segment);

/* Makes sure that the pool, which may be all 0 but for item_bytes, has room for n items: then fp_pool_take cannot fail while it has fewer.
 * Returns false when there is no memory. */
bool fp_pool_make_room(Pool *pool, size_t n);
void fp_pool_free(Pool *pool);

static inline void *fp_pool_item(const Pool *pool, uint32_t index)
{
    return pool->items + index * pool->item_bytes;
}

/* Both give, or take, the index of an item. */
static inline uint32_t fp_pool_take(Pool *pool)
{
    uint32_t index = pool->next_free;

    if (pool->n_free == 0)
        return (uint32_t)pool->end++;
    memcpy(&pool->next_free, fp_pool_item(pool, index), sizeof pool->next_free);
    pool->n_free--;
    return index;
}

static inline void fp_pool_give_back(Pool *pool, uint32_t index)
{
    memcpy(fp_pool_item(pool, index), &pool->next_free, sizeof pool->next_free);
    pool->next_free = index;
    pool->n_free++;
}

/* Room in both pools for n streams: whichever state they are in, and while they go from one to the other. */
bool fp_streams_make_pools(FpStreams *streams, size_t n);

#endif
