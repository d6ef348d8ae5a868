/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * adapter.h - the hook before Wireshark's TCP dissector: epan's facts -> segment; and what datagrams.c needs of it.
 *
 * file -> [record -> segment] -> stream -> verdict -> output
 *
 * Everything above TCP that epan knows of a frame (tunnels, fragments, errors quoted) is used as epan says it.
 */
#ifndef FP_ADAPTER_H
#define FP_ADAPTER_H

#include "compat.h"
#include "marks.h"

/* What rendering needs of a segment that has a mark. Lives as long as the frame is dissected. */
typedef struct {
    tvbuff_t *tvb; /* TCP or UDP header, and payload */
    address source;
    address destination;
    uint16_t source_port;
    uint16_t destination_port;
    uint8_t header_bytes;
} FpSegmentNote;

/* For both hooks, at each layer: where it is the first of a frame that is seen for the first time, what is known of another frame of that
 * number is forgotten. */
void fp_adapter_enter(const packet_info *pinfo);

/* For both hooks: fills in what IP says of a segment. Returns false when it is none that IP carried, or fewer than needed_bytes of it were
 * captured. *segment borrows from pinfo. */
bool fp_adapter_begin_segment(tvbuff_t *tvb, const packet_info *pinfo, uint32_t needed_bytes, FpSegment *segment);

/* For both hooks: whether fp_render_frame may be asked for the frame; and keeps what it needs then, if the mark is in any class. */
bool fp_adapter_is_rendered(proto_tree *tree);
void fp_adapter_keep_note(packet_info *pinfo, proto_tree *tree, const FpMark *mark, const FpSegmentNote *note);

/* The short name of a protocol of Wireshark's; NULL: it is none, or bytes that no dissector took. */
const char *fp_adapter_protocol_name(int protocol);

/* owner: the protocol that is rendered. */
void fp_adapter_register(int owner);
void fp_adapter_handoff(void);

/* To be called before the first frame of a file. takes_tcp: whether segments of TCP are wanted. */
void fp_adapter_begin_file(bool takes_tcp);

/* To be called when all of a frame is dissected. Returns whether TCP was reached in it, yet not one layer through the hook. */
bool fp_adapter_end_frame(const packet_info *pinfo);

/* The segment of a mark of the frame, or NULL. */
const FpSegmentNote *fp_adapter_note(packet_info *pinfo, const FpMark *mark);

/* Notes what Wireshark took the flights in the frame for. To be called when all of a frame is dissected for the first time: later Wireshark
 * leaves out pieces of a message that is in another frame. */
void fp_adapter_note_protocols(const packet_info *pinfo);

/* Fills in tcp.stream of the innermost TCP layer of a frame that is dissected. Returns false when there is none. */
bool fp_adapter_tcp_stream(packet_info *pinfo, uint32_t *number);

/* What Wireshark shows as tcp.stream of the first payload frame that pinfo stands for. */
uint32_t fp_adapter_wireshark_stream(const packet_info *pinfo, const FpStreamNote *stream, const FpSegmentNote *note);

#endif
