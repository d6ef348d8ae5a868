/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rotate.c - see rotate.h. */
#include "rotate.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#include "base/error.h"
#include "base/folder.h"
#include "state-folder.h"

#define RETRY_US 50000
#define ATTEMPTS 200U /* ten seconds: as long as another process of ours may take */

static bool is_same_file(const struct stat *one, const struct stat *other)
{
    return one->st_dev == other->st_dev && one->st_ino == other->st_ino;
}

static bool is_in(const char *folder, const char *file)
{
    g_autofree char *its = g_path_get_dirname(file);
    struct stat one, other;

    return stat(its, &one) == 0 && stat(folder, &other) == 0 && is_same_file(&one, &other);
}

/* Moves file, whose status is given, into the inbox unless it is there already. Returns its path there; caller frees. Returns NULL and sets
 * error. */
static char *bring(const char *inbox, const char *file, const struct stat *status, GError **error)
{
    g_autofree char *name = g_path_get_basename(file);
    g_autofree char *path = g_build_filename(inbox, name, NULL);
    struct stat there;

    if (stat(path, &there) == 0 && is_same_file(status, &there))
        return g_steal_pointer(&path);
    if (fp_folder_rename(file, path))
        return g_steal_pointer(&path);
    g_set_error(error, FP_ERROR, FP_ERROR_IO, "%s: cannot be moved to %s: %s%s", file, path, g_strerror(errno),
                errno == EXDEV ? "; have the capture written on that file system" : "");
    return NULL;
}

static bool is_still_there(const char *path, const struct stat *status)
{
    struct stat there;

    return stat(path, &there) == 0 && is_same_file(status, &there);
}

static bool is_wanted(const char *match, const char *file)
{
    g_autofree char *name = g_path_get_basename(file);

    return name[0] != '.' && (match == NULL || g_pattern_match_simple(match, name));
}

bool fp_rotate(const FpWatchOptions *options, const char *file, FpWatchResult *result, GError **error)
{
    struct stat status;

    if (stat(file, &status) != 0) {
        int failure = errno;
        if (failure == ENOENT && is_in(options->spool.inbox, file))
            return true; /* a watcher was faster */
        g_set_error(error, FP_ERROR, FP_ERROR_NO_INPUT, "%s: cannot be handed over: %s", file, g_strerror(failure));
        return false;
    }
    if (!is_wanted(options->spool.match, file)) {
        g_set_error(error, FP_ERROR, FP_ERROR_USAGE, "%s: is hidden, or its name does not match %s; watchers leave it alone", file,
                    options->spool.match != NULL ? options->spool.match : "anything");
        return false;
    }
    g_autofree char *path = bring(options->spool.inbox, file, &status, error);
    if (path == NULL)
        return false;
    GError *failure = NULL;
    for (unsigned attempt = 0; attempt < ATTEMPTS; attempt++) {
        g_clear_error(&failure);
        if (fp_watch(options, NULL, NULL, result, &failure))
            return true;
        if (!g_error_matches(failure, FP_ERROR, FP_ERROR_HELD))
            break;
        if (!is_still_there(path, &status)) {
            g_error_free(failure);
            return true; /* whoever holds the state folder has claimed it */
        }
        g_usleep(RETRY_US);
    }
    if (g_error_matches(failure, FP_ERROR, FP_ERROR_HELD) && fp_state_folder_holder(options->spool.state) != 0) {
        g_error_free(failure);
        return true; /* a watcher holds it, and will claim the file when it can */
    }
    g_propagate_error(error, failure);
    return false;
}
