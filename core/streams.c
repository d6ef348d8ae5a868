/* SPDX-License-Identifier: GPL-2.0-or-later */
/* streams.c - see streams.h. */
#define _GNU_SOURCE /* mremap */
#include "streams.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "stream.h"

/* What most segments need of their stream fits beside its key: they find it settled, and are done. */
typedef struct {
    uint64_t hash;             /* 0: free */
    uint32_t index;            /* of the stream, in FpStreams.pool */
    uint32_t last_active : 15; /* time of its last frame, see coarse_time */
    uint32_t is_settled : 1;
    uint32_t is_unanswered : 1;
    uint32_t is_closed : 1;
} Slot;

/* Streams lie in the order in which they started, as those that go on at the same time mostly did: new ones share cache lines. */
typedef struct {
    FpStream *streams;
    size_t room;
    size_t end;         /* of those that have been in use */
    uint32_t n_free;    /* before end */
    uint32_t next_free; /* of a free one, number is the next */
} Pool;

struct FpStreams {
    Slot *slots;
    size_t mask; /* number of slots, a power of two, less one */
    size_t used;
    size_t max_used;
    size_t hand; /* where forgetting goes on: always beginning at the same place would leave the rest ever fuller */
    Pool pool;
    FpRules rules;
    uint64_t seed;
    uint32_t next_number;
    FpStreamsStats stats;
};

#define SLOTS_MIN 8192U
#define POOL_MIN 4096U
#define STREAMS_MIN 16U

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

FpStreams *fp_streams_new(const FpRules *rules, uint64_t seed, size_t max_streams)
{
    FpStreams *streams = calloc(1, sizeof *streams);

    if (streams == NULL)
        return NULL;
    streams->rules = *rules;
    streams->seed = seed;
    streams->max_used = max_streams < STREAMS_MIN ? STREAMS_MIN : max_streams;
    streams->mask = SLOTS_MIN - 1;
    streams->slots = map(SLOTS_MIN * sizeof(Slot));
    streams->pool.room = POOL_MIN;
    streams->pool.streams = map(POOL_MIN * sizeof(FpStream));
    if (streams->slots != NULL && streams->pool.streams != NULL)
        return streams;
    fp_streams_free(streams);
    return NULL;
}

void fp_streams_free(FpStreams *streams)
{
    if (streams == NULL)
        return;
    if (streams->slots != NULL)
        munmap(streams->slots, (streams->mask + 1) * sizeof(Slot));
    if (streams->pool.streams != NULL)
        munmap(streams->pool.streams, streams->pool.room * sizeof(FpStream));
    free(streams);
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

    if (key.hash == 0)
        key.hash = 1; /* 0 marks a free entry */
    return key;
}

FpStreamKey fp_streams_key_in_network(const FpStreams *streams, FpStreamKey key, uint64_t network)
{
    uint64_t words[2] = {key.hash, network};

    if (network != 0)
        key.hash = XXH3_64bits_withSeed(words, sizeof words, streams->seed);
    if (key.hash == 0)
        key.hash = 1;
    return key;
}

void fp_streams_prefetch(const FpStreams *streams, FpStreamKey key)
{
    __builtin_prefetch(&streams->slots[key.hash & streams->mask], 1);
}

/* The slot of hash, or the free one where it belongs. There is always a free one. */
static inline Slot *find_slot(const FpStreams *streams, uint64_t hash)
{
    size_t i = hash & streams->mask;

    while (streams->slots[i].hash != hash && streams->slots[i].hash != 0)
        i = (i + 1) & streams->mask;
    return &streams->slots[i];
}

/* Doubles the table. Returns false, with the table as it was, when there is no memory. */
static bool grow(FpStreams *streams)
{
    size_t old_size = streams->mask + 1;
    Slot *old = streams->slots;
    Slot *slots = map(old_size * 2 * sizeof(Slot));

    if (slots == NULL)
        return false;
    streams->slots = slots;
    streams->mask = old_size * 2 - 1;
    for (size_t i = 0; i < old_size; i++)
        if (old[i].hash != 0)
            *find_slot(streams, old[i].hash) = old[i];
    munmap(old, old_size * sizeof(Slot));
    return true;
}

/* Frees slot i and closes the gap, so that no search ends before its goal (Knuth, The Art of Computer Programming 6.4, algorithm R). */
static void remove_slot(FpStreams *streams, size_t i)
{
    size_t gap = i;

    pool_give_back(&streams->pool, streams->slots[i].index);
    for (size_t j = (gap + 1) & streams->mask; streams->slots[j].hash != 0; j = (j + 1) & streams->mask) {
        size_t home = streams->slots[j].hash & streams->mask;
        if (((j - home) & streams->mask) >= ((j - gap) & streams->mask)) {
            streams->slots[gap] = streams->slots[j];
            gap = j;
        }
    }
    streams->slots[gap].hash = 0;
    streams->used--;
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
 * the wanted longest idle. Returns false when there is no memory to work it out. */
static bool idle_threshold(const FpStreams *streams, Kind kind, unsigned now, size_t wanted, unsigned *threshold)
{
    size_t *counts = calloc(IDLE_STEPS, sizeof *counts);

    if (counts == NULL)
        return false;
    for (size_t i = 0; i <= streams->mask; i++)
        if (streams->slots[i].hash != 0 && is_of_kind(&streams->slots[i], kind))
            counts[idle_steps(&streams->slots[i], now)]++;

    unsigned idle = IDLE_STEPS - 1;
    size_t found = counts[idle];
    while (idle > 0 && found < wanted)
        found += counts[--idle];
    free(counts);
    *threshold = idle;
    return true;
}

/* Forgets up to wanted streams of a kind, the longest idle first. Returns how many. */
static size_t forget_kind(FpStreams *streams, Kind kind, unsigned now, size_t wanted)
{
    unsigned threshold = 0;
    size_t forgotten = 0;

    if (!idle_threshold(streams, kind, now, wanted, &threshold))
        threshold = 0;
    for (size_t looked_at = 0; looked_at <= streams->mask && forgotten < wanted; looked_at++) {
        size_t i = streams->hand;
        const Slot *slot = &streams->slots[i];
        /* another may have moved into the gap */
        while (forgotten < wanted && slot->hash != 0 && is_of_kind(slot, kind) && idle_steps(slot, now) >= threshold) {
            remove_slot(streams, i);
            forgotten++;
        }
        streams->hand = (i + 1) & streams->mask;
    }
    return forgotten;
}

/* Makes room for at least one more stream. */
static void forget_some(FpStreams *streams, unsigned now)
{
    uint64_t *counters[N_KINDS] = {&streams->stats.forgotten_unanswered, &streams->stats.forgotten_closed, &streams->stats.forgotten_idle};
    size_t wanted = streams->used / 16 + 1;

    for (int kind = 0; kind < N_KINDS && wanted > 0; kind++) {
        size_t forgotten = forget_kind(streams, (Kind)kind, now, wanted);
        *counters[kind] += forgotten;
        wanted -= forgotten;
    }
}

/* At most three in four slots are taken, so that searches stay short. */
static bool has_slots(const FpStreams *streams)
{
    return streams->used < (streams->mask + 1) / 4 * 3;
}

/* Makes sure that another stream can be started. */
static void make_room(FpStreams *streams, int64_t now_ns)
{
    if (streams->used >= streams->max_used || (!has_slots(streams) && !grow(streams)) || !pool_make_room(&streams->pool))
        forget_some(streams, coarse_time(now_ns));
}

/* Starts a stream where there is none of this key. */
static Slot *add(FpStreams *streams, FpStreamKey key, const FpSegment *segment)
{
    make_room(streams, segment->time_ns);
    Slot *slot = find_slot(streams, key.hash);
    *slot = (Slot){.hash = key.hash, .index = pool_take(&streams->pool)};
    fp_stream_begin(&streams->pool.streams[slot->index], streams->next_number++, segment->time_ns);
    streams->used++;
    return slot;
}

void fp_streams_take(FpStreams *streams, FpStreamKey key, const FpSegment *segment, FpVerdict *verdict)
{
    Slot *slot = find_slot(streams, key.hash);

    if (slot->hash != 0 && slot->is_settled && !(segment->flags & FP_STREAM_UNSETTLING)) {
        slot->last_active = coarse_time(segment->time_ns) & 0x7fff;
        memset(verdict, 0, sizeof *verdict);
        return;
    }
    if (slot->hash == 0)
        slot = add(streams, key, segment);
    FpStream *stream = &streams->pool.streams[slot->index];
    if (fp_stream_is_over(stream, key.direction, segment))
        fp_stream_begin(stream, streams->next_number++, segment->time_ns);
    fp_stream_take(stream, key.direction, segment, &streams->rules, verdict);
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
    stats->table_bytes = (streams->mask + 1) * sizeof *streams->slots + streams->pool.end * sizeof *streams->pool.streams;
}

/* Begins a saved table. Then come, for each 64 slots, a word that says which of them are taken, and those; and the pool up to its end. */
typedef struct {
    uint64_t seed;
    uint64_t n_slots;
    uint64_t used;
    uint64_t hand;
    uint64_t pool_end;
    uint32_t pool_n_free;
    uint32_t pool_next_free;
    uint32_t next_number;
    uint32_t zero;
    FpStreamsStats stats;
} Saved;

#define SLOTS_MAX ((uint64_t)1 << 34)
#define WORD_SLOTS 64U

/* n slots from the first on; n is a multiple of WORD_SLOTS. */
static bool save_slots(const Slot *slots, size_t n, FpStreamsWrite write, void *user)
{
    Slot taken[WORD_SLOTS];

    for (size_t begin = 0; begin < n; begin += WORD_SLOTS) {
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

bool fp_streams_save(FpStreams *streams, FpStreamsWrite write, void *user)
{
    Saved saved = {
        .seed = streams->seed,
        .n_slots = streams->mask + 1,
        .used = streams->used,
        .hand = streams->hand,
        .pool_end = streams->pool.end,
        .pool_n_free = streams->pool.n_free,
        .pool_next_free = streams->pool.next_free,
        .next_number = streams->next_number,
        .stats = streams->stats,
    };

    return write(user, &saved, sizeof saved) && save_slots(streams->slots, streams->mask + 1, write, user) &&
           write(user, streams->pool.streams, streams->pool.end * sizeof *streams->pool.streams);
}

static bool load_slots(FpStreams *streams, FpStreamsRead read, void *user)
{
    Slot taken[WORD_SLOTS];
    size_t used = 0;

    for (size_t begin = 0; begin <= streams->mask; begin += WORD_SLOTS) {
        uint64_t places;
        size_t n_taken = 0;
        if (!read(user, &places, sizeof places) || !read(user, taken, (size_t)__builtin_popcountll(places) * sizeof *taken))
            return false;
        for (size_t i = 0; i < WORD_SLOTS; i++) {
            if ((places >> i & 1) == 0)
                continue;
            if (taken[n_taken].index >= streams->pool.end)
                return false;
            streams->slots[begin + i] = taken[n_taken++];
        }
        used += n_taken;
    }
    return used == streams->used;
}

static bool is_sensible(const Saved *saved)
{
    return saved->n_slots >= SLOTS_MIN && saved->n_slots <= SLOTS_MAX && (saved->n_slots & (saved->n_slots - 1)) == 0 &&
           saved->used < saved->n_slots && saved->hand < saved->n_slots && saved->pool_end <= UINT32_MAX &&
           saved->used + saved->pool_n_free == saved->pool_end && (saved->pool_n_free == 0 || saved->pool_next_free < saved->pool_end);
}

/* A table without anything in it, of the size that was saved. */
static FpStreams *new_of_saved(const FpRules *rules, const Saved *saved, size_t max_streams)
{
    FpStreams *streams = calloc(1, sizeof *streams);

    if (streams == NULL)
        return NULL;
    streams->rules = *rules;
    streams->seed = saved->seed;
    streams->max_used = max_streams < STREAMS_MIN ? STREAMS_MIN : max_streams;
    streams->mask = saved->n_slots - 1;
    streams->used = saved->used;
    streams->hand = saved->hand;
    streams->next_number = saved->next_number;
    streams->stats = saved->stats;
    streams->pool = (Pool){.room = POOL_MIN, .end = saved->pool_end, .n_free = saved->pool_n_free, .next_free = saved->pool_next_free};
    while (streams->pool.room < saved->pool_end)
        streams->pool.room *= 2;
    streams->slots = map(saved->n_slots * sizeof(Slot));
    streams->pool.streams = map(streams->pool.room * sizeof(FpStream));
    if (streams->slots != NULL && streams->pool.streams != NULL)
        return streams;
    fp_streams_free(streams);
    return NULL;
}

FpStreams *fp_streams_load(const FpRules *rules, size_t max_streams, FpStreamsRead read, void *user)
{
    Saved saved;

    if (!read(user, &saved, sizeof saved) || !is_sensible(&saved))
        return NULL;
    FpStreams *streams = new_of_saved(rules, &saved, max_streams);
    if (streams == NULL)
        return NULL;
    if (load_slots(streams, read, user) && read(user, streams->pool.streams, streams->pool.end * sizeof *streams->pool.streams))
        return streams;
    fp_streams_free(streams);
    return NULL;
}
