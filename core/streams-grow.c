/* SPDX-License-Identifier: GPL-2.0-or-later */
/* streams-grow.c - the table of streams grows by one segment at a time. See streams-internal.h. */
#include "memory.h"
#include "streams-internal.h"

/* Returns the free slot where hash, which is not in the segment, belongs. */
static inline Slot *find_free(Segment *segment, uint64_t hash)
{
    for (size_t i = fp_home_of(hash);; i = (i + LINE_SLOTS) & SEGMENT_MASK) {
        Slot *slot = fp_slot_with(&segment->slots[i], 0);
        if (slot->hash == 0)
            return slot;
    }
}

/* Does what share_out does for slots from begin to end. Returns how many have moved to high. */
static uint32_t share_out_slots(Segment *low, Segment *high, uint64_t bit, size_t begin, size_t end)
{
    uint32_t n_moved = 0;

    for (Slot *slot = &low->slots[begin]; slot != &low->slots[end]; slot++) {
        const Slot taken = *slot;
        const bool is_moved = taken.hash & bit;
        if (taken.hash == 0)
            continue;
        slot->hash = 0;
        *find_free(is_moved ? high : low, taken.hash) = taken;
        n_moved += is_moved;
    }
    return n_moved;
}

/* Moves all slots whose hash has bit set from low to high, which is empty. The others may have to move closer to their homes. The loop
 * starts behind a free slot, so all slots that may stand between a slot and its home come before it. */
static void share_out(Segment *low, Segment *high, uint64_t bit)
{
    size_t free_slot = 0;

    while (low->slots[free_slot].hash != 0)
        free_slot++;
    high->used = share_out_slots(low, high, bit, free_slot + 1, SEGMENT_SLOTS);
    high->used += share_out_slots(low, high, bit, 0, free_slot);
    low->used -= high->used;
}

void fp_streams_enter(FpStreams *streams, Segment *segment)
{
    unsigned rest = streams->depth - segment->depth;

    for (size_t i = 0; i < (size_t)1 << rest; i++)
        streams->directory[((size_t)segment->bits << rest) + i] = segment;
}

static bool double_directory(FpStreams *streams)
{
    size_t size = (size_t)1 << streams->depth;
    Segment **directory = fp_memory_resized(streams->directory, size * 2 * sizeof(Segment *)); /* size is at most 1 << DEPTH_MAX */

    if (directory == NULL)
        return false;
    for (size_t i = size; i-- > 0;)
        directory[i * 2] = directory[i * 2 + 1] = directory[i];
    streams->directory = directory;
    fp_streams_set_depth(streams, streams->depth + 1);
    return true;
}

/* Splits the segment of hash in two. Returns false if there is no memory; the table then works as before. */
static bool split(FpStreams *streams, uint64_t hash)
{
    Segment *low = fp_segment_of(streams, hash);

    if (low->depth == DEPTH_MAX || (low->depth == streams->depth && !double_directory(streams)))
        return false;
    Segment *high = fp_segments_take(&streams->segments);
    if (high == NULL)
        return false;
    share_out(low, high, (uint64_t)1 << (63 - low->depth));
    low->depth++;
    low->bits *= 2;
    high->depth = low->depth;
    high->bits = low->bits + 1;
    high->next = low->next;
    low->next = high;
    fp_streams_enter(streams, high);
    return true;
}

void fp_streams_make_room(FpStreams *streams, uint64_t hash, unsigned now)
{
    while (streams->used >= streams->max_used || (streams->used >= streams->room && !fp_streams_make_pools(streams, streams->used + 1))) {
        streams->hand = streams->hand->next;
        fp_streams_forget_some(streams, streams->hand, now);
    }
    while (fp_segment_is_full(fp_segment_of(streams, hash)) && !split(streams, hash))
        fp_streams_forget_some(streams, fp_segment_of(streams, hash), now);
}
