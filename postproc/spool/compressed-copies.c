/* SPDX-License-Identifier: GPL-2.0-or-later */
/* compressed-copies.c - see compressed-copies.h. */
#include "compressed-copies.h"

#include <string.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "capture/capture.h"
#include "recent-names.h"

#define BEGINNING_BYTES 256U /* of the frame: with its time, enough to recognise it */

static const char *const compressions[] = {".gz", ".zst", ".lz4", ".xz", ".bz2"};

char *fp_compressed_copies_plain_name(const char *name)
{
    for (size_t i = 0; i < G_N_ELEMENTS(compressions); i++)
        if (g_str_has_suffix(name, compressions[i]) && strlen(name) > strlen(compressions[i]))
            return g_strndup(name, strlen(name) - strlen(compressions[i]));
    return g_strdup(name);
}

char **fp_compressed_copies_compressed_names(const char *name)
{
    g_autofree char *plain = fp_compressed_copies_plain_name(name);
    char **names = g_new0(char *, G_N_ELEMENTS(compressions) + 1);

    for (size_t i = 0; i < G_N_ELEMENTS(compressions) && g_str_equal(plain, name); i++)
        names[i] = g_strconcat(name, compressions[i], NULL);
    return names;
}

uint64_t fp_compressed_copies_beginning(const char *path)
{
    g_autoptr(FpCapture) capture = fp_capture_open(path, false, NULL);
    FpRecord record;

    if (capture == NULL || fp_capture_read_frame(capture, &record, NULL) != 1)
        return 0;
    uint64_t beginning = XXH3_64bits_withSeed(record.data, MIN(record.captured_bytes, BEGINNING_BYTES), (uint64_t)record.time_ns);
    return beginning != 0 ? beginning : 1;
}

/* The slash keeps it apart from names of outputs, which have none. */
static char *key(const char *name, const char *compression, uint64_t beginning)
{
    return g_strdup_printf("%s%s/%" G_GINT64_MODIFIER "x", name, compression, beginning);
}

static bool is_taken(const char *name, const char *compression, uint64_t beginning, const GArray *recent)
{
    g_autofree char *text = key(name, compression, beginning);

    return fp_recent_names_have(recent, text);
}

bool fp_compressed_copies_is_copy(const char *name, uint64_t beginning, const GArray *recent)
{
    g_autofree char *plain = fp_compressed_copies_plain_name(name);

    if (beginning == 0)
        return false;
    if (!g_str_equal(plain, name))
        return is_taken(plain, "", beginning, recent);
    for (size_t i = 0; i < G_N_ELEMENTS(compressions); i++)
        if (is_taken(plain, compressions[i], beginning, recent))
            return true;
    return false;
}

void fp_compressed_copies_note(GArray *recent, const char *name, uint64_t beginning)
{
    g_autofree char *text = key(name, "", beginning);

    if (beginning != 0)
        fp_recent_names_add(recent, text);
}
