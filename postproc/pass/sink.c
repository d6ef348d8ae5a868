/* SPDX-License-Identifier: GPL-2.0-or-later */
/* sink.c - what both kinds of sink have in common. See sink.h. */
#include "sink.h"

#include <inttypes.h>
#include <net/if.h>
#include <string.h>

#include "base/journal.h"

/* A line may be written once its flight is over, so whoever writes what messages say has to see all of the flight. */
static void choose_wanted(FpSink *sink)
{
    const bool has_messages = sink->log.is_wanted;

    sink->wanted = sink->kind->wanted | (has_messages ? FP_CLASS_FLIGHT : 0);
    if (has_messages && sink->selection->all_hellos)
        sink->wanted |= FP_CLASS_ASKED;
    if (has_messages && sink->log.style->has_reply)
        sink->wanted |= FP_CLASS_REPLY | FP_CLASS_ASKED;
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
    fp_messages_free(sink->log.messages);
    fp_replies_free(sink->log.replies);
    g_clear_pointer(&sink->log.saved, g_byte_array_unref);
    g_free(sink);
}

void fp_sink_log_to(FpSink *sink, FpOutput *log, const FpLogStyle *style, const char *source)
{
    sink->log.is_wanted = fp_log_is_wanted(log, style);
    sink->log.output = log;
    sink->log.style = style;
    sink->log.source = source;
    if (sink->log.messages != NULL)
        fp_messages_next_capture(sink->log.messages);
    if (sink->log.replies != NULL)
        fp_replies_next_capture(sink->log.replies);
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

/* Bytes that are read in pieces. */
typedef struct {
    const uint8_t *bytes;
    size_t left;
} Reader;

static bool read_bytes(void *user, void *to, size_t n)
{
    Reader *reader = user;

    if (n > reader->left)
        return false;
    if (n > 0)
        memcpy(to, reader->bytes, n);
    reader->bytes += n;
    reader->left -= n;
    return true;
}

/* Where lines wait for replies, too, this stands before what is saved: no number of messages is so large. The number of lines that wait
 * follows; behind the messages stand the replies. */
#define REPLIES_FOLLOW (UINT64_MAX / 3)

typedef struct {
    uint64_t mark;
    uint64_t n_waiting;
} SavedReplies;

static bool read_saved_replies(const GByteArray *bytes, SavedReplies *saved)
{
    if (bytes->len < sizeof *saved)
        return false;
    memcpy(saved, bytes->data, sizeof *saved);
    return saved->mark == REPLIES_FOLLOW;
}

bool fp_pass_saved_replies(const GByteArray *bytes)
{
    SavedReplies saved;

    return read_saved_replies(bytes, &saved);
}

static void load_messages(FpSink *sink, FpMessages *messages, FpReplies *replies)
{
    SavedReplies saved;
    const bool has_replies = read_saved_replies(sink->log.saved, &saved);
    const size_t start = has_replies ? sizeof saved : 0;
    Reader reader = {.bytes = sink->log.saved->data + start, .left = sink->log.saved->len - start};

    if (!fp_messages_load(messages, read_bytes, &reader) || (has_replies && !fp_replies_load(replies, read_bytes, &reader)))
        fp_journal(G_LOG_LEVEL_WARNING, 0, NULL,
                   "the checkpoint: lines that waited for the rest of a message cannot be read, and are lost; please report this");
    if (sink->log.saved_are_over)
        fp_messages_end_all(messages);
    if (sink->log.saved_are_over && replies != NULL)
        fp_replies_end_all(replies);
    g_clear_pointer(&sink->log.saved, g_byte_array_unref);
}

/* Writes the lines of messages that have ended, and whose replies are over. */
static bool write_replied(FpSink *sink, FpMessages *messages, FpReplies *replies, GError **error)
{
    FpMessage *message;
    FpReply *reply;
    bool is_written = true;

    while ((message = fp_messages_take(messages)) != NULL)
        fp_replies_hold(replies, message);
    while (is_written && (reply = fp_replies_take(replies)) != NULL) {
        FpLogEntry entry;
        fp_messages_entry(messages, fp_reply_message(reply), &entry);
        fp_replies_entry(replies, reply, &entry);
        is_written = fp_sink_write_line(sink, &entry, error);
        fp_reply_free(reply);
    }
    return is_written;
}

bool fp_sink_write_ended(FpSink *sink, FpMessages *messages, GError **error)
{
    FpMessage *message;
    bool is_written = true;

    if (sink->log.replies != NULL)
        return write_replied(sink, messages, sink->log.replies, error);
    while (is_written && (message = fp_messages_take(messages)) != NULL) {
        FpLogEntry entry;
        fp_messages_entry(messages, message, &entry);
        is_written = fp_sink_write_line(sink, &entry, error);
        fp_message_free(message);
    }
    return is_written;
}

bool fp_sink_write_line(FpSink *sink, const FpLogEntry *entry, GError **error)
{
    if (!fp_choice_takes(&sink->log.style->choice, entry->facts)) {
        sink->summary->unmatched++;
        return true;
    }
    sink->log.n_lines++;
    return fp_log_write(sink->log.output, sink->log.style, entry, NULL, sink->log.line, error) &&
           (!sink->selection->flush_each || fp_output_flush(sink->log.output, error));
}

static FpReplies *new_replies(const FpSink *sink, const FpMessageLimits *limits, GError **error)
{
    const FpReplyLimits reply_limits = {.bytes_max = sink->selection->rules.opening_bytes + UINT16_MAX,
                                        .memory_max = limits->memory_max,
                                        .wait_ns = limits->wait_ns,
                                        .payload_bytes = limits->payload_bytes,
                                        .in_order = limits->in_order,
                                        .redacts = limits->redacts};

    return fp_replies_new(&reply_limits, error);
}

/* Of messages that were saved when nothing was asked of tshark nothing can be asked now, and where replies are no longer waited for those
 * that wait have to do with what there is: writes their lines. */
static bool write_saved(FpSink *sink, const FpMessageLimits *limits, GError **error)
{
    FpMessageLimits straight = *limits;

    straight.in_order = straight.holds_all = false;
    FpMessages *messages = fp_messages_new(&straight, error);
    FpReplies *replies = messages != NULL ? new_replies(sink, &straight, error) : NULL;
    bool is_written = replies != NULL;
    if (is_written) {
        load_messages(sink, messages, replies);
        fp_messages_end_all(messages);
        fp_replies_end_all(replies);
        is_written = write_replied(sink, messages, replies, error);
        fp_messages_take_hellos(sink->log.messages, messages);
    }
    fp_messages_free(messages);
    fp_replies_free(replies);
    return is_written;
}

static FpMessageLimits choose_limits(const FpSink *sink)
{
    const FpLogStyle *style = sink->log.style;

    return (FpMessageLimits){.bytes_max = sink->selection->rules.flight_bytes + UINT16_MAX,
                             .memory_max = (size_t)style->message_memory / (style->has_reply ? 2 : 1), /* the other half is for replies */
                             .wait_ns = style->message_wait_ns,
                             .payload_bytes = style->payload_bytes,
                             .redacts = style->redacts,
                             .in_order = style->in_order || sink->kind->holds_lines,
                             .holds_all = sink->kind->holds_lines || style->has_reply,
                             .all_hellos = sink->selection->all_hellos};
}

static bool begin_messages(FpSink *sink, GError **error)
{
    const FpMessageLimits limits = choose_limits(sink);

    sink->log.messages = fp_messages_new(&limits, error);
    if (sink->log.messages == NULL)
        return false;
    if (sink->log.style->has_reply)
        sink->log.replies = new_replies(sink, &limits, error);
    if (sink->log.style->has_reply && sink->log.replies == NULL)
        return false;
    if (sink->log.saved == NULL)
        return true;
    if (sink->kind->holds_lines || (fp_pass_saved_replies(sink->log.saved) && sink->log.replies == NULL))
        return write_saved(sink, &limits, error);
    load_messages(sink, sink->log.messages, sink->log.replies);
    return true;
}

bool fp_sink_begin_batch(FpSink *sink, const FpCapture *capture, FpDecoder *decoder, GError **error)
{
    sink->capture = capture;
    sink->decoder = decoder;
    return !sink->log.is_wanted || sink->log.messages != NULL || begin_messages(sink, error);
}

unsigned fp_sink_n_waiting(const FpSink *sink)
{
    SavedReplies saved;

    if (sink->log.saved != NULL)
        return read_saved_replies(sink->log.saved, &saved) ? (unsigned)saved.n_waiting : fp_messages_n_saved(sink->log.saved);
    return (sink->log.messages != NULL ? fp_messages_n_open(sink->log.messages) : 0) +
           (sink->log.replies != NULL ? fp_replies_n_held(sink->log.replies) : 0);
}

static bool append_bytes(void *user, const void *bytes, size_t n)
{
    g_byte_array_append(user, bytes, (guint)n);
    return true;
}

static void save_with_replies(const FpSink *sink, GByteArray *bytes)
{
    const SavedReplies saved = {.mark = REPLIES_FOLLOW, .n_waiting = fp_sink_n_waiting(sink)};

    append_bytes(bytes, &saved, sizeof saved);
    fp_messages_save(sink->log.messages, append_bytes, bytes);
    fp_replies_save(sink->log.replies, append_bytes, bytes);
}

void fp_sink_save_messages(const FpSink *sink, GByteArray *bytes)
{
    g_byte_array_set_size(bytes, 0);
    if (sink->log.saved != NULL)
        g_byte_array_append(bytes, sink->log.saved->data, sink->log.saved->len);
    else if (sink->log.replies != NULL && fp_replies_has_state(sink->log.replies))
        save_with_replies(sink, bytes);
    else if (sink->log.messages != NULL && fp_messages_has_state(sink->log.messages))
        fp_messages_save(sink->log.messages, append_bytes, bytes);
}

void fp_sink_load_messages(FpSink *sink, const GByteArray *bytes, bool are_over)
{
    if (bytes->len == 0)
        return;
    sink->log.saved = g_byte_array_new();
    g_byte_array_append(sink->log.saved, bytes->data, bytes->len);
    sink->log.saved_are_over = are_over;
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

/* Decodes the record a second time, now with notes: only frames of messages need what is in them. */
static void take_notes(FpSink *sink, const FpFound *found, FpDecodeNotes *notes, FpMessagePart *part)
{
    const FpVerdict *verdict = found->verdict;

    fp_decode_again(sink->decoder, found->record, found->index, notes);
    *part = (FpMessagePart){.offset = fp_payload_offset(found->segment, verdict),
                            .is_datagram = found->segment->transport == FP_TRANSPORT_UDP,
                            .payload = {.wire = verdict->payload_bytes},
                            .frame = found->frame,
                            .time_ns = found->segment->time_ns};
    if (notes->segment.captured > found->segment->header_bytes)
        part->payload = fp_span_first(fp_span_after(notes->segment, found->segment->header_bytes), verdict->payload_bytes);
}

/* Where a frame was captured: a header that the capturing system wrote for each frame knows better than what the capture as a whole says
 * ("any"). It has an index, which only the machine itself, as long as it captures, can turn into a name. */
static const char *interface_of(FpSink *sink, const FpRecord *record, uint32_t index)
{
    char *text = sink->log.interface;

    G_STATIC_ASSERT(sizeof sink->log.interface >= IF_NAMESIZE);
    if (index != 0) {
        if (!fp_capture_is_live(sink->capture) || if_indextoname(index, text) == NULL)
            g_snprintf(text, sizeof sink->log.interface, "if%" PRIu32, index);
        return text;
    }
    const char *name = fp_capture_interface_name(sink->capture, record);
    if (name == NULL)
        return NULL;
    g_strlcpy(text, name, sizeof sink->log.interface);
    return text;
}

void fp_sink_entry(FpSink *sink, const FpFound *found, FpDecodeNotes *notes, FpLogEntry *entry, FpMessagePart *part)
{
    take_notes(sink, found, notes, part);
    *entry = (FpLogEntry){
        .source = sink->log.source,
        .is_live = fp_capture_is_live(sink->capture),
        .interface = interface_of(sink, found->record, notes->interface),
        .direction = notes->direction != FP_DIRECTION_UNKNOWN ? notes->direction : fp_capture_direction(sink->capture, found->record),
        .has_nanoseconds = fp_capture_has_nanoseconds(sink->capture, found->record),
        .seconds = fp_capture_seconds(sink->capture, found->record),
        .frame = found->frame,
        .segment = found->segment,
        .verdict = found->verdict,
        .network = sink->selection->network_kinds != 0 ? found->segment->network : 0,
        .payload = part->payload,
        .vlans = notes->vlans,
        .n_vlans = notes->n_vlans,
    };
}

void fp_sink_go_on(FpSink *sink, const FpFound *found)
{
    const FpVerdict *verdict = found->verdict;
    FpDecodeNotes notes;
    FpMessagePart part;

    if (!fp_messages_is_open(sink->log.messages, verdict->stream))
        return;
    if (verdict->classes & FP_CLASS_FLIGHT && !(verdict->classes & FP_CLASS_FIRST)) {
        take_notes(sink, found, &notes, &part);
        fp_messages_add(sink->log.messages, verdict->stream, &part);
    }
    if (verdict->ends_flight)
        fp_messages_end(sink->log.messages, verdict->stream);
}

void fp_sink_reply(FpSink *sink, const FpFound *found)
{
    const FpVerdict *verdict = found->verdict;
    FpReplies *replies = sink->log.replies;
    FpDecodeNotes notes;
    FpMessagePart part;

    if (replies == NULL)
        return;
    if (verdict->classes & FP_CLASS_FIRST)
        fp_replies_begin(replies, verdict->stream, found->segment);
    if (verdict->classes & (FP_CLASS_REPLY | FP_CLASS_OPENING) && fp_replies_wants(replies, verdict->stream, found->segment)) {
        take_notes(sink, found, &notes, &part);
        fp_replies_add(replies, found->segment, verdict, &part);
    }
    if (verdict->classes & FP_CLASS_CLOSING)
        fp_replies_close(replies, verdict->stream, found->segment);
}
