/* SPDX-License-Identifier: GPL-2.0-or-later */
/* streams-memory.c - allocates the memory of the table of streams. See streams-internal.h. */
#if defined(__linux__)
#define _GNU_SOURCE /* mremap */
#include <sys/mman.h>
#endif
#include <string.h>

#include "memory.h"
#include "streams-internal.h"

#define POOL_MIN 4096U

/* Three functions: map returns zeroed memory, grow doubles it, and unmap frees it. Both return NULL without memory; then grow leaves the
 * old. */
#if defined(__linux__)

#define HUGE_PAGE_BYTES ((size_t)2 << 20)

/* Asks for huge pages if the memory fills at least one: nearly every lookup goes to another page, and finding a 4 KiB page costs more than
 * the lookup. Turns MAP_FAILED into NULL. */
static void *wish_for_huge_pages(void *memory, size_t bytes)
{
    if (memory == MAP_FAILED)
        return NULL;
    if (bytes >= HUGE_PAGE_BYTES)
        (void)madvise(memory, bytes, MADV_HUGEPAGE);
    return memory;
}

static void *map(size_t bytes)
{
    return wish_for_huge_pages(mmap(NULL, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), bytes);
}

/* Moves pages, and copies nothing. */
static void *grow(void *memory, size_t bytes)
{
    return wish_for_huge_pages(mremap(memory, bytes, bytes * 2, MREMAP_MAYMOVE), bytes * 2);
}

static void unmap(void *memory, size_t bytes)
{
    munmap(memory, bytes);
}

#else

static void *map(size_t bytes)
{
    return fp_memory_zeroed(1, bytes);
}

static void *grow(void *memory, size_t bytes)
{
    char *grown = fp_memory_resized(memory, bytes * 2);

    if (grown != NULL)
        memset(grown + bytes, 0, bytes);
    return grown;
}

static void unmap(void *memory, size_t bytes)
{
    (void)bytes;
    fp_memory_free(memory);
}

#endif

/* Returns the size of a region. The second is large enough for huge pages; only pages that are used take memory. */
static size_t region_bytes(unsigned region)
{
    const size_t small[] = {1, 63};

    return sizeof(Segment) * (region < 2 ? small[region] : (size_t)64 << (region - 2));
}

Segment *fp_segments_take(Segments *segments)
{
    if (segments->left == 0) {
        unsigned region = segments->n_regions;
        if (region > DEPTH_MAX) /* unreached: all segments that DEPTH_MAX allows fit into fewer */
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

void fp_segments_free(Segments *segments)
{
    for (unsigned region = 0; region < segments->n_regions; region++)
        unmap(segments->regions[region], region_bytes(region));
}

size_t fp_segments_bytes(const Segments *segments)
{
    return segments->taken * sizeof(Segment);
}

static bool pool_begin(Pool *pool)
{
    pool->items = map(POOL_MIN * pool->item_bytes);
    pool->room = POOL_MIN;
    return pool->items != NULL;
}

static bool pool_double(Pool *pool)
{
    void *items = grow(pool->items, pool->room * pool->item_bytes);

    if (items == NULL)
        return false;
    pool->items = items;
    pool->room *= 2;
    return true;
}

bool fp_pool_make_room(Pool *pool, size_t n)
{
    if (pool->items == NULL && !pool_begin(pool))
        return false;
    while (pool->room < n)
        if (!pool_double(pool))
            return false;
    return true;
}

void fp_pool_free(Pool *pool)
{
    if (pool->items != NULL)
        unmap(pool->items, pool->room * pool->item_bytes);
}

bool fp_streams_make_pools(FpStreams *streams, size_t n)
{
    streams->whole.item_bytes = fp_whole_bytes(streams->parts);
    streams->brief.item_bytes = sizeof(FpStreamBrief);
    if (!fp_pool_make_room(&streams->whole, n) || !fp_pool_make_room(&streams->brief, n))
        return false;
    streams->room = streams->whole.room < streams->brief.room ? streams->whole.room : streams->brief.room;
    return true;
}
