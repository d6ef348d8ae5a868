/* SPDX-License-Identifier: GPL-2.0-or-later */
/* spool-durable.c - what the disk has of moved files, before and after the power was cut. See spool.h. */
#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/journal.h"
#include "spool-internal.h"

static bool sync_folder(const char *path, GError **error)
{
    return fp_folder_sync(path) || fp_error_set_errno(error, FP_ERROR_IO, path, "cannot be synced to disk");
}

/* Syncs a folder before the one that files came from: otherwise the disk may have them in neither. */
bool fp_spool_sync(FpSpool *spool, GError **error)
{
    if (spool->has_moved && (!sync_folder(spool->done_folder, error) || !sync_folder(spool->failed_folder, error)))
        return false;
    spool->has_moved = false;
    if (spool->then == FP_THEN_KEEP)
        return true;
    if (!sync_folder(spool->claim_folder, error))
        return false;
    if (!fp_folder_sync(spool->inbox_folder) && errno != ENOENT) /* it may have vanished since */
        return fp_error_set_errno(error, FP_ERROR_IO, spool->inbox_folder, "cannot be synced to disk");
    return true;
}

/* Whether a folder has the file of that name and status, under a number. */
static bool has(const char *folder, const char *name, const struct stat *status)
{
    g_autofree char *end = g_strconcat("-", name, NULL);
    g_autoptr(GPtrArray) names = fp_folder_names(folder);
    bool is_there = false;

    for (guint i = 0; names != NULL && i < names->len && !is_there; i++) {
        g_autofree char *path = g_build_filename(folder, (const char *)g_ptr_array_index(names, i), NULL);
        struct stat its;
        is_there = g_str_has_suffix(path, end) && lstat(path, &its) == 0 && its.st_dev == status->st_dev && its.st_ino == status->st_ino;
    }
    return is_there;
}

/* A name's part that stays when the file is moved on. */
static const char *lasting_name(const char *name, bool is_numbered)
{
    const char *end = is_numbered ? strchr(name, '-') : NULL;

    return end != NULL ? end + 1 : fp_spool_kept_name(name);
}

/* Removes from a folder the names of files that one of these other folders has, too; NULL: there is no second. */
static bool drop_names(const char *folder, bool is_numbered, const char *next, const char *last, GError **error)
{
    g_autoptr(GPtrArray) names = fp_folder_names(folder);

    for (guint i = 0; names != NULL && i < names->len; i++) {
        g_autofree char *path = g_build_filename(folder, (const char *)g_ptr_array_index(names, i), NULL);
        const char *name = lasting_name(g_ptr_array_index(names, i), is_numbered);
        struct stat status;
        if (lstat(path, &status) != 0 || !S_ISREG(status.st_mode) || status.st_nlink < 2)
            continue;
        if (!has(next, name, &status) && (last == NULL || !has(last, name, &status)))
            continue;
        if (unlink(path) != 0 && errno != ENOENT)
            return fp_error_set_errno(error, FP_ERROR_IO, path, "was moved on before a power cut, and cannot be removed");
        fp_journal(G_LOG_LEVEL_MESSAGE, 0, path, "%s: was moved on before a power cut; its old name was removed", path);
    }
    return true;
}

/* A file that was just being moved may have both names, on file systems that write folders one by one. Moving it to done/ is tried again,
 * which removes the old name; but a claim, or what was put aside, would be taken as another file of the same content. */
bool fp_spool_drop_old_names(const FpSpool *spool, GError **error)
{
    return drop_names(spool->claim_folder, true, spool->failed_folder, NULL, error) &&
           (spool->then == FP_THEN_KEEP || drop_names(spool->inbox_folder, false, spool->claim_folder, spool->failed_folder, error));
}
