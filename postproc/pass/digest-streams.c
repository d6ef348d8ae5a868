/* SPDX-License-Identifier: GPL-2.0-or-later */
/* digest-streams.c - see digest-streams.h: open addressing; the hashes are keyed, so their lowest bits will do. */
#include "digest-streams.h"

#define SLOTS_MIN ((size_t)1 << 12)
#define SLOTS_MAX ((size_t)1 << 23) /* of 64 bytes: 512 MiB */

struct FpDigestStreams {
    FpDigestEntry *slots;
    size_t n_slots; /* a power of 2 */
    size_t used;
};

FpDigestStreams *fp_digest_streams_new(void)
{
    FpDigestStreams *streams = g_new0(FpDigestStreams, 1);

    streams->n_slots = SLOTS_MIN;
    streams->slots = g_new0(FpDigestEntry, streams->n_slots);
    return streams;
}

static void clear_slots(FpDigestStreams *streams)
{
    for (size_t i = 0; i < streams->n_slots; i++)
        g_clear_pointer(&streams->slots[i].later, g_byte_array_unref);
    g_clear_pointer(&streams->slots, g_free);
}

void fp_digest_streams_free(FpDigestStreams *streams)
{
    if (streams == NULL)
        return;
    clear_slots(streams);
    g_free(streams);
}

static FpDigestEntry *find(const FpDigestStreams *streams, uint64_t hash)
{
    size_t i = (size_t)hash & (streams->n_slots - 1);

    while (streams->slots[i].hash != 0 && streams->slots[i].hash != hash)
        i = (i + 1) & (streams->n_slots - 1);
    return &streams->slots[i];
}

static void grow(FpDigestStreams *streams)
{
    FpDigestEntry *before = streams->slots;
    const size_t n_before = streams->n_slots;

    streams->n_slots *= 2;
    streams->slots = g_new0(FpDigestEntry, streams->n_slots);
    for (size_t i = 0; i < n_before; i++)
        if (before[i].hash != 0)
            *find(streams, before[i].hash) = before[i];
    g_free(before);
}

FpDigestEntry *fp_digest_streams_entry(FpDigestStreams *streams, uint64_t hash)
{
    FpDigestEntry *entry = find(streams, hash);

    if (entry->hash != 0)
        return entry;
    if (streams->used >= streams->n_slots / 4 * 3) {
        grow(streams);
        entry = find(streams, hash);
    }
    streams->used++;
    entry->hash = hash;
    return entry;
}

bool fp_digest_streams_is_full(const FpDigestStreams *streams)
{
    return streams->n_slots >= SLOTS_MAX && streams->used >= streams->n_slots / 4 * 3 - 1;
}

void fp_digest_streams_forget(FpDigestStreams *streams)
{
    clear_slots(streams);
    streams->n_slots = SLOTS_MIN;
    streams->slots = g_new0(FpDigestEntry, streams->n_slots);
    streams->used = 0;
}
