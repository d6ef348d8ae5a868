/* SPDX-License-Identifier: GPL-2.0-or-later */
/* checkpoint-first.h - the figures in a checkpoint of version 0.1.0, which had fewer. */
#ifndef FP_CHECKPOINT_FIRST_H
#define FP_CHECKPOINT_FIRST_H

#include "checkpoint.h"

/* What stood in place of FpTotals. */
#define FP_CHECKPOINT_FIRST_BYTES 288U

/* Fills in totals from as many bytes. What was not counted then is 0. */
void fp_checkpoint_convert_first(const uint8_t *bytes, FpTotals *totals);

#endif
