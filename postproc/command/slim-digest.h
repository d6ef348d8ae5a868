/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slim-digest.h - what slim asks of a digest before, and after, it takes what that stands for. */
#ifndef FP_SLIM_DIGEST_H
#define FP_SLIM_DIGEST_H

#include "capture/capture-digest.h"
#include "slim.h"

/* Whether a digest can say what options ask of it. Returns false and sets error when it cannot. */
bool fp_slim_check_digest(const FpSlimOptions *options, const FpCapture *capture, GError **error);

/* Whether no stream has been forgotten: what a digest leaves out of it could not begin it again. Returns false and sets error. */
bool fp_slim_check_forgotten(const FpStreams *streams, const FpCapture *capture, GError **error);

#endif
