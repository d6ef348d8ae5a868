/* SPDX-License-Identifier: GPL-2.0-or-later */
/* state-search.c - see state-search.h. */
#include "state-search.h"

#include <errno.h>
#include <stdbool.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/folder.h"
#include "status.h"

#define USUAL_NAME ".firstpayload" /* of a state folder in the output folder */

static bool has_state(const char *folder)
{
    g_autofree char *path = g_build_filename(folder, "status", NULL);

    return g_file_test(path, G_FILE_TEST_IS_REGULAR);
}

static bool is_same(const char *one, const char *other)
{
    struct stat its, others;

    return stat(one, &its) == 0 && stat(other, &others) == 0 && its.st_dev == others.st_dev && its.st_ino == others.st_ino;
}

/* Whether the watcher with this state folder takes captures from folder, or puts its outputs there. */
static bool is_used(const char *state, const char *folder)
{
    FpStatus status;

    if (!has_state(state) || !fp_status_load(&status, state, NULL))
        return false;
    const char *inbox = status.words[FP_WORD_INBOX], *output = status.words[FP_WORD_OUTPUT];
    bool is_so = (inbox != NULL && is_same(inbox, folder)) || (output != NULL && is_same(output, folder));
    fp_status_clear(&status);
    return is_so;
}

/* Returns the state folder that is beside folder, or in a folder beside it; caller frees. NULL: there is none. */
static char *find_beside(const char *folder)
{
    g_autofree char *path = g_canonicalize_filename(folder, NULL);
    g_autofree char *around = g_path_get_dirname(path);
    g_autoptr(GPtrArray) names = fp_folder_names(around);

    for (guint i = 0; names != NULL && i < names->len; i++) {
        g_autofree char *other = g_build_filename(around, g_ptr_array_index(names, i), NULL);
        g_autofree char *within = g_build_filename(other, USUAL_NAME, NULL);
        if (is_used(within, folder))
            return g_steal_pointer(&within);
        if (is_used(other, folder))
            return g_steal_pointer(&other);
    }
    return NULL;
}

char *fp_state_search(const char *folder, GError **error)
{
    g_autofree char *within = g_build_filename(folder, USUAL_NAME, NULL);
    struct stat status;

    if (has_state(folder))
        return g_strdup(folder);
    if (has_state(within))
        return g_steal_pointer(&within);
    char *found = find_beside(folder);
    if (found != NULL)
        return found;
    g_set_error(error, FP_ERROR, FP_ERROR_NO_INPUT,
                "%s: %s; name the state folder of a watcher, which is .firstpayload in its output folder unless it was given --state",
                folder,
                stat(folder, &status) != 0 ? g_strerror(errno)
                : !S_ISDIR(status.st_mode) ? "is not a folder"
                                           : "no watcher has its state there, and none with its state beside it uses it");
    return NULL;
}
