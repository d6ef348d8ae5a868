/* SPDX-License-Identifier: GPL-2.0-or-later */
/* folder.c - see folder.h. */
#include "folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

GPtrArray *fp_folder_names(const char *path)
{
    DIR *folder = opendir(path);
    const struct dirent *entry;

    if (folder == NULL)
        return NULL;
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    errno = 0;
    while ((entry = readdir(folder)) != NULL) {
        if (!g_str_equal(entry->d_name, ".") && !g_str_equal(entry->d_name, ".."))
            g_ptr_array_add(names, g_strdup(entry->d_name));
        errno = 0;
    }
    int failure = errno;
    closedir(folder);
    if (failure == 0)
        return names;
    g_ptr_array_unref(names);
    errno = failure;
    return NULL;
}

/* On a network file system the rename may have succeeded although its reply was lost. */
static bool has_moved(const char *from, const char *to)
{
    int failure = errno;
    bool is_gone = access(from, F_OK) != 0 && errno == ENOENT;
    bool has_come = is_gone && access(to, F_OK) == 0;

    errno = failure;
    return has_come;
}

/* As a power cut leaves a file that was being moved, on file systems that write folders one by one. rename(2) does nothing then. */
static bool are_one_file(const char *from, const char *to)
{
    int failure = errno;
    struct stat one, other;
    bool are_one = lstat(from, &one) == 0 && lstat(to, &other) == 0 && one.st_dev == other.st_dev && one.st_ino == other.st_ino;

    errno = failure;
    return are_one;
}

/* Whether both paths lead to one name in one folder, so that removing one removes the other. */
static bool are_one_name(const char *from, const char *to)
{
    g_autofree char *from_folder = g_path_get_dirname(from), *to_folder = g_path_get_dirname(to);
    g_autofree char *from_name = g_path_get_basename(from), *to_name = g_path_get_basename(to);
    struct stat one, other;

    return g_str_equal(from_name, to_name) && stat(from_folder, &one) == 0 && stat(to_folder, &other) == 0 && one.st_dev == other.st_dev &&
           one.st_ino == other.st_ino;
}

/* Removes the old one of two names of a file. */
static bool remove_old(const char *from, const char *to)
{
    return are_one_name(from, to) || unlink(from) == 0;
}

bool fp_folder_rename(const char *from, const char *to)
{
    if (renameat2(AT_FDCWD, from, AT_FDCWD, to, RENAME_NOREPLACE) == 0)
        return true;
    if (errno == EEXIST && are_one_file(from, to))
        return remove_old(from, to);
    if (errno != EINVAL)
        return has_moved(from, to);
    if (access(to, F_OK) == 0) { /* the file system does not support RENAME_NOREPLACE */
        errno = EEXIST;
        return false;
    }
    return rename(from, to) == 0 || has_moved(from, to);
}

bool fp_folder_move(const char *from, const char *to)
{
    if (rename(from, to) != 0)
        return false;
    return access(from, F_OK) != 0 || !are_one_file(from, to) || remove_old(from, to); /* looks afterwards: others may be writing to it */
}

int fp_folder_open_file(const char *path)
{
    return open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
}

char *fp_folder_path_of(int fd, const char *path)
{
    if (access("/proc/self/fd", F_OK) != 0) /* without /proc the name has to do */
        return g_strdup(path);
    return g_strdup_printf("/proc/self/fd/%d", fd);
}

bool fp_folder_is_passing(int failure)
{
    return failure == EMFILE || failure == ENFILE || failure == ENOMEM || failure == EIO || failure == EINTR;
}

int64_t fp_folder_changed_ns(const struct stat *status)
{
    return (int64_t)status->st_mtim.tv_sec * 1000000000 + status->st_mtim.tv_nsec;
}

bool fp_folder_is_still(const char *path, int fd)
{
    struct stat there, it;

    if (fd < 0)
        return false;
    if (stat(path, &there) != 0)
        return errno != ENOENT && errno != ENOTDIR;
    return fstat(fd, &it) != 0 || (there.st_dev == it.st_dev && there.st_ino == it.st_ino);
}

bool fp_folder_make(const char *path)
{
    g_autofree char *around = g_path_get_dirname(path);

    if (mkdir(path, 0777) != 0 && errno != EEXIST) {
        if (errno != ENOENT || g_str_equal(around, path) || !fp_folder_make(around))
            return false;
        if (mkdir(path, 0777) != 0 && errno != EEXIST)
            return false;
    }
    return fp_folder_sync(around) || errno == EACCES; /* a folder that may be passed through, but not read */
}

bool fp_folder_sync(const char *path)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool is_synced = fd >= 0 && (fsync(fd) == 0 || errno == EINVAL); /* EINVAL: the file system cannot sync folders */
    int failure = errno;

    if (fd >= 0)
        close(fd);
    errno = failure;
    return is_synced;
}
