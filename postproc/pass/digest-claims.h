/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * digest-claims.h - what the digests that a pass reads assert of streams (core/digest.h), and what to do where they are wrong: the file
 * itself is read from there on.
 */
#ifndef FP_DIGEST_CLAIMS_H
#define FP_DIGEST_CLAIMS_H

#include "capture/capture-digest.h"
#include "decode/decoded.h"
#include "streams.h"

typedef struct FpDigestClaims FpDigestClaims;

/* network_kinds and transports: those of the pass. */
FpDigestClaims *fp_digest_claims_new(unsigned network_kinds, unsigned transports);
void fp_digest_claims_free(FpDigestClaims *claims); /* NULL is allowed */

/* Another capture begins. */
void fp_digest_claims_clear(FpDigestClaims *claims);

/* Looks at a batch before it is taken. number: of its last record. Returns false when the first record, which is alone then,
 * asserts wrongly. */
bool fp_digest_claims_check(FpDigestClaims *claims, FpStreams *streams, const FpRecord *records, const FpDecodedRecord *decoded, int n,
                            uint64_t number);

/* Has capture, whose digest asserts wrongly of the frame read last, read itself from there on, with streams as they are before that frame.
 * Returns false and sets error. */
bool fp_digest_claims_reread(FpDigestClaims *claims, FpStreams *streams, FpCapture *capture, GError **error);

#endif
