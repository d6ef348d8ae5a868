/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fragments.c - see fragments.h. */
#include "fragments.h"

#include <glib.h>
#include <string.h>

#define FRAGMENTS_MAX 65536U /* waiting at once */

typedef struct {
    uint32_t offset;
    uint32_t length;
    uint8_t *head; /* its bytes that lie within the datagram's first FP_FRAGMENTS_HEAD_BYTES, or NULL */
} Fragment;

typedef struct {
    FpDatagramKey key;
    GArray *fragments; /* of Fragment, by offset; of the same offset, first come first */
    bool length_known;
    uint32_t length;
    GList *place; /* in the order of waiting */
} Datagram;

struct FpFragments {
    GHashTable *datagrams; /* FpDatagramKey, within the Datagram that is the value */
    GQueue order;          /* of Datagram, the longest waiting first */
    size_t waiting;        /* fragments */
    uint64_t forgotten;
    uint8_t head[FP_FRAGMENTS_HEAD_BYTES];
};

static guint hash_key(gconstpointer data)
{
    const uint8_t *bytes = data;
    guint hash = 5381;

    for (size_t i = 0; i < sizeof(FpDatagramKey); i++)
        hash = hash * 33 + bytes[i];
    return hash;
}

static gboolean equal_keys(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, sizeof(FpDatagramKey)) == 0;
}

static void clear_fragment(gpointer data)
{
    g_free(((Fragment *)data)->head);
}

static void free_datagram(gpointer data)
{
    Datagram *datagram = data;

    g_array_free(datagram->fragments, TRUE);
    g_free(datagram);
}

FpFragments *fp_fragments_new(void)
{
    FpFragments *fragments = g_new0(FpFragments, 1);

    fragments->datagrams = g_hash_table_new_full(hash_key, equal_keys, NULL, free_datagram);
    g_queue_init(&fragments->order);
    return fragments;
}

void fp_fragments_free(FpFragments *fragments)
{
    if (fragments == NULL)
        return;
    g_queue_clear(&fragments->order);
    g_hash_table_unref(fragments->datagrams);
    g_free(fragments);
}

static void drop(FpFragments *fragments, Datagram *datagram)
{
    fragments->waiting -= datagram->fragments->len;
    g_queue_delete_link(&fragments->order, datagram->place);
    g_hash_table_remove(fragments->datagrams, &datagram->key);
}

static Datagram *find_or_begin(FpFragments *fragments, const FpDatagramKey *key)
{
    Datagram *datagram = g_hash_table_lookup(fragments->datagrams, key);

    if (datagram != NULL)
        return datagram;
    while (fragments->waiting >= FRAGMENTS_MAX) {
        drop(fragments, g_queue_peek_head(&fragments->order));
        fragments->forgotten++;
    }
    datagram = g_new0(Datagram, 1);
    datagram->key = *key;
    datagram->fragments = g_array_new(FALSE, FALSE, sizeof(Fragment));
    g_array_set_clear_func(datagram->fragments, clear_fragment);
    g_queue_push_tail(&fragments->order, datagram);
    datagram->place = g_queue_peek_tail_link(&fragments->order);
    g_hash_table_insert(fragments->datagrams, &datagram->key, datagram);
    return datagram;
}

static void insert(Datagram *datagram, FpSpan payload, uint32_t offset)
{
    Fragment fragment = {.offset = offset, .length = payload.captured};
    guint place = datagram->fragments->len;

    if (offset < FP_FRAGMENTS_HEAD_BYTES)
        fragment.head = g_memdup2(payload.bytes, MIN(payload.captured, FP_FRAGMENTS_HEAD_BYTES - offset));
    while (place > 0 && g_array_index(datagram->fragments, Fragment, place - 1).offset > offset)
        place--;
    g_array_insert_val(datagram->fragments, place, fragment);
}

static bool is_complete(const Datagram *datagram)
{
    uint32_t reached = 0;

    if (!datagram->length_known)
        return false;
    for (guint i = 0; i < datagram->fragments->len; i++) {
        const Fragment *fragment = &g_array_index(datagram->fragments, Fragment, i);
        if (fragment->offset <= reached)
            reached = MAX(reached, fragment->offset + fragment->length);
    }
    return reached >= datagram->length;
}

/* Puts the datagram's beginning together: where fragments overlap, what lies before stands. */
static FpSpan assemble(FpFragments *fragments, const Datagram *datagram)
{
    uint32_t wanted = MIN(datagram->length, FP_FRAGMENTS_HEAD_BYTES);
    uint32_t reached = 0;

    for (guint i = 0; i < datagram->fragments->len && reached < wanted; i++) {
        const Fragment *fragment = &g_array_index(datagram->fragments, Fragment, i);
        uint32_t fragment_end = MIN(fragment->offset + fragment->length, wanted);
        if (fragment_end <= reached)
            continue;
        memcpy(fragments->head + reached, fragment->head + (reached - fragment->offset), fragment_end - reached);
        reached = fragment_end;
    }
    return (FpSpan){fragments->head, wanted, datagram->length};
}

bool fp_fragments_add(FpFragments *fragments, const FpDatagramKey *key, FpSpan payload, uint32_t offset, bool more, FpSpan *complete)
{
    Datagram *datagram = find_or_begin(fragments, key);

    if (!more && !datagram->length_known) {
        datagram->length_known = true;
        datagram->length = offset + payload.captured;
    }
    insert(datagram, payload, offset);
    fragments->waiting++;
    if (!is_complete(datagram))
        return false;
    *complete = assemble(fragments, datagram);
    drop(fragments, datagram);
    return true;
}

uint64_t fp_fragments_forgotten(const FpFragments *fragments)
{
    return fragments->forgotten;
}
