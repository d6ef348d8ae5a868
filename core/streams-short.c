/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * streams-short.c - see streams.h. The third step of taking a segment of TCP that nothing is odd about, for whoever reads its header only
 * when the stream is known not to be settled.
 *
 * It takes the segments with which most connections begin by short ways (stream-short.c), and leaves all others to fp_streams_take_slot.
 * There are no short ways where the rules ask for parts beside the stream: the time of its last frame, or anchors of openings.
 */
#include "streams-internal.h"

FpStreamPlace *fp_streams_find(const FpStreams *streams, FpStreamKey key)
{
    return (FpStreamPlace *)fp_slot_find(fp_segment_of(streams, key.hash), key.hash);
}

FpStreamPlace *fp_streams_pass_by(FpStreams *streams, FpStreamKey key, int64_t time_ns)
{
    Slot *slot = fp_slot_find(fp_segment_of(streams, key.hash), key.hash);

    if (slot->hash != key.hash || !slot->is_settled) /* no key's hash is 0 */
        return (FpStreamPlace *)slot;
    fp_slot_note_time(slot, time_ns);
    return NULL;
}

/* Takes the SYN/ACK of a stream that is nothing but a SYN. */
static inline void take_answer(FpStreams *streams, Slot *slot, unsigned direction, const FpSegment *segment)
{
    const FpStreamBrief brief = *(FpStreamBrief *)fp_pool_item(&streams->brief, slot->place);
    const uint32_t place = fp_pool_take(&streams->whole);

    fp_stream_begin_answered(&brief, direction, segment, fp_pool_item(&streams->whole, place));
    fp_pool_give_back(&streams->brief, slot->place);
    *slot = (Slot){.hash = slot->hash, .place = place, .last_active = fp_coarse_time(segment->time_ns) & (IDLE_STEPS - 1)};
}

/* Takes a segment of a whole stream. */
static inline bool take_whole(FpStreams *streams, Slot *slot, unsigned direction, const FpSegment *segment, unsigned wanted)
{
    FpStream *stream = fp_pool_item(&streams->whole, slot->place);

    if (!fp_stream_is_told_by_marks(stream) || !fp_stream_take_short(stream, direction, segment, wanted))
        return false;
    if (fp_stream_is_told_by_marks(stream))
        fp_slot_note_marks(slot, stream, segment->time_ns);
    else
        fp_streams_fold(streams, slot, fp_coarse_time(segment->time_ns));
    return true;
}

/* Starts a stream with a SYN. */
static inline bool take_syn(FpStreams *streams, Slot *slot, FpStreamKey key, const FpSegment *segment)
{
    FpStreamBrief brief;

    if (!fp_stream_begins_as_syn(segment, key.direction, streams->next_number, &brief))
        return false;
    fp_streams_add_syn(streams, slot, key, segment, &brief);
    return true;
}

bool fp_streams_take_short(FpStreams *streams, FpStreamPlace *place, FpStreamKey key, const FpSegment *segment, unsigned wanted)
{
    Slot *slot = (Slot *)place;

    if (streams->parts != 0)
        return false;
    if (slot->hash == 0)
        return !(wanted & FP_CLASS_HANDSHAKE) && take_syn(streams, slot, key, segment);
    if (slot->state == FP_STREAM_WHOLE)
        return take_whole(streams, slot, key.direction, segment, wanted);
    if (slot->is_settled)
        return fp_slot_take_settled(streams, slot, segment);
    if (wanted & FP_CLASS_HANDSHAKE || slot->state != FP_STREAM_SYN)
        return false;
    if (slot->is_closed || /* unreached: only a table from a file may have a SYN that is closed */
        !fp_stream_syn_is_answered_by(fp_pool_item(&streams->brief, slot->place), key.direction, segment))
        return false;
    take_answer(streams, slot, key.direction, segment);
    return true;
}

bool fp_streams_take_at(FpStreams *streams, FpStreamPlace *place, FpStreamKey key, const FpSegment *segment, FpVerdict *verdict)
{
    return fp_streams_take_slot(streams, (Slot *)place, key, segment, verdict);
}
