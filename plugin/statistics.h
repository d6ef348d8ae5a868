/* SPDX-License-Identifier: GPL-2.0-or-later */
/* statistics.h - Statistics > First Payload, and -z firstpayload,tree in tshark. */
#ifndef FP_STATISTICS_H
#define FP_STATISTICS_H

#include "compat.h"

/* handle: of the post-dissector, which is called for every frame. */
void fp_statistics_register(dissector_handle_t handle);

#endif
