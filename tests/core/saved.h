/* SPDX-License-Identifier: GPL-2.0-or-later */
/* saved.h - what fp_streams_save wrote, in memory, and how much of it fp_streams_load has read. */
#ifndef TESTS_CORE_SAVED_H
#define TESTS_CORE_SAVED_H

#include <glib.h>
#include <stdbool.h>
#include <string.h>

typedef struct {
    GByteArray *bytes;
    gsize at;
} Saved;

/* See FpStreamsWrite. user: a Saved. */
static inline bool append(void *user, const void *bytes, size_t n)
{
    Saved *saved = user;

    g_byte_array_append(saved->bytes, bytes, (guint)n);
    return true;
}

/* See FpStreamsRead. user: a Saved. */
static inline bool take(void *user, void *bytes, size_t n)
{
    Saved *saved = user;

    if (n > saved->bytes->len - saved->at)
        return false;
    memcpy(bytes, saved->bytes->data + saved->at, n);
    saved->at += n;
    return true;
}

#endif
