/* SPDX-License-Identifier: GPL-2.0-or-later */
/* print.h - facts -> a line each, for tests: a key as in Suricata's EVE, a space, the value. */
#ifndef PRINT_H
#define PRINT_H

#include "said.h"

#include <stdio.h>

/* All that the facts say. A text is escaped as in firstpayload's log: \xNN for what is no printable ASCII, and for the backslash. */
void print_facts(FILE *file, const FpSaidFacts *facts);

#endif
