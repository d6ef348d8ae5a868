/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * streams-short.c - see streams.h. The third step of taking a segment of TCP that nothing is odd about, for whoever reads its header only
 * when the stream is known not to be settled.
 *
 * It takes the segments with which most connections begin by short ways (stream-short.c), and leaves all others to fp_streams_take_slot.
 * There are none where the rules ask for parts beside the stream: the time of its last frame, or anchors of openings.
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

/* Fills in a verdict that says no more than this. */
static bool say(FpVerdict *verdict, unsigned classes, uint32_t number)
{
    if (classes == 0)
        return false;
    memset(verdict, 0, sizeof *verdict);
    verdict->classes = (uint8_t)classes;
    verdict->stream = number;
    return true;
}

/* Takes the SYN/ACK of a stream that is nothing but a SYN. */
static bool take_answer(FpStreams *streams, Slot *slot, unsigned direction, const FpSegment *segment, FpVerdict *verdict)
{
    const FpStreamBrief brief = *(FpStreamBrief *)fp_pool_item(&streams->brief, slot->place);
    const uint32_t place = fp_pool_take(&streams->whole);

    fp_stream_begin_answered(&brief, direction, segment, fp_pool_item(&streams->whole, place));
    fp_pool_give_back(&streams->brief, slot->place);
    *slot = (Slot){.hash = slot->hash, .place = place, .last_active = fp_coarse_time(segment->time_ns) & (IDLE_STEPS - 1)};
    return say(verdict, FP_CLASS_HANDSHAKE, brief.number);
}

/* Notes in the slot what fp_stream_take_ack has changed. */
static void note_marks(Slot *slot, const FpStream *stream, int64_t time_ns)
{
    slot->last_active = fp_coarse_time(time_ns) & (IDLE_STEPS - 1);
    slot->is_answered = fp_stream_is_answered(stream);
}

/* Takes an ACK without payload of a whole stream. Returns whether it was one; *says: what fp_streams_take_at returns. */
static inline bool take_ack(FpStreams *streams, Slot *slot, unsigned direction, const FpSegment *segment, FpVerdict *verdict, bool *says)
{
    FpStream *stream = fp_pool_item(&streams->whole, slot->place);
    unsigned classes;

    if (!fp_stream_is_told_by_marks(stream) || !fp_stream_take_ack(stream, direction, segment, &classes))
        return false;
    note_marks(slot, stream, segment->time_ns);
    *says = say(verdict, classes, stream->number);
    return true;
}

bool fp_streams_take_at(FpStreams *streams, FpStreamPlace *place, FpStreamKey key, const FpSegment *segment, FpVerdict *verdict)
{
    Slot *slot = (Slot *)place;
    bool says;

    if (slot->hash != 0 && streams->parts == 0) {
        if (slot->state == FP_STREAM_WHOLE && take_ack(streams, slot, key.direction, segment, verdict, &says))
            return says;
        if (slot->state == FP_STREAM_SYN && !slot->is_closed && /* unreached: only a table from a file may have such a slot */
            fp_stream_syn_is_answered_by(fp_pool_item(&streams->brief, slot->place), key.direction, segment))
            return take_answer(streams, slot, key.direction, segment, verdict);
    }
    return fp_streams_take_slot(streams, slot, key, segment, verdict);
}
