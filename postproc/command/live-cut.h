/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live-cut.h - --kernel-cut: whether the kernel makes the first cut, and what people are told of it. */
#ifndef FP_LIVE_CUT_H
#define FP_LIVE_CUT_H

#include "capture/capture-live.h"
#include "slim.h"

/* Returns why the kernel cannot make the first cut under these options, as it would change the answer; NULL: it can. */
const char *fp_live_cut_obstacle(const FpSlimOptions *options);

/*
 * Before an interface is opened: loads the filter, if options ask for it. Returns false and sets error when it cannot be had and options
 * insist on it. Else *cut is NULL then, and people are told why, unless it is because of the options, of how the program was built, or of
 * the interface. Free *cut with fp_kernel_cut_free, after the captures are closed.
 */
bool fp_live_cut_begin(const FpSlimOptions *options, FpKernelCut **cut, GError **error);

/* After it is open: has its frames cut. If that is not possible, the same, and *cut is freed. */
bool fp_live_cut_attach(const FpSlimOptions *options, const FpCapture *capture, FpKernelCut **cut, GError **error);

#endif
