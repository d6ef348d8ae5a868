/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inflate.h - inflates payloads that were compressed on the way. */
#ifndef FP_INFLATE_H
#define FP_INFLATE_H

#include <glib.h>
#include <stdbool.h>

#include "span.h"

/* Inflates deflate data (RFC 1951), with or without a zlib or gzip header, as far as it goes. Returns false when it is no such data.
 * Otherwise *inflated borrows from memory that was added to kept, whose elements g_free must free. The result has at most 256 KiB. */
bool fp_inflate(GPtrArray *kept, FpSpan deflated, FpSpan *inflated);

#endif
