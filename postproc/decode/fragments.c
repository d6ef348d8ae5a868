/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fragments.c - see fragments.h. */
#include "fragments.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define WAITING_BYTES_MAX (64U << 20)
#define FRAGMENTS_MAX 8192U /* of a datagram: 64 KiB have that many multiples of 8 bytes */

/* Approximate memory for keeping track of each, besides its bytes. */
#define FRAGMENT_BYTES 160U
#define DATAGRAM_BYTES 320U

/* What the caller keeps of some records, and how much memory that takes. */
typedef struct {
    GPtrArray *items; /* NULL for none */
    size_t bytes;
} Kept;

typedef struct {
    uint32_t offset; /* or the number */
    uint32_t length;
    uint8_t *bytes;
    uint64_t arrival;
    Kept kept; /* of its record, and of records that completed a datagram around it */
} Fragment;

typedef struct {
    FpDatagramKey key;
    GArray *fragments; /* of Fragment, in order of arrival */
    bool is_numbered;  /* offsets and lengths count fragments, not bytes */
    bool length_known;
    uint32_t length;
    uint32_t reached; /* all bytes before this have arrived */
    GTree *beyond;    /* begin -> end of each run of later bytes that have arrived, with gaps between the runs; NULL for none */
    size_t waiting_bytes;
    GList *place; /* in FpFragments.order */
} Datagram;

/* A reassembled datagram that is lent to the caller. */
typedef struct {
    const FpRecord *record; /* the record that completed it */
    uint8_t *bytes;
    uint32_t length, wire;
} Completed;

struct FpFragments {
    GHashTable *datagrams; /* FpDatagramKey, which is part of the value -> Datagram */
    GQueue order;          /* of Datagram, the longest waiting first */
    size_t waiting_bytes;
    uint64_t forgotten;
    uint64_t arrivals;
    FpKeeper keeper;
    /* of the current record */
    const FpRecord *record;
    Kept kept;
    /* of all records of this batch */
    GArray *completed; /* of Completed */
    bool is_again;     /* answers come from completed, at next */
    guint next;
};

/* Shared by all tables, as a GHashTable has no seed of its own. Random, so that a sender of fragments cannot make them all collide. */
static uint64_t seed;

static guint hash_key(gconstpointer key)
{
    return (guint)XXH3_64bits_withSeed(key, sizeof(FpDatagramKey), seed);
}

static gboolean equal_keys(gconstpointer a, gconstpointer b)
{
    return memcmp(a, b, sizeof(FpDatagramKey)) == 0;
}

static void clear_kept(Kept *kept)
{
    g_clear_pointer(&kept->items, g_ptr_array_unref);
    kept->bytes = 0;
}

/* Appends the content of from to that of to. */
static void move_kept(Kept *to, Kept *from)
{
    if (to->items == NULL)
        to->items = g_steal_pointer(&from->items);
    else if (from->items != NULL)
        g_ptr_array_extend_and_steal(to->items, g_steal_pointer(&from->items));
    to->bytes += from->bytes;
    from->bytes = 0;
}

static void clear_fragment(gpointer data)
{
    Fragment *fragment = data;

    g_free(fragment->bytes);
    clear_kept(&fragment->kept);
}

static void clear_completed(gpointer data)
{
    g_free(((Completed *)data)->bytes);
}

static void free_datagram(gpointer data)
{
    Datagram *datagram = data;

    g_array_free(datagram->fragments, TRUE);
    if (datagram->beyond != NULL)
        g_tree_unref(datagram->beyond);
    g_free(datagram);
}

FpFragments *fp_fragments_new(const FpKeeper *keeper)
{
    FpFragments *fragments = g_new0(FpFragments, 1);

    if (seed == 0)
        seed = (uint64_t)g_random_int() << 32 | g_random_int();
    if (keeper != NULL)
        fragments->keeper = *keeper;
    fragments->datagrams = g_hash_table_new_full(hash_key, equal_keys, NULL, free_datagram);
    fragments->completed = g_array_new(FALSE, FALSE, sizeof(Completed));
    g_array_set_clear_func(fragments->completed, clear_completed);
    g_queue_init(&fragments->order);
    return fragments;
}

void fp_fragments_free(FpFragments *fragments)
{
    if (fragments == NULL)
        return;
    g_queue_clear(&fragments->order);
    g_hash_table_unref(fragments->datagrams);
    g_array_unref(fragments->completed);
    clear_kept(&fragments->kept);
    g_free(fragments);
}

static void drop(FpFragments *fragments, Datagram *datagram)
{
    fragments->waiting_bytes -= datagram->waiting_bytes;
    g_queue_delete_link(&fragments->order, datagram->place);
    g_hash_table_remove(fragments->datagrams, &datagram->key);
}

static void forget(FpFragments *fragments, Datagram *datagram)
{
    drop(fragments, datagram);
    fragments->forgotten++;
}

static void count_waiting(FpFragments *fragments, Datagram *datagram, size_t bytes)
{
    datagram->waiting_bytes += bytes;
    fragments->waiting_bytes += bytes;
}

static Datagram *find_or_begin(FpFragments *fragments, const FpDatagramKey *key)
{
    Datagram *datagram = g_hash_table_lookup(fragments->datagrams, key);

    if (datagram != NULL)
        return datagram;
    datagram = g_new0(Datagram, 1);
    datagram->key = *key;
    datagram->fragments = g_array_new(FALSE, FALSE, sizeof(Fragment));
    g_array_set_clear_func(datagram->fragments, clear_fragment);
    g_queue_push_tail(&fragments->order, datagram);
    datagram->place = g_queue_peek_tail_link(&fragments->order);
    g_hash_table_insert(fragments->datagrams, &datagram->key, datagram);
    count_waiting(fragments, datagram, DATAGRAM_BYTES);
    return datagram;
}

static gint compare_offsets(gconstpointer a, gconstpointer b)
{
    return GPOINTER_TO_UINT(a) < GPOINTER_TO_UINT(b) ? -1 : GPOINTER_TO_UINT(a) > GPOINTER_TO_UINT(b);
}

/* Removes the runs that begin between begin and end from beyond, and moves end to where they end. Returns the final end. */
static uint32_t join_runs(GTree *beyond, uint32_t begin, uint32_t end)
{
    GTreeNode *run;

    while ((run = g_tree_lower_bound(beyond, GUINT_TO_POINTER(begin))) != NULL) {
        gpointer run_begin = g_tree_node_key(run);
        if (GPOINTER_TO_UINT(run_begin) > end)
            break;
        end = MAX(end, GPOINTER_TO_UINT(g_tree_node_value(run)));
        g_tree_remove(beyond, run_begin);
    }
    return end;
}

static void add_run(GTree *beyond, uint32_t begin, uint32_t end)
{
    GTreeNode *after = g_tree_upper_bound(beyond, GUINT_TO_POINTER(begin));
    GTreeNode *before = after != NULL ? g_tree_node_previous(after) : g_tree_node_last(beyond);

    if (before != NULL && GPOINTER_TO_UINT(g_tree_node_value(before)) >= begin)
        begin = GPOINTER_TO_UINT(g_tree_node_key(before));
    end = join_runs(beyond, begin, end);
    g_tree_insert(beyond, GUINT_TO_POINTER(begin), GUINT_TO_POINTER(end));
}

/* Notes that these bytes have arrived. The sender chooses the order of fragments, so no order may make this slow: a run is added once and
 * joined with another once. */
static void cover(Datagram *datagram, uint32_t begin, uint32_t end)
{
    if (begin > datagram->reached) {
        if (datagram->beyond == NULL)
            datagram->beyond = g_tree_new(compare_offsets);
        add_run(datagram->beyond, begin, end);
        return;
    }
    datagram->reached = MAX(datagram->reached, end);
    if (datagram->beyond != NULL)
        datagram->reached = join_runs(datagram->beyond, 0, datagram->reached);
}

static Fragment *insert(Datagram *datagram, FpSpan payload, uint32_t offset, uint64_t arrival)
{
    Fragment fragment = {
        .offset = offset, .length = payload.captured, .bytes = g_memdup2(payload.bytes, payload.captured), .arrival = arrival};

    g_array_append_val(datagram->fragments, fragment);
    cover(datagram, offset, offset + (datagram->is_numbered ? 1 : payload.captured));
    return &g_array_index(datagram->fragments, Fragment, datagram->fragments->len - 1);
}

static bool is_complete(const Datagram *datagram)
{
    return datagram->length_known && datagram->reached >= datagram->length;
}

static int compare_arrivals(gconstpointer a, gconstpointer b)
{
    const Fragment *first = a, *second = b;

    return first->arrival < second->arrival ? -1 : first->arrival > second->arrival;
}

static int compare_places(gconstpointer a, gconstpointer b)
{
    const Fragment *first = a, *second = b;

    return first->offset != second->offset ? (first->offset < second->offset ? -1 : 1) : compare_arrivals(a, b);
}

/* One of nothing has a place, too, as a step counts on from where a layer begins. */
static FpSpan span_of(const Completed *completed)
{
    static const uint8_t nothing[1];

    return (FpSpan){completed->bytes != NULL ? completed->bytes : nothing, completed->length, completed->wire};
}

/* Lends a reassembled datagram; takes over bytes. */
static FpSpan lend(FpFragments *fragments, uint8_t *bytes, uint32_t length, uint32_t wire)
{
    Completed completed = {.record = fragments->record, .bytes = bytes, .length = length, .wire = wire};

    g_array_append_val(fragments->completed, completed);
    return span_of(&completed);
}

/* By offset: where fragments overlap, the bytes of the one that begins earlier count; at the same offset, those of the first to arrive. */
static FpSpan assemble_by_offset(FpFragments *fragments, const Datagram *datagram)
{
    uint8_t *bytes = g_malloc(datagram->length);
    uint32_t reached = 0;

    for (guint i = 0; i < datagram->fragments->len && reached < datagram->length; i++) {
        const Fragment *fragment = &g_array_index(datagram->fragments, Fragment, i);
        uint32_t fragment_end = MIN(fragment->offset + fragment->length, datagram->length);
        if (fragment_end <= reached)
            continue;
        memcpy(bytes + reached, fragment->bytes + (reached - fragment->offset), fragment_end - reached);
        reached = fragment_end;
    }
    return lend(fragments, bytes, datagram->length, datagram->length);
}

/* By number: of several fragments with one number, the first to arrive counts. */
static FpSpan assemble_by_number(FpFragments *fragments, const Datagram *datagram)
{
    GByteArray *bytes = g_byte_array_new();
    uint32_t next = 0;

    for (guint i = 0; i < datagram->fragments->len; i++) {
        const Fragment *fragment = &g_array_index(datagram->fragments, Fragment, i);
        if (fragment->offset != next || next == datagram->length)
            continue;
        g_byte_array_append(bytes, fragment->bytes, fragment->length);
        next++;
    }
    uint32_t length = bytes->len;
    return lend(fragments, g_byte_array_free(bytes, FALSE), length, length);
}

static FpSpan assemble(FpFragments *fragments, const Datagram *datagram)
{
    g_array_sort(datagram->fragments, compare_places);
    return (datagram->is_numbered ? assemble_by_number : assemble_by_offset)(fragments, datagram);
}

/* Collects what was kept for a complete datagram, whose fragments need not stay in order of their offsets. */
static void collect_kept(FpFragments *fragments, Datagram *datagram)
{
    if (fragments->keeper.keep == NULL)
        return;
    g_array_sort(datagram->fragments, compare_arrivals);
    for (guint i = 0; i < datagram->fragments->len; i++)
        move_kept(&fragments->kept, &g_array_index(datagram->fragments, Fragment, i).kept);
}

/* Keeps the record, with what belongs to it, for one of its fragments that has to wait. */
static void keep_record(FpFragments *fragments, Fragment *fragment)
{
    Kept own = {0};

    if (fragments->keeper.keep == NULL)
        return;
    own.items = g_ptr_array_new_with_free_func(fragments->keeper.drop);
    g_ptr_array_add(own.items, fragments->keeper.keep(fragments->keeper.user, fragments->record, &own.bytes));
    move_kept(&fragment->kept, &fragments->kept);
    move_kept(&fragment->kept, &own);
}

/* Replays the next datagram that the record completed. */
static bool complete_again(FpFragments *fragments, FpSpan *complete)
{
    while (fragments->next < fragments->completed->len) {
        const Completed *completed = &g_array_index(fragments->completed, Completed, fragments->next++);
        if (completed->record != fragments->record)
            continue;
        *complete = span_of(completed);
        return true;
    }
    return false;
}

static bool add(FpFragments *fragments, Datagram *datagram, FpSpan payload, uint32_t offset, bool more, FpSpan *complete)
{
    if (!more && !datagram->length_known) {
        datagram->length_known = true;
        datagram->length = offset + (datagram->is_numbered ? 1 : payload.captured);
    }
    Fragment *fragment = insert(datagram, payload, offset, ++fragments->arrivals);
    if (is_complete(datagram)) {
        *complete = assemble(fragments, datagram);
        collect_kept(fragments, datagram);
        drop(fragments, datagram);
        return true;
    }
    keep_record(fragments, fragment);
    count_waiting(fragments, datagram, payload.captured + FRAGMENT_BYTES + fragment->kept.bytes);
    if (datagram->fragments->len >= FRAGMENTS_MAX)
        forget(fragments, datagram);
    return false;
}

bool fp_fragments_add(FpFragments *fragments, const FpDatagramKey *key, FpSpan payload, uint32_t offset, bool more, FpSpan *complete)
{
    if (fragments->is_again)
        return complete_again(fragments, complete);
    while (fragments->waiting_bytes >= WAITING_BYTES_MAX)
        forget(fragments, g_queue_peek_head(&fragments->order));
    return add(fragments, find_or_begin(fragments, key), payload, offset, more, complete);
}

bool fp_fragments_add_numbered(FpFragments *fragments, const FpDatagramKey *key, FpSpan payload, uint32_t number, bool more,
                               bool may_be_lone, FpSpan *complete)
{
    if (fragments->is_again)
        return complete_again(fragments, complete);
    while (fragments->waiting_bytes >= WAITING_BYTES_MAX)
        forget(fragments, g_queue_peek_head(&fragments->order));
    if (!more && may_be_lone && g_hash_table_lookup(fragments->datagrams, key) == NULL) {
        *complete = lend(fragments, g_memdup2(payload.bytes, payload.captured), payload.captured, payload.wire);
        return true;
    }
    if (payload.captured < payload.wire)
        return false;
    Datagram *datagram = find_or_begin(fragments, key);
    datagram->is_numbered = true;
    return add(fragments, datagram, payload, number, more, complete);
}

void fp_fragments_begin_record(FpFragments *fragments, const FpRecord *record)
{
    fragments->record = record;
    fragments->is_again = false;
    fp_fragments_end_record(fragments);
}

void fp_fragments_begin_record_again(FpFragments *fragments, const FpRecord *record)
{
    fragments->record = record;
    fragments->is_again = true;
    fragments->next = 0;
}

void fp_fragments_end_record(FpFragments *fragments)
{
    clear_kept(&fragments->kept);
}

void fp_fragments_end_batch(FpFragments *fragments)
{
    if (fragments->completed->len > 0)
        g_array_set_size(fragments->completed, 0);
}

GPtrArray *fp_fragments_take_kept(FpFragments *fragments)
{
    fragments->kept.bytes = 0;
    return g_steal_pointer(&fragments->kept.items);
}

uint64_t fp_fragments_forgotten(const FpFragments *fragments)
{
    return fragments->forgotten;
}
