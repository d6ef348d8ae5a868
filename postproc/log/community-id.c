/* SPDX-License-Identifier: GPL-2.0-or-later */
/* community-id.c - see community-id.h. */
#include "community-id.h"

#include <glib.h>
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/bytes.h"

#define SHA1_BYTES 20
#define PROTOCOL_TCP 6
#define PROTOCOL_UDP 17
#define FLOW_ID_BITS 53 /* JSON's numbers are read as doubles by many, which have no more */

/* Seed, two addresses, protocol, padding, two ports. */
#define HASHED_BYTES_MAX (2 + 2 * 16 + 1 + 1 + 2 * 2)

static uint8_t *append(uint8_t *at, const void *bytes, size_t n)
{
    memcpy(at, bytes, n);
    return at + n;
}

/* Whether the sender comes first: the lower address does, or, if the addresses are equal, the lower port. */
static bool is_in_order(const FpSegment *segment)
{
    int order = memcmp(segment->source, segment->destination, segment->address_bytes);

    return order < 0 || (order == 0 && segment->source_port < segment->destination_port);
}

/* Writes what the ID is a hash of; returns its length. */
static size_t put_hashed(const FpSegment *segment, uint16_t seed, uint8_t hashed[HASHED_BYTES_MAX])
{
    bool in_order = is_in_order(segment);
    uint8_t *at = fp_put16(hashed, seed);

    at = append(at, in_order ? segment->source : segment->destination, segment->address_bytes);
    at = append(at, in_order ? segment->destination : segment->source, segment->address_bytes);
    at = append(at, (const uint8_t[]){segment->transport == FP_TRANSPORT_UDP ? PROTOCOL_UDP : PROTOCOL_TCP, 0}, 2);
    at = fp_put16(at, in_order ? segment->source_port : segment->destination_port);
    at = fp_put16(at, in_order ? segment->destination_port : segment->source_port);
    return (size_t)(at - hashed);
}

void fp_community_id(const FpSegment *segment, uint16_t seed, char text[FP_COMMUNITY_ID_BYTES])
{
    uint8_t hashed[HASHED_BYTES_MAX];
    uint8_t digest[SHA1_BYTES];
    gsize digest_bytes = sizeof digest;

    g_autoptr(GChecksum) checksum = g_checksum_new(G_CHECKSUM_SHA1);
    g_checksum_update(checksum, hashed, (gssize)put_hashed(segment, seed, hashed));
    g_checksum_get_digest(checksum, digest, &digest_bytes);
    g_autofree char *encoded = g_base64_encode(digest, digest_bytes);
    g_snprintf(text, FP_COMMUNITY_ID_BYTES, "1:%s", encoded);
}

uint64_t fp_flow_id(const FpSegment *segment, uint64_t network, int64_t began_ns)
{
    uint8_t hashed[HASHED_BYTES_MAX];
    const uint64_t began[] = {(uint64_t)began_ns, network};
    uint64_t seed = XXH3_64bits(began, sizeof began);

    return XXH3_64bits_withSeed(hashed, put_hashed(segment, 0, hashed), seed) >> (64 - FLOW_ID_BITS);
}
