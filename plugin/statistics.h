/* SPDX-License-Identifier: GPL-2.0-or-later */
/* statistics.h - Statistics > First Payload in Wireshark, and -z firstpayload,tree in tshark. */
#ifndef FP_STATISTICS_H
#define FP_STATISTICS_H

#include "compat.h"

/* Registers the statistics. handle: the plugin's post-dissector. */
void fp_statistics_register(dissector_handle_t handle);

#endif
