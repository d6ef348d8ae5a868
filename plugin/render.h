/* SPDX-License-Identifier: GPL-2.0-or-later */
/* render.h - shows the marks of a frame in Wireshark's tree. */
#ifndef FP_RENDER_H
#define FP_RENDER_H

#include "compat.h"

#include <epan/expert.h>

/* Adds a frame's items and expert infos to the root of its tree, which must not be NULL. */
void fp_render_frame(packet_info *pinfo, proto_tree *tree);

/* Adds an expert info about a frame of which the answer may be wrong. tree may be NULL. */
void fp_render_warning(packet_info *pinfo, proto_tree *tree, tvbuff_t *tvb, expert_field *field);

/* Adds only the expert infos, for frames of which nobody asks for items: Wireshark lists expert infos even so. */
void fp_render_remarks(packet_info *pinfo);

#endif
