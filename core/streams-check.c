/* SPDX-License-Identifier: GPL-2.0-or-later */
/* streams-check.c - whether a table that was loaded can have come about: what searches, splits and pools rely on. See streams-internal.h.
 */

#include "memory.h"
#include "streams-internal.h"

/* The items of a pool that somebody has: a bit for each. */
typedef struct {
    const Pool *pool;
    uint64_t *taken;
    size_t n;
} Owned;

static bool owned_begin(Owned *owned, const Pool *pool)
{
    *owned = (Owned){.pool = pool, .taken = fp_memory_zeroed(pool->end / 64 + 1, sizeof(uint64_t))};
    return owned->taken != NULL;
}

/* Returns whether there is such an item, and nobody has it yet. */
static bool own(Owned *owned, uint32_t place)
{
    const uint64_t bit = (uint64_t)1 << place % 64;

    if (place >= owned->pool->end || (owned->taken[place / 64] & bit) != 0)
        return false;
    owned->taken[place / 64] |= bit;
    owned->n++;
    return true;
}

/* Returns whether the free items are a list, and with those of streams make all. */
static bool own_the_rest(Owned *owned)
{
    uint32_t place = owned->pool->next_free;

    for (uint32_t i = 0; i < owned->pool->n_free; i++) {
        if (!own(owned, place))
            return false;
        memcpy(&place, fp_pool_item(owned->pool, place), sizeof place);
    }
    return owned->n == owned->pool->end;
}

/* Returns whether a search for this slot's hash ends there: no free slot comes before it, and not the same hash. */
static bool is_found(const Segment *segment, size_t i)
{
    const uint64_t hash = segment->slots[i].hash;

    for (size_t at = fp_home_of(hash); at != i; at = (at + 1) & SEGMENT_MASK)
        if (segment->slots[at].hash == 0 || segment->slots[at].hash == hash)
            return false;
    return true;
}

static bool check_segment(const Segment *segment, Owned *whole, Owned *brief)
{
    for (size_t i = 0; i < SEGMENT_SLOTS; i++) {
        const Slot *slot = &segment->slots[i];
        if (slot->hash != 0 && (!is_found(segment, i) || !own(slot->state == FP_STREAM_WHOLE ? whole : brief, slot->place)))
            return false;
    }
    return true;
}

/* Returns whether each hash belongs to one segment, and all slots and items fit together. */
static bool check_all(const FpStreams *streams, Owned *whole, Owned *brief)
{
    const Segment *segment = streams->hand;
    uint64_t covered = 0;

    do {
        covered += (uint64_t)1 << (streams->depth - segment->depth);
        if (!check_segment(segment, whole, brief))
            return false;
        segment = segment->next;
    } while (segment != streams->hand);
    return covered == (uint64_t)1 << streams->depth && own_the_rest(whole) && own_the_rest(brief);
}

bool fp_streams_make_sense(const FpStreams *streams)
{
    Owned whole = {0}, brief = {0};
    bool is_well = owned_begin(&whole, &streams->whole) && owned_begin(&brief, &streams->brief) && check_all(streams, &whole, &brief);

    fp_memory_free(whole.taken);
    fp_memory_free(brief.taken);
    return is_well;
}
