/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * record.c - writes down what a program does to its files and folders, so that disk.py can say what a power cut leaves of it. It is loaded
 * with LD_PRELOAD, behind fault.c where a run shall end early.
 *
 *   RECORD_TO  the file to which calls are written, as they succeed: a line of words for each, and behind a write its bytes and a newline.
 *              A file or folder is its inode number, a path is absolute and stands last:
 *                create INODE PATH      mkdir INODE PATH      symlink TARGET-BYTES PATH (then the target)
 *                rename FROM-BYTES PATH (then the old path)   unlink PATH
 *                write INODE OFFSET BYTES      truncate INODE BYTES      sync INODE      datasync INODE
 *
 * It knows the functions that the program and GLib call, as the test test_all_calls_are_met of fault.c demands; test_power_cuts.py holds
 * what it recorded against the files that the run left, so a call that it does not know shows.
 */
#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

#include "../lib/wrap.h"

#define LINE_BYTES 8192

/* Our own calls are system calls: fault.c must not count them. */
static void record(const char *line, const void *bytes, size_t n)
{
    static int fd = -1;
    const char *to = getenv("RECORD_TO");
    int failure = errno;

    if (fd < 0 && to != NULL)
        fd = (int)syscall(SYS_openat, AT_FDCWD, to, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0666);
    struct iovec parts[] = {{(void *)line, strlen(line)}, {"\n", 1}, {(void *)bytes, n}, {"\n", 1}};
    size_t all = strlen(line) + 1 + (bytes != NULL ? n + 1 : 0);
    if (to != NULL && (fd < 0 || syscall(SYS_writev, fd, parts, bytes != NULL ? 4 : 2) != (ssize_t)all))
        abort();
    errno = failure;
}

/* Returns the inode number of a regular file or a folder; 0 for all else. */
static unsigned long inode(int fd)
{
    struct stat status;

    if (syscall(SYS_newfstatat, fd, "", &status, AT_EMPTY_PATH) != 0 || !(S_ISREG(status.st_mode) || S_ISDIR(status.st_mode)))
        return 0;
    return status.st_ino;
}

static bool exists(const char *path)
{
    struct stat status;
    int failure = errno;
    bool is_there = syscall(SYS_newfstatat, AT_FDCWD, path, &status, AT_SYMLINK_NOFOLLOW) == 0;

    errno = failure;
    return is_there;
}

/* The path seen from the root; all calls of the program are on such, or on those seen from its working folder. */
static const char *whole(const char *path, char *buffer)
{
    if (path[0] == '/')
        return path;
    long n = syscall(SYS_getcwd, buffer, LINE_BYTES / 4);
    if (n <= 0 || (size_t)n + strlen(path) + 1 > LINE_BYTES / 4)
        abort();
    buffer[n - 1] = '/';
    strcpy(buffer + n, path);
    return buffer;
}

static void record_path(const char *what, unsigned long number, const char *path, const char *other)
{
    char line[LINE_BYTES], buffer[LINE_BYTES / 4];

    snprintf(line, sizeof line, "%s %lu %s", what, number, whole(path, buffer));
    record(line, other, other != NULL ? strlen(other) : 0);
}

static void record_two(const char *what, const char *path, const char *other)
{
    char buffer[LINE_BYTES / 4];

    other = strcmp(what, "rename") == 0 ? whole(other, buffer) : other;
    record_path(what, strlen(other), path, other);
}

static void record_numbers(const char *what, int fd, long long first, size_t n, const void *bytes)
{
    char line[128];
    unsigned long number = inode(fd);

    if (number == 0)
        return;
    int used = snprintf(line, sizeof line, "%s %lu", what, number);
    if (first >= 0)
        used += snprintf(line + used, sizeof line - (size_t)used, " %lld", first);
    if (bytes != NULL)
        snprintf(line + used, sizeof line - (size_t)used, " %zu", n);
    record(line, bytes, n);
}

static int opened(int fd, const char *path, int flags, bool was_there)
{
    if (fd < 0 || (flags & O_ACCMODE) == O_RDONLY)
        return fd;
    if (!was_there)
        record_path("create", inode(fd), path, NULL);
    else if (flags & O_TRUNC)
        record_numbers("truncate", fd, 0, 0, NULL);
    return fd;
}

#define WRAP_OPEN(function, parameters, arguments)                                                                                         \
    DEFINE_OPEN(function, parameters, bool was_there = exists(path); return opened(next arguments, path, flags, was_there);)

/* Calls a function; if it does not return -1, writes down what it did. */
#define WRAP(type, function, parameters, arguments, note)                                                                                  \
    type function parameters                                                                                                               \
    {                                                                                                                                      \
        static __typeof__(function) *next;                                                                                                 \
        if (next == NULL)                                                                                                                  \
            FIND(next, #function);                                                                                                         \
        type done = next arguments;                                                                                                        \
        if (done != -1)                                                                                                                    \
            (void)(note);                                                                                                                  \
        return done;                                                                                                                       \
    }

static void written(int fd, const void *bytes, ssize_t n)
{
    long long end = inode(fd) != 0 ? syscall(SYS_lseek, fd, 0, SEEK_CUR) : -1;

    if (end >= n && n > 0)
        record_numbers("write", fd, end - n, (size_t)n, bytes);
}

/* clang-format off */
WRAP_OPEN(open, (const char *path, int flags, ...), (path, flags, mode))
WRAP_OPEN(open64, (const char *path, int flags, ...), (path, flags, mode))
WRAP(int, mkostemp, (char *path, int flags), (path, flags), opened(done, path, O_RDWR, false))
WRAP(int, mkostemp64, (char *path, int flags), (path, flags), opened(done, path, O_RDWR, false))
WRAP(int, symlink, (const char *target, const char *path), (target, path), record_two("symlink", path, target))
WRAP(int, rename, (const char *from, const char *to), (from, to), record_two("rename", to, from))
WRAP(int, renameat2, (int from_folder, const char *from, int to_folder, const char *to, unsigned flags),
     (from_folder, from, to_folder, to, flags), record_two("rename", to, from))
WRAP(int, unlink, (const char *path), (path), record_path("unlink", 0, path, NULL))
WRAP(int, ftruncate, (int fd, off_t bytes), (fd, bytes), record_numbers("truncate", fd, bytes, 0, NULL))
WRAP(int, ftruncate64, (int fd, off64_t bytes), (fd, bytes), record_numbers("truncate", fd, bytes, 0, NULL))
WRAP(int, fsync, (int fd), (fd), record_numbers("sync", fd, -1, 0, NULL))
WRAP(int, fdatasync, (int fd), (fd), record_numbers("datasync", fd, -1, 0, NULL))
WRAP(ssize_t, write, (int fd, const void *bytes, size_t n), (fd, bytes, n), written(fd, bytes, done))
WRAP(ssize_t, pwrite, (int fd, const void *bytes, size_t n, off_t offset), (fd, bytes, n, offset),
     record_numbers("write", fd, offset, (size_t)done, bytes))
WRAP(ssize_t, pwrite64, (int fd, const void *bytes, size_t n, off64_t offset), (fd, bytes, n, offset),
     record_numbers("write", fd, offset, (size_t)done, bytes))
/* clang-format on */

static unsigned long inode_at(const char *path)
{
    struct stat status;

    return syscall(SYS_newfstatat, AT_FDCWD, path, &status, 0) == 0 ? status.st_ino : 0;
}

WRAP(int, mkdir, (const char *path, mode_t mode), (path, mode), record_path("mkdir", inode_at(path), path, NULL))
