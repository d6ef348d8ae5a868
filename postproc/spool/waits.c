/* SPDX-License-Identifier: GPL-2.0-or-later */
/* waits.c - see waits.h. */
#include "waits.h"

#include "base/journal.h"

typedef struct {
    gint64 since_us; /* monotonic */
    unsigned look;   /* the last look that found it */
    bool is_over;
} Wait;

struct FpWaits {
    gint64 limit_us;
    const char *option;
    GHashTable *files; /* inode -> Wait */
    unsigned look;
    char *name; /* the file that this look has waited for longest; NULL: none */
    gint64 since_us;
    uint64_t n_over;
};

FpWaits *fp_waits_new(unsigned limit_s, const char *option)
{
    FpWaits *waits = g_new0(FpWaits, 1);

    waits->limit_us = (gint64)limit_s * G_USEC_PER_SEC;
    waits->option = option;
    waits->files = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    return waits;
}

void fp_waits_free(FpWaits *waits)
{
    if (waits == NULL)
        return;
    g_hash_table_unref(waits->files);
    g_free(waits->name);
    g_free(waits);
}

static gboolean is_forgotten(gpointer inode, gpointer value, gpointer user)
{
    (void)inode;
    return ((const Wait *)value)->look != ((const FpWaits *)user)->look;
}

void fp_waits_begin(FpWaits *waits)
{
    g_hash_table_foreach_remove(waits->files, is_forgotten, waits);
    waits->look++;
    g_clear_pointer(&waits->name, g_free);
}

void fp_waits_found(FpWaits *waits, uint64_t inode)
{
    Wait *wait = g_hash_table_lookup(waits->files, &inode);

    if (wait != NULL)
        wait->look = waits->look;
}

static Wait *find(FpWaits *waits, uint64_t inode)
{
    Wait *wait = g_hash_table_lookup(waits->files, &inode);

    if (wait == NULL) {
        wait = g_new0(Wait, 1);
        wait->since_us = g_get_monotonic_time();
        g_hash_table_insert(waits->files, g_memdup2(&inode, sizeof inode), wait);
    }
    return wait;
}

bool fp_waits_for(FpWaits *waits, uint64_t inode, const char *name, const char *what)
{
    Wait *wait = find(waits, inode);

    wait->look = waits->look;
    if (!wait->is_over && g_get_monotonic_time() - wait->since_us >= waits->limit_us) {
        wait->is_over = true;
        waits->n_over++;
        fp_journal(G_LOG_LEVEL_WARNING, 0, name, "%s: %s, after waiting for %" G_GINT64_FORMAT " seconds%s%s%s", name, what,
                   waits->limit_us / G_USEC_PER_SEC, waits->option != NULL ? " (" : "", waits->option != NULL ? waits->option : "",
                   waits->option != NULL ? ")" : "");
    }
    if (!wait->is_over && (waits->name == NULL || wait->since_us < waits->since_us)) {
        g_free(waits->name);
        waits->name = g_strdup(name);
        waits->since_us = wait->since_us;
    }
    return !wait->is_over;
}

bool fp_waits_are_any(const FpWaits *waits)
{
    return waits->name != NULL;
}

char *fp_waits_text(const FpWaits *waits)
{
    if (waits->name == NULL)
        return NULL;
    return g_strdup_printf("%s, for %" G_GINT64_FORMAT " of at most %" G_GINT64_FORMAT " seconds", waits->name,
                           (g_get_monotonic_time() - waits->since_us) / G_USEC_PER_SEC, waits->limit_us / G_USEC_PER_SEC);
}

uint64_t fp_waits_n_over(const FpWaits *waits)
{
    return waits->n_over;
}
