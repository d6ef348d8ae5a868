/* SPDX-License-Identifier: GPL-2.0-or-later */
/* streams.c - see streams.h. */
#include "streams.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "stream.h"

typedef struct {
    uint64_t hash; /* 0: free */
    FpStream stream;
} Entry;

struct FpStreams {
    Entry *entries;
    size_t mask; /* number of entries, a power of two, less one */
    size_t used;
    size_t max_used;
    size_t hand; /* where forgetting goes on: always beginning at the same place would leave the rest ever fuller */
    FpRules rules;
    uint64_t seed;
    uint32_t next_number;
    FpStreamsStats stats;
};

#define ENTRIES_MIN 4096U
#define STREAMS_MIN 16U
#define IDLE_STEPS FP_STREAM_IDLE_STEPS /* values of fp_stream_idle */

#define HUGE_PAGE_BYTES ((size_t)2 << 20)

/* Returns zeroed entries, or NULL. In huge pages where there are enough to fill some: nearly every lookup goes to another page, and finding
 * 4 KiB pages costs more than the lookup. Free with free_entries. */
static Entry *allocate_entries(size_t n)
{
    size_t bytes = n * sizeof(Entry);
    Entry *entries = mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

    if (entries == MAP_FAILED)
        return NULL;
    if (bytes >= HUGE_PAGE_BYTES)
        (void)madvise(entries, bytes, MADV_HUGEPAGE); /* only a wish */
    return entries;
}

static void free_entries(Entry *entries, size_t n)
{
    munmap(entries, n * sizeof(Entry));
}

FpStreams *fp_streams_new(const FpRules *rules, uint64_t seed, size_t max_streams)
{
    FpStreams *streams = calloc(1, sizeof *streams);

    if (streams == NULL)
        return NULL;
    streams->rules = *rules;
    streams->seed = seed;
    streams->max_used = max_streams < STREAMS_MIN ? STREAMS_MIN : max_streams;
    streams->mask = ENTRIES_MIN - 1;
    streams->entries = allocate_entries(ENTRIES_MIN);
    if (streams->entries == NULL) {
        free(streams);
        return NULL;
    }
    return streams;
}

void fp_streams_free(FpStreams *streams)
{
    if (streams == NULL)
        return;
    free_entries(streams->entries, streams->mask + 1);
    free(streams);
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

void fp_streams_prefetch(const FpStreams *streams, FpStreamKey key)
{
    const char *entry = (const char *)&streams->entries[key.hash & streams->mask];

    __builtin_prefetch(entry, 1);
    __builtin_prefetch(entry + sizeof(Entry) - 1, 1); /* one entry in two crosses a cache line */
}

/* The entry of hash, or the free one where it belongs. There is always a free one. */
static Entry *find_entry(const FpStreams *streams, uint64_t hash)
{
    size_t i = hash & streams->mask;

    while (streams->entries[i].hash != hash && streams->entries[i].hash != 0)
        i = (i + 1) & streams->mask;
    return &streams->entries[i];
}

/* Doubles the table. Returns false, with the table as it was, when there is no memory. */
static bool grow(FpStreams *streams)
{
    size_t old_size = streams->mask + 1;
    Entry *old = streams->entries;
    Entry *entries = allocate_entries(old_size * 2);

    if (entries == NULL)
        return false;
    streams->entries = entries;
    streams->mask = old_size * 2 - 1;
    for (size_t i = 0; i < old_size; i++)
        if (old[i].hash != 0)
            *find_entry(streams, old[i].hash) = old[i];
    free_entries(old, old_size);
    return true;
}

/* Frees entry i and closes the gap, so that no search ends before its goal (Knuth, The Art of Computer Programming 6.4, algorithm R). */
static void remove_entry(FpStreams *streams, size_t i)
{
    size_t gap = i;

    for (size_t j = (gap + 1) & streams->mask; streams->entries[j].hash != 0; j = (j + 1) & streams->mask) {
        size_t home = streams->entries[j].hash & streams->mask;
        if (((j - home) & streams->mask) >= ((j - gap) & streams->mask)) {
            streams->entries[gap] = streams->entries[j];
            gap = j;
        }
    }
    streams->entries[gap].hash = 0;
    streams->used--;
}

/* Which streams may go, tried in this order. */
typedef enum {
    KIND_UNANSWERED,
    KIND_CLOSED,
    KIND_IDLE,
    N_KINDS,
} Kind;

static bool is_of_kind(const FpStream *stream, Kind kind)
{
    switch (kind) {
    case KIND_UNANSWERED:
        return fp_stream_is_unanswered(stream);
    case KIND_CLOSED:
        return fp_stream_is_closed(stream);
    default:
        return true;
    }
}

/* The idle time that at most wanted streams of a kind exceed or reach: how long a stream must have been idle to be among
 * the wanted longest idle. Returns false when there is no memory to work it out. */
static bool idle_threshold(const FpStreams *streams, Kind kind, int64_t now_ns, size_t wanted, unsigned *threshold)
{
    size_t *counts = calloc(IDLE_STEPS, sizeof *counts);

    if (counts == NULL)
        return false;
    for (size_t i = 0; i <= streams->mask; i++)
        if (streams->entries[i].hash != 0 && is_of_kind(&streams->entries[i].stream, kind))
            counts[fp_stream_idle(&streams->entries[i].stream, now_ns)]++;

    unsigned idle = IDLE_STEPS - 1;
    size_t found = counts[idle];
    while (idle > 0 && found < wanted)
        found += counts[--idle];
    free(counts);
    *threshold = idle;
    return true;
}

/* Forgets up to wanted streams of a kind, the longest idle first. Returns how many. */
static size_t forget_kind(FpStreams *streams, Kind kind, int64_t now_ns, size_t wanted)
{
    unsigned threshold = 0;
    size_t forgotten = 0;

    if (!idle_threshold(streams, kind, now_ns, wanted, &threshold))
        threshold = 0;
    for (size_t looked_at = 0; looked_at <= streams->mask && forgotten < wanted; looked_at++) {
        size_t i = streams->hand;
        /* another entry may have moved into the gap */
        while (forgotten < wanted && streams->entries[i].hash != 0 && is_of_kind(&streams->entries[i].stream, kind) &&
               fp_stream_idle(&streams->entries[i].stream, now_ns) >= threshold) {
            remove_entry(streams, i);
            forgotten++;
        }
        streams->hand = (i + 1) & streams->mask;
    }
    return forgotten;
}

/* Makes room for at least one more stream. */
static void forget_some(FpStreams *streams, int64_t now_ns)
{
    uint64_t *counters[N_KINDS] = {&streams->stats.forgotten_unanswered, &streams->stats.forgotten_closed, &streams->stats.forgotten_idle};
    size_t wanted = streams->used / 16 + 1;

    for (int kind = 0; kind < N_KINDS && wanted > 0; kind++) {
        size_t forgotten = forget_kind(streams, (Kind)kind, now_ns, wanted);
        *counters[kind] += forgotten;
        wanted -= forgotten;
    }
}

/* Makes sure that another entry can be taken. At most three in four are, so that searches stay short. */
static void make_room(FpStreams *streams, int64_t now_ns)
{
    size_t limit = (streams->mask + 1) / 4 * 3;

    if (streams->used >= streams->max_used || (streams->used >= limit && !grow(streams)))
        forget_some(streams, now_ns);
}

void fp_streams_take(FpStreams *streams, FpStreamKey key, const FpSegment *segment, FpVerdict *verdict)
{
    Entry *entry = find_entry(streams, key.hash);

    if (entry->hash == 0) {
        if (streams->used >= streams->max_used || streams->used >= (streams->mask + 1) / 4 * 3) {
            make_room(streams, segment->time_ns);
            entry = find_entry(streams, key.hash);
        }
        streams->used++;
        entry->hash = key.hash;
        fp_stream_begin(&entry->stream, streams->next_number++, segment->time_ns);
    } else if (fp_stream_is_over(&entry->stream, key.direction, segment)) {
        fp_stream_begin(&entry->stream, streams->next_number++, segment->time_ns);
    }
    fp_stream_take(&entry->stream, key.direction, segment, &streams->rules, verdict);
}

void fp_streams_stats(const FpStreams *streams, FpStreamsStats *stats)
{
    *stats = streams->stats;
    stats->started = streams->next_number;
    stats->open = streams->used;
    stats->table_bytes = (streams->mask + 1) * sizeof *streams->entries;
}
