/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * render.c - see render.h.
 *
 * Items are added whether or not their parents were. Wireshark leaves out what nobody asks for, and a column or -e may ask for a child
 * only.
 */
#include "render.h"

#include "adapter.h"
#include "fields.h"
#include "marks.h"
#include "ports.h"
#include "summary.h"
#include "text.h"

#define NS_PER_SECOND 1000000000

static void add_number(proto_tree *tree, int hf, uint32_t value)
{
    proto_item_set_generated(proto_tree_add_uint(tree, hf, NULL, 0, 0, value));
}

static void add_string(proto_tree *tree, int hf, tvbuff_t *tvb, unsigned offset, unsigned bytes, const char *value)
{
    proto_item_set_generated(proto_tree_add_string(tree, hf, tvb, (int)offset, (int)bytes, value));
}

static void add_time(proto_tree *tree, int hf, int64_t ns)
{
    nstime_t time = {.secs = (time_t)(ns / NS_PER_SECOND), .nsecs = (int)(ns % NS_PER_SECOND)};

    proto_item_set_generated(proto_tree_add_time(tree, hf, NULL, 0, 0, &time));
}

/* A Boolean field alone in a filter tests whether the field is present. So it is added only when it is true. */
static void add_if(proto_tree *tree, int hf, bool value)
{
    if (value)
        proto_item_set_generated(proto_tree_add_boolean(tree, hf, NULL, 0, 0, 1));
}

static void add_frame(proto_tree *tree, int hf, uint32_t frame)
{
    if (frame != 0)
        add_number(tree, hf, frame);
}

/* Where the captured part of the payload is in FpSegmentNote.tvb. */
typedef struct {
    unsigned offset;
    unsigned bytes;
} Extent;

static Extent captured_payload(const FpSegmentNote *note, uint32_t payload_bytes)
{
    unsigned captured = tvb_captured_length(note->tvb);
    unsigned offset = MIN(note->header_bytes, captured);

    return (Extent){offset, MIN(payload_bytes, captured - offset)};
}

/* Adds links to the stream's other frames. */
static void add_links(proto_tree *tree, const FpMark *mark, int hf_first_frame)
{
    const FpStreamNote *stream = fp_marks_stream(mark);

    if (stream->syn_frame != mark->frame)
        add_frame(tree, hf_firstpayload_syn_frame, stream->syn_frame);
    if (stream->first_frame != mark->frame)
        add_frame(tree, hf_first_frame, stream->first_frame);
    if (stream->reply_frame != mark->frame)
        add_frame(tree, hf_firstpayload_reply_frame, stream->reply_frame);
}

static proto_tree *add_relative(proto_tree *tree, int hf, const char *label, const FpSegmentNote *note)
{
    proto_item *item = proto_tree_add_none_format(tree, hf, note->tvb, 0, 0, "First Payload: %s", label);

    proto_item_set_generated(item);
    return proto_item_add_subtree(item, ett_firstpayload_relative);
}

/* Wireshark shows what a message in several frames says only in the frame that completes it. */
static void add_whole_message(proto_tree *root, proto_tree *tree, packet_info *pinfo, const FpMark *mark)
{
    const FpStreamNote *stream = fp_marks_stream(mark);
    const char *detail = fp_summary_continues(root, stream->first_frame) ? fp_summary_detail(pinfo->pool, root) : NULL;

    if (detail == NULL)
        return;
    add_string(tree, hf_firstpayload_detail, NULL, 0, 0, detail);
    add_string(tree, hf_firstpayload_summary, NULL, 0, 0,
               wmem_strdup_printf(pinfo->pool, "%s, since frame %u: %s %s", fp_side_name(stream->first.side), stream->first_frame,
                                  stream->protocol != NULL ? stream->protocol : "", fp_summary_short(pinfo->pool, detail)));
}

/* Adds opening and closing. If the frame is in another class too, its links are there. */
static void add_ends(proto_tree *root, const FpMark *mark, const FpSegmentNote *note)
{
    proto_tree *tree = NULL;

    if (mark->classes & FP_CLASS_OPENING)
        tree = add_relative(root, hf_firstpayload_opening, "opening", note);
    if (mark->classes & FP_CLASS_CLOSING)
        tree = add_relative(root, hf_firstpayload_closing, "closing", note);
    if (tree != NULL && !(mark->classes & FP_CLASS_USUAL))
        add_links(tree, mark, hf_firstpayload_first_frame);
}

static void add_relatives(proto_tree *root, packet_info *pinfo, const FpMark *mark, const FpSegmentNote *note)
{
    if (mark->classes & FP_CLASS_REPLY)
        add_links(add_relative(root, hf_firstpayload_reply, "reply", note), mark, hf_firstpayload_first_frame_of_reply);
    if (mark->classes & FP_CLASS_FLIGHT) {
        proto_tree *tree = add_relative(root, hf_firstpayload_flight, "flight", note);
        if (!(mark->classes & FP_CLASS_FIRST)) {
            add_links(tree, mark, hf_firstpayload_first_frame);
            add_whole_message(root, tree, pinfo, mark);
        }
    }
    if (mark->classes & FP_CLASS_HANDSHAKE) {
        proto_tree *tree = add_relative(root, hf_firstpayload_handshake, "handshake", note);
        if (!(mark->classes & (FP_CLASS_FIRST | FP_CLASS_REPLY | FP_CLASS_FLIGHT)))
            add_links(tree, mark, hf_firstpayload_first_frame);
    }
    add_ends(root, mark, note);
}

static const uint8_t *payload_bytes(const FpSegmentNote *note, Extent payload)
{
    return tvb_get_ptr(note->tvb, (int)payload.offset, (int)payload.bytes);
}

/* The frame that completes the first message, if that is another; 0: it is not known. */
static uint32_t continued_in(proto_tree *tree, const FpMark *mark)
{
    const FpWholeMessage *whole = fp_marks_whole(mark);

    return whole != NULL ? whole->frame : fp_summary_continued_in(tree);
}

/* The detail of the message, also if another frame completes it; or NULL. */
static const char *detail_of(proto_tree *tree, packet_info *pinfo, const FpMark *mark)
{
    const FpWholeMessage *whole = fp_marks_whole(mark);
    const char *detail = fp_summary_detail(pinfo->pool, tree);

    return detail == NULL && whole != NULL ? whole->detail : detail;
}

/* The protocol of the message, unless only its port speaks for it; or NULL. */
static const char *protocol_of(proto_tree *tree, const FpMark *mark, const FpSegmentNote *note, const FpSummary *summary)
{
    const FpStreamNote *stream = fp_marks_stream(mark);

    if (stream->protocol == NULL || summary->detail != NULL || summary->is_continued || !fp_summary_shows_protocol(tree))
        return stream->protocol;
    return fp_ports_are_all(tree, note->transport, stream->protocol, note->source_port, note->destination_port) ? NULL : stream->protocol;
}

/* Adds what Wireshark found in the payload, as far as anybody asks for it. */
static void add_message(proto_tree *tree, packet_info *pinfo, const FpMark *mark, const FpSegmentNote *note, Extent payload)
{
    const FpStreamNote *stream = fp_marks_stream(mark);
    const uint8_t *bytes = payload.bytes > 0 ? payload_bytes(note, payload) : NULL;
    uint32_t whole_in = continued_in(tree, mark);
    FpSummary summary = {
        .side = fp_side_name(stream->first.side),
        .detail = detail_of(tree, pinfo, mark),
        .text = bytes != NULL ? fp_text(pinfo->pool, bytes, payload.bytes) : NULL,
        .is_line = bytes != NULL && fp_text_is_line(bytes, payload.bytes),
        .is_continued = whole_in != 0,
        .bytes = stream->first.payload_bytes,
    };

    summary.protocol = protocol_of(tree, mark, note, &summary);
    add_string(tree, hf_firstpayload_summary, note->tvb, payload.offset, payload.bytes, fp_summary_line(pinfo->pool, &summary));
    if (summary.protocol != NULL)
        add_string(tree, hf_firstpayload_protocol, NULL, 0, 0, summary.protocol);
    if (summary.detail != NULL)
        add_string(tree, hf_firstpayload_detail, NULL, 0, 0, summary.detail);
    add_frame(tree, hf_firstpayload_continued_in, whole_in);
    if (bytes == NULL)
        return;
    add_string(tree, hf_firstpayload_text, note->tvb, payload.offset, payload.bytes, summary.text);
    proto_tree_add_item(tree, hf_firstpayload_data, note->tvb, (int)payload.offset, (int)payload.bytes, ENC_NA);
}

/* Adds the expert infos. item: NULL if there is no tree; Wireshark lists the expert infos even so. */
static void add_remarks(packet_info *pinfo, proto_item *item, const FpVerdict *first, uint32_t whole_in)
{
    const char *before = pinfo->current_proto;

    pinfo->current_proto = "First Payload"; /* the protocol of the expert infos */
    if (first->fast_open)
        expert_add_info(pinfo, item, &ei_firstpayload_fast_open);
    if (first->midstream)
        expert_add_info(pinfo, item, &ei_firstpayload_midstream);
    if (first->out_of_order)
        expert_add_info(pinfo, item, &ei_firstpayload_out_of_order);
    if (whole_in != 0)
        expert_add_info_format(pinfo, item, &ei_firstpayload_continued, "First message continues, whole in frame %u", whole_in);
    pinfo->current_proto = before;
}

static void add_first(proto_tree *root, packet_info *pinfo, const FpMark *mark, const FpSegmentNote *note)
{
    const FpStreamNote *stream = fp_marks_stream(mark);
    const FpVerdict *first = &stream->first;
    Extent payload = captured_payload(note, first->payload_bytes);
    proto_item *item =
        proto_tree_add_protocol_format(root, proto_firstpayload, note->tvb, (int)payload.offset, (int)payload.bytes,
                                       "First Payload, Sent by: %s, Len: %u", fp_side_name(first->side), first->payload_bytes);
    proto_tree *tree = proto_item_add_subtree(item, ett_firstpayload);

    add_number(tree, hf_firstpayload_stream, fp_adapter_wireshark_stream(pinfo, stream, note));
    add_string(tree, hf_firstpayload_direction, NULL, 0, 0, fp_side_name(first->side));
    add_number(tree, hf_firstpayload_len, first->payload_bytes);
    add_number(tree, hf_firstpayload_seq, first->relative_seq);
    add_time(tree, hf_firstpayload_age, first->age_ns);
    if (first->has_syn) {
        add_time(tree, hf_firstpayload_delay, first->delay_ns);
        add_frame(tree, hf_firstpayload_syn_frame, stream->syn_frame);
    }
    add_frame(tree, hf_firstpayload_reply_frame, stream->reply_frame);
    add_if(tree, hf_firstpayload_fast_open, first->fast_open);
    add_if(tree, hf_firstpayload_midstream, first->midstream);
    add_if(tree, hf_firstpayload_out_of_order, first->out_of_order);
    add_relatives(tree, pinfo, mark, note);
    add_message(tree, pinfo, mark, note, payload);
    add_remarks(pinfo, item, first, continued_in(tree, mark));
}

void fp_render_remarks(packet_info *pinfo)
{
    size_t count;
    const FpMark *marks = fp_marks_find(pinfo->num, &count);

    for (size_t i = 0; i < count; i++)
        if (marks[i].classes & FP_CLASS_FIRST)
            add_remarks(pinfo, NULL, &fp_marks_stream(&marks[i])->first, continued_in(NULL, &marks[i]));
}

bool fp_render_frame(packet_info *pinfo, proto_tree *tree)
{
    size_t count;
    const FpMark *marks = fp_marks_find(pinfo->num, &count);
    bool rendered = false;

    for (size_t i = 0; i < count; i++) {
        const FpSegmentNote *note = fp_adapter_note(pinfo, &marks[i]);
        if (note == NULL)
            continue; /* nothing to show; or TCP was disabled since */
        if (marks[i].classes & FP_CLASS_FIRST)
            add_first(tree, pinfo, &marks[i], note);
        else
            add_relatives(tree, pinfo, &marks[i], note);
        rendered = true;
    }
    return rendered;
}
