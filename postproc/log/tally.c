/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tally.c - see tally.h. */
#include "tally.h"

#include <string.h>
#include <sys/random.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

G_STATIC_ASSERT(FP_SAID_PROTOCOLS <= FP_TIME_LINE_SERIES);

typedef struct {
    FpTallyName said;
    uint64_t hash;
    uint8_t bytes[]; /* said.name; not of one that is only looked up */
} Name;

typedef struct {
    GHashTable *names; /* Name, each its own key */
    FpTallyCount without, dropped;
    uint64_t missed_max; /* of a name that is not there */
} Kind;

struct FpTally {
    size_t names_max;
    uint64_t seed; /* so that who chooses names cannot choose hashes */
    FpTallyCount all, later;
    FpTallyCount protocols[FP_SAID_PROTOCOLS];
    FpTimeLine time_line;
    Kind kinds[FP_TALLY_KINDS];
};

static guint hash_of(gconstpointer name)
{
    return (guint)((const Name *)name)->hash;
}

static gboolean is_equal(gconstpointer a, gconstpointer b)
{
    const FpTallyName *first = &((const Name *)a)->said, *second = &((const Name *)b)->said;

    return first->protocol == second->protocol && first->name.n == second->name.n &&
           memcmp(first->name.bytes, second->name.bytes, first->name.n) == 0;
}

FpTally *fp_tally_new(size_t names_max)
{
    FpTally *tally = g_new0(FpTally, 1);

    tally->names_max = names_max;
    tally->time_line.width_ms = 1;
    if (getrandom(&tally->seed, sizeof tally->seed, 0) != (ssize_t)sizeof tally->seed)
        tally->seed = (uint64_t)g_get_real_time();
    for (int kind = 0; kind < FP_TALLY_KINDS; kind++)
        tally->kinds[kind].names = g_hash_table_new_full(hash_of, is_equal, g_free, NULL);
    return tally;
}

void fp_tally_free(FpTally *tally)
{
    if (tally == NULL)
        return;
    for (int kind = 0; kind < FP_TALLY_KINDS; kind++)
        g_hash_table_unref(tally->kinds[kind].names);
    g_free(tally);
}

/* Adds what was counted elsewhere. */
static void add(FpTallyCount *count, const FpTallyCount *more)
{
    if (more->streams == 0)
        return;
    if (count->streams == 0 || fp_time_is_before(more->first, count->first))
        count->first = more->first;
    if (count->streams == 0 || fp_time_is_before(count->last, more->last))
        count->last = more->last;
    count->streams += more->streams;
}

static gint compare_names(FpSaidText a, FpSaidText b)
{
    int difference = memcmp(a.bytes, b.bytes, MIN(a.n, b.n));

    return difference != 0 ? difference : (a.n > b.n) - (a.n < b.n);
}

static gint most_frequent_first(gconstpointer a, gconstpointer b)
{
    const FpTallyName *first = *(FpTallyName *const *)a, *second = *(FpTallyName *const *)b;

    if (first->count.streams != second->count.streams)
        return first->count.streams < second->count.streams ? 1 : -1;
    gint difference = compare_names(first->name, second->name);
    return difference != 0 ? difference : (gint)first->protocol - (gint)second->protocol;
}

/* Of names that are as rare as each other those go first that were said last the longest ago. */
static gint to_be_kept_first(gconstpointer a, gconstpointer b)
{
    const FpTallyName *first = *(FpTallyName *const *)a, *second = *(FpTallyName *const *)b;

    if (first->count.streams != second->count.streams)
        return first->count.streams < second->count.streams ? 1 : -1;
    if (fp_time_is_before(first->count.last, second->count.last) || fp_time_is_before(second->count.last, first->count.last))
        return fp_time_is_before(first->count.last, second->count.last) ? 1 : -1;
    return most_frequent_first(a, b);
}

static GPtrArray *sorted(const Kind *kind, GCompareFunc compare)
{
    GPtrArray *names = g_ptr_array_sized_new(g_hash_table_size(kind->names));
    GHashTableIter iter;
    gpointer name;

    g_hash_table_iter_init(&iter, kind->names);
    while (g_hash_table_iter_next(&iter, &name, NULL))
        g_ptr_array_add(names, &((Name *)name)->said);
    g_ptr_array_sort(names, compare);
    return names;
}

static void drop_half(Kind *kind)
{
    g_autoptr(GPtrArray) names = sorted(kind, to_be_kept_first);

    for (guint i = names->len / 2; i < names->len; i++) {
        FpTallyName *said = g_ptr_array_index(names, i);
        add(&kind->dropped, &said->count);
        kind->missed_max = MAX(kind->missed_max, said->count.streams + said->missed_max);
        g_hash_table_remove(kind->names, (Name *)said); /* said is its first member */
    }
}

static Name *remember(const FpTally *tally, Kind *kind, const Name *looked_up)
{
    const FpSaidText text = looked_up->said.name;

    if (g_hash_table_size(kind->names) >= tally->names_max)
        drop_half(kind);
    Name *name = g_malloc(sizeof *name + text.n);
    *name = *looked_up;
    memcpy(name->bytes, text.bytes, text.n);
    name->said.name.bytes = name->bytes;
    name->said.missed_max = kind->missed_max;
    g_hash_table_add(kind->names, name);
    return name;
}

static void count_name(FpTally *tally, FpTallyKind kind_of_name, FpSaidProtocol protocol, FpSaidText text, const FpTallyCount *one)
{
    Kind *kind = &tally->kinds[kind_of_name];
    Name looked_up = {.said = {.protocol = protocol, .name = {text.bytes, MIN(text.n, FP_TALLY_NAME_BYTES_MAX)}}};

    if (text.n == 0) {
        add(&kind->without, one);
        return;
    }
    looked_up.hash = XXH3_64bits_withSeed(looked_up.said.name.bytes, looked_up.said.name.n, tally->seed + protocol);
    Name *name = g_hash_table_lookup(kind->names, &looked_up);
    if (name == NULL)
        name = remember(tally, kind, &looked_up);
    add(&name->said.count, one);
}

static FpSaidText text_of(const char *text)
{
    return (FpSaidText){(const uint8_t *)text, strlen(text)};
}

/* The software with the comments behind it (RFC 4253 4.2), which say of which system it is. */
static FpSaidText ssh_banner(const FpSaidSsh *ssh)
{
    FpSaidText banner = ssh->software_version;

    if (ssh->comments.bytes != NULL)
        banner.n = (size_t)(ssh->comments.bytes + ssh->comments.n - banner.bytes);
    return banner;
}

static FpSaidText banner_of(const FpSaidFacts *facts)
{
    switch (facts->protocol) {
    case FP_SAID_SSH:
        return ssh_banner(&facts->ssh);
    case FP_SAID_SMTP:
    case FP_SAID_FTP:
    case FP_SAID_POP3:
    case FP_SAID_IMAP:
        return facts->greeting.text;
    case FP_SAID_MYSQL:
        return facts->mysql.server_version;
    default:
        return (FpSaidText){NULL, 0};
    }
}

static void count_hello(FpTally *tally, const FpSaidTls *tls, const FpTallyCount *one)
{
    count_name(tally, FP_TALLY_SERVER_NAMES, FP_SAID_NOTHING, tls->server_name, one);
    count_name(tally, FP_TALLY_JA4, FP_SAID_NOTHING, text_of(tls->ja4), one);
}

void fp_tally_add(FpTally *tally, const FpSaidFacts *facts, FpTime time)
{
    const FpTallyCount one = {.streams = 1, .first = time, .last = time};
    const FpSaidText banner = banner_of(facts);

    add(&tally->all, &one);
    add(&tally->protocols[facts->protocol], &one);
    fp_time_line_add(&tally->time_line, facts->protocol, time);
    if (facts->protocol == FP_SAID_TLS || facts->protocol == FP_SAID_QUIC) {
        count_hello(tally, &facts->tls, &one);
    } else if (facts->protocol == FP_SAID_HTTP) {
        count_name(tally, FP_TALLY_HOSTS, FP_SAID_NOTHING, facts->http.hostname, &one);
    } else if (banner.n > 0) {
        count_name(tally, FP_TALLY_BANNERS, facts->protocol, banner, &one);
    }
}

void fp_tally_add_later(FpTally *tally, const FpSaidFacts *facts, FpTime time)
{
    const FpTallyCount one = {.streams = 1, .first = time, .last = time};

    add(&tally->later, &one);
    if (facts->protocol == FP_SAID_TLS)
        count_hello(tally, &facts->tls, &one);
}

const FpTallyCount *fp_tally_later(const FpTally *tally)
{
    return &tally->later;
}

const FpTallyCount *fp_tally_all(const FpTally *tally)
{
    return &tally->all;
}

const FpTallyCount *fp_tally_protocol(const FpTally *tally, FpSaidProtocol protocol)
{
    return &tally->protocols[protocol];
}

const FpTimeLine *fp_tally_time_line(const FpTally *tally)
{
    return &tally->time_line;
}

const FpTallyCount *fp_tally_without(const FpTally *tally, FpTallyKind kind)
{
    return &tally->kinds[kind].without;
}

const FpTallyCount *fp_tally_dropped(const FpTally *tally, FpTallyKind kind)
{
    return &tally->kinds[kind].dropped;
}

GPtrArray *fp_tally_names(const FpTally *tally, FpTallyKind kind)
{
    return sorted(&tally->kinds[kind], most_frequent_first);
}
