/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * render.c - see render.h.
 *
 * An item is added whether or not its parent was: Wireshark leaves out what nobody asked for, and a column or -e may ask for
 * a child alone.
 */
#include "render.h"

#include "adapter.h"
#include "fields.h"
#include "marks.h"
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

/* Alone in a filter a Boolean field asks whether it is there: so it is there when it is true. */
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

/* Where in note->tvb the payload is, as far as it was captured. */
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

static void add_relative(proto_tree *tree, int hf, const char *label, const FpMark *mark, const FpSegmentNote *note)
{
    uint32_t first_frame = fp_marks_stream(mark)->first_frame;
    proto_item *item = proto_tree_add_none_format(tree, hf, note->tvb, 0, 0, "First Payload: %s", label);

    proto_item_set_generated(item);
    if (first_frame != mark->frame)
        add_frame(proto_item_add_subtree(item, ett_firstpayload_relative), hf_firstpayload_first_frame, first_frame);
}

static void add_relatives(proto_tree *tree, const FpMark *mark, const FpSegmentNote *note)
{
    if (mark->classes & FP_CLASS_REPLY)
        add_relative(tree, hf_firstpayload_reply, "reply", mark, note);
    if (mark->classes & FP_CLASS_FLIGHT)
        add_relative(tree, hf_firstpayload_flight, "flight", mark, note);
    if (mark->classes & FP_CLASS_HANDSHAKE)
        add_relative(tree, hf_firstpayload_handshake, "handshake", mark, note);
}

static void add_payload(proto_tree *tree, packet_info *pinfo, const FpSegmentNote *note, Extent payload)
{
    if (payload.bytes == 0)
        return;
    if (proto_field_is_referenced(tree, hf_firstpayload_text))
        add_string(tree, hf_firstpayload_text, note->tvb, payload.offset, payload.bytes,
                   fp_text(pinfo->pool, tvb_get_ptr(note->tvb, (int)payload.offset, (int)payload.bytes), payload.bytes));
    proto_tree_add_item(tree, hf_firstpayload_data, note->tvb, (int)payload.offset, (int)payload.bytes, ENC_NA);
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
    add_relatives(tree, mark, note);
    add_payload(tree, pinfo, note, payload);
}

bool fp_render_frame(packet_info *pinfo, proto_tree *tree)
{
    size_t count;
    const FpMark *marks = fp_marks_find(pinfo->num, &count);
    bool rendered = false;

    for (size_t i = 0; i < count; i++) {
        const FpSegmentNote *note = fp_adapter_note(pinfo, &marks[i]);
        if (note == NULL)
            continue; /* TCP was switched off since */
        if (marks[i].classes & FP_CLASS_FIRST)
            add_first(tree, pinfo, &marks[i], note);
        else
            add_relatives(tree, &marks[i], note);
        rendered = true;
    }
    return rendered;
}
