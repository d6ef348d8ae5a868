/* SPDX-License-Identifier: GPL-2.0-or-later */
/* state-folder.c - see state-folder.h. */
#include "state-folder.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/folder.h"

#define LOCK_ATTEMPTS 5U
#define LOCK_RETRY_US 10000

static char *lock_path(const char *folder)
{
    return g_build_filename(folder, "lock", NULL);
}

static pid_t read_holder(int fd)
{
    char text[32] = "";

    return pread(fd, text, sizeof text - 1, 0) > 0 ? (pid_t)g_ascii_strtoll(text, NULL, 10) : 0;
}

/* Tries several times, as firstpayload status holds the lock for a moment to see whether it can. */
static bool try_lock(int fd)
{
    for (unsigned attempt = 0; attempt < LOCK_ATTEMPTS; attempt++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK)
            return true;
        g_usleep(LOCK_RETRY_US);
    }
    return false;
}

static void let_go(FpStateFolder *folder)
{
    if (folder->lock_fd >= 0)
        close(folder->lock_fd);
    folder->lock_fd = -1;
}

static bool take_lock(FpStateFolder *folder, GError **error)
{
    g_autofree char *path = lock_path(folder->path);

    folder->lock_fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0666);
    if (folder->lock_fd < 0)
        return fp_error_set_errno(error, FP_ERROR_CANNOT_CREATE, path, "cannot be opened");
    if (!try_lock(folder->lock_fd)) {
        g_set_error(error, FP_ERROR, FP_ERROR_HELD, "%s: process %d works on this state folder; stop it, or give this one another --state",
                    folder->path, (int)read_holder(folder->lock_fd));
        let_go(folder);
        return false;
    }
    /* On a file system without locks, two watchers on one folder go unnoticed. */
    g_autofree char *pid = g_strdup_printf("%d\n", (int)getpid());
    if (ftruncate(folder->lock_fd, 0) != 0 || pwrite(folder->lock_fd, pid, strlen(pid), 0) < 0)
        return fp_error_set_errno(error, FP_ERROR_CANNOT_CREATE, path, "cannot be written");
    return true;
}

/* Removes what GLib calls a file while it writes it, as a power cut leaves it. Only who holds the lock writes. */
static void remove_half_written(const FpStateFolder *folder, const char *name)
{
    g_autoptr(GPtrArray) names = fp_folder_names(folder->path);
    size_t length = strlen(name);

    for (unsigned i = 0; names != NULL && i < names->len; i++) {
        const char *other = names->pdata[i];
        if (strncmp(other, name, length) == 0 && other[length] == '.' && strlen(other + length) == strlen(".XXXXXX")) {
            g_autofree char *path = g_build_filename(folder->path, other, NULL);
            unlink(path);
        }
    }
}

/* Writes a file of one word, and syncs it. */
static bool write_word(const FpStateFolder *folder, const char *name, const char *word, GError **error)
{
    g_autofree char *path = g_build_filename(folder->path, name, NULL);
    GError *failure = NULL;

    remove_half_written(folder, name);
    if (g_file_set_contents_full(path, word, -1, G_FILE_SET_CONTENTS_CONSISTENT | G_FILE_SET_CONTENTS_DURABLE, 0666, &failure))
        return true;
    g_set_error(error, FP_ERROR, FP_ERROR_CANNOT_CREATE, "%s: cannot be written: %s", path, failure->message);
    g_error_free(failure);
    return false;
}

/* Reads the folder's name, or chooses one. */
static bool find_id(FpStateFolder *folder, GError **error)
{
    g_autofree char *path = g_build_filename(folder->path, "id", NULL);
    g_autofree char *text = NULL;
    GError *failure = NULL;

    if (g_file_get_contents(path, &text, NULL, &failure) && strlen(text) >= FP_STATE_ID_BYTES - 1) {
        g_strlcpy(folder->id, text, FP_STATE_ID_BYTES);
        return true;
    }
    if (failure != NULL && !g_error_matches(failure, G_FILE_ERROR, G_FILE_ERROR_NOENT)) {
        g_set_error(error, FP_ERROR, FP_ERROR_IO, "%s: cannot be read: %s", path, failure->message);
        g_error_free(failure);
        return false;
    }
    g_clear_error(&failure);
    snprintf(folder->id, FP_STATE_ID_BYTES, "%08x", g_random_int());
    return write_word(folder, "id", folder->id, error);
}

bool fp_state_folder_open(const char *path, FpStateFolder *folder, GError **error)
{
    *folder = (FpStateFolder){.path = g_strdup(path), .lock_fd = -1};
    if (!fp_folder_make(path))
        fp_error_set_errno(error, FP_ERROR_CANNOT_CREATE, path, "cannot be created");
    else if (take_lock(folder, error) && find_id(folder, error))
        return true;
    fp_state_folder_close(folder);
    return false;
}

bool fp_state_folder_is_there(const FpStateFolder *folder)
{
    g_autofree char *path = lock_path(folder->path);

    return fp_folder_is_still(path, folder->lock_fd);
}

/* Whether another state folder has been put in its place. */
static bool is_other(const FpStateFolder *folder)
{
    g_autofree char *path = g_build_filename(folder->path, "id", NULL);
    g_autofree char *id = NULL;

    return g_file_get_contents(path, &id, NULL, NULL) && !g_str_has_prefix(id, folder->id);
}

bool fp_state_folder_make_again(FpStateFolder *folder, GError **error)
{
    g_autofree char *around = g_path_get_dirname(folder->path);

    let_go(folder);
    if (access(around, F_OK) != 0 || !fp_folder_make(folder->path)) /* not its parents: a file system may have been mounted there */
        return fp_error_set_errno(error, FP_ERROR_CANNOT_CREATE, folder->path, "is gone, and cannot be created");
    if (!take_lock(folder, error))
        return false;
    if (!is_other(folder))
        return write_word(folder, "id", folder->id, error);
    g_set_error(error, FP_ERROR, FP_ERROR_HELD, "%s: another state folder has been put in its place; restart the watcher", folder->path);
    let_go(folder);
    return false;
}

void fp_state_folder_close(FpStateFolder *folder)
{
    let_go(folder);
    g_clear_pointer(&folder->path, g_free);
}

char *fp_state_folder_output(const FpStateFolder *folder)
{
    g_autofree char *path = g_build_filename(folder->path, "output", NULL);
    g_autofree char *here = g_canonicalize_filename(folder->path, NULL);
    char *output = NULL;

    return g_file_get_contents(path, &output, NULL, NULL) ? output : g_path_get_dirname(here);
}

bool fp_state_folder_note_output(const FpStateFolder *folder, const char *output, GError **error)
{
    return write_word(folder, "output", output, error);
}

pid_t fp_state_folder_holder(const char *path)
{
    g_autofree char *lock = lock_path(path);
    int fd = open(lock, O_RDONLY | O_CLOEXEC);
    pid_t holder = 0;

    if (fd < 0)
        return 0;
    if (flock(fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK)
        holder = read_holder(fd);
    close(fd);
    return holder;
}
