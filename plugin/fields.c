/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fields.c - see fields.h. */
#include "fields.h"

int proto_firstpayload = -1;

int hf_firstpayload_stream = -1;
int hf_firstpayload_direction = -1;
int hf_firstpayload_len = -1;
int hf_firstpayload_seq = -1;
int hf_firstpayload_age = -1;
int hf_firstpayload_delay = -1;
int hf_firstpayload_fast_open = -1;
int hf_firstpayload_midstream = -1;
int hf_firstpayload_out_of_order = -1;
int hf_firstpayload_summary = -1;
int hf_firstpayload_protocol = -1;
int hf_firstpayload_detail = -1;
int hf_firstpayload_continued_in = -1;
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

int ett_firstpayload = -1;
int ett_firstpayload_relative = -1;

expert_field ei_firstpayload_unseen = EI_INIT;
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
    {&hf_firstpayload_continued_in,
     {"First message continues, whole in", "firstpayload.continued_in", FT_FRAMENUM, BASE_NONE, NULL, 0,
      "The frame in which Wireshark reassembles the first message; not known in the first pass", HFILL}},
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
};

/* At the root of the tree: anything under the protocol's item would make the frame match as a first payload frame. */
static hf_register_info of_relatives[] = {
    {&hf_firstpayload_reply,
     {"First Payload: reply", "firstpayload.reply", FT_NONE, BASE_NONE, NULL, 0,
      "The first payload frame of the side that did not speak first", HFILL}},
    {&hf_firstpayload_flight,
     {"First Payload: flight", "firstpayload.flight", FT_NONE, BASE_NONE, NULL, 0,
      "The first payload frame, and what the same side sent after it before the reply was captured", HFILL}},
    {&hf_firstpayload_handshake,
     {"First Payload: handshake", "firstpayload.handshake", FT_NONE, BASE_NONE, NULL, 0,
      "A SYN, a SYN/ACK, or the ACK that answers a SYN/ACK", HFILL}},
    {&hf_firstpayload_opening,
     {"First Payload: opening", "firstpayload.opening", FT_NONE, BASE_NONE, NULL, 0,
      "Payload that begins within the first bytes that its side sent: 16 KiB, unless the preference says otherwise", HFILL}},
    {&hf_firstpayload_closing,
     {"First Payload: closing", "firstpayload.closing", FT_NONE, BASE_NONE, NULL, 0, "The first FIN of a side, or the stream's first RST",
      HFILL}},
    {&hf_firstpayload_first_frame,
     {"First payload in", "firstpayload.first_frame", FT_FRAMENUM, BASE_NONE, NULL, 0,
      "The first payload frame of the stream; if it is a later frame, not known in the first pass", HFILL}},
    {&hf_firstpayload_first_frame_of_reply,
     {"First payload in", "firstpayload.first_frame", FT_FRAMENUM, BASE_NONE, FRAMENUM_TYPE(FT_FRAMENUM_REQUEST), 0,
      "The first payload frame of the stream", HFILL}},
};

static ei_register_info ei[] = {
    {&ei_firstpayload_fast_open,
     {"firstpayload.expert.fast_open", PI_SEQUENCE, PI_CHAT, "First payload in the SYN (TCP Fast Open)", EXPFILL}},
    {&ei_firstpayload_midstream,
     {"firstpayload.expert.midstream", PI_SEQUENCE, PI_NOTE, "First payload captured, but not the start of the stream", EXPFILL}},
    {&ei_firstpayload_out_of_order,
     {"firstpayload.expert.out_of_order", PI_SEQUENCE, PI_NOTE, "First payload captured, but not the bytes before it", EXPFILL}},
    {&ei_firstpayload_continued,
     {"firstpayload.expert.continued", PI_REASSEMBLE, PI_CHAT, "First message continues in other frames", EXPFILL}},
    {&ei_firstpayload_unseen,
     {"firstpayload.unseen", PI_UNDECODED, PI_NOTE,
      "First Payload does not see TCP that is not reached through IP (Decode As), in this frame and maybe in others", EXPFILL}},
};

void fp_fields_register(void)
{
    static int *ett[] = {&ett_firstpayload, &ett_firstpayload_relative};

    proto_firstpayload = proto_register_protocol("First Payload", "First Payload", "firstpayload");
    proto_register_field_array(proto_firstpayload, of_first, array_length(of_first));
    proto_register_field_array(proto_firstpayload, of_both, array_length(of_both));
    proto_register_field_array(proto_firstpayload, of_relatives, array_length(of_relatives));
    proto_register_subtree_array(ett, array_length(ett));
    expert_register_field_array(expert_register_protocol(proto_firstpayload), ei, array_length(ei));
}
