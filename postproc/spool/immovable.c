/* SPDX-License-Identifier: GPL-2.0-or-later */
/* immovable.c - see immovable.h. */
#include "immovable.h"

#include <errno.h>

#include "base/journal.h"

struct FpImmovable {
    GHashTable *before, *now; /* paths: those of the look before, and of this one */
    char *first;              /* of those of this look; NULL: there is none yet */
};

static GHashTable *new_paths(void)
{
    return g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
}

FpImmovable *fp_immovable_new(void)
{
    FpImmovable *immovable = g_new0(FpImmovable, 1);

    immovable->before = new_paths();
    immovable->now = new_paths();
    return immovable;
}

void fp_immovable_free(FpImmovable *immovable)
{
    g_hash_table_unref(immovable->before);
    g_hash_table_unref(immovable->now);
    g_free(immovable->first);
    g_free(immovable);
}

void fp_immovable_begin(FpImmovable *immovable)
{
    g_hash_table_unref(immovable->before);
    immovable->before = immovable->now;
    immovable->now = new_paths();
    g_clear_pointer(&immovable->first, g_free);
}

void fp_immovable_found(FpImmovable *immovable, const char *path)
{
    const int failure = errno;

    if (immovable->first == NULL)
        immovable->first = g_path_get_basename(path);
    if (g_hash_table_add(immovable->now, g_strdup(path)) && !g_hash_table_contains(immovable->before, path))
        fp_journal(G_LOG_LEVEL_WARNING, 0, path, "%s: cannot be moved into the state folder: %s; it is left out until it can", path,
                   g_strerror(failure));
}

char *fp_immovable_text(const FpImmovable *immovable)
{
    const guint n = g_hash_table_size(immovable->now);

    if (n == 0)
        return NULL;
    if (n == 1)
        return g_strdup_printf("%s, which cannot be moved into the state folder", immovable->first);
    return g_strdup_printf("%s and %u others, which cannot be moved into the state folder", immovable->first, n - 1);
}
