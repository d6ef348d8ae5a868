/* SPDX-License-Identifier: GPL-2.0-or-later */
/* streams-forget.c - which streams to forget when the table is full. See streams-internal.h. */
#include "streams-internal.h"

static Pool *pool_of(FpStreams *streams, const Slot *slot)
{
    return slot->state == FP_STREAM_WHOLE ? &streams->whole : &streams->brief;
}

/* Frees slot i and closes the gap, so that no search ends too early (Knuth, The Art of Computer Programming 6.4, algorithm R). */
static void remove_slot(FpStreams *streams, Segment *segment, size_t i)
{
    Slot *slots = segment->slots;
    size_t gap = i;

    fp_pool_give_back(pool_of(streams, &slots[i]), slots[i].place);
    for (size_t j = (gap + 1) & SEGMENT_MASK; slots[j].hash != 0; j = (j + 1) & SEGMENT_MASK) {
        size_t home = fp_home_of(slots[j].hash);
        if (((j - home) & SEGMENT_MASK) >= ((j - gap) & SEGMENT_MASK)) {
            slots[gap] = slots[j];
            gap = j;
        }
    }
    slots[gap].hash = 0;
    segment->used--;
    streams->used--;
}

/* In this order streams are forgotten. What a flood brings goes before what it must not push out: answered streams. An answered stream that
 * was closed may still get segments for a while, as one direction may be open. */
typedef enum {
    RANK_UNANSWERED,
    RANK_CLOSED,
    RANK_ONE_SIDED, /* open, and only one side, or no end of its handshake, has been seen */
    RANK_CLOSING,   /* closed and answered, and idle for less than CLOSING_STEPS */
    RANK_ANSWERED,
    N_RANKS,
} Rank;

#define CLOSING_STEPS 3576U /* a minute */

static Rank rank_of(const Slot *slot, unsigned idle)
{
    if (slot->is_unanswered)
        return RANK_UNANSWERED;
    if (slot->is_closed)
        return slot->is_answered && idle < CLOSING_STEPS ? RANK_CLOSING : RANK_CLOSED;
    return slot->is_answered ? RANK_ANSWERED : RANK_ONE_SIDED;
}

/* Idle times are graded with a precision of 1/32: 32 grades per doubling. Below 64 steps, each step is a grade. */
#define GRADE_BITS 5U
#define N_GRADES ((25U - GRADE_BITS + 1U) << GRADE_BITS)

static unsigned grade_of(unsigned idle)
{
    unsigned shift = idle < 2U << GRADE_BITS ? 0 : 31U - GRADE_BITS - (unsigned)__builtin_clz(idle);

    return (shift << GRADE_BITS) + (idle >> shift);
}

/* Returns the worth of a slot in use. Slots with the lowest worth go first. */
static unsigned worth_of(const Slot *slot, unsigned now)
{
    unsigned idle = fp_idle_steps(slot, now);

    return (unsigned)rank_of(slot, idle) * N_GRADES + N_GRADES - 1 - grade_of(idle);
}

/* Which streams of a segment go: all with a worth below limit, and n_going of the n_at_limit streams with exactly that worth. */
typedef struct {
    unsigned limit;
    size_t n_at_limit;
    size_t n_going;
    size_t credit; /* the fraction carried over from the last stream at the limit, in units of 1 / n_at_limit */
} Choice;

static Choice choose(const Segment *segment, unsigned now, size_t wanted)
{
    uint16_t counts[N_RANKS * N_GRADES] = {0};
    unsigned limit = 0;
    size_t n_below = 0;

    for (size_t i = 0; i < SEGMENT_SLOTS; i++)
        if (segment->slots[i].hash != 0)
            counts[worth_of(&segment->slots[i], now)]++;
    while (n_below + counts[limit] < wanted)
        n_below += counts[limit++];
    return (Choice){.limit = limit, .n_at_limit = counts[limit], .n_going = wanted - n_below};
}

/* Returns whether the slot's stream goes. Streams at the limit go at even intervals. If the first of them went instead, one part of the
 * segment would be full of gaps, and the rest would stay one long run. */
static bool goes(const Slot *slot, Choice *choice, unsigned now)
{
    if (slot->hash == 0)
        return false;
    unsigned worth = worth_of(slot, now);
    if (worth != choice->limit)
        return worth < choice->limit;
    choice->credit += choice->n_going;
    if (choice->credit < choice->n_at_limit)
        return false;
    choice->credit -= choice->n_at_limit;
    return true;
}

static void forget(FpStreams *streams, Segment *segment, size_t i)
{
    const Slot *slot = &segment->slots[i];

    if (slot->is_unanswered)
        streams->stats.forgotten_unanswered++;
    else if (slot->is_closed)
        streams->stats.forgotten_closed++;
    else
        streams->stats.forgotten_idle++;
    remove_slot(streams, segment, i);
}

void fp_streams_forget_some(FpStreams *streams, Segment *segment, unsigned now)
{
    size_t wanted = segment->used > 0 ? segment->used / 16 + 1 : 0, n_forgotten = 0;
    Choice choice = choose(segment, now, wanted);

    for (size_t i = 0; i < SEGMENT_SLOTS && n_forgotten < wanted; i++)
        for (; n_forgotten < wanted && goes(&segment->slots[i], &choice, now); n_forgotten++) /* another may have moved into the gap */
            forget(streams, segment, i);
}
