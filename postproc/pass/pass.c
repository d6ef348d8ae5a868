/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pass.c - see pass.h.
 *
 * Records are taken in batches. All of a batch are decoded, and their places in the stream table prefetched, before the first is looked up,
 * so that the memory has arrived by then.
 */
#include "pass.h"

#include <sys/random.h>

#include "base/error.h"
#include "capture/capture-digest.h"
#include "capture/filter.h"
#include "cut.h"
#include "decode/decode.h"
#include "decode/plain.h"
#include "digest-claims.h"
#include "sink.h"

struct FpPass {
    const FpSelection *selection;
    FpSummary *summary;
    FpFilter *filter; /* NULL: there is none, or the kernel applies it */
    FpDecoder *decoder;
    bool takes_plain; /* segments of TCP are wanted, and plain frames go the short way */
    FpNoSegmentCounts *left;
    FpStreams *streams;
    FpKernelCut *cut;       /* NULL: all frames come */
    FpReadAhead *ahead;     /* NULL: the pass reads itself */
    FpDigestClaims *claims; /* NULL: no digest was read */
    FpSink *sink;
    uint64_t frames_before; /* the capture, so that its frames count from 1 */
    bool failed_reading;
    int64_t newest_ns;
    int64_t first_ns, last_ns; /* of the last batch */
};

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
    pending->begun = 0;
    if (!prepare_other(pass, record, pending))
        return;
    pending->key = fp_streams_key(pass->streams, &pending->segment);
    fp_streams_prefetch(pass->streams, pending->key);
}

static void prepare(FpPass *pass, const FpRecord *records, int n, FpDecodedRecord *pending)
{
    for (int i = 0; i < n; i++) {
        int n_plain = pass->takes_plain ? fp_plain_begin(pass->streams, records + i, n - i, pending + i) : 0;
        pass->summary->decoded[FP_DECODED_SEGMENT] += (unsigned)n_plain;
        i += n_plain;
        if (i < n)
            prepare_unplain(pass, &records[i], &pending[i]);
    }
}

/* Prepares the records that match the filter. */
static bool prepare_matching(FpPass *pass, const FpCapture *capture, const FpRecord *records, int n, FpDecodedRecord *pending,
                             GError **error)
{
    for (int i = 0; i < n; i++) {
        int matches = fp_filter_matches(pass->filter, capture, &records[i], error);
        if (matches < 0)
            return false;
        if (matches > 0) {
            prepare(pass, &records[i], 1, &pending[i]);
            continue;
        }
        pass->summary->filtered++;
        pending[i] = (FpDecodedRecord){.has_segment = false};
    }
    return true;
}

/* Before a batch is decoded, where networks are told apart: sets what is known of the networks of its segments. */
static void begin_networks(const FpPass *pass, const FpCapture *capture, const FpRecord *records, int n, FpDecodedRecord *pending)
{
    for (int i = 0; i < n; i++) {
        uint32_t interface;
        pending[i].segment.network = 0;
        if (pass->selection->network_kinds & FP_NETWORK_INTERFACE && fp_capture_interface(capture, &records[i], &interface))
            pending[i].segment.network = fp_network_mix(0, FP_NETWORK_INTERFACE, interface);
    }
}

/* After it is decoded: adds the networks to the keys. A loop of its own, so that passes without networks do not pay for it. */
static void end_networks(const FpPass *pass, int n, FpDecodedRecord *pending)
{
    for (int i = 0; i < n; i++) {
        if (!pending[i].has_segment)
            continue;
        pending[i].key = fp_streams_key_in_network(pass->streams, pending[i].key, pending[i].segment.network);
        fp_streams_prefetch(pass->streams, pending[i].key);
    }
}

static bool prepare_batch(FpPass *pass, const FpCapture *capture, const FpRecord *records, int n, FpDecodedRecord *pending, GError **error)
{
    if (pass->selection->network_kinds != 0)
        begin_networks(pass, capture, records, n, pending);
    if (pass->filter == NULL)
        prepare(pass, records, n, pending);
    else if (!prepare_matching(pass, capture, records, n, pending, error))
        return false;
    if (pass->selection->network_kinds != 0)
        end_networks(pass, n, pending);
    return true;
}

/* A record that was decoded ahead needs only its place in the table; the others are prepared here. */
static void finish_preparing(FpPass *pass, const FpRecord *records, int n, FpDecodedRecord *pending)
{
    for (int i = 0; i < n; i++) {
        if (pending[i].has_segment) {
            pass->summary->decoded[FP_DECODED_SEGMENT]++;
            fp_streams_prefetch(pass->streams, pending[i].key);
        } else {
            prepare_unplain(pass, &records[i], &pending[i]);
        }
    }
}

/* Completes the segments of a batch that are only begun: they are looked at before they are taken, or after. */
static void complete(const FpRecord *records, int n, FpDecodedRecord *pending)
{
    for (int i = 0; i < n; i++) {
        if (pending[i].begun == 0)
            continue;
        fp_plain_finish(&records[i], &pending[i]);
        pending[i].begun = 0;
    }
}

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
    bool is_one_record;         /* all segments are of one record: */
    const GPtrArray *fragments; /* fragments with which it completes a datagram */
    uint8_t classes;            /* classes that its segments are in */
} Taking;

static Taking begin_taking(const FpPass *pass, bool is_well)
{
    return (Taking){
        .is_well = is_well, .wanted = (uint8_t)(pass->sink->wanted | pass->selection->keep), .wants_ends = pass->sink->wants_ends};
}

static bool take_segment(FpPass *pass, const FpRecord *record, const FpSegment *segment, const FpVerdict *verdict, unsigned index,
                         const Taking *taking, GError **error)
{
    const FpFound found = {.record = record,
                           .frame = pass->summary->frames - pass->frames_before,
                           .segment = segment,
                           .index = taking->is_one_record ? index : 0,
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

/* A segment that something is done for; index: of those of its record. */
__attribute__((noinline)) static void take_wanted(FpPass *pass, const FpRecord *record, const FpDecodedRecord *decoded,
                                                  const FpVerdict *verdict, unsigned index, Taking *taking, GError **error)
{
    const FpSegment *segment = &decoded->segment;

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
        fp_streams_end_opening(pass->streams, decoded->key);
}

/* Takes a record's segment. place: of a segment that is only begun. Returns whether the verdict may say something. */
static inline bool take_decoded(FpStreams *streams, FpStreamPlace *place, const FpRecord *record, FpDecodedRecord *decoded,
                                FpVerdict *verdict)
{
    if (decoded->begun == 0)
        return fp_streams_take(streams, decoded->key, &decoded->segment, verdict);
    fp_plain_finish(record, decoded);
    return fp_streams_take_at(streams, place, decoded->key, &decoded->segment, verdict);
}

/* Takes segments up to a record that has more than one, and returns the index of that record, or n. records: one for each segment, or the
 * only one. This is the only place where streams take segments. */
static int take_segments(FpPass *pass, const FpRecord *records, FpDecodedRecord *pending, int n, Taking *taking, GError **error)
{
    const int step = taking->is_one_record ? 0 : 1;
    const uint64_t frames_before = pass->summary->frames;
    const FpDecodedRecord *end = pending + n;
    const FpRecord *record = records;
    FpDecodedRecord *decoded = pending;

    for (; decoded < end; decoded++, record += step) {
        FpStreamPlace *place = NULL;
        FpVerdict verdict;
        if (decoded->begun != 0) {
            int n_passed = fp_plain_pass_by(pass->streams, record, (int)(end - decoded), decoded, &place);
            decoded += n_passed;
            record += n_passed;
            if (decoded == end)
                break;
        }
        if (!decoded->has_segment)
            continue;
        if (decoded->extra != NULL)
            break;
        if (!take_decoded(pass->streams, place, record, decoded, &verdict))
            continue;
        if (!(verdict.classes & taking->wanted || (verdict.ends_flight && taking->wants_ends)) || !taking->is_well)
            continue;
        pass->summary->frames = frames_before + (uint64_t)(record - records) + (unsigned)step;
        take_wanted(pass, record, decoded, &verdict, (unsigned)(decoded - pending), taking, error);
    }
    pass->summary->frames = frames_before + (uint64_t)(record - records);
    return (int)(decoded - pending);
}

/* Takes a record with several segments, or with fragments: its segments in order, then what they mean for the frame together. */
static bool take_several(FpPass *pass, const FpRecord *record, FpDecodedRecord *pending, bool is_well, GError **error)
{
    const GArray *earlier = pending->extra->earlier;
    const guint n = earlier != NULL ? earlier->len : 0;
    FpDecodedRecord *all = g_new(FpDecodedRecord, n + 1);
    Taking taking = begin_taking(pass, is_well);

    taking.is_one_record = true;
    taking.fragments = pending->extra->fragments;
    for (guint i = 0; i < n; i++) {
        const FpSegment *segment = &g_array_index(earlier, FpSegment, i);
        all[i] = (FpDecodedRecord){.segment = *segment, .key = key_of(pass, segment), .has_segment = true};
    }
    all[n] = *pending;
    all[n].extra = NULL;
    pass->summary->frames++;
    take_segments(pass, record, all, (int)n + 1, &taking, error);
    g_free(all);
    is_well = taking.is_well && fp_sink_take_frame(pass->sink, record, taking.fragments, taking.classes, error);
    fp_extra_free(pending->extra);
    return is_well;
}

static bool take_batch(FpPass *pass, const FpRecord *records, int n, FpDecodedRecord *pending, GError **error)
{
    Taking taking = begin_taking(pass, true);

    for (int i = 0; (i += take_segments(pass, records + i, pending + i, n - i, &taking, error)) < n; i++)
        taking.is_well = take_several(pass, &records[i], &pending[i], taking.is_well, error);
    if (pass->cut != NULL)
        fp_cut_take_batch(pass->cut, pass->streams, records, pending, n);
    fp_decoder_end_batch(pass->decoder);
    return taking.is_well;
}

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

/* Looks at a batch of a digest, if capture is one, before it is taken. Returns 1 when it may be; 0 when the file itself is read from here
 * on, in place of it; or -1 and sets error. */
static int check_digest(FpPass *pass, FpCapture *capture, const FpRecord *records, const FpDecodedRecord *pending, int n, GError **error)
{
    if (!fp_digest_is_one(capture))
        return 1;
    if (pass->claims == NULL)
        pass->claims = fp_digest_claims_new(pass->selection->network_kinds, pass->selection->rules.transports);
    if (fp_digest_claims_check(pass->claims, pass->streams, records, pending, n, fp_digest_number(capture)))
        return 1;
    fp_decoder_end_batch(pass->decoder);
    return fp_digest_claims_reread(pass->claims, pass->streams, capture, error) ? 0 : -1;
}

int fp_pass_take(FpPass *pass, FpCapture *capture, int max, GError **error)
{
    FpRecord room[FP_PASS_BATCH];
    FpDecodedRecord pending_room[FP_PASS_BATCH], *pending = NULL;
    const FpRecord *records;

    pass->failed_reading = false;
    if (!fp_sink_begin_batch(pass->sink, capture, pass->decoder, error))
        return -1;
    int n = read_frames(pass, capture, room, MIN(max, FP_PASS_BATCH), &records, &pending, error);
    pass->summary->frames += (uint64_t)fp_digest_left_out(capture);
    if (n <= 0 && pass->claims != NULL)
        fp_digest_claims_clear(pass->claims);
    if (n <= 0)
        return n;
    pass->first_ns = records[0].time_ns;
    pass->last_ns = records[n - 1].time_ns;
    pass->newest_ns = MAX(pass->newest_ns, fp_capture_time_ns(capture, &records[n - 1]));
    if (pending != NULL) {
        finish_preparing(pass, records, n, pending);
    } else {
        pending = pending_room;
        if (!prepare_batch(pass, capture, records, n, pending, error))
            return -1;
    }
    if (pass->cut != NULL || fp_digest_is_one(capture))
        complete(records, n, pending);
    const int may_take = check_digest(pass, capture, records, pending, n, error);
    if (may_take <= 0)
        return may_take < 0 ? -1 : fp_pass_take(pass, capture, max, error);
    return take_batch(pass, records, n, pending, error) && fp_sink_after_batch(pass->sink, n, pass->last_ns, error) ? n : -1;
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

static uint64_t random_seed(void)
{
    uint64_t seed;

    if (getrandom(&seed, sizeof seed, 0) != (ssize_t)sizeof seed)
        seed = (uint64_t)g_get_real_time();
    return seed;
}

FpStreams *fp_pass_new_streams(const FpSelection *selection, GError **error)
{
    FpStreams *streams = fp_streams_new(&selection->rules, random_seed(), selection->max_streams);

    if (streams == NULL)
        g_set_error(error, FP_ERROR, FP_ERROR_SOFTWARE, "no memory for the table of streams");
    return streams;
}
