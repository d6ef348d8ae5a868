/* SPDX-License-Identifier: GPL-2.0-or-later */
/* display-filter.h - what can be told of a display filter of Wireshark's by its text alone (wireshark-filter(4)). */
#ifndef FP_DISPLAY_FILTER_H
#define FP_DISPLAY_FILTER_H

#include <stdbool.h>

/* Whether it asks only for what is there: then what matches a part of a message matches the whole. False where that is not certain, as
 * with negations, functions and macros. */
bool fp_display_filter_only_grows(const char *text);

#endif
