/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * datagrams.h - the hook before Wireshark's UDP dissector, where the preference asks for UDP or QUIC: epan's facts -> datagram.
 *
 * file -> [record -> segment] -> stream -> verdict -> output
 *
 * That a header is the innermost shows only when all of its frame is dissected, so core/ is asked then.
 */
#ifndef FP_DATAGRAMS_H
#define FP_DATAGRAMS_H

#include "compat.h"

void fp_datagrams_register(void);
void fp_datagrams_handoff(void);

/* To be called before the first frame of a file. is_wanted: whether there is a hook. */
void fp_datagrams_begin_file(bool is_wanted);

/* To be called when all of a frame is dissected, before its marks are looked at: gives its datagrams to core/, or on later visits finds
 * their marks. */
void fp_datagrams_end_frame(packet_info *pinfo, proto_tree *tree);

#endif
