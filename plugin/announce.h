/* SPDX-License-Identifier: GPL-2.0-or-later */
/* announce.h - tells listeners of the taps (tap.h) what is known about a frame. */
#ifndef FP_ANNOUNCE_H
#define FP_ANNOUNCE_H

#include "compat.h"

/* Registers the taps. */
void fp_announce_register(void);

/* Returns whether anybody listens. */
bool fp_announce_is_heard(void);

/* To be called after each frame is dissected. Costs next to nothing while nobody listens. tree may be NULL: then there are no details. */
void fp_announce_frame(packet_info *pinfo, proto_tree *tree);

#endif
