/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * said.h - what each stream said first, kept for the fields firstpayload.of_stream, which all of its frames have if the preference says so.
 *
 * It is found on the first visit of the first payload frame, and of the frame that completes a message that goes on there. So frames before
 * them have it on later visits.
 */
#ifndef FP_SAID_H
#define FP_SAID_H

#include "compat.h"
#include "marks.h"
#include "summary.h"

/* To be called before the first frame of a file. Forgets everything. is_wanted: what the preference says. */
void fp_said_begin_file(bool is_wanted);

/* Returns whether anything is kept. */
bool fp_said_is_wanted(void);

/* To be called after a frame is dissected for the first time. tree may be NULL. */
void fp_said_collect(packet_info *pinfo, proto_tree *tree);

/* Returns what the stream of a mark said first, valid until the next fp_said_collect; or NULL. */
const FpSummary *fp_said_find(const FpMark *mark);

#endif
