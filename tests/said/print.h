/* SPDX-License-Identifier: GPL-2.0-or-later */
/* print.h - prints facts for tests, one on a line: a key as in Suricata's EVE, a space, the value. */
#ifndef PRINT_H
#define PRINT_H

#include "said.h"

#include <stdio.h>

/* Appends all that the facts say. Texts are escaped as in firstpayload's log: \xNN for everything but printable ASCII, and for the
 * backslash. */
void print_facts(FILE *file, const FpSaidFacts *facts);

#endif
