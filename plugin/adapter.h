/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * adapter.h - the hook before Wireshark's TCP dissector: epan's facts -> segment.
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
    tvbuff_t *tvb; /* TCP header and payload */
    address source;
    address destination;
    uint16_t source_port;
    uint16_t destination_port;
    uint8_t header_bytes;
} FpSegmentNote;

/* owner: the protocol that is rendered. */
void fp_adapter_register(int owner);
void fp_adapter_handoff(void);

/* To be called before the first frame of a file. */
void fp_adapter_begin_file(void);

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
