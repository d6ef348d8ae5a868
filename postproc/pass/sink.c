/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sink.c - what both kinds of sink have in common. See sink.h. */
#include "sink.h"

#include <string.h>

#include "base/error.h"

/* A line may be written once its flight is over, so whoever writes what messages say has to see all of the flight. */
static void choose_wanted(FpSink *sink)
{
    const bool has_messages = sink->log.output != NULL && fp_log_has_facts(sink->log.style);

    sink->wanted = sink->kind->wanted | (has_messages ? FP_CLASS_FLIGHT : 0);
    sink->wants_ends = sink->kind->wants_ends || has_messages;
}

void fp_sink_init(FpSink *sink, const FpSinkKind *kind, const FpSelection *selection, FpSummary *summary)
{
    sink->kind = kind;
    sink->selection = selection;
    sink->summary = summary;
    choose_wanted(sink);
}

void fp_sink_free(FpSink *sink)
{
    if (sink == NULL)
        return;
    if (sink->kind->clear != NULL)
        sink->kind->clear(sink);
    if (sink->log.line != NULL)
        g_string_free(sink->log.line, TRUE);
    fp_said_free(sink->log.said);
    g_free(sink);
}

void fp_sink_log_to(FpSink *sink, FpOutput *log, const FpLogStyle *style, const char *source)
{
    sink->log.output = log;
    sink->log.style = style;
    sink->log.source = source;
    if (sink->log.line == NULL)
        sink->log.line = g_string_new(NULL);
    choose_wanted(sink);
}

bool fp_sink_writes_fragments(const FpSink *sink)
{
    return sink->show == NULL && sink->selection->keep != 0 && !sink->selection->marked_only;
}

bool fp_sink_keeper(FpSink *sink, FpKeeper *keeper)
{
    *keeper = (FpKeeper){.keep = sink->kind->keep_fragment, .drop = sink->kind->drop_fragment, .user = sink};
    return sink->kind->needs_fragments || fp_sink_writes_fragments(sink);
}

static bool begin_recognising(FpSink *sink, GError **error)
{
    sink->log.said = fp_said_new();
    if (sink->log.said == NULL)
        g_set_error(error, FP_ERROR, FP_ERROR_SOFTWARE, "libgcrypt: cannot be used for SHA-256 and AES; install Debian's libgcrypt20");
    return sink->log.said != NULL;
}

bool fp_sink_begin_batch(FpSink *sink, const FpCapture *capture, FpDecoder *decoder, GError **error)
{
    sink->capture = capture;
    sink->decoder = decoder;
    return sink->log.output == NULL || sink->log.said != NULL || begin_recognising(sink, error);
}

bool fp_sink_take_block(FpSink *sink, const FpRecord *block, GError **error)
{
    if (sink->writer == NULL)
        return true;
    if (block->kind == FP_RECORD_SECTION && sink->kind->before_section != NULL && !sink->kind->before_section(sink, error))
        return false;
    return fp_writer_write_block(sink->writer, block, error);
}

bool fp_sink_take_segment(FpSink *sink, const FpFound *found, GError **error)
{
    if (found->verdict->classes & FP_CLASS_FIRST)
        sink->summary->streams_with_payload++;
    return sink->kind->take_segment(sink, found, error);
}

bool fp_sink_take_frame(FpSink *sink, const FpRecord *record, const GPtrArray *fragments, uint8_t classes, GError **error)
{
    classes = (uint8_t)(classes & sink->selection->keep);
    if (classes == 0)
        return true;
    if (sink->show != NULL)
        return sink->show(sink->user, sink->summary->frames, classes, error);
    return sink->kind->take_frame(sink, record, fragments, error);
}

bool fp_sink_after_batch(FpSink *sink, int n, int64_t last_ns, GError **error)
{
    return sink->kind->after_batch == NULL || sink->kind->after_batch(sink, n, last_ns, error);
}

/* Recognises what the payload of the frame says by itself: what follows in later frames is not waited for. */
static const FpSaidFacts *recognise(FpSink *sink, const FpFound *found, const FpDecodeNotes *notes)
{
    static const FpSaidSpeaker speakers[] = {
        [FP_SIDE_UNKNOWN] = FP_SAID_BY_ANYBODY, [FP_SIDE_CLIENT] = FP_SAID_BY_CLIENT, [FP_SIDE_SERVER] = FP_SAID_BY_SERVER};
    FpSaidMessage message = {.speaker = speakers[found->verdict->side], .is_over = true};

    memset(&sink->log.facts, 0, sizeof sink->log.facts);
    if (!fp_log_has_facts(sink->log.style) || notes->tcp.captured <= found->segment->header_bytes)
        return &sink->log.facts;
    message.bytes = notes->tcp.bytes + found->segment->header_bytes;
    message.n = MIN(notes->tcp.captured - found->segment->header_bytes, found->verdict->payload_bytes);
    if (!found->verdict->out_of_order)
        (void)fp_said_recognise(sink->log.said, &message, &sink->log.facts);
    return &sink->log.facts;
}

/* Decodes the record a second time, now with notes: only first payload frames need what is in them. */
FpLogEntry fp_sink_entry(FpSink *sink, const FpFound *found, FpDecodeNotes *notes)
{
    const FpRecord *record = found->record;

    fp_decode_again(sink->decoder, record, found->index, notes);
    return (FpLogEntry){
        .source = sink->log.source,
        .is_live = fp_capture_is_live(sink->capture),
        .has_nanoseconds = fp_capture_has_nanoseconds(sink->capture, record),
        .seconds = fp_capture_seconds(sink->capture, record),
        .frame = found->frame,
        .segment = found->segment,
        .verdict = found->verdict,
        .notes = notes,
        .facts = recognise(sink, found, notes),
    };
}
