/* SPDX-License-Identifier: GPL-2.0-or-later */
/* streams-save.c - the table of streams on its way to a file and back. See streams.h. */
#include <stdlib.h>
#include <string.h>

#include "streams-internal.h"

typedef struct {
    uint64_t end;
    uint32_t n_free;
    uint32_t next_free;
} SavedPool;

/* Begins a saved table. Then come the segments, from the hand on around the ring, and the pools up to their ends. */
typedef struct {
    uint64_t seed;
    uint64_t n_segments;
    uint64_t used;
    SavedPool whole;
    SavedPool brief;
    uint32_t next_number;
    uint32_t depth;
    FpStreamsStats stats;
} SavedTable;

/* Begins a saved segment. Then come, for each 64 slots, a word that says which of them are taken, and those. */
typedef struct {
    uint32_t depth;
    uint32_t bits;
    uint32_t used;
    uint32_t hand;
} SavedSegment;

#define WORD_SLOTS (SEGMENT_SLOTS < 64 ? SEGMENT_SLOTS : 64)

static bool save_slots(const Slot *slots, FpStreamsWrite write, void *user)
{
    Slot taken[WORD_SLOTS];

    for (size_t begin = 0; begin < SEGMENT_SLOTS; begin += WORD_SLOTS) {
        uint64_t places = 0;
        size_t n_taken = 0;
        for (size_t i = 0; i < WORD_SLOTS; i++)
            if (slots[begin + i].hash != 0) {
                places |= (uint64_t)1 << i;
                taken[n_taken++] = slots[begin + i];
            }
        if (!write(user, &places, sizeof places) || !write(user, taken, n_taken * sizeof *taken))
            return false;
    }
    return true;
}

static bool save_segment(const Segment *segment, FpStreamsWrite write, void *user)
{
    SavedSegment saved = {.depth = segment->depth, .bits = segment->bits, .used = segment->used, .hand = segment->hand};

    return write(user, &saved, sizeof saved) && save_slots(segment->slots, write, user);
}

static SavedPool saved_pool(const Pool *pool)
{
    return (SavedPool){.end = pool->end, .n_free = pool->n_free, .next_free = pool->next_free};
}

static bool save_pool(const Pool *pool, FpStreamsWrite write, void *user)
{
    return write(user, pool->items, pool->end * pool->item_bytes);
}

bool fp_streams_save(const FpStreams *streams, FpStreamsWrite write, void *user)
{
    SavedTable saved = {
        .seed = streams->seed,
        .n_segments = streams->segments.taken,
        .used = streams->used,
        .whole = saved_pool(&streams->whole),
        .brief = saved_pool(&streams->brief),
        .next_number = streams->next_number,
        .depth = streams->depth,
        .stats = streams->stats,
    };
    const Segment *segment = streams->hand;

    if (!write(user, &saved, sizeof saved))
        return false;
    do {
        if (!save_segment(segment, write, user))
            return false;
        segment = segment->next;
    } while (segment != streams->hand);
    return save_pool(&streams->whole, write, user) && save_pool(&streams->brief, write, user);
}

/* Whether a slot that was read can be one of segment. */
static bool belongs(const FpStreams *streams, const Segment *segment, const Slot *slot)
{
    const Pool *pool = slot->state == FP_STREAM_WHOLE ? &streams->whole : &streams->brief;

    return slot->hash != 0 && fp_highest_bits(slot->hash, segment->depth) == segment->bits && slot->index < pool->end &&
           slot->state <= FP_STREAM_ANSWERED;
}

static bool load_slots(const FpStreams *streams, Segment *segment, FpStreamsRead read, void *user)
{
    Slot taken[WORD_SLOTS];
    size_t used = 0;

    for (size_t begin = 0; begin < SEGMENT_SLOTS; begin += WORD_SLOTS) {
        uint64_t places;
        size_t n_taken = 0;
        if (!read(user, &places, sizeof places) || !read(user, taken, (size_t)__builtin_popcountll(places) * sizeof *taken))
            return false;
        for (size_t i = 0; i < WORD_SLOTS; i++) {
            if ((places >> i & 1) == 0)
                continue;
            if (!belongs(streams, segment, &taken[n_taken]))
                return false;
            segment->slots[begin + i] = taken[n_taken++];
        }
        used += n_taken;
    }
    return used == segment->used && used < SEGMENT_SLOTS; /* searches end at a free one */
}

/* Reads a segment and enters it where hashes with its bits look for it. */
static Segment *load_segment(FpStreams *streams, FpStreamsRead read, void *user)
{
    SavedSegment saved;
    Segment *segment = fp_segments_take(&streams->segments);

    if (segment == NULL || !read(user, &saved, sizeof saved) || saved.depth > streams->depth || saved.hand >= SEGMENT_SLOTS ||
        saved.bits >> saved.depth != 0)
        return NULL;
    segment->depth = saved.depth;
    segment->bits = saved.bits;
    segment->used = saved.used;
    segment->hand = saved.hand;
    fp_streams_enter(streams, segment);
    return load_slots(streams, segment, read, user) ? segment : NULL;
}

/* Reads n segments into a ring. */
static bool load_segments(FpStreams *streams, uint64_t n, FpStreamsRead read, void *user)
{
    Segment **last = &streams->hand;
    size_t used = 0;

    for (uint64_t i = 0; i < n; i++) {
        Segment *segment = load_segment(streams, read, user);
        if (segment == NULL)
            return false;
        *last = segment;
        last = &segment->next;
        used += segment->used;
    }
    *last = streams->hand;
    for (size_t i = 0; i < (size_t)1 << streams->depth; i++)
        if (streams->directory[i] == NULL)
            return false;
    return used == streams->used;
}

static bool is_sensible_pool(const SavedPool *saved)
{
    return saved->end <= UINT32_MAX && saved->n_free <= saved->end && (saved->n_free == 0 || saved->next_free < saved->end);
}

static bool is_sensible(const SavedTable *saved)
{
    return saved->depth <= DEPTH_MAX && saved->n_segments >= 1 && saved->n_segments <= (uint64_t)1 << saved->depth &&
           is_sensible_pool(&saved->whole) && is_sensible_pool(&saved->brief) &&
           saved->used + saved->whole.n_free + saved->brief.n_free == saved->whole.end + saved->brief.end;
}

/* A pool that is empty but has room becomes like the saved one, with nothing in it yet. */
static bool begin_pool(Pool *pool, const SavedPool *saved)
{
    pool->end = saved->end;
    pool->n_free = saved->n_free;
    pool->next_free = saved->next_free;
    return fp_pool_make_room(pool, saved->end);
}

/* A table like the saved one, with nothing in it yet. */
static FpStreams *begin(const FpRules *rules, const SavedTable *saved, size_t max_streams)
{
    FpStreams *streams = calloc(1, sizeof *streams);

    if (streams == NULL)
        return NULL;
    streams->rules = *rules;
    streams->seed = saved->seed;
    streams->max_used = max_streams < STREAMS_MIN ? STREAMS_MIN : max_streams;
    streams->depth = saved->depth;
    streams->directory = calloc((size_t)1 << saved->depth, sizeof(Segment *));
    streams->used = saved->used;
    streams->next_number = saved->next_number;
    streams->stats = saved->stats;
    if (streams->directory != NULL && fp_streams_make_pools(streams, saved->used) && begin_pool(&streams->whole, &saved->whole) &&
        begin_pool(&streams->brief, &saved->brief))
        return streams;
    fp_streams_free(streams);
    return NULL;
}

static bool load_pool(Pool *pool, FpStreamsRead read, void *user)
{
    return read(user, pool->items, pool->end * pool->item_bytes);
}

FpStreams *fp_streams_load(const FpRules *rules, size_t max_streams, FpStreamsRead read, void *user)
{
    SavedTable saved;

    if (!read(user, &saved, sizeof saved) || !is_sensible(&saved))
        return NULL;
    FpStreams *streams = begin(rules, &saved, max_streams);
    if (streams == NULL)
        return NULL;
    if (load_segments(streams, saved.n_segments, read, user) && load_pool(&streams->whole, read, user) &&
        load_pool(&streams->brief, read, user))
        return streams;
    fp_streams_free(streams);
    return NULL;
}
