/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fields.c - see fields.h. */
#include "fields.h"

int proto_firstpayload = -1;
int proto_firstpayload_relative = -1;

int hf_firstpayload_stream = -1;
int hf_firstpayload_direction = -1;
int hf_firstpayload_len = -1;
int hf_firstpayload_seq = -1;
int hf_firstpayload_age = -1;
int hf_firstpayload_delay = -1;
int hf_firstpayload_reply_delay = -1;
int hf_firstpayload_fast_open = -1;
int hf_firstpayload_midstream = -1;
int hf_firstpayload_out_of_order = -1;
int hf_firstpayload_summary = -1;
int hf_firstpayload_protocol = -1;
int hf_firstpayload_detail = -1;
int hf_firstpayload_name = -1;
int hf_firstpayload_whole_frame = -1;
int hf_firstpayload_text = -1;
int hf_firstpayload_data = -1;
int hf_firstpayload_syn_frame = -1;
int hf_firstpayload_reply_frame = -1;
int hf_firstpayload_first_frame = -1;
int hf_firstpayload_first_frame_of_reply = -1;
int hf_firstpayload_reply = -1;
int hf_firstpayload_flight = -1;
int hf_firstpayload_handshake = -1;
int hf_firstpayload_opening = -1;
int hf_firstpayload_closing = -1;
int hf_firstpayload_silent = -1;
int hf_firstpayload_of_stream_summary = -1;
int hf_firstpayload_of_stream_protocol = -1;
int hf_firstpayload_of_stream_detail = -1;
int hf_firstpayload_old_continued_in = -1;
int hf_firstpayload_old_unseen = -1;

int ett_firstpayload = -1;
int ett_firstpayload_relative = -1;

expert_field ei_firstpayload_unseen = EI_INIT;
expert_field ei_firstpayload_fragment = EI_INIT;
expert_field ei_firstpayload_silent = EI_INIT;
expert_field ei_firstpayload_fast_open = EI_INIT;
expert_field ei_firstpayload_midstream = EI_INIT;
expert_field ei_firstpayload_out_of_order = EI_INIT;
expert_field ei_firstpayload_continued = EI_INIT;

/* Under the protocol: said of the first payload frame. */
static hf_register_info of_first[] = {
    {&hf_firstpayload_stream,
     {"Stream", "firstpayload.stream", FT_UINT32, BASE_DEC, NULL, 0, "The frame's tcp.stream or udp.stream", HFILL}},
    {&hf_firstpayload_direction,
     {"Sent by", "firstpayload.direction", FT_STRING, BASE_NONE, NULL, 0,
      "Who spoke first: client, server, or unknown if the start of the stream was not captured", HFILL}},
    {&hf_firstpayload_len,
     {"Length", "firstpayload.len", FT_UINT32, BASE_DEC, NULL, 0, "Bytes of payload in the segment, captured or not", HFILL}},
    {&hf_firstpayload_seq,
     {"Relative sequence number", "firstpayload.seq", FT_UINT32, BASE_DEC, NULL, 0, "1 is the first byte of the stream", HFILL}},
    {&hf_firstpayload_age, {"Time since first frame of stream", "firstpayload.age", FT_RELATIVE_TIME, BASE_NONE, NULL, 0, NULL, HFILL}},
    {&hf_firstpayload_delay,
     {"Time since SYN", "firstpayload.delay", FT_RELATIVE_TIME, BASE_NONE, NULL, 0, "Absent if the SYN was not captured", HFILL}},
    {&hf_firstpayload_fast_open,
     {"TCP Fast Open", "firstpayload.fast_open", FT_BOOLEAN, BASE_NONE, NULL, 0,
      "The payload is in the SYN (RFC 7413); absent if it is not", HFILL}},
    {&hf_firstpayload_midstream,
     {"Midstream", "firstpayload.midstream", FT_BOOLEAN, BASE_NONE, NULL, 0, "The start of the stream was not captured; absent if it was",
      HFILL}},
    {&hf_firstpayload_out_of_order,
     {"Out of order", "firstpayload.out_of_order", FT_BOOLEAN, BASE_NONE, NULL, 0,
      "Bytes before this payload had not been captured by then; absent if there are none", HFILL}},
    {&hf_firstpayload_protocol,
     {"Protocol", "firstpayload.protocol", FT_STRING, BASE_NONE, NULL, 0,
      "The protocol that Wireshark found in the payload; absent if it found none", HFILL}},
    {&hf_firstpayload_whole_frame,
     {"First message continues, whole in", "firstpayload.whole_frame", FT_FRAMENUM, BASE_NONE, NULL, 0,
      "The frame in which Wireshark reassembles the first message; not known in the first pass", HFILL}},
    {&hf_firstpayload_name,
     {"Name", "firstpayload.name", FT_STRING, BASE_NONE, NULL, 0, "For a column: the detail; without one, the text", HFILL}},
    {&hf_firstpayload_text,
     {"Text", "firstpayload.text", FT_STRING, BASE_NONE, NULL, 0,
      "The beginning of the first line, with dots for bytes that are not printable; or the first bytes in hexadecimal", HFILL}},
    {&hf_firstpayload_data, {"Payload", "firstpayload.data", FT_BYTES, BASE_NONE, NULL, 0, "The captured part of the payload", HFILL}},
};

/* Of the first payload frame, and of the stream's other frames too. */
static hf_register_info of_both[] = {
    {&hf_firstpayload_summary,
     {"Said first", "firstpayload.summary", FT_STRING, BASE_NONE, NULL, 0,
      "Who spoke, how many bytes, the protocol, and its detail or the text; also on the frame that completes a first message", HFILL}},
    {&hf_firstpayload_detail,
     {"Detail", "firstpayload.detail", FT_STRING, BASE_NONE, NULL, 0,
      "What tells most about the first message, such as a server name: the first field found of those in the preference", HFILL}},
    {&hf_firstpayload_syn_frame,
     {"SYN in", "firstpayload.syn_frame", FT_FRAMENUM, BASE_NONE, NULL, 0, "The first SYN of the stream", HFILL}},
    {&hf_firstpayload_reply_frame,
     {"Reply in", "firstpayload.reply_frame", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_RESPONSE), 0,
      "The first payload frame of the other side; not known in the first pass", HFILL}},
    {&hf_firstpayload_reply_delay,
     {"Time from first payload to reply", "firstpayload.reply_delay", FT_RELATIVE_TIME, BASE_NONE, NULL, 0,
      "Also on the first payload frame, where it is not known in the first pass", HFILL}},
};

/* Under an item of their own: anything under the protocol's item would make the frame match as a first payload frame. */
static hf_register_info of_relatives[] = {
    {&hf_firstpayload_reply,
     {"Reply", "firstpayload.reply", FT_NONE, BASE_NONE, NULL, 0, "The first payload frame of the side that did not speak first", HFILL}},
    {&hf_firstpayload_flight,
     {"Flight", "firstpayload.flight", FT_NONE, BASE_NONE, NULL, 0,
      "The first payload frame, and what the same side sent after it before the reply was captured", HFILL}},
    {&hf_firstpayload_handshake,
     {"Handshake", "firstpayload.handshake", FT_NONE, BASE_NONE, NULL, 0, "A SYN, a SYN/ACK, or the ACK that answers a SYN/ACK", HFILL}},
    {&hf_firstpayload_opening,
     {"Opening", "firstpayload.opening", FT_NONE, BASE_NONE, NULL, 0,
      "Payload that begins within the first bytes that its side sent: 16 KiB, unless the preference says otherwise", HFILL}},
    {&hf_firstpayload_closing,
     {"Closing", "firstpayload.closing", FT_NONE, BASE_NONE, NULL, 0, "The first FIN of a side, or the stream's first RST", HFILL}},
    {&hf_firstpayload_silent,
     {"Silent", "firstpayload.silent", FT_NONE, BASE_NONE, NULL, 0,
      "The stream carries no payload; in the first pass only known of one that has ended", HFILL}},
    {&hf_firstpayload_first_frame,
     {"First payload in", "firstpayload.first_frame", FT_FRAMENUM, BASE_NONE, NULL, 0,
      "The first payload frame of the stream; if it is a later frame, not known in the first pass", HFILL}},
    {&hf_firstpayload_first_frame_of_reply,
     {"First payload in", "firstpayload.first_frame", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_REQUEST), 0,
      "The first payload frame of the stream", HFILL}},
};

/* Of every frame, if the preference says so. */
static hf_register_info of_streams[] = {
    {&hf_firstpayload_of_stream_summary,
     {"Said first in this stream", "firstpayload.of_stream.summary", FT_STRING, BASE_NONE, NULL, 0,
      "firstpayload.summary of the first payload frame; only if the preference says so", HFILL}},
    {&hf_firstpayload_of_stream_protocol,
     {"Protocol of this stream", "firstpayload.of_stream.protocol", FT_STRING, BASE_NONE, NULL, 0,
      "firstpayload.protocol of the first payload frame; only if the preference says so", HFILL}},
    {&hf_firstpayload_of_stream_detail,
     {"Detail of this stream", "firstpayload.of_stream.detail", FT_STRING, BASE_NONE, NULL, 0,
      "firstpayload.detail of the first payload frame; only if the preference says so", HFILL}},
};

/* Names that the fields had before. They are there only for filters and columns that ask for them. */
static hf_register_info of_before[] = {
    {&hf_firstpayload_old_continued_in,
     {"First message continues, whole in (old name)", "firstpayload.continued_in", FT_FRAMENUM, BASE_NONE, NULL, 0,
      "Now firstpayload.whole_frame", HFILL}},
    {&hf_firstpayload_old_unseen,
     {"TCP past the hook (old name)", "firstpayload.unseen", FT_NONE, BASE_NONE, NULL, 0, "Now firstpayload.expert.unseen", HFILL}},
};

static ei_register_info ei[] = {
    {&ei_firstpayload_fast_open,
     {"firstpayload.expert.fast_open", PI_SEQUENCE, PI_CHAT, "First payload in the SYN (TCP Fast Open)", EXPFILL}},
    {&ei_firstpayload_midstream,
     {"firstpayload.expert.midstream", PI_SEQUENCE, PI_NOTE,
      "First payload captured, but not the start of the stream, as in what slim writes without --keep handshake", EXPFILL}},
    {&ei_firstpayload_out_of_order,
     {"firstpayload.expert.out_of_order", PI_SEQUENCE, PI_NOTE, "First payload captured, but not the bytes before it", EXPFILL}},
    {&ei_firstpayload_continued,
     {"firstpayload.expert.continued", PI_REASSEMBLE, PI_CHAT, "First message continues in other frames", EXPFILL}},
    {&ei_firstpayload_unseen,
     {"firstpayload.expert.unseen", PI_UNDECODED, PI_WARN,
      "First Payload does not see TCP that is not reached through IP (Decode As): what it says of this stream may be wrong", EXPFILL}},
    {&ei_firstpayload_fragment,
     {"firstpayload.expert.fragment", PI_UNDECODED, PI_WARN,
      "A piece of a fragmented IP packet, not reassembled (ip.defragment): what First Payload says of this stream may be wrong", EXPFILL}},
    {&ei_firstpayload_silent, {"firstpayload.expert.silent", PI_SEQUENCE, PI_NOTE, "No payload in this stream", EXPFILL}},
};

void fp_fields_register(void)
{
    static int *ett[] = {&ett_firstpayload, &ett_firstpayload_relative};

    proto_firstpayload = proto_register_protocol("First Payload", "First Payload", "firstpayload");
    proto_register_field_array(proto_firstpayload, of_first, array_length(of_first));
    proto_register_field_array(proto_firstpayload, of_both, array_length(of_both));
    proto_register_field_array(proto_firstpayload, of_relatives, array_length(of_relatives));
    proto_register_field_array(proto_firstpayload, of_streams, array_length(of_streams));
    proto_register_field_array(proto_firstpayload, of_before, array_length(of_before));
    proto_firstpayload_relative =
        proto_register_protocol_in_name_only("First Payload, on other frames than the first", "First Payload (other frames)",
                                             "firstpayload_relative", proto_firstpayload, FT_PROTOCOL);
    proto_set_cant_toggle(proto_firstpayload_relative); /* it is shown, or not, with First Payload */
    proto_register_subtree_array(ett, array_length(ett));
    expert_register_field_array(expert_register_protocol(proto_firstpayload), ei, array_length(ei));
}

bool fp_fields_are_wanted(proto_tree *tree)
{
    return proto_field_is_referenced(tree, proto_firstpayload) || proto_field_is_referenced(tree, proto_firstpayload_relative);
}

/* As proto_field_is_referenced says of each of the fields, none of which is a protocol. infos: as many, NULL at first, where it remembers
 * them: that call for each field of each frame took 0.7% of all instructions of tshark. */
static bool is_any_wanted(proto_tree *tree, const int *const *fields, const header_field_info **infos, size_t n)
{
    if (tree == NULL)
        return false;
    if (PTREE_DATA(tree)->visible)
        return true;
    for (size_t i = 0; i < n; i++) {
        if (infos[i] == NULL)
            infos[i] = proto_registrar_get_nth((unsigned)*fields[i]);
        if (infos[i]->ref_type != HF_REF_TYPE_NONE)
            return true;
    }
    return false;
}

bool fp_fields_of_others_are_wanted(proto_tree *tree)
{
    static const int *const fields[] = {&hf_firstpayload_reply,
                                        &hf_firstpayload_flight,
                                        &hf_firstpayload_handshake,
                                        &hf_firstpayload_opening,
                                        &hf_firstpayload_closing,
                                        &hf_firstpayload_silent,
                                        &hf_firstpayload_syn_frame,
                                        &hf_firstpayload_first_frame,
                                        &hf_firstpayload_first_frame_of_reply,
                                        &hf_firstpayload_reply_frame,
                                        &hf_firstpayload_reply_delay,
                                        &hf_firstpayload_summary,
                                        &hf_firstpayload_detail,
                                        &hf_firstpayload_of_stream_summary,
                                        &hf_firstpayload_of_stream_protocol,
                                        &hf_firstpayload_of_stream_detail,
                                        &ei_firstpayload_silent.hf};
    static const header_field_info *infos[array_length(fields)];

    return proto_field_is_referenced(tree, proto_firstpayload_relative) || is_any_wanted(tree, fields, infos, array_length(fields));
}

bool fp_fields_of_message_are_wanted(proto_tree *tree)
{
    static const int *const fields[] = {&hf_firstpayload_summary, &hf_firstpayload_protocol,    &hf_firstpayload_detail,
                                        &hf_firstpayload_name,    &hf_firstpayload_whole_frame, &hf_firstpayload_old_continued_in,
                                        &hf_firstpayload_text,    &hf_firstpayload_data};
    static const header_field_info *infos[array_length(fields)];

    return is_any_wanted(tree, fields, infos, array_length(fields));
}

bool fp_fields_may_be_wanted(void)
{
    return proto_registrar_get_nth((unsigned)proto_firstpayload)->ref_type != HF_REF_TYPE_NONE ||
           proto_registrar_get_nth((unsigned)proto_firstpayload_relative)->ref_type != HF_REF_TYPE_NONE;
}

bool fp_fields_is_asked_by_name(int hf)
{
    return proto_registrar_get_nth((unsigned)hf)->ref_type == HF_REF_TYPE_DIRECT;
}
