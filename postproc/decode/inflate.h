/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inflate.h - bytes that were compressed on the way. */
#ifndef FP_INFLATE_H
#define FP_INFLATE_H

#include <glib.h>
#include <stdbool.h>

#include "span.h"

/* Inflates what is deflated (RFC 1951), with or without a header of zlib's or gzip's, as far as it goes. Returns false when it is nothing
 * of the kind; else *inflated borrows from what was added to kept, an array of what g_free frees. No more comes of it than an IP packet
 * holds. */
bool fp_inflate(GPtrArray *kept, FpSpan deflated, FpSpan *inflated);

#endif
