/* SPDX-License-Identifier: GPL-2.0-or-later */
/* streams-internal.h - the memory layout of the table of streams. For streams.c, streams-key.c, streams-short.c, streams-grow.c,
 * streams-forget.c, streams-memory.c, streams-save.c and streams-check.c only. */
#ifndef FP_STREAMS_INTERNAL_H
#define FP_STREAMS_INTERNAL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include "stream.h"
#include "streams.h"

/* Holds, beside the key, what most segments need of their stream: they find it settled, and are done. */
typedef struct {
    uint64_t hash;             /* 0: free */
    uint32_t place;            /* the stream's place in the pool for its state */
    uint32_t last_active : 25; /* time of its last frame, from fp_coarse_time */
    uint32_t is_settled : 1;
    uint32_t is_unanswered : 1;
    uint32_t is_answered : 1;
    uint32_t is_closed : 1;
    uint32_t state : 2; /* an FpStreamState */
} Slot;

/* 2^24 segments hold more streams than there are indexes. Tests set both lower, for tables that split often and reach their limit. */
#ifndef SEGMENT_BITS
#define SEGMENT_BITS 13
#endif
#ifndef DEPTH_MAX
#define DEPTH_MAX 24
#endif

#define SEGMENT_SLOTS ((size_t)1 << SEGMENT_BITS)
#define SEGMENT_MASK (SEGMENT_SLOTS - 1)

/* At most this many slots of a segment are used, so that searches stay short. */
#define FULL_SLOTS (SEGMENT_SLOTS / 16 * 13)

/* Slots that share a cache line. A stream is in the first line, counted from its home, that had a free slot, and in the first of its free
 * slots. Removals close gaps, so the free slots of a line are its last ones. */
#define LINE_SLOTS ((size_t)4)

/* An open-addressing array for all streams whose hashes have the same depth highest bits. The lowest bits of a hash select the line. */
typedef struct Segment Segment;
struct Segment {
    _Alignas(64) Slot slots[SEGMENT_SLOTS];
    Segment *next; /* all segments form a ring */
    uint32_t used;
    unsigned depth;
    uint32_t bits; /* these depth highest bits */
};

/* The memory for segments. They never move: when a region is used up, another follows that is as large as all before it. */
typedef struct {
    Segment *regions[DEPTH_MAX + 1];
    unsigned n_regions;
    size_t taken;
    size_t left; /* in the last region */
} Segments;

/* Streams in the same kind of state, in the order in which they came. Streams that are active at the same time mostly came at the same
 * time, so they share cache lines. A free item begins with the index of the next free item. */
typedef struct {
    uint8_t *items;
    size_t item_bytes;
    size_t room;
    size_t end;         /* of the items that have ever been used */
    uint32_t n_free;    /* free items before end */
    uint32_t next_free; /* not valid when n_free is 0 */
} Pool;

/* What follows the FpStream in the pool of whole streams, if the rules ask for it. A part that is all 0 is unknown. */
typedef enum {
    PART_LAST = 1,    /* uint64_t: the time of its last frame in ns, times 2, plus 1; the highest bit of the time is lost */
    PART_ANCHORS = 2, /* uint32_t[2]: the anchors for fp_stream_take */
} Part;

#define N_PARTS 2U
#define PARTS_ALL ((1U << N_PARTS) - 1)

/* Returns the set of Part that the rules need. */
static inline unsigned fp_parts_of(const FpRules *rules)
{
    return (rules->idle_ns != 0 ? PART_LAST : 0) | (rules->asked & FP_CLASS_OPENING ? PART_ANCHORS : 0);
}

/* Returns the offset of a part within an item of the pool. For PARTS_ALL + 1, that is where the item ends. */
static inline size_t fp_part_offset(unsigned parts, unsigned part)
{
    return sizeof(FpStream) + sizeof(uint64_t) * (size_t)__builtin_popcount(parts & (part - 1));
}

/* Returns the size of an item in the pool of whole streams, in bytes. */
static inline size_t fp_whole_bytes(unsigned parts)
{
    return fp_part_offset(parts, PARTS_ALL + 1);
}

#define N_SECRETS 4U

struct FpStreams {
    Segment **directory; /* indexed by the depth highest bits of the hash; a segment with a smaller depth appears several times */
    unsigned depth;
    unsigned shift; /* 63 - depth */
    Segment *hand;  /* the segment in which something was last forgotten */
    size_t used;
    size_t max_used;
    size_t room; /* items that fit into either pool */
    Segments segments;
    Pool whole; /* FpStream, and parts */
    Pool brief; /* FpStreamBrief */
    FpRules rules;
    unsigned parts;     /* a set of Part, from the rules */
    uint8_t unsettling; /* from fp_stream_unsettling */
    uint64_t seed;
    bool is_quick;               /* not for saving */
    uint64_t secrets[N_SECRETS]; /* from the seed, of a table that is quick */
    uint32_t next_number;
    FpStreamsStats stats;
};

#define STREAMS_MIN 16U /* the smallest limit of a table */

static inline void fp_streams_set_depth(FpStreams *streams, unsigned depth)
{
    streams->depth = depth;
    streams->shift = 63 - depth;
}

/* Returns the n highest bits of a hash; n may be 0. */
static inline size_t fp_highest_bits(uint64_t hash, unsigned n)
{
    return hash >> 1 >> (63 - n);
}

/* Returns the home of a hash: the index of the first slot of its line. */
static inline size_t fp_home_of(uint64_t hash)
{
    return hash & SEGMENT_MASK & ~(LINE_SLOTS - 1);
}

/* Returns the segment where a hash belongs. */
static inline Segment *fp_segment_of(const FpStreams *streams, uint64_t hash)
{
    return streams->directory[hash >> 1 >> streams->shift]; /* fp_highest_bits */
}

/* Returns the first slot of a line that has this hash, or else the last one. Moves instead of branches: no processor can predict which slot
 * of a line matches, but each predicts well that one of them does. */
static inline Slot *fp_slot_with(Slot *line, uint64_t hash)
{
    Slot *slot = &line[LINE_SLOTS - 1];

    for (unsigned i = LINE_SLOTS - 1; i-- > 0;)
        slot = line[i].hash == hash ? &line[i] : slot;
    return slot;
}

/* fp_slot_find where the first slots looked at, those of line, do not have the hash. */
Slot *fp_slot_find_further(Segment *segment, Slot *line, uint64_t hash);

/* Returns the slot of hash, or else the free slot where it belongs; there always is one. It compares whole lines. */
static inline Slot *fp_slot_find(Segment *segment, uint64_t hash)
{
    Slot *line = &segment->slots[fp_home_of(hash)], *slot = fp_slot_with(line, hash);

    return slot->hash == hash ? slot : fp_slot_find_further(segment, line, hash);
}

static inline bool fp_segment_is_full(const Segment *segment)
{
    return segment->used >= FULL_SLOTS;
}

/* Coarse times count steps of 17 ms, and wrap around after six and a half days. */
#define IDLE_STEPS (1U << 25)

static inline unsigned fp_coarse_time(int64_t time_ns)
{
    return (unsigned)((uint64_t)time_ns >> 24) % IDLE_STEPS;
}

/* Notes the time of the last frame. */
static inline void fp_slot_note_time(Slot *slot, int64_t time_ns)
{
    slot->last_active = fp_coarse_time(time_ns) & (IDLE_STEPS - 1);
}

/* Notes what lookups need to know of a whole stream of which marks tell all (fp_stream_is_told_by_marks). */
static inline void fp_slot_note_marks(Slot *slot, const FpStream *stream, int64_t time_ns)
{
    *slot = (Slot){.hash = slot->hash,
                   .place = slot->place,
                   .last_active = fp_coarse_time(time_ns) & (IDLE_STEPS - 1),
                   .is_answered = fp_stream_is_answered(stream),
                   .is_closed = fp_stream_is_closed(stream)};
}

/* Returns the steps since the stream's last frame. Correct up to six days. */
static inline unsigned fp_idle_steps(const Slot *slot, unsigned now)
{
    unsigned steps = (now - slot->last_active) % IDLE_STEPS;

    return steps < IDLE_STEPS / 16 * 15 ? steps : 0; /* the capture's clock may have been set back */
}

/* Makes room for another stream, which is seldom called for. now is a coarse time. It forgets streams in one segment at a time: hashes are
 * random, so each segment is a fair sample of the table, and searching all of it would take too long. */
__attribute__((noinline, cold)) void fp_streams_make_room(FpStreams *streams, uint64_t hash, unsigned now);

/* Forgets a sixteenth of the segment's streams, but at least one if there is any. now is a coarse time. */
void fp_streams_forget_some(FpStreams *streams, Segment *segment, unsigned now);

/* Copies to the slot what lookups need to know about its whole stream, all at once. Then abridges the stream if possible. */
void fp_streams_fold(FpStreams *streams, Slot *slot, unsigned last_active);

/* Takes a segment whose stream is settled, if it does not matter to it. Returns whether that is so. */
static inline bool fp_slot_take_settled(const FpStreams *streams, Slot *slot, const FpSegment *segment)
{
    if (segment->flags & streams->unsettling)
        return false;
    fp_slot_note_time(slot, segment->time_ns);
    if (fp_stream_segment_closes(segment))
        slot->is_closed = true;
    return true;
}

/* Starts a stream with a lone SYN, of which brief says all, at slot, where key belongs. The verdict is the handshake and nothing else. */
void fp_streams_add_syn(FpStreams *streams, Slot *slot, FpStreamKey key, const FpSegment *segment, const FpStreamBrief *brief);

/* The third step of taking a segment, for one whose stream is at slot, or belongs there. */
bool fp_streams_take_slot(FpStreams *streams, Slot *slot, FpStreamKey key, const FpSegment *segment, FpVerdict *verdict);

/* Makes the secrets of the seed. */
void fp_streams_choose_secrets(FpStreams *streams);

/* Returns an empty segment, or NULL if there is no memory. */
Segment *fp_segments_take(Segments *segments);
void fp_segments_free(Segments *segments);
size_t fp_segments_bytes(const Segments *segments);

/* Enters a segment in the directory, in every place where hashes with its bits look for it. */
void fp_streams_enter(FpStreams *streams, Segment *segment);

/* Makes room for n items. While the pool has fewer, fp_pool_take cannot fail. A new pool is all 0 but for item_bytes. Returns false if
 * there is no memory. */
bool fp_pool_make_room(Pool *pool, size_t n);
void fp_pool_free(Pool *pool);

/* Returns the item at index. It is valid until the next fp_pool_make_room. */
static inline void *fp_pool_item(const Pool *pool, uint32_t place)
{
    return pool->items + place * pool->item_bytes;
}

/* Returns the index of an item that was free. There must be room. */
static inline uint32_t fp_pool_take(Pool *pool)
{
    uint32_t place = pool->next_free;

    if (pool->n_free == 0)
        return (uint32_t)pool->end++;
    memcpy(&pool->next_free, fp_pool_item(pool, place), sizeof pool->next_free);
    pool->n_free--;
    return place;
}

/* Frees the item at index. */
static inline void fp_pool_give_back(Pool *pool, uint32_t place)
{
    memcpy(fp_pool_item(pool, place), &pool->next_free, sizeof pool->next_free);
    pool->next_free = place;
    pool->n_free++;
}

/* Returns whether a loaded table, which has a segment at each place of its directory, can have come about. Also false without memory. */
bool fp_streams_make_sense(const FpStreams *streams);

/* Makes room for n streams in both pools, so that each stream may be in either state and change between them. Returns false if there is no
 * memory. */
bool fp_streams_make_pools(FpStreams *streams, size_t n);

#endif
