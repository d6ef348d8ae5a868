/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory.c - core/memory.h as Wireshark's tree has memory: from GLib. */
#include "memory.h"

#include <glib.h>

void *fp_memory_zeroed(size_t n, size_t bytes)
{
    return g_try_malloc0_n(n, bytes);
}

void *fp_memory_resized(void *memory, size_t bytes)
{
    return g_try_realloc(memory, bytes);
}

void fp_memory_free(void *memory)
{
    g_free(memory);
}
