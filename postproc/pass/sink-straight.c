/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sink-straight.c - a sink that writes frames at once, and lines once their messages are complete. See sink.h. */
#include "sink.h"

/* Ends messages of which nothing has come for too long, and writes their lines. */
static bool expire(FpSink *sink, int64_t now_ns, GError **error)
{
    if (!sink->log.is_wanted || sink->log.messages == NULL)
        return true;
    fp_messages_expire(sink->log.messages, now_ns);
    if (sink->log.replies != NULL)
        fp_replies_expire(sink->log.replies, now_ns);
    return fp_sink_write_ended(sink, sink->log.messages, error);
}

static bool begin_line(FpSink *sink, const FpFound *found, GError **error)
{
    FpDecodeNotes notes;
    FpLogEntry entry;
    FpMessagePart part;

    fp_sink_entry(sink, found, &notes, &entry, &part);
    return fp_messages_begin(sink->log.messages, &entry, &part) != NULL || fp_sink_write_line(sink, &entry, error);
}

/* What has waited too long is written first, so that the order of lines depends on frames alone, and not on how many are read at once. */
static bool take_segment(FpSink *sink, const FpFound *found, GError **error)
{
    if (!sink->log.is_wanted)
        return true;
    if (!expire(sink, found->segment->time_ns, error))
        return false;
    if (found->verdict->classes & FP_CLASS_FIRST && !begin_line(sink, found, error))
        return false;
    fp_sink_go_on(sink, found);
    fp_sink_follow(sink, found);
    fp_sink_reply(sink, found);
    return fp_sink_write_ended(sink, sink->log.messages, error);
}

/* A frame that completes a datagram is of no use without the other fragments. */
static bool write_fragments(FpSink *sink, const GPtrArray *fragments, GError **error)
{
    for (guint i = 0; fragments != NULL && i < fragments->len; i++) {
        bool is_written = false;
        if (!fp_writer_write_kept(sink->writer, g_ptr_array_index(fragments, i), &is_written, error))
            return false;
        sink->summary->kept_fragments += is_written;
    }
    return true;
}

static bool take_frame(FpSink *sink, const FpRecord *record, const GPtrArray *fragments, GError **error)
{
    sink->summary->kept++;
    return write_fragments(sink, fragments, error) && fp_writer_write(sink->writer, record, error) &&
           (!sink->selection->flush_each || fp_writer_flush(sink->writer, error));
}

static bool after_batch(FpSink *sink, int n, int64_t last_ns, GError **error)
{
    (void)n;
    return expire(sink, last_ns, error);
}

static bool catch_up(FpSink *sink, int wait_ms, GError **error)
{
    (void)wait_ms;
    if (!sink->log.is_wanted || sink->log.messages == NULL)
        return true;
    fp_messages_expire_by_clock(sink->log.messages);
    if (sink->log.replies != NULL)
        fp_replies_expire_by_clock(sink->log.replies);
    return fp_sink_write_ended(sink, sink->log.messages, error);
}

static bool is_behind(const FpSink *sink)
{
    return sink->log.messages != NULL && fp_sink_n_waiting(sink) > 0;
}

/* When more may come, messages go on: they wait for no other stream. */
static bool end_flights(FpSink *sink, bool goes_on, GError **error)
{
    if (!sink->log.is_wanted || sink->log.messages == NULL)
        return true;
    if (!goes_on)
        fp_messages_end_all(sink->log.messages);
    if (!goes_on && sink->log.replies != NULL)
        fp_replies_end_all(sink->log.replies);
    return fp_sink_write_ended(sink, sink->log.messages, error);
}

static void *keep_fragment(void *user, const FpRecord *record, size_t *bytes)
{
    FpSink *sink = user;

    return fp_writer_keep(sink->writer, record, bytes);
}

static const FpSinkKind kind = {
    .wanted = FP_CLASS_FIRST,
    .drop_fragment = fp_writer_drop_kept,
    .take_segment = take_segment,
    .take_frame = take_frame,
    .keep_fragment = keep_fragment,
    .after_batch = after_batch,
    .catch_up = catch_up,
    .is_behind = is_behind,
    .end_flights = end_flights,
};

FpSink *fp_sink_straight_new(const FpSelection *selection, FpSummary *summary)
{
    FpSink *sink = g_new0(FpSink, 1);

    fp_sink_init(sink, &kind, selection, summary);
    return sink;
}
