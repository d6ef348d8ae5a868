/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pass.c - see pass.h.
 *
 * Records are taken in batches: see pass-batch.c.
 */
#include "pass.h"

#include <sys/random.h>

#include "base/error.h"
#include "capture/capture-digest.h"
#include "cut.h"
#include "pass-internal.h"

static FpStreamKey key_of(const FpPass *pass, const FpSegment *segment)
{
    FpStreamKey key = fp_streams_key(pass->streams, segment);

    return pass->selection->network_kinds != 0 ? fp_streams_key_in_network(pass->streams, key, segment->network) : key;
}

/* How taking a batch, or the segments of one record, goes. */
typedef struct {
    bool is_well;               /* false: nothing more is to be written */
    uint8_t wanted;             /* classes that something is done for */
    bool wants_ends;            /* segments that end a flight are wanted, too */
    uint64_t frames_before;     /* the batch */
    bool is_one_record;         /* all segments are of one record: */
    const GPtrArray *fragments; /* fragments with which it completes a datagram */
    uint8_t classes;            /* classes that its segments are in */
} Taking;

static Taking begin_taking(const FpPass *pass)
{
    return (Taking){.is_well = true,
                    .wanted = (uint8_t)(pass->sink->wanted | pass->selection->keep),
                    .wants_ends = pass->sink->wants_ends,
                    .frames_before = pass->summary->frames};
}

static bool take_segment(FpPass *pass, const FpRecord *record, const FpSegment *segment, const FpVerdict *verdict, unsigned index,
                         const Taking *taking, GError **error)
{
    const FpFound found = {.record = record,
                           .frame = pass->summary->frames - pass->frames_before,
                           .segment = segment,
                           .index = index,
                           .fragments = taking->fragments,
                           .verdict = verdict};

    return fp_sink_take_segment(pass->sink, &found, error);
}

/* A digest has the headers alone of what is in no class. */
static bool check_cut(const FpPass *pass, const FpVerdict *verdict, GError **error)
{
    if (verdict->classes == 0)
        return true;
    g_set_error(error, FP_ERROR, FP_ERROR_DATA,
                "%s: frame %" G_GUINT64_FORMAT " is in a class, but only its headers are there: the digest is damaged; make it again",
                fp_capture_path(pass->sink->capture), pass->summary->frames - pass->frames_before);
    return false;
}

/* A segment of record i that something is done for; index: of those of its record. */
__attribute__((noinline)) static void take_wanted(FpPass *pass, FpPassBatch *batch, int i, const FpSegment *segment, FpStreamKey key,
                                                  const FpVerdict *verdict, unsigned index, Taking *taking, GError **error)
{
    const FpRecord *record = fp_pass_record_of(batch, i);

    pass->summary->frames = taking->frames_before + (unsigned)i + 1;
    if (record->digest & FP_RECORD_CUT && !check_cut(pass, verdict, error)) {
        taking->is_well = false;
        return;
    }
    if (fp_sink_wants(pass->sink, verdict))
        taking->is_well = take_segment(pass, record, segment, verdict, index, taking, error);
    if (taking->is_well && !taking->is_one_record)
        taking->is_well = fp_sink_take_frame(pass->sink, record, NULL, verdict->classes, error);
    taking->classes |= verdict->classes;
    if (fp_sink_ends_opening(pass->sink, segment, verdict))
        fp_streams_end_opening(pass->streams, key);
}

/* Whether something is done for a segment with this verdict. */
static inline bool is_wanted(const Taking *taking, const FpVerdict *verdict)
{
    return (verdict->classes & taking->wanted || (verdict->ends_flight && taking->wants_ends)) && taking->is_well;
}

/* This function and the next are the only ones where streams take segments. Takes one of record i. */
static void take_decoded(FpPass *pass, FpPassBatch *batch, int i, const FpDecodedRecord *decoded, unsigned index, Taking *taking,
                         GError **error)
{
    FpVerdict verdict;

    if (fp_streams_take(pass->streams, decoded->key, &decoded->segment, &verdict) && is_wanted(taking, &verdict))
        take_wanted(pass, batch, i, &decoded->segment, decoded->key, &verdict, index, taking, error);
}

/* Takes the plain frame i, whose stream is at place. */
static void take_plain(FpPass *pass, FpPassBatch *batch, int i, FpStreamPlace *place, Taking *taking, GError **error)
{
    const FpPlain *plain = &batch->plains[i];
    const FpStreamKey key = fp_plain_key(plain);
    FpSegment segment;
    FpVerdict verdict;

    fp_plain_finish(plain, &segment);
    if (!fp_streams_take_at(pass->streams, place, key, &segment, &verdict) || !is_wanted(taking, &verdict))
        return;
    fp_plain_finish_endpoints(plain, &segment);
    take_wanted(pass, batch, i, &segment, key, &verdict, 0, taking, error);
}

/* Takes record i, which has several segments, or fragments: its segments in order, then what they mean for the frame together. */
static void take_several(FpPass *pass, FpPassBatch *batch, int i, Taking *taking, GError **error)
{
    const FpDecodedRecord *pending = &batch->pending[i];
    const GArray *earlier = pending->extra->earlier;
    const guint n = earlier != NULL ? earlier->len : 0;
    Taking of_record = *taking;

    of_record.is_one_record = true;
    of_record.classes = 0;
    of_record.fragments = pending->extra->fragments;
    for (guint index = 0; index < n; index++) {
        const FpSegment *segment = &g_array_index(earlier, FpSegment, index);
        const FpDecodedRecord decoded = {.segment = *segment, .key = key_of(pass, segment), .has_segment = true};
        take_decoded(pass, batch, i, &decoded, index, &of_record, error);
    }
    take_decoded(pass, batch, i, pending, n, &of_record, error);
    pass->summary->frames = taking->frames_before + (unsigned)i + 1;
    taking->is_well =
        of_record.is_well && fp_sink_take_frame(pass->sink, fp_pass_record_of(batch, i), of_record.fragments, of_record.classes, error);
    fp_extra_free(pending->extra);
}

static void take_other(FpPass *pass, FpPassBatch *batch, int i, Taking *taking, GError **error)
{
    const FpDecodedRecord *pending = &batch->pending[i];

    if (!pending->has_segment)
        return;
    if (pending->extra != NULL)
        take_several(pass, batch, i, taking, error);
    else
        take_decoded(pass, batch, i, pending, 0, taking, error);
}

static bool take_batch(FpPass *pass, FpPassBatch *batch, GError **error)
{
    Taking taking = begin_taking(pass);

    const unsigned wanted = taking.wanted | (taking.wants_ends ? FP_WANTS_ENDS : 0);
    FpStreamPlace *place = NULL;

    if (pass->cut != NULL)
        fp_cut_take_syns(pass->cut, batch->records, batch->pending, batch->n);
    for (int i = 0; (i = fp_plain_pass_by(pass->streams, batch->plains, i, batch->n, wanted, &place)) < batch->n; i++) {
        if (fp_pass_is_plain(batch, i))
            take_plain(pass, batch, i, place, &taking, error);
        else
            take_other(pass, batch, i, &taking, error);
    }
    pass->summary->frames = taking.frames_before + (unsigned)batch->n;
    if (pass->cut != NULL)
        fp_cut_tell(pass->cut, pass->streams, batch->records, batch->pending, batch->n);
    fp_decoder_end_batch(pass->decoder);
    return taking.is_well;
}

/* Looks at a batch of a digest, if capture is one, before it is taken. Returns 1 when it may be; 0 when the file itself is read from here
 * on, in place of it; or -1 and sets error. */
static int check_digest(FpPass *pass, FpCapture *capture, const FpPassBatch *batch, GError **error)
{
    if (!fp_digest_is_one(capture))
        return 1;
    if (pass->claims == NULL)
        pass->claims = fp_digest_claims_new(pass->selection->network_kinds, pass->selection->rules.transports);
    if (fp_digest_claims_check(pass->claims, pass->streams, batch->records, batch->pending, batch->n, fp_digest_number(capture)))
        return 1;
    fp_decoder_end_batch(pass->decoder);
    return fp_digest_claims_reread(pass->claims, pass->streams, capture, error) ? 0 : -1;
}

static void note_times(FpPass *pass, FpPassBatch *batch)
{
    const FpRecord *last = fp_pass_record_of(batch, batch->n - 1);

    pass->first_ns = fp_pass_record_of(batch, 0)->time_ns;
    pass->last_ns = last->time_ns;
    pass->newest_ns = MAX(pass->newest_ns, fp_capture_time_ns(batch->capture, last));
}

int fp_pass_take(FpPass *pass, FpCapture *capture, int max, GError **error)
{
    FpPassBatch batch;

    pass->failed_reading = false;
    if (!fp_sink_begin_batch(pass->sink, capture, pass->decoder, error))
        return -1;
    const int n = fp_pass_read_batch(pass, capture, MIN(max, FP_PASS_BATCH), &batch, error);
    pass->summary->frames += (uint64_t)fp_digest_left_out(capture);
    if (n <= 0 && pass->claims != NULL)
        fp_digest_claims_clear(pass->claims);
    if (n <= 0)
        return n;
    note_times(pass, &batch);
    if (!fp_pass_prepare_batch(pass, &batch, error))
        return -1;
    const int may_take = check_digest(pass, capture, &batch, error);
    if (may_take <= 0)
        return may_take < 0 ? -1 : fp_pass_take(pass, capture, max, error);
    return take_batch(pass, &batch, error) && fp_sink_after_batch(pass->sink, n, pass->last_ns, error) ? n : -1;
}

FpReadAhead *fp_pass_new_ahead(const FpPass *pass, unsigned threads, uint64_t memory_bytes)
{
    const bool may_decode = pass->filter == NULL && pass->selection->network_kinds == 0 && pass->takes_plain;

    return fp_read_ahead_new(threads, memory_bytes, may_decode ? pass->streams : NULL);
}

void fp_pass_begin_ahead(FpPass *pass, FpReadAhead *ahead, FpCapture *capture)
{
    pass->failed_reading = false;
    pass->ahead = ahead != NULL && fp_read_ahead_begin(ahead, capture) ? ahead : NULL;
}

void fp_pass_end_ahead(FpPass *pass)
{
    if (pass->ahead != NULL)
        fp_read_ahead_end(pass->ahead);
    pass->ahead = NULL;
}

int64_t fp_pass_newest_ns(const FpPass *pass)
{
    return pass->newest_ns;
}

void fp_pass_batch_times(const FpPass *pass, int64_t *first_ns, int64_t *last_ns)
{
    *first_ns = pass->first_ns;
    *last_ns = pass->last_ns;
}

bool fp_pass_failed_reading(const FpPass *pass)
{
    return pass->failed_reading;
}

static FpDecoder *new_decoder(FpPass *pass)
{
    FpKeeper keeper;

    return fp_decoder_new(fp_sink_keeper(pass->sink, &keeper) ? &keeper : NULL, pass->selection->network_kinds,
                          pass->selection->rules.transports);
}

FpPass *fp_pass_new(const FpSelection *selection, FpStreams *streams, FpSummary *summary, FpDissector *dissector, FpShowClasses show,
                    void *user)
{
    FpPass *pass = g_new0(FpPass, 1);

    *pass = (FpPass){.selection = selection, .summary = summary, .streams = streams};
    pass->sink = dissector != NULL ? fp_sink_waiting_new(selection, summary, dissector) : fp_sink_straight_new(selection, summary);
    pass->sink->show = show;
    pass->sink->user = user;
    if (selection->filter != NULL)
        pass->filter = fp_filter_new(selection->filter);
    pass->takes_plain = fp_plain_is_on() && (selection->rules.transports == 0 || selection->rules.transports & FP_TAKES_TCP);
    pass->decoder = new_decoder(pass);
    pass->left = fp_no_segment_counts_new();
    return pass;
}

FpNoSegmentCounts *fp_pass_take_left(FpPass *pass)
{
    return g_steal_pointer(&pass->left);
}

void fp_pass_forget_fragments(FpPass *pass)
{
    fp_decoder_free(pass->decoder);
    pass->decoder = new_decoder(pass);
}

void fp_pass_free(FpPass *pass)
{
    if (pass == NULL)
        return;
    fp_digest_claims_free(pass->claims);
    fp_filter_free(pass->filter);
    fp_decoder_free(pass->decoder);
    fp_sink_free(pass->sink);
    fp_no_segment_counts_free(pass->left);
    fp_streams_free(pass->streams);
    g_free(pass);
}

void fp_pass_write_to(FpPass *pass, FpWriter *writer)
{
    pass->sink->writer = writer;
}

void fp_pass_log_to(FpPass *pass, FpOutput *log, const FpLogStyle *style, const char *source)
{
    pass->frames_before = pass->summary->frames;
    fp_sink_log_to(pass->sink, log, style, source);
}

void fp_pass_cut_by(FpPass *pass, FpKernelCut *cut)
{
    pass->cut = cut;
}

unsigned fp_pass_n_waiting(const FpPass *pass)
{
    return fp_sink_n_waiting(pass->sink);
}

uint64_t fp_pass_n_lines(const FpPass *pass)
{
    return pass->sink->log.n_lines;
}

void fp_pass_save_messages(const FpPass *pass, GByteArray *bytes)
{
    fp_sink_save_messages(pass->sink, bytes);
}

void fp_pass_load_messages(FpPass *pass, const GByteArray *bytes, bool are_over)
{
    fp_sink_load_messages(pass->sink, bytes, are_over);
}

bool fp_pass_catch_up(FpPass *pass, int wait_ms, GError **error)
{
    FpSink *sink = pass->sink;

    return sink->kind->catch_up == NULL || sink->kind->catch_up(sink, wait_ms, error);
}

bool fp_pass_is_behind(const FpPass *pass)
{
    const FpSink *sink = pass->sink;

    return sink->kind->is_behind != NULL && sink->kind->is_behind(sink);
}

bool fp_pass_end_flights(FpPass *pass, bool goes_on, GError **error)
{
    FpSink *sink = pass->sink;

    return sink->kind->end_flights == NULL || sink->kind->end_flights(sink, goes_on, error);
}

FpStreams *fp_pass_streams(const FpPass *pass)
{
    return pass->streams;
}

void fp_pass_sum_up(FpPass *pass)
{
    fp_streams_stats(pass->streams, &pass->summary->streams);
    pass->summary->datagrams_forgotten = fp_decoder_forgotten(pass->decoder);
    if (pass->cut != NULL)
        pass->summary->cut_by_kernel = fp_kernel_cut_dropped(pass->cut);
}

static uint64_t random_seed(void)
{
    uint64_t seed;

    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
        seed = (uint64_t)g_get_real_time();
    return seed;
}

FpStreams *fp_pass_new_streams(const FpSelection *selection, bool are_saved, GError **error)
{
    FpStreams *streams = are_saved ? fp_streams_new_for_saving(&selection->rules, random_seed(), selection->max_streams)
                                   : fp_streams_new(&selection->rules, random_seed(), selection->max_streams);

    if (streams == NULL)
        g_set_error(error, FP_ERROR, FP_ERROR_SOFTWARE, "no memory for the table of streams");
    return streams;
}
