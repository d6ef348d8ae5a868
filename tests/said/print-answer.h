/* SPDX-License-Identifier: GPL-2.0-or-later */
/* print-answer.h - what an answer says (answer.h), in a line, for tests. */
#ifndef PRINT_ANSWER_H
#define PRINT_ANSWER_H

#include "answer.h"

/* Returns "more", "unknown", or all that the answer says. Caller frees. */
char *answer_text(FpSaidResult result, const FpSaidAnswer *answer);

#endif
