/* SPDX-License-Identifier: GPL-2.0-or-later */
/* render.h - what the marks of a frame look like in Wireshark's tree. */
#ifndef FP_RENDER_H
#define FP_RENDER_H

#include "compat.h"

/* Adds the items of a frame, and its expert infos, to the root of its tree, which is not NULL. Returns whether there were any. */
bool fp_render_frame(packet_info *pinfo, proto_tree *tree);

/* Adds the expert infos alone, where nobody asks for items: Wireshark lists them without. */
void fp_render_remarks(packet_info *pinfo);

#endif
