/* SPDX-License-Identifier: GPL-2.0-or-later */
/* announce.h - hands what the marks of a frame say to the listeners of the taps (tap.h). */
#ifndef FP_ANNOUNCE_H
#define FP_ANNOUNCE_H

#include "compat.h"

void fp_announce_register(void);

/* To be called when all of a frame is dissected. Costs next to nothing where nobody listens. */
void fp_announce_frame(packet_info *pinfo);

#endif
