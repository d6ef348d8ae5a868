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

/* How slots are saved. The first format had times in steps of 17 s, and no is_answered; the table was the same besides. */
enum {
    FORMAT_FIRST,
    FORMAT,
};

#define FORMAT_SHIFT 8 /* the depth is less than that */

/* Begins a saved table. Then come the segments, from the hand on around the ring, and the pools up to their ends. */
typedef struct {
    uint64_t seed;
    uint64_t n_segments;
    uint64_t used;
    SavedPool whole;
    SavedPool brief;
    uint32_t next_number;
    uint32_t depth_and_format; /* depth | format << FORMAT_SHIFT */
    FpStreamsStats stats;
} SavedTable;

static unsigned depth_of(const SavedTable *saved)
{
    return saved->depth_and_format & ((1U << FORMAT_SHIFT) - 1);
}

static unsigned format_of(const SavedTable *saved)
{
    return saved->depth_and_format >> FORMAT_SHIFT;
}

/* Begins a saved segment. Then come, for each 64 slots, a word that says which of them are taken, and those. */
typedef struct {
    uint32_t depth;
    uint32_t bits;
    uint32_t used;
    uint32_t unused; /* the first format had something here */
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
    SavedSegment saved = {.depth = segment->depth, .bits = segment->bits, .used = segment->used};

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
        .depth_and_format = streams->depth | (unsigned)FORMAT << FORMAT_SHIFT,
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

/* A slot as FORMAT_FIRST has it. */
typedef struct {
    uint64_t hash;
    uint32_t index;
    uint32_t last_active : 15; /* in steps 1024 times as long as today's */
    uint32_t is_settled : 1;
    uint32_t is_unanswered : 1;
    uint32_t is_closed : 1;
    uint32_t state : 2;
} FirstSlot;

_Static_assert(sizeof(FirstSlot) == sizeof(Slot), "both are read into the same place");

static void convert_slot(Slot *slot)
{
    FirstSlot first;

    memcpy(&first, slot, sizeof first);
    *slot = (Slot){.hash = first.hash,
                   .index = first.index,
                   .last_active = (uint32_t)first.last_active << 10 & 0x1ffffff,
                   .is_settled = first.is_settled,
                   .is_unanswered = first.is_unanswered,
                   .is_closed = first.is_closed,
                   .state = first.state};
}

/* Whether a slot that was read can be one of segment. */
static bool belongs(const FpStreams *streams, const Segment *segment, const Slot *slot)
{
    const Pool *pool = slot->state == FP_STREAM_WHOLE ? &streams->whole : &streams->brief;

    return slot->hash != 0 && fp_highest_bits(slot->hash, segment->depth) == segment->bits && slot->index < pool->end &&
           slot->state <= FP_STREAM_ANSWERED;
}

static bool load_slots(const FpStreams *streams, Segment *segment, unsigned format, FpStreamsRead read, void *user)
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
            if (format == FORMAT_FIRST)
                convert_slot(&taken[n_taken]);
            if (!belongs(streams, segment, &taken[n_taken]))
                return false;
            segment->slots[begin + i] = taken[n_taken++];
        }
        used += n_taken;
    }
    return used == segment->used && used < SEGMENT_SLOTS; /* searches end at a free one */
}

/* Reads a segment and enters it where hashes with its bits look for it. */
static Segment *load_segment(FpStreams *streams, unsigned format, FpStreamsRead read, void *user)
{
    SavedSegment saved;
    Segment *segment = fp_segments_take(&streams->segments);

    if (segment == NULL || !read(user, &saved, sizeof saved) || saved.depth > streams->depth || saved.bits >> saved.depth != 0)
        return NULL;
    segment->depth = saved.depth;
    segment->bits = saved.bits;
    segment->used = saved.used;
    fp_streams_enter(streams, segment);
    return load_slots(streams, segment, format, read, user) ? segment : NULL;
}

/* Reads n segments into a ring. */
static bool load_segments(FpStreams *streams, uint64_t n, unsigned format, FpStreamsRead read, void *user)
{
    Segment **last = &streams->hand;
    size_t used = 0;

    for (uint64_t i = 0; i < n; i++) {
        Segment *segment = load_segment(streams, format, read, user);
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
    return format_of(saved) <= FORMAT && depth_of(saved) <= DEPTH_MAX && saved->n_segments >= 1 &&
           saved->n_segments <= (uint64_t)1 << depth_of(saved) && is_sensible_pool(&saved->whole) && is_sensible_pool(&saved->brief) &&
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
    streams->depth = depth_of(saved);
    streams->directory = calloc((size_t)1 << streams->depth, sizeof(Segment *));
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

static bool is_answered(const FpStreams *streams, const Slot *slot)
{
    FpStream expanded;

    if (slot->state == FP_STREAM_WHOLE)
        return fp_stream_is_answered(fp_pool_item(&streams->whole, slot->index));
    fp_stream_expand((FpStreamState)slot->state, fp_pool_item(&streams->brief, slot->index), &expanded);
    return fp_stream_is_answered(&expanded);
}

/* Adds to converted slots what the first format did not have. */
static void complete_slots(const FpStreams *streams)
{
    Segment *segment = streams->hand;

    do {
        for (size_t i = 0; i < SEGMENT_SLOTS; i++)
            if (segment->slots[i].hash != 0)
                segment->slots[i].is_answered = is_answered(streams, &segment->slots[i]);
        segment = segment->next;
    } while (segment != streams->hand);
}

FpStreams *fp_streams_load(const FpRules *rules, size_t max_streams, FpStreamsRead read, void *user)
{
    SavedTable saved;

    if (!read(user, &saved, sizeof saved) || !is_sensible(&saved))
        return NULL;
    FpStreams *streams = begin(rules, &saved, max_streams);
    if (streams == NULL)
        return NULL;
    if (!load_segments(streams, saved.n_segments, format_of(&saved), read, user) || !load_pool(&streams->whole, read, user) ||
        !load_pool(&streams->brief, read, user)) {
        fp_streams_free(streams);
        return NULL;
    }
    if (format_of(&saved) == FORMAT_FIRST)
        complete_slots(streams);
    return streams;
}
