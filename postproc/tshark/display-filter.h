/* SPDX-License-Identifier: GPL-2.0-or-later */
/* display-filter.h - what the text of a Wireshark display filter tells by itself (wireshark-filter(4)). */
#ifndef FP_DISPLAY_FILTER_H
#define FP_DISPLAY_FILTER_H

#include <stdbool.h>

/* Whether the filter asks only for what is there, so that what matches a part of a message matches the whole. False when that is not
 * certain, as with negations, functions and macros. */
bool fp_display_filter_only_grows(const char *text);

/* Whether the filter means between parentheses what it means alone: whether all that it opens is closed, and nothing else. False when that
 * is not certain, as with macros. */
bool fp_display_filter_is_closed(const char *text);

#endif
