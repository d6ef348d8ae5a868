/* SPDX-License-Identifier: GPL-2.0-or-later */
/* streams.c - see streams.h. */
#define _GNU_SOURCE /* mremap */
#include "streams.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "streams-internal.h"

#define POOL_MIN 4096U

#define HUGE_PAGE_BYTES ((size_t)2 << 20)

/* In huge pages where there is enough to fill some: nearly every lookup goes to another page, and finding 4 KiB pages costs more than the
 * lookup. */
static void *wish_for_huge_pages(void *memory, size_t bytes)
{
    if (memory == MAP_FAILED)
        return NULL;
    if (bytes >= HUGE_PAGE_BYTES)
        (void)madvise(memory, bytes, MADV_HUGEPAGE);
    return memory;
}

/* Zeroed memory, or NULL. */
static void *map(size_t bytes)
{
    return wish_for_huge_pages(mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), bytes);
}

/* The second is large enough for huge pages, of which only those that are used take memory. */
static size_t region_bytes(unsigned region)
{
    const size_t small[] = {1, 63};

    return sizeof(Segment) * (region < 2 ? small[region] : (size_t)64 << (region - 2));
}

Segment *fp_segments_take(Segments *segments)
{
    if (segments->left == 0) {
        unsigned region = segments->n_regions;
        if (region > DEPTH_MAX)
            return NULL;
        segments->regions[region] = map(region_bytes(region));
        if (segments->regions[region] == NULL)
            return NULL;
        segments->n_regions++;
        segments->left = region_bytes(region) / sizeof(Segment);
    }
    const unsigned last = segments->n_regions - 1;
    segments->taken++;
    return segments->regions[last] + (region_bytes(last) / sizeof(Segment) - segments->left--);
}

FpStreams *fp_streams_new(const FpRules *rules, uint64_t seed, size_t max_streams)
{
    FpStreams *streams = calloc(1, sizeof *streams);

    if (streams == NULL)
        return NULL;
    streams->rules = *rules;
    streams->seed = seed;
    streams->max_used = max_streams < STREAMS_MIN ? STREAMS_MIN : max_streams;
    streams->directory = malloc(sizeof(Segment *));
    streams->hand = fp_segments_take(&streams->segments);
    if (streams->directory == NULL || streams->hand == NULL || !fp_pool_begin(&streams->pool, 0)) {
        fp_streams_free(streams);
        return NULL;
    }
    streams->directory[0] = streams->hand;
    streams->hand->next = streams->hand;
    return streams;
}

void fp_streams_free(FpStreams *streams)
{
    if (streams == NULL)
        return;
    for (unsigned region = 0; region < streams->segments.n_regions; region++)
        munmap(streams->segments.regions[region], region_bytes(region));
    if (streams->pool.streams != NULL)
        munmap(streams->pool.streams, streams->pool.room * sizeof(FpStream));
    free(streams->directory);
    free(streams);
}

bool fp_pool_begin(Pool *pool, size_t n)
{
    pool->room = POOL_MIN;
    while (pool->room < n)
        pool->room *= 2;
    pool->streams = map(pool->room * sizeof(FpStream));
    return pool->streams != NULL;
}

/* Makes sure that the pool has a free stream: twice the room, by moving pages, not what is in them. */
static bool pool_make_room(Pool *pool)
{
    if (pool->n_free > 0 || pool->end < pool->room)
        return true;
    size_t bytes = pool->room * sizeof(FpStream);
    FpStream *streams = wish_for_huge_pages(mremap(pool->streams, bytes, bytes * 2, MREMAP_MAYMOVE), bytes * 2);
    if (streams == NULL)
        return false;
    pool->streams = streams;
    pool->room *= 2;
    return true;
}

static uint32_t pool_take(Pool *pool)
{
    if (pool->n_free == 0)
        return (uint32_t)pool->end++;
    uint32_t index = pool->next_free;
    pool->next_free = pool->streams[index].number;
    pool->n_free--;
    return index;
}

static void pool_give_back(Pool *pool, uint32_t index)
{
    pool->streams[index].number = pool->next_free;
    pool->next_free = index;
    pool->n_free++;
}

static inline uint64_t load64(const uint8_t *bytes)
{
    uint64_t value;

    memcpy(&value, bytes, sizeof value);
    return value;
}

static inline uint32_t load32(const uint8_t *bytes)
{
    uint32_t value;

    memcpy(&value, bytes, sizeof value);
    return value;
}

/* Which endpoint comes first does not matter, as long as it is the same both ways. The endpoints are put into words, not bytes: a processor
 * is slow to read words from where it has just put bytes. */
static FpStreamKey key_ipv4(const FpStreams *streams, const FpSegment *segment)
{
    uint64_t source = (uint64_t)load32(segment->source) << 16 | segment->source_port;
    uint64_t destination = (uint64_t)load32(segment->destination) << 16 | segment->destination_port;
    bool is_source_high = source > destination;
    uint64_t words[2] = {is_source_high ? destination : source, is_source_high ? source : destination};

    return (FpStreamKey){.hash = XXH3_64bits_withSeed(words, sizeof words, streams->seed), .direction = is_source_high};
}

static FpStreamKey key_ipv6(const FpStreams *streams, const FpSegment *segment)
{
    uint64_t source[3] = {load64(segment->source), load64(segment->source + 8), segment->source_port};
    uint64_t destination[3] = {load64(segment->destination), load64(segment->destination + 8), segment->destination_port};
    bool is_source_high = source[0] != destination[0]   ? source[0] > destination[0]
                          : source[1] != destination[1] ? source[1] > destination[1]
                                                        : source[2] > destination[2];
    const uint64_t *low = is_source_high ? destination : source, *high = is_source_high ? source : destination;
    uint64_t words[5] = {low[0], low[1], high[0], high[1], low[2] << 16 | high[2]};

    return (FpStreamKey){.hash = XXH3_64bits_withSeed(words, sizeof words, streams->seed), .direction = is_source_high};
}

FpStreamKey fp_streams_key(const FpStreams *streams, const FpSegment *segment)
{
    FpStreamKey key = segment->address_bytes == 4 ? key_ipv4(streams, segment) : key_ipv6(streams, segment);

    key.hash += key.hash == 0; /* 0 marks a free slot */
    return key;
}

FpStreamKey fp_streams_key_in_network(const FpStreams *streams, FpStreamKey key, uint64_t network)
{
    uint64_t words[2] = {key.hash, network};

    if (network != 0)
        key.hash = XXH3_64bits_withSeed(words, sizeof words, streams->seed);
    key.hash += key.hash == 0;
    return key;
}

static inline Segment *segment_of(const FpStreams *streams, uint64_t hash)
{
    return streams->directory[hash & streams->mask];
}

static inline size_t home_of(uint64_t hash)
{
    return hash >> (64 - SEGMENT_BITS);
}

void fp_streams_prefetch(const FpStreams *streams, FpStreamKey key)
{
    __builtin_prefetch(&segment_of(streams, key.hash)->slots[home_of(key.hash)], 1);
}

/* The slot of hash, or the free one where it belongs. There is always a free one. */
static inline Slot *find_slot(Segment *segment, uint64_t hash)
{
    size_t i = home_of(hash);

    while (segment->slots[i].hash != hash && segment->slots[i].hash != 0)
        i = (i + 1) & SEGMENT_MASK;
    return &segment->slots[i];
}

/* Frees slot i and closes the gap, so that no search ends before its goal (Knuth, The Art of Computer Programming 6.4, algorithm R). */
static void remove_slot(FpStreams *streams, Segment *segment, size_t i)
{
    Slot *slots = segment->slots;
    size_t gap = i;

    pool_give_back(&streams->pool, slots[i].index);
    for (size_t j = (gap + 1) & SEGMENT_MASK; slots[j].hash != 0; j = (j + 1) & SEGMENT_MASK) {
        size_t home = home_of(slots[j].hash);
        if (((j - home) & SEGMENT_MASK) >= ((j - gap) & SEGMENT_MASK)) {
            slots[gap] = slots[j];
            gap = j;
        }
    }
    slots[gap].hash = 0;
    segment->used--;
    streams->used--;
}

/* At most three in four slots are taken, so that searches stay short. */
static bool is_full(const Segment *segment)
{
    return segment->used >= SEGMENT_SLOTS / 4 * 3;
}

/* Moves to high, which is empty, what has bit set in its hash. What stays may have to come nearer to its home; going round from a free
 * slot, all that it could have been behind has been dealt with before. */
static void share_out(Segment *low, Segment *high, uint64_t bit)
{
    size_t free_slot = 0;

    while (low->slots[free_slot].hash != 0)
        free_slot++;
    for (size_t i = 1; i < SEGMENT_SLOTS; i++) {
        Slot *slot = &low->slots[(free_slot + i) & SEGMENT_MASK], taken = *slot;
        if (taken.hash == 0)
            continue;
        slot->hash = 0;
        Segment *goal = taken.hash & bit ? high : low;
        *find_slot(goal, taken.hash) = taken;
        high->used += goal == high;
    }
    low->used -= high->used;
}

static bool double_directory(FpStreams *streams)
{
    size_t size = streams->mask + 1;
    Segment **directory = reallocarray(streams->directory, size * 2, sizeof(Segment *));

    if (directory == NULL)
        return false;
    memcpy(directory + size, directory, size * sizeof(Segment *));
    streams->directory = directory;
    streams->mask = size * 2 - 1;
    return true;
}

/* Splits the segment of hash in two. Returns false, with the table as good as it was, when there is no memory. */
static bool split(FpStreams *streams, uint64_t hash)
{
    Segment *low = segment_of(streams, hash);
    size_t bit = (size_t)1 << low->depth;

    if (low->depth == DEPTH_MAX || (bit > streams->mask && !double_directory(streams)))
        return false;
    Segment *high = fp_segments_take(&streams->segments);
    if (high == NULL)
        return false;
    share_out(low, high, bit);
    high->depth = ++low->depth;
    high->bits = (uint32_t)(low->bits | bit);
    high->next = low->next;
    low->next = high;
    for (size_t i = (hash & (bit - 1)) | bit; i <= streams->mask; i += bit * 2)
        streams->directory[i] = high;
    return true;
}

/* Time in steps of 17 s, which come round after six and a half days. */
#define IDLE_STEPS 32768U

static unsigned coarse_time(int64_t time_ns)
{
    return (unsigned)((uint64_t)time_ns >> 34) % IDLE_STEPS;
}

/* How long nothing has come, in steps; right up to six days. */
static unsigned idle_steps(const Slot *slot, unsigned now)
{
    unsigned steps = (now - slot->last_active) % IDLE_STEPS;

    return steps < IDLE_STEPS / 16 * 15 ? steps : 0; /* the capture's clock may have been set back */
}

/* Which streams may go, tried in this order. */
typedef enum {
    KIND_UNANSWERED,
    KIND_CLOSED,
    KIND_IDLE,
    N_KINDS,
} Kind;

static bool is_of_kind(const Slot *slot, Kind kind)
{
    switch (kind) {
    case KIND_UNANSWERED:
        return slot->is_unanswered;
    case KIND_CLOSED:
        return slot->is_closed;
    default:
        return true;
    }
}

/* The idle time that at most wanted streams of a kind exceed or reach: how long a stream must have been idle to be among
 * the wanted longest idle. */
static unsigned idle_threshold(const Segment *segment, Kind kind, unsigned now, size_t wanted)
{
    uint16_t counts[IDLE_STEPS] = {0};
    unsigned idle = 0; /* the longest, to begin with */

    for (size_t i = 0; i < SEGMENT_SLOTS; i++) {
        const Slot *slot = &segment->slots[i];
        if (slot->hash == 0 || !is_of_kind(slot, kind))
            continue;
        unsigned steps = idle_steps(slot, now);
        counts[steps]++;
        idle = steps > idle ? steps : idle;
    }
    size_t found = counts[idle];
    while (idle > 0 && found < wanted)
        found += counts[--idle];
    return idle;
}

/* Forgets up to wanted streams of a kind, the longest idle first. Returns how many. */
static size_t forget_kind(FpStreams *streams, Segment *segment, Kind kind, unsigned now, size_t wanted)
{
    unsigned threshold = idle_threshold(segment, kind, now, wanted);
    size_t forgotten = 0;

    for (size_t looked_at = 0; looked_at < SEGMENT_SLOTS && forgotten < wanted; looked_at++) {
        size_t i = segment->hand;
        const Slot *slot = &segment->slots[i];
        /* another may have moved into the gap */
        while (forgotten < wanted && slot->hash != 0 && is_of_kind(slot, kind) && idle_steps(slot, now) >= threshold) {
            remove_slot(streams, segment, i);
            forgotten++;
        }
        segment->hand = (uint32_t)((i + 1) & SEGMENT_MASK);
    }
    return forgotten;
}

/* Forgets a sixteenth of what is in the segment, at least one. */
static void forget_some(FpStreams *streams, Segment *segment, unsigned now)
{
    uint64_t *counters[N_KINDS] = {&streams->stats.forgotten_unanswered, &streams->stats.forgotten_closed, &streams->stats.forgotten_idle};
    size_t wanted = segment->used / 16 + 1;

    for (int kind = 0; kind < N_KINDS && wanted > 0; kind++) {
        size_t forgotten = forget_kind(streams, segment, (Kind)kind, now, wanted);
        *counters[kind] += forgotten;
        wanted -= forgotten;
    }
}

/* Makes sure that a stream can be started. Forgetting takes one segment after the other: as hashes are random, what is true of all is near
 * enough true of one, and all at once would take too long. */
static void make_room(FpStreams *streams, uint64_t hash, unsigned now)
{
    while (streams->used >= streams->max_used || !pool_make_room(&streams->pool)) {
        streams->hand = streams->hand->next;
        forget_some(streams, streams->hand, now);
    }
    while (is_full(segment_of(streams, hash)) && !split(streams, hash))
        forget_some(streams, segment_of(streams, hash), now);
}

/* Starts a stream where there is none of this key. */
static Slot *add(FpStreams *streams, FpStreamKey key, const FpSegment *segment)
{
    make_room(streams, key.hash, coarse_time(segment->time_ns));
    Segment *home = segment_of(streams, key.hash);
    Slot *slot = find_slot(home, key.hash);
    *slot = (Slot){.hash = key.hash, .index = pool_take(&streams->pool)};
    fp_stream_begin(&streams->pool.streams[slot->index], streams->next_number++, segment->time_ns);
    home->used++;
    streams->used++;
    return slot;
}

void fp_streams_take(FpStreams *streams, FpStreamKey key, const FpSegment *segment, FpVerdict *verdict)
{
    Slot *slot = find_slot(segment_of(streams, key.hash), key.hash);

    if (slot->hash != 0 && slot->is_settled && !(segment->flags & FP_STREAM_UNSETTLING)) {
        slot->last_active = coarse_time(segment->time_ns) & 0x7fff;
        slot->is_settled = true; /* as it is: so the other bits beside the time need not be kept, and one write does */
        memset(verdict, 0, sizeof *verdict);
        return;
    }
    uint32_t n_begun = streams->next_number;
    if (slot->hash == 0)
        slot = add(streams, key, segment);
    FpStream *stream = &streams->pool.streams[slot->index];
    if (fp_stream_is_over(stream, key.direction, segment))
        fp_stream_begin(stream, streams->next_number++, segment->time_ns);
    fp_stream_take(stream, key.direction, segment, &streams->rules, verdict);
    if (streams->next_number != n_begun) {
        verdict->begins = true;
        verdict->stream = stream->number;
    }
    slot->last_active = coarse_time(segment->time_ns) & 0x7fff;
    slot->is_settled = fp_stream_is_settled(stream);
    slot->is_unanswered = fp_stream_is_unanswered(stream);
    slot->is_closed = fp_stream_is_closed(stream);
}

void fp_streams_stats(const FpStreams *streams, FpStreamsStats *stats)
{
    *stats = streams->stats;
    stats->started = streams->next_number;
    stats->open = streams->used;
    stats->table_bytes = streams->segments.taken * sizeof(Segment) + (streams->mask + 1) * sizeof(Segment *) +
                         streams->pool.end * sizeof *streams->pool.streams;
}
