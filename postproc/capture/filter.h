/* SPDX-License-Identifier: GPL-2.0-or-later */
/* filter.h - applies a BPF expression (pcap-filter(7)) to records of files, whatever their link types. */
#ifndef FP_FILTER_H
#define FP_FILTER_H

#include <glib.h>
#include <stdbool.h>

#include "capture.h"

typedef struct FpFilter FpFilter;

/* Creates a filter from a copy of expression. It is compiled for a link type when the first record of that type comes. Free with
 * fp_filter_free. */
FpFilter *fp_filter_new(const char *expression);
void fp_filter_free(FpFilter *filter); /* NULL is allowed */

/* Whether expression makes sense for one of the link types in filter.c, which have different words. If not, sets error. */
bool fp_filter_check(const char *expression, GError **error);

/* Whether a record of capture matches: 1 or 0. Without a link type it does not match. Returns -1 and sets error when the expression makes
 * no sense for the first link type; of later link types for which it makes none, no record matches. */
int fp_filter_matches(FpFilter *filter, const FpCapture *capture, const FpRecord *record, GError **error);

#endif
