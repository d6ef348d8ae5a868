/* SPDX-License-Identifier: GPL-2.0-or-later */
/* passes.h - how Wireshark goes through the file: whether frames that are dissected now will be dissected again. */
#ifndef FP_PASSES_H
#define FP_PASSES_H

#include "compat.h"

void fp_passes_register(void);
/* To be called before the first frame of a file. */
void fp_passes_begin_file(void);

/* Returns whether something comes of this visit of a frame itself: taps hear of it, or columns are filled in. Where that is known to
 * nobody, as in the first of two passes, it is false. */
bool fp_passes_is_shown(packet_info *pinfo);

/* To be called after each frame is dissected for the first time. Returns true at most once for each file, early: when it is certain that
 * this is the only pass, as in tshark without -2. */
bool fp_passes_find_only(packet_info *pinfo);

#endif
