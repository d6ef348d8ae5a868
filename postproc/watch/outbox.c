/* SPDX-License-Identifier: GPL-2.0-or-later */
/* outbox.c - see outbox.h. */
#include "outbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/error.h"
#include "base/folder.h"
#include "spool/compressed-copies.h"
#include "spool/recent-names.h"

#define NUMBER_DIGITS 16
#define ATTEMPTS_MAX 1000U

struct FpOutbox {
    char *folder;
    char *build_folder;
    int lock_fd; /* of build_folder: a watcher with a copied state folder would clear it */
    bool is_new; /* it was created, and fp_outbox_find has not said so yet */
};

static bool lock_build_folder(FpOutbox *outbox, GError **error)
{
    outbox->lock_fd = open(outbox->build_folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (outbox->lock_fd < 0)
        return fp_error_set_errno(error, FP_ERROR_IO, outbox->build_folder, "cannot be opened");
    if (flock(outbox->lock_fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
        return true;
    g_set_error(error, FP_ERROR, FP_ERROR_HELD,
                "%s: another watcher builds in it, with a copy of the state folder; give this one a new one (--state)",
                outbox->build_folder);
    close(outbox->lock_fd);
    outbox->lock_fd = -1;
    return false;
}

static bool sync_folder(const char *path, GError **error)
{
    return fp_folder_sync(path) || fp_error_set_errno(error, FP_ERROR_IO, path, "cannot be synced to disk");
}

static bool make_build_folder(FpOutbox *outbox, GError **error)
{
    if (outbox->lock_fd >= 0)
        close(outbox->lock_fd);
    outbox->lock_fd = -1;
    if (mkdir(outbox->build_folder, 0777) == 0) {
        outbox->is_new = true;
        if (!sync_folder(outbox->folder, error))
            return false;
    } else if (errno != EEXIST) {
        return fp_error_set_errno(error, FP_ERROR_CANNOT_CREATE, outbox->build_folder, "cannot be created");
    }
    return lock_build_folder(outbox, error);
}

FpOutbox *fp_outbox_open(const char *folder, const char *id, GError **error)
{
    FpOutbox *outbox = g_new0(FpOutbox, 1);

    outbox->folder = g_strdup(folder);
    outbox->build_folder = g_strdup_printf("%s/.firstpayload-%s", folder, id);
    outbox->lock_fd = -1;
    if (make_build_folder(outbox, error))
        return outbox;
    fp_outbox_free(outbox);
    return NULL;
}

bool fp_outbox_find(FpOutbox *outbox, bool *is_new, GError **error)
{
    if (!fp_folder_is_still(outbox->build_folder, outbox->lock_fd)) {
        outbox->is_new = true;
        if (!make_build_folder(outbox, error))
            return false;
    }
    *is_new = outbox->is_new;
    outbox->is_new = false;
    return true;
}

void fp_outbox_free(FpOutbox *outbox)
{
    if (outbox == NULL)
        return;
    if (outbox->lock_fd >= 0)
        close(outbox->lock_fd);
    g_free(outbox->folder);
    g_free(outbox->build_folder);
    g_free(outbox);
}

/* a.pcap -> a-17.pcap */
static char *with_number(const char *name, uint64_t number)
{
    const char *suffix = strrchr(name, '.');

    if (suffix == NULL || suffix == name)
        suffix = name + strlen(name);
    return g_strdup_printf("%.*s-%" G_GUINT64_FORMAT "%s", (int)(suffix - name), name, number, suffix);
}

char *fp_outbox_name(const char *input, uint64_t number, const GArray *recent)
{
    char *name = fp_compressed_copies_plain_name(input);

    if (!fp_recent_names_have(recent, name))
        return name;
    char *numbered = with_number(name, number);
    g_free(name);
    return numbered;
}

char *fp_outbox_build_path(const FpOutbox *outbox, uint64_t number, const char *name)
{
    return g_strdup_printf("%s/%0*" G_GUINT64_FORMAT "-%s", outbox->build_folder, NUMBER_DIGITS, number, name);
}

static gint compare_names(gconstpointer a, gconstpointer b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

/* Returns the names of what was built, in order of numbers; caller frees. Returns NULL and sets error. */
static GPtrArray *list_built(const FpOutbox *outbox, GError **error)
{
    GPtrArray *names = fp_folder_names(outbox->build_folder);

    if (names == NULL) {
        fp_error_set_errno(error, FP_ERROR_IO, outbox->build_folder, "cannot be read");
        return NULL;
    }
    for (guint i = names->len; i-- > 0;) {
        const char *name = g_ptr_array_index(names, i);
        if (strlen(name) <= NUMBER_DIGITS || name[NUMBER_DIGITS] != '-')
            g_ptr_array_remove_index_fast(names, i);
    }
    g_ptr_array_sort(names, compare_names);
    return names;
}

static uint64_t number_of(const char *built)
{
    return g_ascii_strtoull(built, NULL, 10);
}

bool fp_outbox_sync_built(const FpOutbox *outbox, uint64_t after, unsigned n, GError **error)
{
    g_autoptr(GPtrArray) names = list_built(outbox, error);
    unsigned found = 0;

    if (names == NULL)
        return false;
    for (guint i = 0; i < names->len; i++)
        found += number_of(g_ptr_array_index(names, i)) > after;
    if (found >= n)
        return sync_folder(outbox->build_folder, error);
    g_set_error(error, FP_ERROR, FP_ERROR_IO, "%s: somebody has deleted what was built in it; it is built again", outbox->build_folder);
    return false;
}

/* The attempt-th name to try: NAME; NAME with the claim's number; then that with further numbers behind it. Caller frees. */
static char *attempted_name(const char *name, uint64_t number, unsigned attempt)
{
    if (attempt == 0)
        return g_strdup(name);
    g_autofree char *numbered = with_number(name, number);
    return attempt == 1 ? g_steal_pointer(&numbered) : with_number(numbered, attempt);
}

static bool publish(const FpOutbox *outbox, const char *built, GError **error)
{
    g_autofree char *from = g_build_filename(outbox->build_folder, built, NULL);

    for (unsigned attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
        g_autofree char *name = attempted_name(built + NUMBER_DIGITS + 1, number_of(built), attempt);
        g_autofree char *to = g_build_filename(outbox->folder, name, NULL);
        if (fp_folder_rename(from, to))
            return true;
        if (errno != EEXIST)
            break;
    }
    return fp_error_set_errno(error, FP_ERROR_IO, from, "cannot be renamed into the output folder");
}

bool fp_outbox_publish(const FpOutbox *outbox, uint64_t number, GError **error)
{
    g_autoptr(GPtrArray) names = list_built(outbox, error);

    if (names == NULL)
        return false;
    for (guint i = 0; i < names->len; i++) {
        const char *built = g_ptr_array_index(names, i);
        if (number_of(built) > number)
            continue;
        if (!publish(outbox, built, error))
            return false;
    }
    return sync_folder(outbox->folder, error); /* also for outputs of an earlier attempt that did not get here */
}

bool fp_outbox_discard(const FpOutbox *outbox, uint64_t number, GError **error)
{
    g_autoptr(GPtrArray) names = list_built(outbox, error);

    for (guint i = 0; names != NULL && i < names->len; i++) {
        const char *built = g_ptr_array_index(names, i);
        g_autofree char *path = g_build_filename(outbox->build_folder, built, NULL);
        if (number_of(built) > number && unlink(path) != 0 && errno != ENOENT)
            return fp_error_set_errno(error, FP_ERROR_IO, path, "cannot be deleted");
    }
    return names != NULL;
}
