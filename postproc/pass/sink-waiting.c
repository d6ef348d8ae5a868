/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * sink-waiting.c - a sink that asks tshark about streams. See sink.h.
 *
 * What is to be written of a stream waits in the backlog for tshark's answer. What waits takes at most BACKLOG_BYTES_MAX; to stay below
 * that, the streams that have waited longest are given up without an answer.
 */
#include "backlog.h"
#include "sink.h"

#define BATCH_FRAMES 256 /* after so many, answers may have come */
#define BACKLOG_BYTES_MAX ((size_t)64 * 1024 * 1024)

typedef struct {
    FpSink base;
    FpDissector *dissector;
    FpBacklog *backlog;
    FpDissectorStats counted; /* already added to the summary */
    int n_unpolled;
    int64_t last_ns; /* the time of the last record */
} Waiting;

/* The copies kept of a record whose fragment waits for the rest of its datagram. */
typedef struct {
    void *to_write;       /* NULL: it is not written */
    FpTsharkFrame *frame; /* NULL: tshark cannot read it */
    size_t bytes;         /* of to_write */
} Fragment;

static void *keep_fragment(void *user, const FpRecord *record, size_t *bytes)
{
    FpSink *sink = user;
    Fragment *fragment = g_new0(Fragment, 1);
    uint32_t link_type = fp_capture_link_type(sink->capture, record);

    if (fp_sink_writes_fragments(sink))
        fragment->to_write = fp_writer_keep(sink->writer, record, &fragment->bytes);
    if (link_type != FP_LINK_TYPE_NONE)
        fragment->frame = fp_tshark_frame_new(link_type, record);
    *bytes = sizeof *fragment + fragment->bytes + sizeof *fragment->frame + record->captured_bytes;
    return fragment;
}

static void drop_fragment(gpointer kept)
{
    Fragment *fragment = kept;

    if (fragment->to_write != NULL)
        fp_writer_drop_kept(fragment->to_write);
    g_free(fragment->frame);
    g_free(fragment);
}

static GPtrArray *frames_of(const GPtrArray *fragments)
{
    GPtrArray *frames = g_ptr_array_new();

    for (guint i = 0; fragments != NULL && i < fragments->len; i++) {
        const Fragment *fragment = g_ptr_array_index(fragments, i);
        if (fragment->frame != NULL)
            g_ptr_array_add(frames, fragment->frame);
    }
    return frames;
}

static void add_line(Waiting *waiting, FpAskedStream *asked, const FpFound *found)
{
    FpMessages *messages = waiting->base.log.messages;
    FpDecodeNotes notes;
    FpLogEntry entry;
    FpMessagePart part;

    fp_sink_entry(&waiting->base, found, &notes, &entry, &part);
    FpMessage *message = fp_messages_begin(messages, &entry, &part);
    fp_backlog_add_line(waiting->backlog, asked, messages, message);
}

static void add_kept(Waiting *waiting, FpAskedStream *asked, const FpRecord *record, const GPtrArray *fragments)
{
    size_t bytes = 0;

    if (waiting->base.selection->questions.filter == NULL)
        asked = NULL; /* its line waits, it does not */
    for (guint i = 0; fragments != NULL && i < fragments->len; i++) {
        Fragment *fragment = g_ptr_array_index(fragments, i);
        if (fragment->to_write != NULL)
            fp_backlog_add_kept(waiting->backlog, asked, g_steal_pointer(&fragment->to_write), fragment->bytes, 0);
    }
    void *kept = fp_writer_keep(waiting->base.writer, record, &bytes);
    fp_backlog_add_kept(waiting->backlog, asked, kept, bytes, waiting->base.summary->frames);
}

/* What a frame of a stream that is followed is to a later message: part of it, or what comes before it; 0: nothing. */
static uint8_t later_classes(const FpSink *sink, const FpFound *found, const FpMessage *before, const FpMessage *begun)
{
    const FpHellos *hellos = fp_messages_hellos(sink->log.messages);

    if (!(found->verdict->classes & FP_CLASS_OPENING) || found->segment->transport != FP_TRANSPORT_TCP ||
        found->verdict->stream & FP_DISSECTOR_LATER)
        return 0;
    if (begun != NULL && fp_message_may_be_hello(begun))
        return FP_CLASS_FIRST | FP_CLASS_FLIGHT;
    if (before != NULL)
        return FP_CLASS_FLIGHT;
    return fp_hellos_has(hellos, found->verdict->stream) ? FP_CLASS_HANDSHAKE : 0;
}

/* Looks for a later ClientHello. tshark is asked about it as about a stream of its own, which begins with all that was said before: so it
 * knows that TLS was agreed on. */
static void take_later(Waiting *waiting, const FpFound *found, const FpDissectorFrame *frame)
{
    FpSink *sink = &waiting->base;
    FpMessages *messages = sink->log.messages;
    FpVerdict verdict = *found->verdict;
    FpAskedStream *asked = NULL;

    if (messages == NULL || fp_messages_hellos(messages) == NULL)
        return;
    const unsigned direction = fp_turns_direction(found->segment);
    const FpMessage *before = fp_messages_later(messages, verdict.stream, direction);
    if (before != NULL && !fp_message_may_be_hello(before))
        before = NULL;
    FpMessage *begun = fp_sink_follow(sink, found);
    verdict.classes = later_classes(sink, found, before, begun);
    if (verdict.classes != 0) {
        verdict.ends_flight = verdict.classes != FP_CLASS_HANDSHAKE && fp_messages_later(messages, verdict.stream, direction) == NULL;
        verdict.stream |= FP_DISSECTOR_LATER;
        asked = fp_dissector_take(waiting->dissector, &verdict, frame);
    }
    if (begun != NULL)
        fp_backlog_add_line(waiting->backlog, verdict.classes & FP_CLASS_FIRST ? asked : NULL, messages, begun);
    if (asked != NULL)
        fp_asked_stream_unref(asked);
}

/* Nothing is written yet. A frame is kept once for each of its segments, as these may be of different streams. */
static bool take_segment(FpSink *sink, const FpFound *found, GError **error)
{
    (void)error;
    Waiting *waiting = (Waiting *)sink;
    const FpVerdict *verdict = found->verdict;
    g_autoptr(GPtrArray) frames = frames_of(found->fragments);
    const FpDissectorFrame frame = {.capture = sink->capture, .record = found->record, .segment = found->segment, .fragments = frames};
    FpAskedStream *asked = fp_dissector_take(waiting->dissector, verdict, &frame);

    if (sink->log.messages != NULL)
        fp_messages_expire(sink->log.messages, found->segment->time_ns);

    if (verdict->classes & FP_CLASS_FIRST && sink->log.is_wanted)
        add_line(waiting, asked, found);
    if (sink->log.messages != NULL)
        fp_sink_go_on(sink, found);
    take_later(waiting, found, &frame);
    if (sink->show == NULL && verdict->classes & sink->selection->keep &&
        (asked != NULL || fp_dissector_has_matched(waiting->dissector, verdict->stream)))
        add_kept(waiting, asked, found->record, found->fragments);
    if (asked != NULL)
        fp_asked_stream_unref(asked);
    return true;
}

/* It waits already. */
static bool take_frame(FpSink *sink, const FpRecord *record, const GPtrArray *fragments, GError **error)
{
    (void)sink, (void)record, (void)fragments, (void)error;
    return true;
}

static void count(Waiting *waiting)
{
    FpSummary *summary = waiting->base.summary;
    const FpDissectorStats *stats = fp_dissector_stats(waiting->dissector);
    FpDissectorStats *counted = &waiting->counted;

    summary->unmatched += stats->unmatched - counted->unmatched;
    summary->unjudged += stats->unjudged - counted->unjudged;
    summary->without_fields += stats->without_fields - counted->without_fields;
    summary->hurried += stats->hurried - counted->hurried;
    summary->late += stats->late - counted->late;
    *counted = *stats;
}

static bool release(Waiting *waiting, GError **error)
{
    FpSink *sink = &waiting->base;
    const FpBacklogTarget to = {.writer = sink->writer,
                                .log = sink->log.output,
                                .style = sink->log.style,
                                .summary = sink->summary,
                                .n_lines = &sink->log.n_lines,
                                .flush_each = sink->selection->flush_each};

    FpAskedStream *over;

    while ((over = fp_backlog_take_over(waiting->backlog)) != NULL)
        fp_dissector_end_flight(waiting->dissector, over);
    count(waiting);
    return fp_backlog_release(waiting->backlog, &to, error);
}

static size_t bytes_of(const Waiting *waiting)
{
    const FpMessages *messages = waiting->base.log.messages;

    return fp_backlog_bytes(waiting->backlog) + (messages != NULL ? fp_messages_memory(messages) : 0);
}

static bool is_full(const Waiting *waiting)
{
    return bytes_of(waiting) > BACKLOG_BYTES_MAX;
}

/* Too much waits. First has tshark answer what it can. If that is not enough, gives up answers, beginning with the streams that have waited
 * longest. */
static bool make_room(Waiting *waiting, GError **error)
{
    if (waiting->base.log.messages != NULL)
        fp_messages_end_all(waiting->base.log.messages);
    fp_dissector_hurry(waiting->dissector);
    if (!release(waiting, error))
        return false;
    if (!is_full(waiting))
        return true;
    fp_dissector_end_old(waiting->dissector);
    while (release(waiting, error)) {
        if (bytes_of(waiting) <= BACKLOG_BYTES_MAX / 2 || fp_backlog_is_empty(waiting->backlog))
            return true;
        fp_dissector_abandon(waiting->dissector, fp_backlog_first(waiting->backlog));
    }
    return false;
}

static bool after_batch(FpSink *sink, int n, int64_t last_ns, GError **error)
{
    Waiting *waiting = (Waiting *)sink;

    if (sink->log.messages != NULL)
        fp_messages_expire(sink->log.messages, last_ns);
    waiting->last_ns = last_ns;
    waiting->n_unpolled += n;
    if (!is_full(waiting) && waiting->n_unpolled < BATCH_FRAMES)
        return true;
    waiting->n_unpolled = 0;
    fp_dissector_poll(waiting->dissector, last_ns);
    return is_full(waiting) ? make_room(waiting, error) : release(waiting, error);
}

static bool catch_up(FpSink *sink, int wait_ms, GError **error)
{
    Waiting *waiting = (Waiting *)sink;

    if (sink->log.messages != NULL)
        fp_messages_expire_by_clock(sink->log.messages);
    if (wait_ms > 0)
        fp_dissector_settle(waiting->dissector, wait_ms);
    fp_dissector_poll(waiting->dissector, waiting->last_ns);
    return release(waiting, error);
}

static bool is_behind(const FpSink *sink)
{
    return !fp_backlog_is_empty(((const Waiting *)sink)->backlog);
}

static bool end_flights(FpSink *sink, bool goes_on, GError **error)
{
    Waiting *waiting = (Waiting *)sink;

    if (sink->log.messages != NULL)
        fp_messages_end_all(sink->log.messages);
    fp_dissector_end(waiting->dissector, goes_on);
    return release(waiting, error);
}

static bool before_section(FpSink *sink, GError **error)
{
    return end_flights(sink, true, error);
}

static void clear(FpSink *sink)
{
    fp_backlog_free(((Waiting *)sink)->backlog);
}

static const FpSinkKind kind = {
    .wanted = FP_CLASS_USUAL | FP_CLASS_ASKED,
    .wants_ends = true,
    .holds_lines = true,
    .needs_fragments = true,
    .clear = clear,
    .drop_fragment = drop_fragment,
    .take_segment = take_segment,
    .take_frame = take_frame,
    .keep_fragment = keep_fragment,
    .after_batch = after_batch,
    .catch_up = catch_up,
    .is_behind = is_behind,
    .end_flights = end_flights,
    .before_section = before_section,
};

FpSink *fp_sink_waiting_new(const FpSelection *selection, FpSummary *summary, FpDissector *dissector)
{
    Waiting *waiting = g_new0(Waiting, 1);

    fp_sink_init(&waiting->base, &kind, selection, summary);
    waiting->dissector = dissector;
    waiting->backlog = fp_backlog_new();
    waiting->counted = *fp_dissector_stats(dissector);
    return &waiting->base;
}
