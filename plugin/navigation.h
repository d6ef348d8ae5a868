/* SPDX-License-Identifier: GPL-2.0-or-later */
/* navigation.h - from a frame to its stream: Conversation Filter > First Payload in the context menu, Go > First Payload in the menu. */
#ifndef FP_NAVIGATION_H
#define FP_NAVIGATION_H

#include "compat.h"

void fp_navigation_register(int proto);

/* To be called when a frame is dissected to be looked at: the one that the menu goes out from. */
void fp_navigation_select(packet_info *pinfo);

#endif
