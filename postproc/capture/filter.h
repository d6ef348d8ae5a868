/* SPDX-License-Identifier: GPL-2.0-or-later */
/* filter.h - a BPF expression (pcap-filter(7)) on the records of files, of whatever link types they are. */
#ifndef FP_FILTER_H
#define FP_FILTER_H

#include <glib.h>
#include <stdbool.h>

#include "capture.h"

typedef struct FpFilter FpFilter;

/* expression is copied. It is compiled for a link type when the first record of it comes. */
FpFilter *fp_filter_new(const char *expression);
void fp_filter_free(FpFilter *filter); /* NULL is allowed */

/* Whether expression makes sense for some link type that there is; else error is set. */
bool fp_filter_check(const char *expression, GError **error);

/* Whether record, of capture, matches. What has no link type that libpcap knows does not. Returns 1, 0, or -1 with error set when the
 * expression makes no sense for the first link type; of later ones for which it makes none no record matches. */
int fp_filter_matches(FpFilter *filter, const FpCapture *capture, const FpRecord *record, GError **error);

#endif
