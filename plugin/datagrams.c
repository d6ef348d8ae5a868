/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * datagrams.c - see datagrams.h.
 *
 * The hook is made as that of TCP is (adapter.c), and stands in the table only where it is wanted.
 */
#include "datagrams.h"

#include <epan/conversation.h>
#include <epan/dissectors/packet-udp.h>
#include <epan/ipproto.h>

#include "adapter.h"
#include "ports.h"
#include "summary.h"

static int proto_hook = -1;
static int proto_udp = -1;
static int proto_ip = -1;
static int proto_ipv6 = -1;
static int proto_sflow = -1; /* what is inside was sampled by it, and is no tunnel */
static dissector_handle_t hook_handle;
static dissector_handle_t udp_handle;
static bool is_hooked;

/* A UDP header of the frame that is being dissected. */
typedef struct {
    FpSegment segment;
    address source;
    address destination;
    tvbuff_t *tvb;
    unsigned place; /* of the header in the protocols that Wireshark found */
    uint16_t layer;
} Datagram;

/* More headers within each other than anybody decodes; further ones are left out. */
#define DATAGRAMS_MAX 64U

static struct {
    Datagram datagrams[DATAGRAMS_MAX];
    unsigned n;
    unsigned layers; /* UDP headers of the frame, also those that are none of the above */
} current;

/* Fills in *segment. Returns false when this is no datagram, or is cut too short to tell. */
static bool read_datagram(tvbuff_t *tvb, const packet_info *pinfo, FpSegment *segment)
{
    if (!fp_adapter_begin_segment(tvb, pinfo, FP_UDP_HEADER_BYTES, segment))
        return false;
    const uint8_t *header = tvb_get_ptr(tvb, 0, FP_UDP_HEADER_BYTES);
    uint32_t by_ip = tvb_reported_length(tvb), length = pntoh16(header + 4);

    if (length == 0 && segment->address_bytes == 16)
        length = by_ip; /* a jumbogram (RFC 2675 4) */
    length = MIN(length, by_ip);
    if (length < FP_UDP_HEADER_BYTES)
        return false;
    uint32_t captured = MIN(length, tvb_captured_length(tvb)) - FP_UDP_HEADER_BYTES;
    segment->source_port = pntoh16(header);
    segment->destination_port = pntoh16(header + 2);
    segment->header_bytes = FP_UDP_HEADER_BYTES;
    segment->segment_bytes = length;
    segment->transport = FP_TRANSPORT_UDP;
    segment->is_quic_long =
        fp_datagram_is_quic_long(tvb_get_ptr(tvb, 0, (int)(captured + FP_UDP_HEADER_BYTES)) + FP_UDP_HEADER_BYTES, captured);
    return true;
}

/* Nothing is known yet of whether the fields of a first message are wanted, so they are asked for. */
static void note_datagram(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree)
{
    fp_adapter_enter(pinfo);
    uint16_t layer = (uint16_t)(FP_LAYER_UDP | (current.layers < DATAGRAMS_MAX ? current.layers++ : DATAGRAMS_MAX));
    Datagram *datagram = &current.datagrams[current.n];

    if (current.n == DATAGRAMS_MAX || layer == (FP_LAYER_UDP | DATAGRAMS_MAX) || !read_datagram(tvb, pinfo, &datagram->segment))
        return;
    datagram->source = pinfo->src;
    datagram->destination = pinfo->dst;
    datagram->tvb = tvb;
    datagram->place = wmem_list_count(pinfo->layers);
    datagram->layer = layer;
    current.n++;
    fp_summary_prime(tree);
    if (fp_adapter_is_rendered(tree) && fp_summary_shows_protocol(tree))
        fp_ports_prime(tree, FP_TRANSPORT_UDP, datagram->segment.source_port, datagram->segment.destination_port);
}

static int dissect_hook(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    note_datagram(tvb, pinfo, tree);
    pinfo->can_desegment = pinfo->saved_can_desegment; /* each call of a dissector lowers it: ours is to go unnoticed */
    return call_dissector_only(udp_handle, tvb, pinfo, tree, data);
}

static int protocol_of(const wmem_list_frame_t *layer)
{
    return layer != NULL ? GPOINTER_TO_INT(wmem_list_frame_data(layer)) : -1;
}

static wmem_list_frame_t *layer_at(const packet_info *pinfo, unsigned place)
{
    wmem_list_frame_t *layer = wmem_list_head(pinfo->layers);

    while (layer != NULL && place-- > 0)
        layer = wmem_list_frame_next(layer);
    return layer;
}

/* Whether no IP header follows inside. above: the layer after the datagram's. */
static bool is_innermost(wmem_list_frame_t *above)
{
    for (; above != NULL && protocol_of(above) != proto_sflow; above = wmem_list_frame_next(above))
        if (protocol_of(above) == proto_ip || protocol_of(above) == proto_ipv6)
            return false;
    return true;
}

/* udp.stream, which is known once UDP has taken the datagram. */
static uint32_t stream_of(const packet_info *pinfo, const Datagram *datagram)
{
    conversation_t *conversation = find_conversation(pinfo->num, &datagram->source, &datagram->destination, CONVERSATION_UDP,
                                                     datagram->segment.source_port, datagram->segment.destination_port, 0);
    const struct udp_analysis *analysis = conversation != NULL ? conversation_get_proto_data(conversation, proto_udp) : NULL;

    return analysis != NULL ? analysis->stream : 0;
}

static const FpMark *find_mark(uint32_t frame, uint16_t layer)
{
    size_t count;
    const FpMark *marks = fp_marks_find(frame, &count);

    for (size_t i = 0; i < count; i++)
        if (marks[i].layer == layer)
            return &marks[i];
    return NULL;
}

/* The addresses are where they were: the frame's bytes live until it is forgotten. */
static void take(packet_info *pinfo, proto_tree *tree, const Datagram *datagram)
{
    wmem_list_frame_t *own = layer_at(pinfo, datagram->place);
    wmem_list_frame_t *above = own != NULL ? wmem_list_frame_next(own) : NULL;

    if (!is_innermost(above))
        return;
    const FpMark *mark =
        pinfo->fd->visited ? find_mark(pinfo->num, datagram->layer) : fp_marks_take(pinfo->num, datagram->layer, &datagram->segment);
    if (mark == NULL)
        return;
    if (!pinfo->fd->visited && mark->classes & FP_CLASS_FIRST)
        fp_marks_set_wireshark_number(mark, stream_of(pinfo, datagram));
    if (!pinfo->fd->visited && mark->classes & FP_CLASS_FLIGHT && fp_marks_stream(mark).protocol == NULL)
        fp_marks_set_protocol(mark, fp_adapter_protocol_name(protocol_of(above)));
    const FpSegmentNote note = {.tvb = datagram->tvb,
                                .source = datagram->source,
                                .destination = datagram->destination,
                                .source_port = datagram->segment.source_port,
                                .destination_port = datagram->segment.destination_port,
                                .transport = FP_TRANSPORT_UDP,
                                .header_bytes = FP_UDP_HEADER_BYTES};
    fp_adapter_keep_note(pinfo, tree, mark, &note);
}

void fp_datagrams_end_frame(packet_info *pinfo, proto_tree *tree)
{
    for (unsigned i = 0; i < current.n; i++)
        take(pinfo, tree, &current.datagrams[i]);
    current.n = current.layers = 0;
}

static void hook(bool is_wanted)
{
    if (is_wanted == is_hooked || udp_handle == NULL || hook_handle == NULL)
        return;
    dissector_add_uint("ip.proto", IP_PROTO_UDP, is_wanted ? hook_handle : udp_handle);
    is_hooked = is_wanted;
}

void fp_datagrams_begin_file(bool is_wanted)
{
    current.n = current.layers = 0;
    hook(is_wanted);
}

void fp_datagrams_register(void)
{
    proto_udp = proto_get_id_by_filter_name("udp"); /* Wireshark's own protocols are registered before those of plugins */
    proto_ip = proto_get_id_by_filter_name("ip");
    proto_ipv6 = proto_get_id_by_filter_name("ipv6");
    proto_sflow = proto_get_id_by_filter_name("sflow");
    if (proto_udp < 0)
        return;
    proto_hook = proto_register_protocol_in_name_only("First Payload, in front of UDP", "First Payload (before UDP)",
                                                      "firstpayload_udp_hook", proto_udp, FT_PROTOCOL);
    proto_set_cant_toggle(proto_hook); /* as that of TCP */
    hook_handle = create_dissector_handle(dissect_hook, proto_hook);
}

void fp_datagrams_handoff(void)
{
    udp_handle = dissector_get_uint_handle(find_dissector_table("ip.proto"), IP_PROTO_UDP);
}
