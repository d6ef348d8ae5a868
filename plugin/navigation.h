/* SPDX-License-Identifier: GPL-2.0-or-later */
/* navigation.h - from a frame to its stream: Conversation Filter > First Payload in the context menu, and the menu Go > First Payload. */
#ifndef FP_NAVIGATION_H
#define FP_NAVIGATION_H

#include "compat.h"

/* Registers both. proto: the protocol to which the menu belongs. */
void fp_navigation_register(int proto);

/* To be called when a frame is dissected for display: the menu starts from that frame. */
void fp_navigation_select(packet_info *pinfo);

#endif
