/* SPDX-License-Identifier: GPL-2.0-or-later */
/* streams.c - see streams.h. */
#include "streams.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "memory.h"
#include "streams-internal.h"

FpStreams *fp_streams_new(const FpRules *rules, uint64_t seed, size_t max_streams)
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
    streams->directory[0] = streams->hand;
    streams->hand->next = streams->hand;
    return streams;
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

/* Puts the two endpoints into the same order for both directions; which order does not matter. They are stored as words, as
 * reading a word where single bytes were just stored is slow. The transport goes into bits that are 0 for TCP, so that keys of TCP are
 * those of tables that were saved before there was UDP. */
static FpStreamKey key_ipv4(const FpStreams *streams, const FpSegment *segment)
{
    uint64_t source = (uint64_t)load32(segment->source) << 16 | segment->source_port;
    uint64_t destination = (uint64_t)load32(segment->destination) << 16 | segment->destination_port;
    bool is_source_high = source > destination;
    uint64_t words[2] = {(is_source_high ? destination : source) | (uint64_t)segment->transport << 48,
                         is_source_high ? source : destination};

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
    uint64_t words[5] = {low[0], low[1], high[0], high[1], (uint64_t)segment->transport << 32 | low[2] << 16 | high[2]};

    return (FpStreamKey){.hash = XXH3_64bits_withSeed(words, sizeof words, streams->seed), .direction = is_source_high};
}

/* Makes the highest bits of hashes uneven: the densest values get 1.5 times the average, the sparsest 0.75 times. So the segments of a
 * large table do not all fill up at the same time. They are not all split at once, and the table does not stand half empty afterwards. */
static uint64_t spread(uint64_t hash)
{
    uint64_t high = hash >> 32;

    high += (uint32_t)(high * (UINT32_MAX - high) >> 32) / 3;
    return high << 32 | (hash & UINT32_MAX);
}

static FpStreamKey finished(FpStreamKey key)
{
    key.hash = spread(key.hash);
    key.hash += key.hash == 0; /* 0 marks a free slot */
    return key;
}

FpStreamKey fp_streams_key(const FpStreams *streams, const FpSegment *segment)
{
    return finished(segment->address_bytes == 4 ? key_ipv4(streams, segment) : key_ipv6(streams, segment));
}

FpStreamKey fp_streams_key_in_network(const FpStreams *streams, FpStreamKey key, uint64_t network)
{
    uint64_t words[2] = {key.hash, network};

    if (network == 0)
        return key;
    key.hash = XXH3_64bits_withSeed(words, sizeof words, streams->seed);
    return finished(key);
}

static inline Segment *segment_of(const FpStreams *streams, uint64_t hash)
{
    return streams->directory[fp_highest_bits(hash, streams->depth)];
}

void fp_streams_prefetch(const FpStreams *streams, FpStreamKey key)
{
    __builtin_prefetch(&segment_of(streams, key.hash)->slots[fp_home_of(key.hash)], 1);
}

/* Returns the first slot of a line that has this hash, or else the last one. Moves instead of branches: no processor can predict which slot
 * of a line matches, but each predicts well that one of them does. */
static inline Slot *slot_with(Slot *line, uint64_t hash)
{
    Slot *slot = &line[LINE_SLOTS - 1];

    for (unsigned i = LINE_SLOTS - 1; i-- > 0;)
        slot = line[i].hash == hash ? &line[i] : slot;
    return slot;
}

/* find_slot where the first slots looked at, those of line i, do not have the hash. */
__attribute__((noinline)) static Slot *find_further(Segment *segment, size_t i, uint64_t hash)
{
    for (;;) {
        Slot *slot = slot_with(&segment->slots[i], 0);
        if (slot->hash == 0)
            return slot;
        i = (i + LINE_SLOTS) & SEGMENT_MASK;
        slot = slot_with(&segment->slots[i], hash);
        if (slot->hash == hash)
            return slot;
    }
}

/* Returns the slot of hash, or else the free slot where it belongs; there always is one. It compares whole lines. */
static inline Slot *find_slot(Segment *segment, uint64_t hash)
{
    const size_t home = fp_home_of(hash);
    Slot *slot = slot_with(&segment->slots[home], hash);

    return slot->hash == hash ? slot : find_further(segment, home, hash);
}

static bool is_full(const Segment *segment)
{
    return segment->used >= FULL_SLOTS;
}

/* Returns the free slot where hash, which is not in the segment, belongs. */
static inline Slot *find_free(Segment *segment, uint64_t hash)
{
    for (size_t i = fp_home_of(hash);; i = (i + LINE_SLOTS) & SEGMENT_MASK) {
        Slot *slot = slot_with(&segment->slots[i], 0);
        if (slot->hash == 0)
            return slot;
    }
}

/* Moves all slots whose hash has bit set from low to high, which is empty. The others may have to move closer to their homes. The loop
 * starts behind a free slot, so all slots that may stand between a slot and its home come before it. */
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
        *find_free(goal, taken.hash) = taken;
        high->used += goal == high;
    }
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
    streams->depth++;
    return true;
}

/* Splits the segment of hash in two. Returns false if there is no memory; the table then works as before. */
static bool split(FpStreams *streams, uint64_t hash)
{
    Segment *low = segment_of(streams, hash);

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

/* Makes room for another stream, which is seldom called for. It forgets streams in one segment at a time: hashes are random, so each
 * segment is a fair sample of the table, and searching all of it would take too long. */
__attribute__((noinline, cold)) static void make_room(FpStreams *streams, uint64_t hash, unsigned now)
{
    while (streams->used >= streams->max_used || (streams->used >= streams->room && !fp_streams_make_pools(streams, streams->used + 1))) {
        streams->hand = streams->hand->next;
        fp_streams_forget_some(streams, streams->hand, now);
    }
    while (is_full(segment_of(streams, hash)) && !split(streams, hash))
        fp_streams_forget_some(streams, segment_of(streams, hash), now);
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

/* Whether make_room would do nothing. */
static bool has_room(const FpStreams *streams, uint64_t hash)
{
    return streams->used < streams->max_used && streams->used < streams->room && !is_full(segment_of(streams, hash));
}

/* Takes the slot where key belongs, which is free, for a stream that begins. Others may be forgotten and moved for it, and slot with them.
 */
static Slot *occupy(FpStreams *streams, Slot *slot, FpStreamKey key, const FpSegment *segment)
{
    if (!has_room(streams, key.hash)) {
        make_room(streams, key.hash, fp_coarse_time(segment->time_ns));
        slot = find_slot(segment_of(streams, key.hash), key.hash);
    }
    segment_of(streams, key.hash)->used++;
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

/* Does for a lone SYN that starts a stream what add, fp_stream_take and fold would do, which is much for what half of all frames are in a
 * scan. */
static void add_syn(FpStreams *streams, Slot *slot, FpStreamKey key, const FpSegment *segment, const FpStreamBrief *brief,
                    FpVerdict *verdict)
{
    slot = occupy(streams, slot, key, segment);
    *slot = (Slot){.hash = key.hash,
                   .place = fp_pool_take(&streams->brief),
                   .last_active = fp_coarse_time(segment->time_ns) & (IDLE_STEPS - 1),
                   .is_unanswered = true,
                   .state = FP_STREAM_SYN};
    *(FpStreamBrief *)fp_pool_item(&streams->brief, slot->place) = *brief;
    streams->next_number++;
    memset(verdict, 0, sizeof *verdict);
    verdict->classes = FP_CLASS_HANDSHAKE;
    verdict->begins = true;
    verdict->stream = brief->number;
}

/* Returns the slot's stream as an FpStream, which it stays until fold. */
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

/* Copies to the slot what lookups need to know about its whole stream, all at once. Then abridges the stream if possible. */
static void fold(FpStreams *streams, Slot *slot, unsigned last_active)
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

static void note_time(Slot *slot, int64_t time_ns)
{
    slot->last_active = fp_coarse_time(time_ns) & (IDLE_STEPS - 1);
}

/* The end of taking a segment of either transport: sets begins, and folds the stream. n_begun: how many streams had begun before. is_alike:
 * the slot says already what folding would have it say. */
static inline void end_taking(FpStreams *streams, Slot *slot, const FpStream *stream, const FpSegment *segment, uint32_t n_begun,
                              bool is_alike, FpVerdict *verdict)
{
    if (streams->next_number != n_begun) {
        verdict->begins = true;
        verdict->stream = stream->number;
    }
    if (is_alike)
        note_time(slot, segment->time_ns);
    else
        fold(streams, slot, fp_coarse_time(segment->time_ns));
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
    FpStream *stream = unfold(streams, slot);
    bool idle = streams->rules.idle_ns != 0 && is_idle(streams, slot, datagram->time_ns);
    if (idle && !may_begin)
        return false;
    if (idle)
        fp_stream_begin(stream, streams->next_number++, datagram->time_ns);
    if (streams->parts & PART_LAST)
        *last_of(streams, slot) = exact_time(datagram->time_ns);
    fp_stream_take_datagram(stream, key.direction, datagram, &streams->rules, verdict);
    end_taking(streams, slot, stream, datagram, n_begun, false, verdict);
    return true;
}

/* Takes a segment of TCP whose stream is at slot, or belongs there, and is not settled. What it calls is inlined here and nowhere else, but
 * for make_room. */
__attribute__((noinline, flatten)) static void take_segment(FpStreams *streams, Slot *slot, FpStreamKey key, const FpSegment *segment,
                                                            FpVerdict *verdict)
{
    const bool is_new = slot->hash == 0, was_whole = !is_new && slot->state == FP_STREAM_WHOLE;
    uint32_t n_begun = streams->next_number;
    FpStreamBrief brief;

    if (is_new && fp_stream_begins_as_syn(segment, key.direction, n_begun, &brief)) {
        add_syn(streams, slot, key, segment, &brief, verdict);
        return;
    }
    if (is_new)
        slot = add(streams, slot, key, segment);
    FpStream *stream = unfold(streams, slot);
    const uint32_t marks = stream->marks;
    bool idle = streams->rules.idle_ns != 0 && has_gone_idle(streams, slot, stream, key.direction, segment);
    if (idle || fp_stream_is_over(stream, key.direction, segment))
        fp_stream_begin(stream, streams->next_number++, segment->time_ns);
    fp_stream_take(stream, anchors_of(streams, slot), key.direction, segment, &streams->rules, verdict);
    const bool is_alike = was_whole && stream->marks == marks && fp_stream_is_told_by_marks(stream);
    end_taking(streams, slot, stream, segment, n_begun, is_alike, verdict);
}

FpStreamPlace *fp_streams_pass_by(FpStreams *streams, FpStreamKey key, int64_t time_ns)
{
    Slot *slot = find_slot(segment_of(streams, key.hash), key.hash);

    if (slot->hash != key.hash || !slot->is_settled) /* no key's hash is 0 */
        return (FpStreamPlace *)slot;
    note_time(slot, time_ns);
    return NULL;
}

/* Takes a segment whose stream is settled, if it does not matter to it. Returns whether that is so. */
static inline bool take_settled(const FpStreams *streams, Slot *slot, const FpSegment *segment)
{
    if (slot->hash == 0 || !slot->is_settled || segment->flags & streams->unsettling)
        return false;
    note_time(slot, segment->time_ns);
    if (fp_stream_segment_closes(segment))
        slot->is_closed = true;
    return true;
}

bool fp_streams_take_at(FpStreams *streams, FpStreamPlace *place, FpStreamKey key, const FpSegment *segment, FpVerdict *verdict)
{
    Slot *slot = (Slot *)place;

    if (segment->transport == FP_TRANSPORT_UDP)
        return take_datagram(streams, slot, key, segment, verdict);
    take_segment(streams, slot, key, segment, verdict);
    return true;
}

bool fp_streams_take(FpStreams *streams, FpStreamKey key, const FpSegment *segment, FpVerdict *verdict)
{
    Slot *slot = find_slot(segment_of(streams, key.hash), key.hash);

    if (take_settled(streams, slot, segment)) {
        memset(verdict, 0, sizeof *verdict);
        return false;
    }
    return fp_streams_take_at(streams, (FpStreamPlace *)slot, key, segment, verdict);
}

void fp_streams_spare(const FpStreams *streams, FpStreamKey key, FpSpare *spare)
{
    const Slot *slot = find_slot(segment_of(streams, key.hash), key.hash);

    *spare = (FpSpare){.kind = FP_SPARE_NOTHING};
    if (slot->hash != 0 && slot->is_settled)
        spare->kind = FP_SPARE_ALL;
    else if (slot->hash != 0 && slot->state == FP_STREAM_WHOLE)
        fp_stream_spare(fp_pool_item(&streams->whole, slot->place), &streams->rules, spare);
}

void fp_streams_end_opening(FpStreams *streams, FpStreamKey key)
{
    Slot *slot = find_slot(segment_of(streams, key.hash), key.hash);

    if (slot->hash == 0 || slot->is_settled)
        return;
    fp_stream_end_opening(unfold(streams, slot));
    fold(streams, slot, slot->last_active);
}

bool fp_streams_confirm(FpStreams *streams, FpStreamKey key, const FpSegment *segment)
{
    Slot *slot = find_slot(segment_of(streams, key.hash), key.hash);

    if (slot->hash == 0 || slot->state == FP_STREAM_SYN)
        return false;
    return slot->is_settled || (slot->state == FP_STREAM_WHOLE &&
                                fp_stream_confirms(fp_pool_item(&streams->whole, slot->place), key.direction, segment, &streams->rules));
}

void fp_streams_catch_up(FpStreams *streams, FpStreamKey key, const FpSegment *segment)
{
    Slot *slot = find_slot(segment_of(streams, key.hash), key.hash);

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
