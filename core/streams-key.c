/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * streams-key.c - where the table of streams looks for a segment's stream: the hash of its endpoints. See streams.h.
 *
 * There are two hashes. Tables that are saved have that of the first version, as a checkpoint keeps hashes and no endpoints. All others
 * have one that takes a third of the instructions. Both are keyed, and both take endpoints in either order.
 *
 * The quick one is wyhash's way with 16 bytes (Wang Yi): xor with secret numbers, a product of 128 bits, folded, and that twice. The first
 * product has both endpoints as its factors. Each has been made a number that a sender does not know, so it cannot tell for which endpoints
 * products are alike, and it hears no hash. The second product lets no order of endpoints (a scan's addresses go up one by one) come
 * through to the bits that choose a slot.
 */
#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "streams-internal.h"

static inline uint64_t load64(const uint8_t *bytes)
{
    uint64_t value;

    memcpy(&value, bytes, sizeof value);
    return value;
}

static inline uint32_t load32(const uint8_t *bytes)
{
    uint32_t value;

    memcpy(&value, bytes, sizeof value);
    return value;
}

static inline FpStreamKey finished(uint64_t hash, unsigned direction)
{
    return (FpStreamKey){.hash = hash + (hash == 0), .direction = direction}; /* 0 marks a free slot */
}

/* The hash of tables that are saved puts the two endpoints into the same order for both directions; which order does not matter. They are
 * stored as words, as reading a word where single bytes were just stored is slow. The transport goes into bits that are 0 for TCP, so that
 * keys of TCP are those of tables that were saved before there was UDP. */
static inline FpStreamKey saved_ipv4(const FpStreams *streams, const FpSegment *segment)
{
    uint64_t source = (uint64_t)load32(segment->source) << 16 | segment->source_port;
    uint64_t destination = (uint64_t)load32(segment->destination) << 16 | segment->destination_port;
    bool is_source_high = source > destination;
    uint64_t words[2] = {(is_source_high ? destination : source) | (uint64_t)segment->transport << 48,
                         is_source_high ? source : destination};

    return (FpStreamKey){.hash = XXH3_64bits_withSeed(words, sizeof words, streams->seed), .direction = is_source_high};
}

static inline FpStreamKey saved_ipv6(const FpStreams *streams, const FpSegment *segment)
{
    uint64_t source[3] = {load64(segment->source), load64(segment->source + 8), segment->source_port};
    uint64_t destination[3] = {load64(segment->destination), load64(segment->destination + 8), segment->destination_port};
    bool is_source_high = source[0] != destination[0]   ? source[0] > destination[0]
                          : source[1] != destination[1] ? source[1] > destination[1]
                                                        : source[2] > destination[2];
    const uint64_t *low = is_source_high ? destination : source, *high = is_source_high ? source : destination;
    uint64_t words[5] = {low[0], low[1], high[0], high[1], (uint64_t)segment->transport << 32 | low[2] << 16 | high[2]};

    return (FpStreamKey){.hash = XXH3_64bits_withSeed(words, sizeof words, streams->seed), .direction = is_source_high};
}

/* Makes the highest bits of hashes uneven: the densest values get 1.5 times the average, the sparsest 0.75 times. So the segments of a
 * large table do not all fill up at the same time. They are not all split at once, and the table does not stand half empty afterwards. */
static inline FpStreamKey saved_spread(FpStreamKey key)
{
    uint64_t high = key.hash >> 32;

    high += (uint32_t)(high * (UINT32_MAX - high) >> 32) / 3;
    return finished(high << 32 | (key.hash & UINT32_MAX), key.direction);
}

static inline FpStreamKey saved_key(const FpStreams *streams, const FpSegment *segment)
{
    return saved_spread(segment->address_bytes == 4 ? saved_ipv4(streams, segment) : saved_ipv6(streams, segment));
}

#ifdef __SIZEOF_INT128__
__extension__ typedef unsigned __int128 Product;

static inline uint64_t high_of_product(uint64_t a, uint64_t b)
{
    return (uint64_t)((Product)a * b >> 64);
}

/* Both halves of the product, xored. */
static inline uint64_t fold(uint64_t a, uint64_t b)
{
    const Product product = (Product)a * b;

    return (uint64_t)product ^ (uint64_t)(product >> 64);
}
#else
static inline uint64_t high_of_product(uint64_t a, uint64_t b)
{
    return XXH_mult64to128(a, b).high64;
}

static inline uint64_t fold(uint64_t a, uint64_t b)
{
    return XXH3_mul128_fold64(a, b);
}
#endif

void fp_streams_choose_secrets(FpStreams *streams)
{
    for (uint64_t i = 0; i < N_SECRETS; i++)
        streams->secrets[i] = XXH3_64bits_withSeed(&i, sizeof i, streams->seed);
}

/* The second product, and as uneven as saved_spread makes it. */
static inline FpStreamKey quick(const FpStreams *streams, uint64_t hash, uint64_t what, unsigned direction)
{
    hash = fold(hash, what ^ streams->secrets[3]);
    return finished(hash + high_of_product(high_of_product(hash, ~hash), UINT64_MAX / 3), direction);
}

/* The first product, of words that stand for the endpoints. */
static inline FpStreamKey quick_pair(const FpStreams *streams, uint64_t source, uint64_t destination, unsigned transport)
{
    return quick(streams, fold(source ^ streams->secrets[0], destination ^ streams->secrets[0]), transport, source > destination);
}

/* A port as it stands in the header: where it was just read from there, nothing is to be done. */
static inline uint16_t swapped(uint16_t port)
{
    return (uint16_t)(port << 8 | port >> 8);
}

static inline uint64_t ipv4_endpoint(const uint8_t *address, uint16_t port)
{
    return (uint64_t)load32(address) << 16 | swapped(port);
}

/* An address of IPv6 has no room in a word beside a port, so a product stands for it. */
static inline uint64_t ipv6_endpoint(const FpStreams *streams, const uint8_t *address, uint16_t port)
{
    return fold(load64(address) ^ streams->secrets[1], load64(address + 8) ^ streams->secrets[2]) ^ swapped(port);
}

static inline FpStreamKey quick_key(const FpStreams *streams, const FpSegment *segment)
{
    if (segment->address_bytes == 4)
        return quick_pair(streams, ipv4_endpoint(segment->source, segment->source_port),
                          ipv4_endpoint(segment->destination, segment->destination_port), segment->transport);
    return quick_pair(streams, ipv6_endpoint(streams, segment->source, segment->source_port),
                      ipv6_endpoint(streams, segment->destination, segment->destination_port), segment->transport);
}

bool fp_streams_are_quick(const FpStreams *streams)
{
    return streams->is_quick;
}

FpStreamKey fp_streams_key_of_kind(const FpStreams *streams, const FpSegment *segment, bool are_quick)
{
    return are_quick ? quick_key(streams, segment) : saved_key(streams, segment);
}

FpStreamKey fp_streams_key(const FpStreams *streams, const FpSegment *segment)
{
    return fp_streams_key_of_kind(streams, segment, streams->is_quick);
}

FpStreamKey fp_streams_key_in_network(const FpStreams *streams, FpStreamKey key, uint64_t network)
{
    uint64_t words[2] = {key.hash, network};

    if (network == 0)
        return key;
    if (streams->is_quick)
        return quick(streams, key.hash, network, key.direction);
    key.hash = XXH3_64bits_withSeed(words, sizeof words, streams->seed);
    return saved_spread(key);
}
