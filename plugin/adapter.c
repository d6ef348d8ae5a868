/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * adapter.c - see adapter.h.
 *
 * While a file is open of which TCP is wanted, the hook takes the place of TCP in the dissector table "ip.proto", and calls the dissector
 * that was there before. It belongs to a protocol in name only, registered under TCP. Such a protocol leaves no trace in the layers of a
 * frame, and is enabled and disabled with TCP.
 */
#include "adapter.h"

#include <epan/conversation.h>
#include <epan/dissectors/packet-tcp.h>
#include <epan/ipproto.h>
#include <epan/prefs-int.h>
#include <epan/proto_data.h>
#include <wsutil/pint.h>

#include "fields.h"
#include "ports.h"
#include "said.h"
#include "summary.h"
#include "whole.h"

static int proto_owner; /* under this protocol our notes are kept with the frame */
static int proto_hook = -1;
static int proto_tcp = -1;
static int proto_data = -1; /* Wireshark's name for bytes that no dissector took */
static dissector_handle_t hook_handle;
static dissector_handle_t tcp_handle;
static bool takes_tcp;

/* The TCP layers so far in the frame that is being dissected. fp_adapter_end_frame resets it: with a read filter, frame numbers repeat. */
static struct {
    uint32_t frame; /* 0: none */
    unsigned layers;
    bool is_fragment;
} current;

static int64_t time_ns(const packet_info *pinfo)
{
    return pinfo->presence_flags & PINFO_HAS_TS ? fp_time_ns(pinfo->abs_ts.secs, pinfo->abs_ts.nsecs) : 0;
}

static bool is_ip_address(const address *endpoint)
{
    return (endpoint->type == AT_IPv4 && endpoint->len == 4) || (endpoint->type == AT_IPv6 && endpoint->len == 16);
}

bool fp_adapter_begin_segment(tvbuff_t *tvb, const packet_info *pinfo, uint32_t needed_bytes, FpSegment *segment)
{
    if (pinfo->flags.in_error_pkt || tvb_captured_length(tvb) < needed_bytes)
        return false;
    if (!is_ip_address(&pinfo->src) || pinfo->src.type != pinfo->dst.type || !is_ip_address(&pinfo->dst))
        return false;
    *segment = (FpSegment){
        .source = pinfo->src.data,
        .destination = pinfo->dst.data,
        .time_ns = time_ns(pinfo),
        .address_bytes = (uint8_t)pinfo->src.len,
        .length_unknown = pinfo->fragmented,
    };
    if (pinfo->fragmented)
        current.is_fragment = true;
    return true;
}

/* Fills in *segment, which borrows from tvb and pinfo. Returns false if this is no segment of TCP, or is truncated too early to tell. */
static bool read_segment(tvbuff_t *tvb, const packet_info *pinfo, FpSegment *segment)
{
    if (!fp_adapter_begin_segment(tvb, pinfo, FP_TCP_NEEDED_BYTES, segment))
        return false;

    const uint8_t *header = tvb_get_ptr(tvb, 0, FP_TCP_NEEDED_BYTES);
    segment->source_port = pntoh16(header);
    segment->destination_port = pntoh16(header + 2);
    segment->seq = pntoh32(header + 4);
    segment->ack = pntoh32(header + 8);
    segment->header_bytes = (uint8_t)((header[12] >> 4) * 4);
    segment->flags = header[13];
    segment->window = pntoh16(header + 14);
    segment->segment_bytes = tvb_reported_length(tvb);
    return true;
}

/* Returns the number of the existing conversation between the endpoints, or else other. */
static uint32_t stream_of(const packet_info *pinfo, const address *source, const address *destination, uint16_t source_port,
                          uint16_t destination_port, uint32_t other)
{
    conversation_t *conversation = find_conversation(pinfo->num, source, destination, CONVERSATION_TCP, source_port, destination_port, 0);
    const struct tcp_analysis *analysis = conversation != NULL ? conversation_get_proto_data(conversation, proto_tcp) : NULL;

    return analysis != NULL ? analysis->stream : other;
}

/* Returns the tcp.stream that TCP will give the segment: that of the existing conversation, or else the next number. Afterwards may be too
 * late, as some dissectors (VNC, SOCKS) start a conversation of their own. */
static uint32_t upcoming_stream(const packet_info *pinfo, const FpSegment *segment)
{
    return stream_of(pinfo, &pinfo->src, &pinfo->dst, segment->source_port, segment->destination_port, get_tcp_stream_count());
}

bool fp_adapter_is_rendered(proto_tree *tree)
{
    return fp_said_is_wanted() || (tree != NULL ? fp_fields_are_wanted(tree) : fp_fields_may_be_wanted());
}

void fp_adapter_keep_note(packet_info *pinfo, proto_tree *tree, const FpMark *mark, const FpSegmentNote *note)
{
    if (fp_adapter_is_rendered(tree))
        p_add_proto_data(pinfo->pool, pinfo, proto_owner, mark->layer, wmem_memdup(pinfo->pool, note, sizeof *note));
}

static void keep_note(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, const FpSegment *segment, const FpMark *mark)
{
    const FpSegmentNote note = {
        .tvb = tvb,
        .source = pinfo->src,
        .destination = pinfo->dst,
        .source_port = segment->source_port,
        .destination_port = segment->destination_port,
        .header_bytes = segment->header_bytes,
    };

    if (mark->classes & FP_CLASS_FLIGHT) /* which includes the first payload frame */
        fp_summary_prime(tree);
    if (!fp_adapter_is_rendered(tree))
        return;
    if (mark->classes & FP_CLASS_FIRST && fp_summary_shows_protocol(tree))
        fp_ports_prime(tree, FP_TRANSPORT_TCP, segment->source_port, segment->destination_port);
    fp_adapter_keep_note(pinfo, tree, mark, &note);
}

/* Returns the tree to dissect TCP with. */
static proto_tree *take_first_visit(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, uint16_t layer, const FpSegment *segment)
{
    const FpMark *mark = fp_marks_take(pinfo->num, layer, segment);

    if (mark == NULL)
        return tree;
    if (mark->classes & FP_CLASS_FIRST)
        fp_marks_set_wireshark_number(mark, upcoming_stream(pinfo, segment));
    keep_note(tvb, pinfo, tree, segment, mark);
    return mark->classes & FP_CLASS_FLIGHT ? fp_whole_prepare(pinfo, tree, mark) : tree;
}

static void take_later_visit(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, uint16_t layer, const FpSegment *segment)
{
    size_t count;
    const FpMark *marks = fp_marks_find(pinfo->num, &count);

    for (size_t i = 0; i < count; i++)
        if (marks[i].layer == layer)
            keep_note(tvb, pinfo, tree, segment, &marks[i]);
}

void fp_adapter_enter(const packet_info *pinfo)
{
    if (current.frame == pinfo->num)
        return;
    current.frame = pinfo->num;
    current.layers = 0;
    current.is_fragment = false;
    if (!pinfo->fd->visited)
        fp_marks_forget(pinfo->num); /* if a read filter (-R) drops a frame, the next frame gets its number */
}

/* Returns the tree to dissect TCP with. */
static proto_tree *take_layer(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    fp_adapter_enter(pinfo);
    if (current.layers >= FP_LAYER_UDP)
        return tree;
    uint16_t layer = (uint16_t)current.layers++;
    FpSegment segment;

    if (!takes_tcp || !read_segment(tvb, pinfo, &segment))
        return tree;
    if (!pinfo->fd->visited)
        return take_first_visit(tvb, pinfo, tree, layer, &segment);
    take_later_visit(tvb, pinfo, tree, layer, &segment);
    return tree;
}

/* Takes all notes before it calls TCP, as an exception may keep TCP from returning. */
static int dissect_hook(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    tree = take_layer(tvb, pinfo, tree);
    pinfo->can_desegment = pinfo->saved_can_desegment; /* each call of a dissector lowers it; the call of the hook must not count */
    return call_dissector_only(tcp_handle, tvb, pinfo, tree, data);
}

/* Returns the TCP layer with the given number among the layers that Wireshark found, or NULL. */
static wmem_list_frame_t *find_tcp(const packet_info *pinfo, unsigned layer)
{
    for (wmem_list_frame_t *found = wmem_list_head(pinfo->layers); found != NULL; found = wmem_list_frame_next(found))
        if (GPOINTER_TO_INT(wmem_list_frame_data(found)) == proto_tcp && layer-- == 0)
            return found;
    return NULL;
}

FpDoubt fp_adapter_end_frame(const packet_info *pinfo)
{
    bool is_current = current.frame == pinfo->num;

    current.frame = 0;
    if (is_current && current.is_fragment)
        return FP_DOUBT_FRAGMENT;
    if (is_current && current.layers > 0)
        return FP_DOUBT_NONE;
    return takes_tcp && find_tcp(pinfo, 0) != NULL ? FP_DOUBT_UNSEEN : FP_DOUBT_NONE;
}

const char *fp_adapter_protocol_name(int protocol)
{
    return protocol >= 0 && protocol != proto_data ? proto_get_protocol_short_name(find_protocol_by_id(protocol)) : NULL;
}

/* Returns the name of the protocol above a TCP layer. NULL: none that Wireshark knows. */
static const char *protocol_above(const packet_info *pinfo, uint16_t layer)
{
    wmem_list_frame_t *tcp = find_tcp(pinfo, layer);
    wmem_list_frame_t *above = tcp != NULL ? wmem_list_frame_next(tcp) : NULL;

    return fp_adapter_protocol_name(above != NULL ? GPOINTER_TO_INT(wmem_list_frame_data(above)) : -1);
}

void fp_adapter_note_protocols(const packet_info *pinfo)
{
    size_t count;
    const FpMark *marks = fp_marks_find(pinfo->num, &count);

    for (size_t i = 0; i < count; i++) {
        bool is_flight = marks[i].classes & FP_CLASS_FLIGHT && marks[i].layer < FP_LAYER_UDP;
        if (is_flight && fp_marks_stream(&marks[i]).protocol == NULL)
            fp_marks_set_protocol(&marks[i], protocol_above(pinfo, marks[i].layer));
    }
}

bool fp_adapter_tcp_stream(packet_info *pinfo, uint32_t *number)
{
    if (find_tcp(pinfo, 0) == NULL)
        return false;
    *number = stream_of(pinfo, &pinfo->src, &pinfo->dst, (uint16_t)pinfo->srcport, (uint16_t)pinfo->destport, UINT32_MAX);
    return *number != UINT32_MAX;
}

const FpSegmentNote *fp_adapter_note(packet_info *pinfo, const FpMark *mark)
{
    return p_get_proto_data(pinfo->pool, pinfo, proto_owner, mark->layer);
}

uint32_t fp_adapter_wireshark_stream(const packet_info *pinfo, const FpStreamNote *stream, const FpSegmentNote *note)
{
    if (!stream->first.fast_open)
        return stream->wireshark_number;
    /* Only after TCP has taken a SYN is it known whether it starts another conversation. */
    return stream_of(pinfo, &note->source, &note->destination, note->source_port, note->destination_port, stream->wireshark_number);
}

/* Puts the hook in place, or TCP back there. Not if Decode As has put something else there. What is put there counts as Wireshark's
 * default, so that Decode As shows and saves no change. */
static void hook(bool is_wanted)
{
    dissector_handle_t from = is_wanted ? tcp_handle : hook_handle;
    dissector_handle_t to = is_wanted ? hook_handle : tcp_handle;

    if (from == NULL || to == NULL)
        return;
    if (dissector_get_uint_handle(find_dissector_table("ip.proto"), IP_PROTO_TCP) == from)
        dissector_add_uint("ip.proto", IP_PROTO_TCP, to);
}

void fp_adapter_begin_file(bool wants_tcp)
{
    hook(wants_tcp);
    takes_tcp = wants_tcp;
    current.frame = 0;
}

void fp_adapter_sleep(void)
{
    hook(false);
}

void fp_adapter_register(int owner)
{
    proto_owner = owner;
    proto_tcp = proto_get_id_by_filter_name("tcp"); /* Wireshark's own protocols are registered before those of plugins */
    proto_data = proto_get_id_by_filter_name("data");
    if (proto_tcp < 0)
        return;
    proto_hook = proto_register_protocol_in_name_only("First Payload, in front of TCP", "First Payload (before TCP)", "firstpayload_hook",
                                                      proto_tcp, FT_PROTOCOL);
    proto_set_cant_toggle(proto_hook); /* Wireshark would show a tick for it, which does nothing */
    hook_handle = create_dissector_handle(dissect_hook, proto_hook);
}

/* Linux hands IPv6 packets of more than 64 KiB to captures with a payload length of 0 and without a jumbo option. With IPv6's preference
 * tso_support, they are as long as the frame. IPv4's preference of that name is on by default, but IPv6's is off. This changes the default,
 * so users can still switch it off. */
static void expect_segmentation_offload(void)
{
    module_t *module = prefs_find_module("ipv6");
    pref_t *preference = module != NULL ? prefs_find_preference(module, "tso_support") : NULL;

    if (preference == NULL)
        return;
    prefs_set_bool_value(preference, TRUE, pref_default);
    prefs_set_bool_value(preference, TRUE, pref_current);
}

void fp_adapter_handoff(void)
{
    expect_segmentation_offload();
    tcp_handle = dissector_get_uint_handle(find_dissector_table("ip.proto"), IP_PROTO_TCP);
}
