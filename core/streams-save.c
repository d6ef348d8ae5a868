/* SPDX-License-Identifier: GPL-2.0-or-later */
/* streams-save.c - saves and loads the table of streams. See streams.h. */
#include <string.h>

#include "memory.h"
#include "streams-internal.h"

typedef struct {
    uint64_t end;
    uint32_t n_free;
    uint32_t next_free;
} SavedPool;

/* The formats of saved slots. The first had times in steps of 17 s, and no is_answered. Everything else was the same.
 * Whoever adds one has checkpoints get another version, too (postproc/watch/checkpoint.c), so that older programs refuse them. */
enum {
    FORMAT_FIRST,
    FORMAT,
};

#define FORMAT_SHIFT 8 /* a depth takes fewer bits */
#define PARTS_SHIFT 16

/* The header of a saved table. The segments follow, in the order of the ring and from the hand on; then both pools, up to their ends. */
typedef struct {
    uint64_t seed;
    uint64_t n_segments;
    uint64_t used;
    SavedPool whole;
    SavedPool brief;
    uint32_t next_number;
    uint32_t depth_and_format; /* depth | format << FORMAT_SHIFT | parts << PARTS_SHIFT */
    FpStreamsStats stats;
} SavedTable;

static unsigned depth_of(const SavedTable *saved)
{
    return saved->depth_and_format & ((1U << FORMAT_SHIFT) - 1);
}

static unsigned format_of(const SavedTable *saved)
{
    return saved->depth_and_format >> FORMAT_SHIFT & ((1U << (PARTS_SHIFT - FORMAT_SHIFT)) - 1);
}

/* The parts that follow each whole stream. Tables that were saved before there were parts have 0 here. */
static unsigned parts_of(const SavedTable *saved)
{
    return saved->depth_and_format >> PARTS_SHIFT;
}

/* The header of a saved segment. For each 64 slots follow a word that says which of them are used, and the used slots. */
typedef struct {
    uint32_t depth;
    uint32_t bits;
    uint32_t used;
    uint32_t unused; /* the first format stored something here */
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
        .depth_and_format = streams->depth | (unsigned)FORMAT << FORMAT_SHIFT | streams->parts << PARTS_SHIFT,
        .stats = streams->stats,
    };
    const Segment *segment = streams->hand;

    if (streams->is_quick || !write(user, &saved, sizeof saved))
        return false;
    do {
        if (!save_segment(segment, write, user))
            return false;
        segment = segment->next;
    } while (segment != streams->hand);
    return save_pool(&streams->whole, write, user) && save_pool(&streams->brief, write, user);
}

/* A slot in FORMAT_FIRST. */
typedef struct {
    uint64_t hash;
    uint32_t place;
    uint32_t last_active : 15; /* in steps 1024 times as long as in FORMAT */
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
                   .place = first.place,
                   .last_active = (uint32_t)first.last_active << 10 & 0x1ffffff,
                   .is_settled = first.is_settled,
                   .is_unanswered = first.is_unanswered,
                   .is_closed = first.is_closed,
                   .state = first.state};
}

/* Whether a slot that was read can belong to segment. */
static bool belongs(const FpStreams *streams, const Segment *segment, const Slot *slot)
{
    const Pool *pool = slot->state == FP_STREAM_WHOLE ? &streams->whole : &streams->brief;

    return slot->hash != 0 && fp_highest_bits(slot->hash, segment->depth) == segment->bits && slot->place < pool->end &&
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
    return used == segment->used && used < SEGMENT_SLOTS; /* searches end at a free slot */
}

/* Reads a segment and enters it in the directory. Returns NULL on failure; the table still owns the memory. */
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

/* Reads n segments and joins them into a ring. Returns false on failure. */
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
    return format_of(saved) <= FORMAT && (parts_of(saved) & ~PARTS_ALL) == 0 && depth_of(saved) <= DEPTH_MAX && saved->n_segments >= 1 &&
           saved->n_segments <= (uint64_t)1 << depth_of(saved) && is_sensible_pool(&saved->whole) && is_sensible_pool(&saved->brief) &&
           saved->used + saved->whole.n_free + saved->brief.n_free == saved->whole.end + saved->brief.end;
}

/* Makes an empty pool as large as the saved one; its items are still to be read. */
static bool begin_pool(Pool *pool, const SavedPool *saved)
{
    pool->end = saved->end;
    pool->n_free = saved->n_free;
    pool->next_free = saved->next_free;
    return fp_pool_make_room(pool, saved->end);
}

/* Creates a table as large as the saved one; its contents are still to be read. Returns NULL if there is no memory. */
static FpStreams *begin(const FpRules *rules, const SavedTable *saved, size_t max_streams)
{
    FpStreams *streams = fp_memory_zeroed(1, sizeof *streams);

    if (streams == NULL)
        return NULL;
    streams->rules = *rules;
    streams->parts = fp_parts_of(rules);
    streams->unsettling = fp_stream_unsettling(rules);
    streams->seed = saved->seed;
    streams->max_used = max_streams < STREAMS_MIN ? STREAMS_MIN : max_streams;
    fp_streams_set_depth(streams, depth_of(saved));
    streams->directory = fp_memory_zeroed((size_t)1 << streams->depth, sizeof(Segment *));
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

/* Reads whole streams that were saved with other parts than are needed now. Parts that were not saved are unknown. */
static bool convert_pool(FpStreams *streams, unsigned saved_parts, FpStreamsRead read, void *user)
{
    uint8_t saved[sizeof(FpStream) + sizeof(uint64_t) * N_PARTS];

    for (size_t i = 0; i < streams->whole.end; i++) {
        uint8_t *item = fp_pool_item(&streams->whole, (uint32_t)i);
        if (!read(user, saved, fp_whole_bytes(saved_parts)))
            return false;
        memset(item, 0, streams->whole.item_bytes);
        memcpy(item, saved, sizeof(FpStream));
        for (unsigned part = 1; part & PARTS_ALL; part <<= 1)
            if (saved_parts & streams->parts & part)
                memcpy(item + fp_part_offset(streams->parts, part), saved + fp_part_offset(saved_parts, part), sizeof(uint64_t));
    }
    return true;
}

static bool load_whole(FpStreams *streams, unsigned saved_parts, FpStreamsRead read, void *user)
{
    if (saved_parts == streams->parts)
        return load_pool(&streams->whole, read, user);
    return convert_pool(streams, saved_parts, read, user);
}

static bool is_answered(const FpStreams *streams, const Slot *slot)
{
    FpStream expanded;

    if (slot->state == FP_STREAM_WHOLE)
        return fp_stream_is_answered(fp_pool_item(&streams->whole, slot->place));
    fp_stream_expand((FpStreamState)slot->state, fp_pool_item(&streams->brief, slot->place), &expanded);
    return fp_stream_is_answered(&expanded);
}

/* Fills in what slots of the first format lack. If the parts differ, marks all streams as not settled, as more may be asked of them now. */
static void complete_slots(const FpStreams *streams, const SavedTable *saved)
{
    Segment *segment = streams->hand;

    do {
        for (size_t i = 0; i < SEGMENT_SLOTS; i++) {
            Slot *slot = &segment->slots[i];
            if (slot->hash != 0 && format_of(saved) == FORMAT_FIRST)
                slot->is_answered = is_answered(streams, slot);
            if (streams->parts != parts_of(saved))
                slot->is_settled = false;
        }
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
    if (!load_segments(streams, saved.n_segments, format_of(&saved), read, user) || !load_whole(streams, parts_of(&saved), read, user) ||
        !load_pool(&streams->brief, read, user) || !fp_streams_make_sense(streams)) {
        fp_streams_free(streams);
        return NULL;
    }
    if (format_of(&saved) == FORMAT_FIRST || parts_of(&saved) != streams->parts)
        complete_slots(streams, &saved);
    return streams;
}
