/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pass.c - see pass.h.
 *
 * Records are taken in batches. All of a batch are decoded, and their places in the stream table prefetched, before the first is looked up,
 * so that the memory has arrived by then.
 */
#include "pass-internal.h"

#include <string.h>
#include <sys/random.h>

#include "base/error.h"
#include "capture/capture-live.h"

/* A frame that completes a datagram is of no use without the other fragments. */
static bool write_fragments(FpPass *pass, const GPtrArray *fragments, GError **error)
{
    for (guint i = 0; fragments != NULL && i < fragments->len; i++) {
        bool is_written = false;
        if (!fp_writer_write_kept(pass->writer, g_ptr_array_index(fragments, i), &is_written, error))
            return false;
        pass->summary->kept_fragments += is_written;
    }
    return true;
}

/* Recognises what a datagram says. */
static void recognise_datagram(FpPass *pass, const FpSaidMessage *message)
{
    const FpSaidText datagram = {.bytes = message->bytes, .n = message->n};

    (void)fp_said_recognise_datagrams(pass->log.said, &datagram, 1, true, &pass->log.facts);
}

/* Recognises what the payload of the frame says by itself: what follows in later frames is not waited for. */
static const FpSaidFacts *recognise(FpPass *pass, const FpFound *found, const FpDecodeNotes *notes)
{
    static const FpSaidSpeaker speakers[] = {
        [FP_SIDE_UNKNOWN] = FP_SAID_BY_ANYBODY, [FP_SIDE_CLIENT] = FP_SAID_BY_CLIENT, [FP_SIDE_SERVER] = FP_SAID_BY_SERVER};
    FpSaidMessage message = {.speaker = speakers[found->verdict->side], .is_over = true};

    memset(&pass->log.facts, 0, sizeof pass->log.facts);
    if (!fp_log_has_facts(pass->log.style) || notes->tcp.captured <= found->segment->header_bytes)
        return &pass->log.facts;
    message.bytes = notes->tcp.bytes + found->segment->header_bytes;
    message.n = MIN(notes->tcp.captured - found->segment->header_bytes, found->verdict->payload_bytes);
    if (found->segment->transport == FP_TRANSPORT_UDP)
        recognise_datagram(pass, &message);
    else if (!found->verdict->out_of_order)
        (void)fp_said_recognise(pass->log.said, &message, &pass->log.facts);
    return &pass->log.facts;
}

/* Decodes the record a second time, now with notes: only first payload frames need what is in them. */
FpLogEntry fp_pass_entry(FpPass *pass, const FpCapture *capture, const FpFound *found, FpDecodeNotes *notes)
{
    const FpRecord *record = found->record;

    fp_decode_again(pass->decoder, record, found->index, notes);
    return (FpLogEntry){
        .source = pass->log.source,
        .is_live = fp_capture_is_live(capture),
        .has_nanoseconds = fp_capture_has_nanoseconds(capture, record),
        .seconds = fp_capture_seconds(capture, record),
        .frame = pass->summary->frames - pass->log.frames_before,
        .segment = found->segment,
        .verdict = found->verdict,
        .notes = notes,
        .facts = recognise(pass, found, notes),
    };
}

static bool log_first(FpPass *pass, const FpCapture *capture, const FpFound *found, GError **error)
{
    FpDecodeNotes notes;
    FpLogEntry entry = fp_pass_entry(pass, capture, found, &notes);

    return fp_log_write(pass->log.output, pass->log.style, &entry, pass->log.line, error) &&
           (!pass->selection->flush_each || fp_output_flush(pass->log.output, error));
}

/* Does what a segment calls for by itself. */
static bool take_found(FpPass *pass, const FpCapture *capture, const FpFound *found, GError **error)
{
    if ((found->verdict->classes & FP_CLASS_FIRST) == 0)
        return true;
    pass->summary->streams_with_payload++;
    return pass->log.output == NULL || log_first(pass, capture, found, error);
}

/* Does what a frame calls for, by the classes of all its segments. */
static bool take_frame(FpPass *pass, const FpRecord *record, const GPtrArray *fragments, uint8_t classes, GError **error)
{
    classes = (uint8_t)(classes & pass->selection->keep);
    if (pass->show != NULL)
        return classes == 0 || pass->show(pass->user, pass->summary->frames, classes, error);
    if (classes == 0 || pass->asking.dissector != NULL) /* if tshark is asked, the frame waits already */
        return true;
    pass->summary->kept++;
    return write_fragments(pass, fragments, error) && fp_writer_write(pass->writer, record, error) &&
           (!pass->selection->flush_each || fp_writer_flush(pass->writer, error));
}

static void count_left(FpPass *pass, const FpRecord *record)
{
    FpNoSegment left = fp_decoder_no_segment(pass->decoder);

    if (left.kind == FP_NO_SEGMENT_LINK_TYPE && left.number == 0)
        left = fp_no_segment_of_link(pass->asking.capture, record);
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

static void prepare(FpPass *pass, const FpRecord *record, FpDecodedRecord *pending)
{
    if (fp_decode_plain(record, &pending->segment)) {
        pass->summary->decoded[FP_DECODED_SEGMENT]++;
        pending->has_segment = true;
        pending->extra = NULL;
    } else if (!prepare_other(pass, record, pending)) {
        return;
    }
    pending->key = fp_streams_key(pass->streams, &pending->segment);
    fp_streams_prefetch(pass->streams, pending->key);
}

/* The same where segments of TCP are not wanted. */
static void prepare_without_tcp(FpPass *pass, const FpRecord *record, FpDecodedRecord *pending)
{
    if (!prepare_other(pass, record, pending))
        return;
    pending->key = fp_streams_key(pass->streams, &pending->segment);
    fp_streams_prefetch(pass->streams, pending->key);
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
            (pass->takes_tcp ? prepare : prepare_without_tcp)(pass, &records[i], &pending[i]);
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
    if (pass->filter != NULL && !prepare_matching(pass, capture, records, n, pending, error))
        return false;
    for (int i = 0; pass->filter == NULL && pass->takes_tcp && i < n; i++)
        prepare(pass, &records[i], &pending[i]);
    for (int i = 0; pass->filter == NULL && !pass->takes_tcp && i < n; i++)
        prepare_without_tcp(pass, &records[i], &pending[i]);
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
            prepare(pass, &records[i], &pending[i]);
        }
    }
}

static FpStreamKey key_of(const FpPass *pass, const FpSegment *segment)
{
    FpStreamKey key = fp_streams_key(pass->streams, segment);

    return pass->selection->network_kinds != 0 ? fp_streams_key_in_network(pass->streams, key, segment->network) : key;
}

static bool take_verdict(FpPass *pass, const FpCapture *capture, const FpFound *found, GError **error)
{
    return (pass->asking.dissector == NULL ? take_found : fp_pass_take_asking)(pass, capture, found, error);
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

static uint8_t wanted_classes(const FpPass *pass)
{
    return (uint8_t)(pass->selection->keep | (pass->asking.dissector != NULL ? FP_CLASS_USUAL : FP_CLASS_FIRST));
}

static Taking begin_taking(const FpPass *pass, bool is_well)
{
    return (Taking){.is_well = is_well, .wanted = wanted_classes(pass), .wants_ends = pass->asking.dissector != NULL};
}

/* A segment that is in any class, or ends a flight; index: of those of its record. */
__attribute__((noinline)) static void take_class(FpPass *pass, const FpCapture *capture, const FpRecord *record, const FpSegment *segment,
                                                 const FpVerdict *verdict, unsigned index, Taking *taking, GError **error)
{
    const FpFound found = {.record = record,
                           .fragments = taking->fragments,
                           .segment = segment,
                           .index = taking->is_one_record ? index : 0,
                           .verdict = verdict};

    taking->is_well = take_verdict(pass, capture, &found, error) &&
                      (taking->is_one_record || verdict->classes == 0 || take_frame(pass, record, NULL, verdict->classes, error));
    taking->classes |= verdict->classes;
}

/* Takes segments up to a record that has more than one, and returns the index of that record, or n. records: one for each segment, or the
 * only one. This is the only place that calls fp_streams_take. It is not inlined into its two callers, so that the compiler inlines
 * fp_streams_take here: a tenth less to do for each record. */
__attribute__((noinline, flatten)) static int take_segments(FpPass *pass, const FpCapture *capture, const FpRecord *records,
                                                            const FpDecodedRecord *pending, int n, Taking *taking, GError **error)
{
    const int step = taking->is_one_record ? 0 : 1;

    for (int i = 0; i < n; i++, records += step) {
        FpVerdict verdict;
        if (pending[i].has_segment && pending[i].extra != NULL)
            return i;
        pass->summary->frames += (unsigned)step;
        if (!pending[i].has_segment)
            continue;
        if (!fp_streams_take(pass->streams, pending[i].key, &pending[i].segment, &verdict))
            continue;
        if ((verdict.classes & taking->wanted || (verdict.ends_flight && taking->wants_ends)) && taking->is_well)
            take_class(pass, capture, records, &pending[i].segment, &verdict, (unsigned)i, taking, error);
    }
    return n;
}

/* Takes a record with several segments, or with fragments: its segments in order, then what they mean for the frame together. */
static bool take_several(FpPass *pass, const FpCapture *capture, const FpRecord *record, const FpDecodedRecord *pending, bool is_well,
                         GError **error)
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
    take_segments(pass, capture, record, all, (int)n + 1, &taking, error);
    g_free(all);
    is_well = taking.is_well && (taking.classes == 0 || take_frame(pass, record, taking.fragments, taking.classes, error));
    fp_extra_free(pending->extra);
    return is_well;
}

static bool take_batch(FpPass *pass, const FpCapture *capture, const FpRecord *records, int n, const FpDecodedRecord *pending,
                       GError **error)
{
    Taking taking = begin_taking(pass, true);

    for (int i = 0; (i += take_segments(pass, capture, records + i, pending + i, n - i, &taking, error)) < n; i++)
        taking.is_well = take_several(pass, capture, &records[i], &pending[i], taking.is_well, error);
    fp_decoder_end_batch(pass->decoder);
    return taking.is_well;
}

static bool begin_recognising(FpPass *pass, GError **error)
{
    pass->log.said = fp_said_new();
    if (pass->log.said == NULL)
        g_set_error(error, FP_ERROR, FP_ERROR_SOFTWARE, "libgcrypt: cannot be used for SHA-256 and AES; install Debian's libgcrypt20");
    return pass->log.said != NULL;
}

int fp_pass_take(FpPass *pass, FpCapture *capture, int max, GError **error)
{
    FpRecord room[FP_PASS_BATCH];
    FpDecodedRecord pending_room[FP_PASS_BATCH], *pending = NULL;
    const FpRecord *records = room;

    if (pass->log.output != NULL && pass->log.said == NULL && !begin_recognising(pass, error))
        return -1;
    max = MIN(max, FP_PASS_BATCH);
    pass->asking.capture = capture;
    int n =
        pass->ahead != NULL ? fp_read_ahead_read(pass->ahead, max, &records, &pending, error) : fp_capture_read(capture, room, max, error);

    pass->failed_reading = n < 0;
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
    if (!take_batch(pass, capture, records, n, pending, error))
        return -1;
    return pass->asking.dissector == NULL || fp_pass_after_batch(pass, n, error) ? n : -1;
}

void fp_pass_begin_ahead(FpPass *pass, FpCapture *capture)
{
    const bool may_decode = pass->filter == NULL && pass->selection->network_kinds == 0 && pass->takes_tcp;

    if (fp_read_ahead_is_possible(capture))
        pass->ahead = fp_read_ahead_begin(capture, may_decode ? pass->streams : NULL);
}

void fp_pass_end_ahead(FpPass *pass)
{
    g_clear_pointer(&pass->ahead, fp_read_ahead_end);
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

static void *keep_fragment(void *user, const FpRecord *record, size_t *bytes)
{
    FpPass *pass = user;

    return pass->asking.dissector == NULL ? fp_writer_keep(pass->writer, record, bytes) : fp_pass_keep_fragment(pass, record, bytes);
}

bool fp_pass_keeps_fragments(const FpPass *pass)
{
    return pass->show == NULL && pass->selection->keep != 0 && !pass->selection->marked_only;
}

static FpDecoder *new_decoder(FpPass *pass)
{
    bool is_asking = pass->asking.dissector != NULL;
    FpKeeper keeper = {.keep = keep_fragment, .drop = is_asking ? fp_pass_drop_fragment : fp_writer_drop_kept, .user = pass};

    return fp_decoder_new(is_asking || fp_pass_keeps_fragments(pass) ? &keeper : NULL, pass->selection->network_kinds,
                          pass->selection->rules.transports);
}

FpPass *fp_pass_new(const FpSelection *selection, FpStreams *streams, FpSummary *summary, FpShowClasses show, void *user)
{
    FpPass *pass = g_new0(FpPass, 1);

    *pass = (FpPass){.selection = selection, .summary = summary, .streams = streams, .show = show, .user = user};
    if (selection->filter != NULL)
        pass->filter = fp_filter_new(selection->filter);
    pass->takes_tcp = selection->rules.transports == 0 || selection->rules.transports & FP_TAKES_TCP;
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

void fp_pass_ask(FpPass *pass, FpDissector *dissector)
{
    pass->asking.dissector = dissector;
    pass->asking.backlog = fp_backlog_new();
    pass->asking.counted = *fp_dissector_stats(dissector);
    fp_pass_forget_fragments(pass); /* from now on they are kept differently */
}

void fp_pass_free(FpPass *pass)
{
    if (pass == NULL)
        return;
    fp_backlog_free(pass->asking.backlog);
    fp_filter_free(pass->filter);
    fp_decoder_free(pass->decoder);
    fp_no_segment_counts_free(pass->left);
    fp_streams_free(pass->streams);
    if (pass->log.line != NULL)
        g_string_free(pass->log.line, TRUE);
    fp_said_free(pass->log.said);
    g_free(pass);
}

void fp_pass_write_to(FpPass *pass, FpWriter *writer)
{
    pass->writer = writer;
    if (writer != NULL && pass->asking.dissector != NULL)
        fp_writer_on_section(writer, fp_pass_drain, pass);
}

void fp_pass_log_to(FpPass *pass, FpOutput *log, const FpLogStyle *style, const char *source)
{
    pass->log.output = log;
    pass->log.style = style;
    pass->log.source = source;
    pass->log.frames_before = pass->summary->frames;
    if (pass->log.line == NULL)
        pass->log.line = g_string_new(NULL);
}

FpStreams *fp_pass_streams(const FpPass *pass)
{
    return pass->streams;
}

void fp_pass_sum_up(FpPass *pass)
{
    fp_streams_stats(pass->streams, &pass->summary->streams);
    pass->summary->datagrams_forgotten = fp_decoder_forgotten(pass->decoder);
}

bool fp_pass_skip(FpPass *pass, FpCapture *capture, uint64_t n, GError **error)
{
    FpRecord records[FP_PASS_BATCH];

    pass->log.frames_before -= n; /* so that frames have their numbers in the capture */
    while (n > 0) {
        int done = fp_capture_read(capture, records, (int)MIN(n, FP_PASS_BATCH), error);
        pass->failed_reading = done < 0;
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
