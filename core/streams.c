/* SPDX-License-Identifier: GPL-2.0-or-later */
/* streams.c - see streams.h. */
#include "streams.h"

#include <string.h>

#include "memory.h"
#include "streams-internal.h"

static FpStreams *new_streams(const FpRules *rules, uint64_t seed, size_t max_streams)
{
    FpStreams *streams = fp_memory_zeroed(1, sizeof *streams);

    if (streams == NULL)
        return NULL;
    streams->rules = *rules;
    streams->parts = fp_parts_of(rules);
    streams->unsettling = fp_stream_unsettling(rules);
    streams->seed = seed;
    streams->max_used = max_streams < STREAMS_MIN ? STREAMS_MIN : max_streams;
    streams->directory = fp_memory_zeroed(1, sizeof(Segment *));
    streams->hand = fp_segments_take(&streams->segments);
    if (streams->directory == NULL || streams->hand == NULL || !fp_streams_make_pools(streams, 1)) {
        fp_streams_free(streams);
        return NULL;
    }
    fp_streams_set_depth(streams, 0);
    streams->directory[0] = streams->hand;
    streams->hand->next = streams->hand;
    return streams;
}

FpStreams *fp_streams_new(const FpRules *rules, uint64_t seed, size_t max_streams)
{
    FpStreams *streams = new_streams(rules, seed, max_streams);

    if (streams == NULL)
        return NULL;
    streams->is_quick = true;
    fp_streams_choose_secrets(streams);
    return streams;
}

FpStreams *fp_streams_new_for_saving(const FpRules *rules, uint64_t seed, size_t max_streams)
{
    return new_streams(rules, seed, max_streams);
}

size_t fp_streams_fitting(const FpRules *rules, size_t bytes)
{
    const size_t slots_each = (sizeof(Slot) * SEGMENT_SLOTS * 2 + FULL_SLOTS - 1) / FULL_SLOTS;
    const size_t each = slots_each + fp_whole_bytes(fp_parts_of(rules)) + sizeof(FpStreamBrief);
    const size_t least = sizeof(Segment) * 2 + STREAMS_MIN * each; /* after a split, neither of two segments need be half full */

    return bytes < least ? 0 : STREAMS_MIN + (bytes - least) / each;
}

void fp_streams_free(FpStreams *streams)
{
    if (streams == NULL)
        return;
    fp_segments_free(&streams->segments);
    fp_pool_free(&streams->whole);
    fp_pool_free(&streams->brief);
    fp_memory_free(streams->directory);
    fp_memory_free(streams);
}

void fp_streams_prefetch(const FpStreams *streams, FpStreamKey key)
{
    __builtin_prefetch(&fp_segment_of(streams, key.hash)->slots[fp_home_of(key.hash)], 1);
}

Slot *fp_slot_find_further(Segment *segment, Slot *line, uint64_t hash)
{
    for (;;) {
        if (line[LINE_SLOTS - 1].hash == 0)
            return fp_slot_with(line, 0);
        line = line + LINE_SLOTS == segment->slots + SEGMENT_SLOTS ? segment->slots : line + LINE_SLOTS;
        Slot *slot = fp_slot_with(line, hash);
        if (slot->hash == hash)
            return slot;
    }
}

static uint64_t *last_of(const FpStreams *streams, const Slot *slot)
{
    return (void *)((uint8_t *)fp_pool_item(&streams->whole, slot->place) + fp_part_offset(streams->parts, PART_LAST));
}

static uint32_t *anchors_of(const FpStreams *streams, const Slot *slot)
{
    if (!(streams->parts & PART_ANCHORS))
        return NULL;
    return (void *)((uint8_t *)fp_pool_item(&streams->whole, slot->place) + fp_part_offset(streams->parts, PART_ANCHORS));
}

static uint64_t exact_time(int64_t time_ns)
{
    return (uint64_t)time_ns << 1 | 1;
}

/* Initialises the parts of a stream that has just got a place in the pool of whole streams. */
__attribute__((noinline)) static void begin_parts(const FpStreams *streams, const Slot *slot, uint64_t last)
{
    if (streams->parts & PART_LAST)
        *last_of(streams, slot) = last;
    if (streams->parts & PART_ANCHORS)
        memset(anchors_of(streams, slot), 0, 2 * sizeof(uint32_t));
}

/* Initialises the parts of a stream that was abridged. If only a SYN was known, and it came once, its time is that of the last frame. */
__attribute__((noinline)) static void expand_parts(const FpStreams *streams, const Slot *slot, bool was_syn, const FpStream *stream)
{
    begin_parts(streams, slot, was_syn && fp_coarse_time(stream->first_ns) == slot->last_active ? exact_time(stream->first_ns) : 0);
}

/* Whether fp_streams_make_room would do nothing. */
static bool has_room(const FpStreams *streams, uint64_t hash)
{
    return streams->used < streams->max_used && streams->used < streams->room && !fp_segment_is_full(fp_segment_of(streams, hash));
}

/* Takes the slot where key belongs, which is free, for a stream that begins. Others may be forgotten and moved for it, and slot with them.
 */
static Slot *occupy(FpStreams *streams, Slot *slot, FpStreamKey key, const FpSegment *segment)
{
    if (!has_room(streams, key.hash)) {
        fp_streams_make_room(streams, key.hash, fp_coarse_time(segment->time_ns));
        slot = fp_slot_find(fp_segment_of(streams, key.hash), key.hash);
    }
    fp_segment_of(streams, key.hash)->used++;
    streams->used++;
    return slot;
}

/* Starts a stream at slot, where key belongs. There must be none with this key. Returns its slot. */
static Slot *add(FpStreams *streams, Slot *slot, FpStreamKey key, const FpSegment *segment)
{
    slot = occupy(streams, slot, key, segment);
    *slot = (Slot){.hash = key.hash, .place = fp_pool_take(&streams->whole), .state = FP_STREAM_WHOLE};
    fp_stream_begin(fp_pool_item(&streams->whole, slot->place), streams->next_number++, segment->time_ns);
    if (streams->parts != 0)
        begin_parts(streams, slot, exact_time(segment->time_ns));
    return slot;
}

/* Does for a lone SYN that starts a stream what add, fp_stream_take and fp_streams_fold would do, which is much for what half of all frames
 * are in a scan. */
void fp_streams_add_syn(FpStreams *streams, Slot *slot, FpStreamKey key, const FpSegment *segment, const FpStreamBrief *brief)
{
    slot = occupy(streams, slot, key, segment);
    *slot = (Slot){.hash = key.hash,
                   .place = fp_pool_take(&streams->brief),
                   .last_active = fp_coarse_time(segment->time_ns) & (IDLE_STEPS - 1),
                   .is_unanswered = true,
                   .state = FP_STREAM_SYN};
    *(FpStreamBrief *)fp_pool_item(&streams->brief, slot->place) = *brief;
    streams->next_number++;
}

/* Returns the slot's stream as an FpStream, which it stays until fp_streams_fold. */
static FpStream *unfold(FpStreams *streams, Slot *slot)
{
    if (slot->state == FP_STREAM_WHOLE)
        return fp_pool_item(&streams->whole, slot->place);
    uint32_t place = fp_pool_take(&streams->whole);
    FpStream *stream = fp_pool_item(&streams->whole, place);
    fp_stream_expand((FpStreamState)slot->state, fp_pool_item(&streams->brief, slot->place), stream);
    if (slot->is_closed)
        fp_stream_close(stream); /* the stream was settled then, so fp_stream_take did not see the segment */
    fp_pool_give_back(&streams->brief, slot->place);
    bool was_syn = slot->state == FP_STREAM_SYN;
    slot->place = place;
    slot->state = FP_STREAM_WHOLE;
    if (streams->parts != 0)
        expand_parts(streams, slot, was_syn, stream);
    return stream;
}

/* Returns whether an FpStreamBrief holds all that is known. Where the time of the last frame is, only that of a SYN that came once does:
 * there no stream is settled. */
static bool is_said_by(const FpStreams *streams, const Slot *slot, const FpStream *stream)
{
    return !(streams->parts & PART_LAST) || *last_of(streams, slot) == exact_time(stream->first_ns);
}

void fp_streams_fold(FpStreams *streams, Slot *slot, unsigned last_active)
{
    const FpStream *stream = fp_pool_item(&streams->whole, slot->place);
    FpStreamBrief brief;
    Slot folded = {.hash = slot->hash,
                   .place = slot->place,
                   .last_active = last_active & (IDLE_STEPS - 1),
                   .is_settled = fp_stream_is_settled(stream, &streams->rules),
                   .is_unanswered = fp_stream_is_unanswered(stream),
                   .is_answered = fp_stream_is_answered(stream),
                   .is_closed = fp_stream_is_closed(stream),
                   .state = FP_STREAM_WHOLE};

    FpStreamState state = fp_stream_abridge(stream, &streams->rules, &brief);
    if (state != FP_STREAM_WHOLE && is_said_by(streams, slot, stream)) {
        folded.state = state & 3U;
        folded.place = fp_pool_take(&streams->brief);
        fp_pool_give_back(&streams->whole, slot->place);
        *(FpStreamBrief *)fp_pool_item(&streams->brief, folded.place) = brief;
    }
    *slot = folded;
}

/* Returns whether a stream is over because it was idle for idle_ns. If nobody asked for that when its last frame was taken, the time of
 * that frame is known to 17 ms only, and only for six days. */
static bool is_idle(const FpStreams *streams, const Slot *slot, int64_t now_ns)
{
    uint64_t last = *last_of(streams, slot);
    int64_t idle_ns =
        last != 0 ? fp_time_difference(now_ns, (int64_t)(last >> 1)) : (int64_t)fp_idle_steps(slot, fp_coarse_time(now_ns)) << 24;

    return idle_ns >= streams->rules.idle_ns;
}

/* Returns whether the stream was over before segment came, and notes the time of segment. Not inlined, as most users do not ask for it. */
__attribute__((noinline)) static bool has_gone_idle(const FpStreams *streams, const Slot *slot, const FpStream *stream, unsigned direction,
                                                    const FpSegment *segment)
{
    bool idle = is_idle(streams, slot, segment->time_ns) && !fp_stream_is_kept_alive(stream, direction, segment);

    *last_of(streams, slot) = exact_time(segment->time_ns);
    return idle;
}

/* The end of taking a segment of either transport: sets begins, and folds the stream. n_begun: how many streams had begun before. */
static inline void end_taking(FpStreams *streams, Slot *slot, const FpStream *stream, const FpSegment *segment, uint32_t n_begun,
                              FpVerdict *verdict)
{
    if (streams->next_number != n_begun) {
        verdict->begins = true;
        verdict->stream = stream->number;
    }
    if (fp_stream_is_told_by_marks(stream))
        fp_slot_note_marks(slot, stream, segment->time_ns);
    else
        fp_streams_fold(streams, slot, fp_coarse_time(segment->time_ns));
}

/* Takes a datagram whose stream is at slot, or belongs there. Not inlined, so that TCP does not pay for it. If the datagram may not begin a
 * stream, and none is there that still goes on, nothing is kept of it. */
__attribute__((noinline)) static bool take_datagram(FpStreams *streams, Slot *slot, FpStreamKey key, const FpSegment *datagram,
                                                    FpVerdict *verdict)
{
    const bool may_begin = fp_stream_datagram_may_begin(datagram, &streams->rules);
    uint32_t n_begun = streams->next_number;

    memset(verdict, 0, sizeof *verdict);
    if (slot->hash == 0 && !may_begin)
        return false;
    if (slot->hash == 0)
        slot = add(streams, slot, key, datagram);
    bool idle = streams->rules.idle_ns != 0 && is_idle(streams, slot, datagram->time_ns);
    if (idle && !may_begin)
        return false;
    FpStream *stream = unfold(streams, slot);
    if (idle)
        fp_stream_begin(stream, streams->next_number++, datagram->time_ns);
    if (streams->parts & PART_LAST)
        *last_of(streams, slot) = exact_time(datagram->time_ns);
    fp_stream_take_datagram(stream, key.direction, datagram, &streams->rules, verdict);
    end_taking(streams, slot, stream, datagram, n_begun, verdict);
    return true;
}

/* Takes a segment of TCP whose stream is at slot, or belongs there, and is not settled. What it calls is inlined here and nowhere else, but
 * for fp_streams_make_room. */
__attribute__((noinline, flatten)) static void take_segment(FpStreams *streams, Slot *slot, FpStreamKey key, const FpSegment *segment,
                                                            FpVerdict *verdict)
{
    const bool is_new = slot->hash == 0;
    uint32_t n_begun = streams->next_number;
    FpStreamBrief brief;

    if (is_new && fp_stream_begins_as_syn(segment, key.direction, n_begun, &brief)) {
        fp_streams_add_syn(streams, slot, key, segment, &brief);
        *verdict = (FpVerdict){.classes = FP_CLASS_HANDSHAKE, .begins = true, .stream = brief.number};
        return;
    }
    if (is_new)
        slot = add(streams, slot, key, segment);
    FpStream *stream = unfold(streams, slot);
    bool idle = streams->rules.idle_ns != 0 && has_gone_idle(streams, slot, stream, key.direction, segment);
    if (idle || fp_stream_is_over(stream, key.direction, segment))
        fp_stream_begin(stream, streams->next_number++, segment->time_ns);
    fp_stream_take(stream, anchors_of(streams, slot), key.direction, segment, &streams->rules, verdict);
    end_taking(streams, slot, stream, segment, n_begun, verdict);
}

bool fp_streams_take_slot(FpStreams *streams, Slot *slot, FpStreamKey key, const FpSegment *segment, FpVerdict *verdict)
{
    if (slot->hash != 0 && slot->is_settled && fp_slot_take_settled(streams, slot, segment)) {
        memset(verdict, 0, sizeof *verdict);
        return false;
    }
    if (segment->transport == FP_TRANSPORT_UDP)
        return take_datagram(streams, slot, key, segment, verdict);
    take_segment(streams, slot, key, segment, verdict);
    return true;
}

bool fp_streams_take(FpStreams *streams, FpStreamKey key, const FpSegment *segment, FpVerdict *verdict)
{
    return fp_streams_take_slot(streams, fp_slot_find(fp_segment_of(streams, key.hash), key.hash), key, segment, verdict);
}

void fp_streams_spare(const FpStreams *streams, FpStreamKey key, FpSpare *spare)
{
    const Slot *slot = fp_slot_find(fp_segment_of(streams, key.hash), key.hash);

    *spare = (FpSpare){.kind = FP_SPARE_NOTHING};
    if (slot->hash != 0 && slot->is_settled)
        spare->kind = FP_SPARE_ALL;
    else if (slot->hash != 0 && slot->state == FP_STREAM_WHOLE)
        fp_stream_spare(fp_pool_item(&streams->whole, slot->place), &streams->rules, spare);
}

void fp_streams_end_opening(FpStreams *streams, FpStreamKey key)
{
    Slot *slot = fp_slot_find(fp_segment_of(streams, key.hash), key.hash);

    if (slot->hash == 0 || slot->is_settled)
        return;
    fp_stream_end_opening(unfold(streams, slot));
    fp_streams_fold(streams, slot, slot->last_active);
}

bool fp_streams_confirm(FpStreams *streams, FpStreamKey key, const FpSegment *segment)
{
    Slot *slot = fp_slot_find(fp_segment_of(streams, key.hash), key.hash);

    if (slot->hash == 0 || slot->state == FP_STREAM_SYN)
        return false;
    return slot->is_settled || (slot->state == FP_STREAM_WHOLE &&
                                fp_stream_confirms(fp_pool_item(&streams->whole, slot->place), key.direction, segment, &streams->rules));
}

void fp_streams_catch_up(FpStreams *streams, FpStreamKey key, const FpSegment *segment)
{
    Slot *slot = fp_slot_find(fp_segment_of(streams, key.hash), key.hash);

    if (slot->hash != 0 && !slot->is_settled && slot->state == FP_STREAM_WHOLE)
        fp_stream_catch_up(fp_pool_item(&streams->whole, slot->place), key.direction, segment);
}

void fp_streams_stats(const FpStreams *streams, FpStreamsStats *stats)
{
    *stats = streams->stats;
    stats->started = streams->next_number;
    stats->open = streams->used;
    stats->table_bytes = fp_segments_bytes(&streams->segments) + ((uint64_t)1 << streams->depth) * sizeof(Segment *) +
                         streams->whole.end * streams->whole.item_bytes + streams->brief.end * streams->brief.item_bytes;
}
