/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pass-batch.c - see pass-internal.h.
 *
 * All records of a batch are decoded, or begun (decode/plain.h), and their places in the stream table prefetched, before the first is
 * looked up, so that the memory has arrived by then.
 */
#include "capture/capture-digest.h"
#include "pass-internal.h"

/* Reads frames. What comes before them and is none is taken on the way. */
static int read_frames(FpPass *pass, FpCapture *capture, FpRecord *room, int max, const FpRecord **records, FpDecodedRecord **pending,
                       GError **error)
{
    for (;;) {
        *records = room;
        int n = pass->ahead != NULL ? fp_read_ahead_read(pass->ahead, max, records, pending, error)
                                    : fp_capture_read(capture, room, max, error);
        pass->failed_reading = n < 0;
        if (n <= 0 || (*records)->kind == FP_RECORD_FRAME)
            return n;
        if (!fp_sink_take_block(pass->sink, *records, error))
            return -1;
    }
}

/* Reads raw records, and does the first step for plain frames on the way: what follows a record is known when its length is, and the memory
 * may be slower than what is to be done meanwhile. */
static int read_raw(FpPass *pass, FpCapture *capture, int max, FpPassBatch *batch, GError **error)
{
    FpRawRecords records;
    const int more = fp_capture_lend_raw(capture, &records, error);

    pass->failed_reading = more < 0;
    if (more <= 0)
        return more;
    const uint8_t *start = records.at;
    batch->records = batch->room;
    batch->n = fp_plain_begin_raw(pass->streams, &records, max, batch->plains, &batch->others);
    fp_capture_step_raw(capture, (size_t)(records.at - start));
    return batch->n;
}

int fp_pass_read_batch(FpPass *pass, FpCapture *capture, int max, FpPassBatch *batch, GError **error)
{
    FpDecodedRecord *lent = NULL;

    batch->capture = capture;
    batch->is_raw = pass->takes_plain && pass->ahead == NULL && pass->cut == NULL && fp_capture_is_raw(capture);
    batch->n = batch->is_raw ? read_raw(pass, capture, max, batch, error)
                             : read_frames(pass, capture, batch->room, max, &batch->records, &lent, error);
    batch->is_ahead = lent != NULL;
    batch->pending = lent != NULL ? lent : batch->pending_room;
    return batch->n;
}

bool fp_pass_skip(FpPass *pass, FpCapture *capture, uint64_t n, GError **error)
{
    FpRecord room[FP_PASS_BATCH];
    const FpRecord *records;
    FpDecodedRecord *pending;

    pass->frames_before -= n; /* so that frames have their numbers in the capture */
    while (n > 0) {
        int done = read_frames(pass, capture, room, (int)MIN(n, FP_PASS_BATCH), &records, &pending, error);
        if (done <= 0)
            return done == 0;
        n -= (uint64_t)done;
    }
    return true;
}

/* The set of all records of a batch. */
static uint64_t all_of(const FpPassBatch *batch)
{
    return UINT64_MAX >> (64 - batch->n);
}

static void count_left(FpPass *pass, const FpRecord *record)
{
    FpNoSegment left = fp_decoder_no_segment(pass->decoder);

    if (left.kind == FP_NO_SEGMENT_LINK_TYPE && left.number == 0)
        left = fp_no_segment_of_link(pass->sink->capture, record);
    fp_no_segment_count(pass->left, left);
}

/* Decodes what is not a plain frame. Returns whether it has a segment. */
static bool prepare_other(FpPass *pass, const FpRecord *record, FpDecodedRecord *pending)
{
    FpDecoded decoded = fp_decode(pass->decoder, record, &pending->segment);

    pending->has_segment = decoded == FP_DECODED_SEGMENT;
    bool is_datagram = pending->has_segment && pending->segment.transport == FP_TRANSPORT_UDP;
    pass->summary->decoded[is_datagram ? FP_DECODED_DATAGRAM : decoded]++;
    pending->extra = pending->has_segment ? fp_decoder_take_extra(pass->decoder) : NULL;
    if (decoded == FP_DECODED_LEFT)
        count_left(pass, record);
    return pending->has_segment;
}

/* Prepares what is not a plain frame. */
static void prepare_unplain(FpPass *pass, const FpRecord *record, FpDecodedRecord *pending)
{
    if (!prepare_other(pass, record, pending))
        return;
    pending->key = fp_streams_key(pass->streams, &pending->segment);
    fp_streams_prefetch(pass->streams, pending->key);
}

/* Does the first step for plain frames, and finds out which are none. Of raw records both are known. */
static void begin_plain(const FpPass *pass, FpPassBatch *batch)
{
    if (!pass->takes_plain || batch->is_ahead) {
        fp_plain_begin_none(batch->plains, batch->n);
        batch->others = all_of(batch);
    } else if (!batch->is_raw) {
        batch->others = fp_plain_begin(pass->streams, batch->records, batch->n, batch->plains);
    }
}

/* Reads the segment of a plain frame, which is none of the batch's plain frames any more. */
static void complete(FpPassBatch *batch, int i)
{
    FpDecodedRecord *pending = &batch->pending[i];
    FpPlain *plain = &batch->plains[i];

    fp_plain_finish(plain, &pending->segment);
    fp_plain_finish_endpoints(plain, &pending->segment);
    pending->key = fp_plain_key(plain);
    pending->extra = NULL;
    pending->has_segment = true;
    plain->stops = FP_PLAIN_NONE;
    batch->others |= (uint64_t)1 << i;
}

/* For those who look at segments before they are taken, or after. */
static void complete_all(FpPassBatch *batch)
{
    for (int i = 0; i < batch->n; i++)
        if (fp_pass_is_plain(batch, i))
            complete(batch, i);
}

/* A record that was decoded ahead needs only its place in the table. */
static void prepare_ahead(FpPass *pass, const FpDecodedRecord *pending)
{
    pass->summary->decoded[FP_DECODED_SEGMENT]++;
    fp_streams_prefetch(pass->streams, pending->key);
}

/* Prepares the records of the batch that are in the set wanted. */
static void prepare(FpPass *pass, FpPassBatch *batch, uint64_t wanted)
{
    pass->summary->decoded[FP_DECODED_SEGMENT] += (unsigned)__builtin_popcountll(~batch->others & wanted);
    for (uint64_t others = batch->others & wanted; others != 0; others &= others - 1) {
        const int i = __builtin_ctzll(others);
        if (batch->is_ahead && batch->pending[i].has_segment)
            prepare_ahead(pass, &batch->pending[i]);
        else
            prepare_unplain(pass, fp_pass_record_of(batch, i), &batch->pending[i]);
    }
}

/* Applies the filter: returns true, and in *wanted the records that match. The others have no segments. */
static bool match(FpPass *pass, FpPassBatch *batch, uint64_t *wanted, GError **error)
{
    *wanted = all_of(batch);
    for (int i = 0; pass->filter != NULL && i < batch->n; i++) {
        int matches = fp_filter_matches(pass->filter, batch->capture, fp_pass_record_of(batch, i), error);
        if (matches < 0)
            return false;
        if (matches > 0)
            continue;
        if (fp_pass_is_plain(batch, i))
            complete(batch, i);
        *wanted &= ~((uint64_t)1 << i);
        pass->summary->filtered++;
        batch->pending[i] = (FpDecodedRecord){.has_segment = false};
    }
    return true;
}

/* Before a batch is decoded, where networks are told apart: sets what is known of the networks of its segments. */
static void begin_networks(const FpPass *pass, FpPassBatch *batch)
{
    for (int i = 0; i < batch->n; i++) {
        uint32_t interface;
        FpSegment *segment = &batch->pending[i].segment;
        segment->network = 0;
        if (pass->selection->network_kinds & FP_NETWORK_INTERFACE &&
            fp_capture_interface(batch->capture, fp_pass_record_of(batch, i), &interface))
            segment->network = fp_network_mix(0, FP_NETWORK_INTERFACE, interface);
    }
}

/* After it is decoded: adds the networks to the keys. A loop of its own, so that passes without networks do not pay for it. */
static void end_networks(const FpPass *pass, FpPassBatch *batch)
{
    complete_all(batch);
    for (int i = 0; i < batch->n; i++) {
        FpDecodedRecord *pending = &batch->pending[i];
        if (!pending->has_segment)
            continue;
        pending->key = fp_streams_key_in_network(pass->streams, pending->key, pending->segment.network);
        fp_streams_prefetch(pass->streams, pending->key);
    }
}

bool fp_pass_prepare_batch(FpPass *pass, FpPassBatch *batch, GError **error)
{
    uint64_t wanted;

    begin_plain(pass, batch);
    if (!match(pass, batch, &wanted, error))
        return false;
    if (pass->selection->network_kinds != 0)
        begin_networks(pass, batch);
    prepare(pass, batch, wanted);
    if (pass->selection->network_kinds != 0)
        end_networks(pass, batch);
    if (pass->cut != NULL || fp_digest_is_one(batch->capture))
        complete_all(batch);
    return true;
}
