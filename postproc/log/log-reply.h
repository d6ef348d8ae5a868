/* SPDX-License-Identifier: GPL-2.0-or-later */
/* log-reply.h - what the other side answered (said/answer.h), in the forms of a line. Only the forms include it. */
#ifndef FP_LOG_REPLY_H
#define FP_LOG_REPLY_H

#include "log-internal.h"

/* Appends items for people, a tab before each: length, delay and beginning of the reply, and what it says. Nothing when there is none. */
void fp_log_append_reply(GString *line, const FpLogStyle *style, const FpLogEntry *entry);

/* Appends the member reply of a JSON object, a comma before it. Nothing when there is none. */
void fp_log_append_reply_json(GString *line, const FpLogStyle *style, const FpLogEntry *entry);

#endif
