/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * digest-make.h - captures, or digests of captures -> a digest (docs/digest.md): the stages joined, with the rule of core/digest.h in the
 * place of streams.
 *
 * [file -> record -> segment -> stream -> verdict -> output]
 */
#ifndef FP_DIGEST_MAKE_H
#define FP_DIGEST_MAKE_H

#include <glib.h>

#include "output/output.h"
#include "verdict.h"

typedef struct {
    char **inputs; /* NULL-terminated */
    const char *output;
    FpPacking packing;
    FpRules rules; /* flight_bytes, opening_bytes, transports and FP_CLASS_OPENING in asked count */
    unsigned network_kinds;
    const char *stream_key; /* the same as text; NULL: none */
} FpDigestOptions;

typedef struct {
    uint64_t captures;
    uint64_t captures_cut; /* of these, those that ended in the middle of a record */
    uint64_t frames;
    uint64_t kept;
    uint64_t cut; /* of these, to their headers */
    uint64_t bytes_in;
    uint64_t bytes_out;
} FpDigestSummary;

/* Makes the digest. Fills in all of *summary. Returns false and sets error when something failed; then there is no output. */
bool fp_digest_make(const FpDigestOptions *options, FpDigestSummary *summary, GError **error);

#endif
