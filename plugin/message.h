/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * message.h - what a first payload frame says: what Wireshark found in it (summary.h), and what is known of its other frames (marks.h).
 *
 * All of it is for frames whose fields are kept (fp_summary_prime). Of other frames, less is found.
 */
#ifndef FP_MESSAGE_H
#define FP_MESSAGE_H

#include "adapter.h"
#include "compat.h"
#include "marks.h"
#include "summary.h"

/* Where the captured part of the payload is in FpSegmentNote.tvb. */
typedef struct {
    unsigned offset;
    unsigned bytes;
} FpExtent;

FpExtent fp_message_extent(const FpSegmentNote *note, uint32_t payload_bytes);

/* Returns the captured part of the payload, which lives as long as the frame is dissected. */
const uint8_t *fp_message_bytes(const FpSegmentNote *note, FpExtent payload);

/* Returns the frame that completes the first message, if that is another than the first payload frame. 0: none, or it is not known (yet).
 * tree may be NULL. mark: of the first payload frame. */
uint32_t fp_message_whole_frame(proto_tree *tree, const FpMark *mark);

/* Returns what of the first message of its stream the frame completes. What begins behind a detail of the first payload frame is another
 * message. mark: of a frame of the flight that is not its first. */
FpContinues fp_message_ends_in(proto_tree *tree, const FpMark *mark);

/* Returns the detail of the first message, allocated in scope or borrowed from marks.h; or NULL. mark: of the first payload frame, also if
 * another frame completes the message; or of the frame that completes it. */
const char *fp_message_detail(wmem_allocator_t *scope, proto_tree *tree, const FpMark *mark);

/* Returns all that is known of the first message. Strings are allocated in scope, or borrowed. mark and note: of the first payload frame.
 */
FpSummary fp_message_summary(wmem_allocator_t *scope, proto_tree *tree, const FpMark *mark, const FpSegmentNote *note);

#endif
