/* SPDX-License-Identifier: GPL-2.0-or-later */
/* statistics.h - Statistics > First Payload in Wireshark, and -z firstpayload,tree in tshark. */
#ifndef FP_STATISTICS_H
#define FP_STATISTICS_H

#include "compat.h"

/* Registers the statistics. */
void fp_statistics_register(void);

#endif
