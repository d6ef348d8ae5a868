/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * whole.h - first messages that go on in later frames: what they say is known in the frame that completes them, and belongs to their first.
 *
 * Wireshark dissects a message in the frame that completes it. So its details are looked up there, on the first visit, and kept for later
 * visits of the first payload frame (marks.h). In one pass there are none, so nothing is done.
 *
 * What goes on may also be the next message, such as a second request. It is, if it begins behind the first byte of payload, and the first
 * payload frame has a detail itself: that is noted whenever the frame is dissected with its fields.
 */
#ifndef FP_WHOLE_H
#define FP_WHOLE_H

#include "compat.h"
#include "marks.h"

/* To be called on the first visit of each frame of a flight, before TCP is dissected. mark: of the frame. Returns the tree to dissect TCP
 * with: tree, or one that lives as long as the frame is dissected, if tree is NULL and the frame may complete a first message. */
proto_tree *fp_whole_prepare(packet_info *pinfo, proto_tree *tree, const FpMark *mark);

/* To be called after each visit of a frame. tree: as it was dissected, may be NULL. */
void fp_whole_note_details(packet_info *pinfo, proto_tree *tree);

/* To be called after a frame is dissected for the first time, and its details are noted. Keeps what the message says that the frame
 * completes, if any. */
void fp_whole_collect(const packet_info *pinfo);

#endif
