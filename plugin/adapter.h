/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * adapter.h - the hook in front of Wireshark's TCP dissector: what epan knows -> segment; and what it shares with datagrams.c.
 *
 * file -> [record -> segment] -> stream -> verdict -> output
 *
 * Whatever epan knows about the layers around TCP (tunnels, fragments, quoted errors) is used as it is.
 */
#ifndef FP_ADAPTER_H
#define FP_ADAPTER_H

#include "compat.h"
#include "marks.h"

/* What rendering needs to know about a segment that has a mark. Valid while the frame is dissected. */
typedef struct {
    tvbuff_t *tvb; /* TCP or UDP header, and payload */
    address source;
    address destination;
    uint16_t source_port;
    uint16_t destination_port;
    FpTransport transport;
    uint8_t header_bytes;
} FpSegmentNote;

/* For both hooks: to be called at each layer. At the first layer of a frame that is dissected for the first time, forgets the marks of a
 * dropped frame that had its number. */
void fp_adapter_enter(const packet_info *pinfo);

/* For both hooks: sets the members of *segment that IP decides; the others become 0. *segment borrows from pinfo. Returns false if IP did
 * not carry it, or fewer than needed_bytes of it were captured. */
bool fp_adapter_begin_segment(tvbuff_t *tvb, const packet_info *pinfo, uint32_t needed_bytes, FpSegment *segment);

/* For both hooks: returns whether fp_render_frame or fp_said_collect may be called for the frame. tree may be NULL: a dissector may have
 * hidden it. */
bool fp_adapter_is_rendered(proto_tree *tree);
/* For both hooks: keeps a copy of note for fp_render_frame, if the frame may be rendered. */
void fp_adapter_keep_note(packet_info *pinfo, proto_tree *tree, const FpMark *mark, const FpSegmentNote *note);

/* Returns the short name of one of Wireshark's protocols. NULL: it is none, or only bytes that no dissector took. */
const char *fp_adapter_protocol_name(int protocol);

/* Registers the hook. owner: the protocol that render.h shows. */
void fp_adapter_register(int owner);
/* Finds TCP's dissector. To be called when all dissectors are registered. */
void fp_adapter_handoff(void);

/* To be called before the first frame of a file. wants_tcp: whether segments of TCP are wanted: if not, the hook is out. */
void fp_adapter_begin_file(bool wants_tcp);

/* Takes the hook out until the next file, so that TCP is dissected as without it. Not while a frame is dissected. */
void fp_adapter_sleep(void);

/* Why First Payload may be wrong about a frame. */
typedef enum {
    FP_DOUBT_NONE,
    FP_DOUBT_UNSEEN,   /* the frame has TCP, but none of it came through the hook */
    FP_DOUBT_FRAGMENT, /* its TCP or UDP is a piece of an IP packet that was not reassembled */
} FpDoubt;

/* To be called after each frame is dissected. */
FpDoubt fp_adapter_end_frame(const packet_info *pinfo);

/* Returns the segment of a mark of the frame, or NULL. */
const FpSegmentNote *fp_adapter_note(packet_info *pinfo, const FpMark *mark);

/* Notes which protocol Wireshark found in the flights of the frame. To be called after a frame is dissected for the first time: on later
 * visits, Wireshark leaves out the pieces of a message that is shown in another frame. */
void fp_adapter_note_protocols(const packet_info *pinfo);

/* Sets *number to tcp.stream of the innermost TCP layer of a dissected frame. Returns false if there is none. */
bool fp_adapter_tcp_stream(packet_info *pinfo, uint32_t *number);

/* Returns what Wireshark shows as tcp.stream of the first payload frame in pinfo. */
uint32_t fp_adapter_wireshark_stream(const packet_info *pinfo, const FpStreamNote *stream, const FpSegmentNote *note);

#endif
