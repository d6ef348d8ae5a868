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
#include "message.h"
#include "said.h"
#include "summary.h"

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
    nstime_t value = {.secs = (time_t)(ns / NS_PER_SECOND), .nsecs = (int)(ns % NS_PER_SECOND)};

    proto_item_set_generated(proto_tree_add_time(tree, hf, NULL, 0, 0, &value));
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

/* Adds links to the stream's other frames. */
static void add_links(proto_tree *tree, const FpMark *mark)
{
    const FpStreamNote stream = fp_marks_stream(mark);
    bool is_reply = mark->classes & FP_CLASS_REPLY;

    if (stream.syn_frame != mark->frame)
        add_frame(tree, hf_firstpayload_syn_frame, stream.syn_frame);
    if (stream.first_frame != mark->frame)
        add_frame(tree, is_reply ? hf_firstpayload_first_frame_of_reply : hf_firstpayload_first_frame, stream.first_frame);
    if (stream.reply_frame != mark->frame)
        add_frame(tree, hf_firstpayload_reply_frame, stream.reply_frame);
}

/* To reply, on both of its ends. */
static void add_reply_delay(proto_tree *tree, const FpMark *mark)
{
    const FpStreamNote stream = fp_marks_stream(mark);

    if (stream.reply_frame != 0)
        add_time(tree, hf_firstpayload_reply_delay, stream.reply_delay_ns);
}

/* Wireshark shows what a message in several frames says only in the frame that completes it. */
static void add_whole_message(proto_tree *root, proto_tree *tree, packet_info *pinfo, const FpMark *mark)
{
    const FpStreamNote stream = fp_marks_stream(mark);
    const char *detail = fp_message_detail(pinfo->pool, root, mark);

    if (detail == NULL)
        return;
    add_string(tree, hf_firstpayload_detail, NULL, 0, 0, detail);
    add_string(tree, hf_firstpayload_summary, NULL, 0, 0,
               wmem_strdup_printf(pinfo->pool, "%s, since frame %u: %s %s", fp_side_name(stream.first.side), stream.first_frame,
                                  stream.protocol != NULL ? stream.protocol : "", fp_summary_short(pinfo->pool, detail)));
}

/* Whether there is more to say than which stream it is. */
static bool is_marked(const FpMark *mark)
{
    return mark->classes != 0 || mark->events != 0;
}

/* Whether there is no payload in the stream of a frame that is marked: as far as is known, which is all once every frame was visited. */
static bool is_silent(const packet_info *pinfo, const FpMark *mark)
{
    return is_marked(mark) && fp_marks_stream(mark).first_frame == 0 && (pinfo->fd->visited || mark->events & FP_EVENT_ENDS_SILENT);
}

/* A class of frames, and its field. */
static const struct {
    unsigned class_bit;
    int *hf;
} class_fields[] = {
    {FP_CLASS_REPLY, &hf_firstpayload_reply},         {FP_CLASS_FLIGHT, &hf_firstpayload_flight},
    {FP_CLASS_HANDSHAKE, &hf_firstpayload_handshake}, {FP_CLASS_OPENING, &hf_firstpayload_opening},
    {FP_CLASS_CLOSING, &hf_firstpayload_closing},
};

static void add_presence(proto_tree *tree, int hf, const FpSegmentNote *note)
{
    proto_item_set_generated(proto_tree_add_item(tree, hf, note->tvb, 0, 0, ENC_NA));
}

static void add_classes(proto_tree *tree, const FpMark *mark, const FpSegmentNote *note)
{
    for (size_t i = 0; i < G_N_ELEMENTS(class_fields); i++)
        if (mark->classes & class_fields[i].class_bit)
            add_presence(tree, *class_fields[i].hf, note);
}

/* Adds the item that stands at the root for a frame that is no first payload frame. */
static proto_item *add_relative(proto_tree *root, tvbuff_t *tvb, const char *what)
{
    proto_item *item = proto_tree_add_protocol_format(root, proto_firstpayload_relative, tvb, 0, 0, "First Payload: %s", what);

    proto_item_set_generated(item);
    return item;
}

/* Names the classes of a frame that is no first payload frame. */
static const char *names_of(packet_info *pinfo, const FpMark *mark, bool silent)
{
    char *names = wmem_alloc(pinfo->pool, FP_CLASSES_TEXT_BYTES);
    size_t length = fp_classes_to_text(mark->classes, names);

    if (length == 0 && !silent)
        return "frame of the stream";
    return silent ? wmem_strdup_printf(pinfo->pool, "%s%ssilent", names, length > 0 ? "," : "") : names;
}

/* Adds what Wireshark found in the payload, as far as anybody asks for it. */
static void add_message(proto_tree *tree, packet_info *pinfo, const FpMark *mark, const FpSegmentNote *note, FpExtent payload)
{
    FpSummary summary = fp_message_summary(pinfo->pool, tree, mark, note);
    uint32_t whole_frame = fp_message_whole_frame(tree, mark);

    add_string(tree, hf_firstpayload_summary, note->tvb, payload.offset, payload.bytes, fp_summary_line(pinfo->pool, &summary));
    if (summary.protocol != NULL)
        add_string(tree, hf_firstpayload_protocol, NULL, 0, 0, summary.protocol);
    if (summary.detail != NULL)
        add_string(tree, hf_firstpayload_detail, NULL, 0, 0, summary.detail);
    if (fp_summary_name(pinfo->pool, &summary) != NULL)
        add_string(tree, hf_firstpayload_name, NULL, 0, 0, fp_summary_name(pinfo->pool, &summary));
    add_frame(tree, hf_firstpayload_whole_frame, whole_frame);
    if (fp_fields_is_asked_by_name(hf_firstpayload_old_continued_in))
        add_frame(tree, hf_firstpayload_old_continued_in, whole_frame);
    if (payload.bytes == 0)
        return;
    add_string(tree, hf_firstpayload_text, note->tvb, payload.offset, payload.bytes, summary.text);
    proto_tree_add_item(tree, hf_firstpayload_data, note->tvb, (int)payload.offset, (int)payload.bytes, ENC_NA);
}

/* Adds what the stream said first, if that is kept. */
static void add_said(proto_tree *tree, packet_info *pinfo, const FpMark *mark)
{
    const FpSummary *said = fp_said_find(mark);

    if (said == NULL)
        return;
    add_string(tree, hf_firstpayload_of_stream_summary, NULL, 0, 0, fp_summary_line(pinfo->pool, said));
    if (said->protocol != NULL)
        add_string(tree, hf_firstpayload_of_stream_protocol, NULL, 0, 0, said->protocol);
    if (said->detail != NULL)
        add_string(tree, hf_firstpayload_of_stream_detail, NULL, 0, 0, said->detail);
}

/* Adds an expert info. item: NULL if there is no tree; Wireshark lists the expert infos even so. */
static void remark(packet_info *pinfo, proto_item *item, expert_field *field)
{
    const char *before = pinfo->current_proto;

    pinfo->current_proto = "First Payload"; /* the protocol of the expert infos */
    expert_add_info(pinfo, item, field);
    pinfo->current_proto = before;
}

static void remark_continued(packet_info *pinfo, proto_item *item, uint32_t whole_frame)
{
    const char *before = pinfo->current_proto;

    pinfo->current_proto = "First Payload";
    expert_add_info_format(pinfo, item, &ei_firstpayload_continued, "First message continues, whole in frame %u", whole_frame);
    pinfo->current_proto = before;
}

static void add_remarks(packet_info *pinfo, proto_item *item, const FpVerdict *first, uint32_t whole_frame)
{
    if (first->fast_open)
        remark(pinfo, item, &ei_firstpayload_fast_open);
    if (first->midstream)
        remark(pinfo, item, &ei_firstpayload_midstream);
    if (first->out_of_order)
        remark(pinfo, item, &ei_firstpayload_out_of_order);
    if (whole_frame != 0)
        remark_continued(pinfo, item, whole_frame);
}

/* Says once of a silent stream that it is: on the frame that ends it; or, if nothing does, on its first, once every frame was visited. */
static void add_silence(packet_info *pinfo, proto_item *item, const FpMark *mark)
{
    unsigned at = fp_marks_stream(mark).ends_silent ? FP_EVENT_ENDS_SILENT : FP_EVENT_BEGINS;

    if (mark->events & at && is_silent(pinfo, mark))
        remark(pinfo, item, &ei_firstpayload_silent);
}

static void add_first(proto_tree *root, packet_info *pinfo, const FpMark *mark, const FpSegmentNote *note)
{
    const FpStreamNote stream = fp_marks_stream(mark);
    const FpVerdict *first = &stream.first;
    FpExtent payload = fp_message_extent(note, first->payload_bytes);
    proto_item *item =
        proto_tree_add_protocol_format(root, proto_firstpayload, note->tvb, (int)payload.offset, (int)payload.bytes,
                                       "First Payload, Sent by: %s, Len: %u", fp_side_name(first->side), first->payload_bytes);
    proto_tree *tree = proto_item_add_subtree(item, ett_firstpayload);

    add_number(tree, hf_firstpayload_stream, fp_adapter_wireshark_stream(pinfo, &stream, note));
    add_string(tree, hf_firstpayload_direction, NULL, 0, 0, fp_side_name(first->side));
    add_number(tree, hf_firstpayload_len, first->payload_bytes);
    add_number(tree, hf_firstpayload_seq, first->relative_seq);
    add_time(tree, hf_firstpayload_age, first->age_ns);
    if (first->has_syn)
        add_time(tree, hf_firstpayload_delay, first->delay_ns);
    add_links(tree, mark);
    add_reply_delay(tree, mark);
    add_if(tree, hf_firstpayload_fast_open, first->fast_open);
    add_if(tree, hf_firstpayload_midstream, first->midstream);
    add_if(tree, hf_firstpayload_out_of_order, first->out_of_order);
    add_classes(tree, mark, note);
    if (fp_fields_of_message_are_wanted(tree))
        add_message(tree, pinfo, mark, note, payload);
    add_said(tree, pinfo, mark);
    add_remarks(pinfo, item, first, fp_message_whole_frame(tree, mark));
}

static void add_other(proto_tree *root, packet_info *pinfo, const FpMark *mark, const FpSegmentNote *note)
{
    bool silent = is_silent(pinfo, mark);
    proto_item *item = add_relative(root, note->tvb, names_of(pinfo, mark, silent));
    proto_tree *tree = proto_item_add_subtree(item, ett_firstpayload_relative);

    add_said(tree, pinfo, mark);
    if (!is_marked(mark))
        return;
    add_classes(tree, mark, note);
    if (silent)
        add_presence(tree, hf_firstpayload_silent, note);
    add_links(tree, mark);
    if (mark->classes & FP_CLASS_REPLY)
        add_reply_delay(tree, mark);
    if (mark->classes & FP_CLASS_FLIGHT)
        add_whole_message(root, tree, pinfo, mark);
    add_silence(pinfo, item, mark);
}

void fp_render_warning(packet_info *pinfo, proto_tree *tree, tvbuff_t *tvb, expert_field *field)
{
    remark(pinfo, tree != NULL ? add_relative(tree, tvb, "not sure") : NULL, field);
}

/* Of a first payload frame, without a tree. */
static void add_remarks_of(packet_info *pinfo, const FpMark *mark)
{
    const FpStreamNote stream = fp_marks_stream(mark);

    add_remarks(pinfo, NULL, &stream.first, fp_message_whole_frame(NULL, mark));
}

void fp_render_remarks(packet_info *pinfo)
{
    size_t count;
    const FpMark *marks = fp_marks_find(pinfo->num, &count);

    for (size_t i = 0; i < count; i++)
        if (marks[i].classes & FP_CLASS_FIRST)
            add_remarks_of(pinfo, &marks[i]);
        else
            add_silence(pinfo, NULL, &marks[i]);
}

/* Whether there is something to show of a frame that is no first payload frame. Most runs do not ask for it. */
static bool is_shown(const packet_info *pinfo, proto_tree *tree, const FpMark *mark)
{
    if (!fp_fields_of_others_are_wanted(tree))
        return false;
    return mark->classes != 0 || is_silent(pinfo, mark) || fp_said_find(mark) != NULL;
}

void fp_render_frame(packet_info *pinfo, proto_tree *tree)
{
    size_t count;
    const FpMark *marks = fp_marks_find(pinfo->num, &count);

    for (size_t i = 0; i < count; i++) {
        const FpSegmentNote *note = fp_adapter_note(pinfo, &marks[i]);
        if (note == NULL)
            continue; /* nothing to show; or TCP was disabled since */
        if (marks[i].classes & FP_CLASS_FIRST)
            add_first(tree, pinfo, &marks[i], note);
        else if (is_shown(pinfo, tree, &marks[i]))
            add_other(tree, pinfo, &marks[i], note);
        else
            add_silence(pinfo, NULL, &marks[i]);
    }
}
