/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rotation-names.c - see rotation-names.h. */
#include "rotation-names.h"

#include <errno.h>
#include <string.h>

#include "base/error.h"
#include "base/folder.h"

#define NAME_BYTES_MAX 4096
#define NUMBERS_MAX 1000000

static const char *const hidden_ends[] = {[FP_ROTATED_CAPTURE] = ".unfinished", [FP_ROTATED_LINES] = ".unfinished-lines"};

/* Where the last part of a path begins. */
static const char *base_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

bool fp_rotation_is_pattern(const char *path)
{
    return strchr(base_of(path), '%') != NULL;
}

/* Where what tells the kind of a file begins: .pcap, .pcap.gz; at the end of the name if there is no such thing. */
static const char *end_of(const char *name)
{
    const char *base = base_of(name), *end = strrchr(base, '.');

    if (end == NULL || end == base)
        return base + strlen(base);
    if (fp_packing_of_path(name) == FP_PACKING_NONE)
        return end;
    const char *before = g_strrstr_len(base, end - base, ".");
    return before != NULL && before != base ? before : end;
}

static char *number(const char *name, unsigned n)
{
    const char *end = end_of(name);

    return n == 0 ? g_strdup(name) : g_strdup_printf("%.*s_%04u%s", (int)(end - name), name, n, end);
}

char *fp_rotation_name(const char *pattern, time_t begun, unsigned n)
{
    const char *base = base_of(pattern);
    char text[NAME_BYTES_MAX] = "";
    struct tm parts = {0};

    localtime_r(&begun, &parts);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
    size_t bytes = strftime(text, sizeof text, base, &parts);
#pragma GCC diagnostic pop
    g_strdelimit(text, "/", '-'); /* as in %D: there is no such folder */
    g_autofree char *name = g_strdup_printf("%.*s%s", (int)(base - pattern), pattern, bytes > 0 ? text : base);
    return number(name, n);
}

char *fp_rotation_hidden_name(const char *name, FpRotatedKind kind)
{
    const char *base = base_of(name);

    return g_strdup_printf("%.*s.%s%s", (int)(base - name), name, base, hidden_ends[kind]);
}

char *fp_rotation_shown_name(const char *hidden, FpRotatedKind kind)
{
    const char *base = base_of(hidden);

    return g_strdup_printf("%.*s%.*s", (int)(base - hidden), hidden, (int)(strlen(base) - strlen(hidden_ends[kind]) - 1), base + 1);
}

bool fp_rotation_is_hidden(const char *pattern, FpRotatedKind kind, const char *name)
{
    const char *base = base_of(pattern), *percent = strchr(base, '%'), *end = end_of(pattern);
    g_autofree char *tail = g_strconcat(strchr(end, '%') == NULL ? end : "", hidden_ends[kind], NULL);
    size_t fixed = percent != NULL && percent < end ? (size_t)(percent - base) : (size_t)(end - base);

    return name[0] == '.' && strlen(name) >= 1 + fixed + strlen(tail) && strncmp(name + 1, base, fixed) == 0 &&
           g_str_has_suffix(name, tail);
}

char *fp_rotation_publish(const char *hidden, const char *wanted, GError **error)
{
    for (unsigned n = 0; n < NUMBERS_MAX; n++) {
        g_autofree char *name = number(wanted, n);
        if (fp_folder_rename(hidden, name))
            return g_steal_pointer(&name);
        if (errno != EEXIST)
            break;
    }
    fp_error_set_errno(error, FP_ERROR_CANNOT_CREATE, wanted, "the finished file cannot be given its name");
    return NULL;
}
