/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * digest-claims.c - see digest-claims.h.
 *
 * After an assertion, segments of a stream are left out until another of its frames is kept. If the file itself is read from a frame in
 * between on, the next number that the stream expects is not that of the frames before it. So these are gone through, and what went
 * farthest of such a stream is caught up with.
 */
#include "digest-claims.h"

#include "digest.h"

typedef struct {
    uint64_t hash;
    uint64_t number;    /* of the frame that asserted last; segments after it may have been left out */
    unsigned direction; /* of that frame */
    bool has_more;
    FpSegment farthest; /* if has_more; its addresses mean nothing */
} Claim;

struct FpDigestClaims {
    GHashTable *open; /* hash -> Claim */
    FpDecoder *decoder;
    unsigned network_kinds;
};

FpDigestClaims *fp_digest_claims_new(unsigned network_kinds, unsigned transports)
{
    FpDigestClaims *claims = g_new0(FpDigestClaims, 1);

    claims->open = g_hash_table_new_full(g_int64_hash, g_int64_equal, NULL, g_free);
    claims->decoder = fp_decoder_new(NULL, network_kinds, transports);
    claims->network_kinds = network_kinds;
    return claims;
}

void fp_digest_claims_free(FpDigestClaims *claims)
{
    if (claims == NULL)
        return;
    g_hash_table_unref(claims->open);
    fp_decoder_free(claims->decoder);
    g_free(claims);
}

void fp_digest_claims_clear(FpDigestClaims *claims)
{
    g_hash_table_remove_all(claims->open);
}

static void add(FpDigestClaims *claims, FpStreamKey key, uint64_t number)
{
    Claim *claim = g_new0(Claim, 1);

    *claim = (Claim){.hash = key.hash, .number = number, .direction = key.direction};
    g_hash_table_replace(claims->open, &claim->hash, claim);
}

bool fp_digest_claims_check(FpDigestClaims *claims, FpStreams *streams, const FpRecord *records, const FpDecodedRecord *decoded, int n,
                            uint64_t number)
{
    const bool asserts = records[0].digest & FP_RECORD_ASSERTS && decoded[0].has_segment; /* TCP may not be wanted */

    if (asserts && !fp_streams_confirm(streams, decoded[0].key, &decoded[0].segment))
        return false;
    for (int i = 0; i < n && g_hash_table_size(claims->open) > 0; i++)
        if (decoded[i].has_segment)
            g_hash_table_remove(claims->open, &decoded[i].key.hash);
    if (asserts)
        add(claims, decoded[0].key, number);
    return true;
}

static bool decode(FpDigestClaims *claims, const FpCapture *capture, const FpRecord *record, FpSegment *segment)
{
    uint32_t interface;

    *segment = (FpSegment){0};
    if (claims->network_kinds & FP_NETWORK_INTERFACE && fp_capture_interface(capture, record, &interface))
        segment->network = fp_network_mix(0, FP_NETWORK_INTERFACE, interface);
    return fp_decode(claims->decoder, record, segment) == FP_DECODED_SEGMENT && segment->transport == FP_TRANSPORT_TCP;
}

static void note_skipped(FpDigestClaims *claims, const FpStreams *streams, const FpSegment *segment, uint64_t number)
{
    FpStreamKey key = fp_streams_key(streams, segment);

    if (claims->network_kinds != 0)
        key = fp_streams_key_in_network(streams, key, segment->network);
    Claim *claim = g_hash_table_lookup(claims->open, &key.hash);
    if (claim == NULL || number <= claim->number || key.direction != claim->direction || !fp_digest_may_leave_out(segment))
        return;
    if (!claim->has_more || fp_digest_goes_farther(segment, &claim->farthest))
        claim->farthest = *segment;
    claim->has_more = true;
}

bool fp_digest_claims_reread(FpDigestClaims *claims, FpStreams *streams, FpCapture *capture, GError **error)
{
    FpRecord record;
    FpSegment segment;
    uint64_t number;
    GHashTableIter iter;
    gpointer value;
    int n;

    if (!fp_digest_reread(capture, error))
        return false;
    while ((n = fp_digest_read_skipped(capture, &record, &number, error)) > 0) {
        if (g_hash_table_size(claims->open) > 0 && decode(claims, capture, &record, &segment))
            note_skipped(claims, streams, &segment, number);
        fp_decoder_end_batch(claims->decoder);
    }
    g_hash_table_iter_init(&iter, claims->open);
    while (n == 0 && g_hash_table_iter_next(&iter, NULL, &value)) {
        const Claim *claim = value;
        const FpStreamKey key = {.hash = claim->hash, .direction = claim->direction};
        if (claim->has_more)
            fp_streams_catch_up(streams, key, &claim->farthest);
    }
    fp_digest_claims_clear(claims);
    return n == 0;
}
