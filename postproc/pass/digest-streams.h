/* SPDX-License-Identifier: GPL-2.0-or-later */
/* digest-streams.h - what is known of each stream while a digest is made: a table that may forget, as then only more is kept. */
#ifndef FP_DIGEST_STREAMS_H
#define FP_DIGEST_STREAMS_H

#include <glib.h>

#include "digest.h"

/* One stream. All but hash is 0 at first. */
typedef struct {
    uint64_t hash; /* of its key; 0: free */
    FpDigestStream known;
    GByteArray *later; /* the block of the frame that is kept later, if it is at all; NULL: there was none */
} FpDigestEntry;

typedef struct FpDigestStreams FpDigestStreams;

FpDigestStreams *fp_digest_streams_new(void);
void fp_digest_streams_free(FpDigestStreams *streams); /* NULL is allowed */

/* Returns the entry of a stream, which is there from now on; borrowed until the next call. hash is not 0. */
FpDigestEntry *fp_digest_streams_entry(FpDigestStreams *streams, uint64_t hash);

/* Whether there are so many that all of them should be forgotten before the next one comes. */
bool fp_digest_streams_is_full(const FpDigestStreams *streams);

/* Forgets all of them. */
void fp_digest_streams_forget(FpDigestStreams *streams);

#endif
