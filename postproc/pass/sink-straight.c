/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sink-straight.c - a sink that writes at once. See sink.h. */
#include "sink.h"

static bool take_segment(FpSink *sink, const FpFound *found, GError **error)
{
    if ((found->verdict->classes & FP_CLASS_FIRST) == 0 || sink->log.output == NULL)
        return true;
    FpDecodeNotes notes;
    const FpLogEntry entry = fp_sink_entry(sink, found, &notes);

    return fp_log_write(sink->log.output, sink->log.style, &entry, sink->log.line, error) &&
           (!sink->selection->flush_each || fp_output_flush(sink->log.output, error));
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
};

FpSink *fp_sink_straight_new(const FpSelection *selection, FpSummary *summary)
{
    FpSink *sink = g_new0(FpSink, 1);

    fp_sink_init(sink, &kind, selection, summary);
    return sink;
}
