/* SPDX-License-Identifier: GPL-2.0-or-later */
/* streams-save.c - the table of streams on its way to a file and back. See streams.h. */
#include <stdlib.h>
#include <string.h>

#include "streams-internal.h"

/* Begins a saved table. Then come the segments, from the hand on around the ring, and the pool up to its end. */
typedef struct {
    uint64_t seed;
    uint64_t n_segments;
    uint64_t directory_size;
    uint64_t used;
    uint64_t pool_end;
    uint32_t pool_n_free;
    uint32_t pool_next_free;
    uint32_t next_number;
    uint32_t zero;
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

bool fp_streams_save(const FpStreams *streams, FpStreamsWrite write, void *user)
{
    SavedTable saved = {
        .seed = streams->seed,
        .n_segments = streams->segments.taken,
        .directory_size = streams->mask + 1,
        .used = streams->used,
        .pool_end = streams->pool.end,
        .pool_n_free = streams->pool.n_free,
        .pool_next_free = streams->pool.next_free,
        .next_number = streams->next_number,
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
    return write(user, streams->pool.streams, streams->pool.end * sizeof *streams->pool.streams);
}

/* Whether a slot that was read can be one of segment. */
static bool belongs(const FpStreams *streams, const Segment *segment, const Slot *slot)
{
    return slot->hash != 0 && (slot->hash & (((uint64_t)1 << segment->depth) - 1)) == segment->bits && slot->index < streams->pool.end;
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

    if (segment == NULL || !read(user, &saved, sizeof saved) || saved.depth > DEPTH_MAX || saved.hand >= SEGMENT_SLOTS ||
        ((size_t)1 << saved.depth) > streams->mask + 1 || saved.bits >> saved.depth != 0)
        return NULL;
    segment->depth = saved.depth;
    segment->bits = saved.bits;
    segment->used = saved.used;
    segment->hand = saved.hand;
    for (size_t i = saved.bits; i <= streams->mask; i += (size_t)1 << saved.depth)
        streams->directory[i] = segment;
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
    for (size_t i = 0; i <= streams->mask; i++)
        if (streams->directory[i] == NULL)
            return false;
    return used == streams->used;
}

static bool is_sensible(const SavedTable *saved)
{
    return saved->directory_size >= 1 && saved->directory_size <= (uint64_t)1 << DEPTH_MAX &&
           (saved->directory_size & (saved->directory_size - 1)) == 0 && saved->n_segments >= 1 &&
           saved->n_segments <= saved->directory_size && saved->pool_end <= UINT32_MAX &&
           saved->used + saved->pool_n_free == saved->pool_end && (saved->pool_n_free == 0 || saved->pool_next_free < saved->pool_end);
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
    streams->mask = saved->directory_size - 1;
    streams->directory = calloc(saved->directory_size, sizeof(Segment *));
    streams->used = saved->used;
    streams->next_number = saved->next_number;
    streams->stats = saved->stats;
    if (streams->directory != NULL && fp_pool_begin(&streams->pool, saved->pool_end)) {
        streams->pool.end = saved->pool_end;
        streams->pool.n_free = saved->pool_n_free;
        streams->pool.next_free = saved->pool_next_free;
        return streams;
    }
    fp_streams_free(streams);
    return NULL;
}

FpStreams *fp_streams_load(const FpRules *rules, size_t max_streams, FpStreamsRead read, void *user)
{
    SavedTable saved;

    if (!read(user, &saved, sizeof saved) || !is_sensible(&saved))
        return NULL;
    FpStreams *streams = begin(rules, &saved, max_streams);
    if (streams == NULL)
        return NULL;
    if (load_segments(streams, saved.n_segments, read, user) &&
        read(user, streams->pool.streams, streams->pool.end * sizeof *streams->pool.streams))
        return streams;
    fp_streams_free(streams);
    return NULL;
}
