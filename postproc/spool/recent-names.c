/* SPDX-License-Identifier: GPL-2.0-or-later */
/* recent-names.c - see recent-names.h. */
#include "recent-names.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#define RECENT_MAX 131072U /* two for each capture */

static uint64_t hash_name(const char *name)
{
    return XXH3_64bits(name, strlen(name));
}

bool fp_recent_names_have(const GArray *recent, const char *name)
{
    uint64_t hash = hash_name(name);

    for (guint i = 0; i < recent->len; i++)
        if (g_array_index(recent, uint64_t, i) == hash)
            return true;
    return false;
}

void fp_recent_names_add(GArray *recent, const char *name)
{
    uint64_t hash = hash_name(name);

    if (recent->len >= RECENT_MAX)
        g_array_remove_range(recent, 0, RECENT_MAX / 8);
    g_array_append_val(recent, hash);
}
