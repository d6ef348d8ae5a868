/* SPDX-License-Identifier: GPL-2.0-or-later */
/* digest-fit.h - whether a digest can say what is asked of it. */
#ifndef FP_DIGEST_FIT_H
#define FP_DIGEST_FIT_H

#include <stddef.h>

#include "capture/digest-notes.h"
#include "verdict.h"

/* Returns why a digest with this note has no answer for rules and what tells networks apart, with what to do, as the end of a message;
 * NULL: it has. */
const char *fp_digest_refusal(const FpDigestNote *note, const FpRules *rules, unsigned network_kinds);

#endif
