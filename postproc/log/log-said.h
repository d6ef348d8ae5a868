/* SPDX-License-Identifier: GPL-2.0-or-later */
/* log-said.h - what a first payload says (said.h), in the forms of a line. Only the forms include it. */
#ifndef FP_LOG_SAID_H
#define FP_LOG_SAID_H

#include "log.h"

/* Appends protocol and names for people, escaped, as in "tls www.example h2". Returns false, and appends nothing, when the protocol is not
 * known. */
bool fp_log_append_said(GString *line, const FpSaidFacts *facts);

/* Appends members of a JSON object, a comma before each: app_proto, and an object named after the protocol. side sent them. Appends nothing
 * when the protocol is not known. */
void fp_log_append_said_json(GString *line, const FpSaidFacts *facts, FpSide side);

#endif
