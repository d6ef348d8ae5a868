/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tree.c - see tree.h. */
#include "tree.h"

#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <glib/gstdio.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

char *tree;
static bool was_open[256]; /* descriptors, at the beginning */

static bool is_open(int fd)
{
    return syscall(SYS_fcntl, fd, F_GETFD) >= 0;
}

static int remove_one(const char *path, const struct stat *status, int kind, struct FTW *where)
{
    (void)status;
    (void)kind;
    (void)where;
    return remove(path);
}

void begin_tree(void)
{
    for (int fd = 0; fd < (int)G_N_ELEMENTS(was_open); fd++)
        was_open[fd] = is_open(fd);
    tree = g_dir_make_tmp("firstpayload-spool-XXXXXX", NULL);
    g_assert_nonnull(tree);
}

void end_tree(void)
{
    for (int fd = 0; fd < (int)G_N_ELEMENTS(was_open); fd++)
        g_assert_true(is_open(fd) == was_open[fd]);
    g_assert_cmpint(nftw(tree, remove_one, 16, FTW_DEPTH | FTW_PHYS), ==, 0);
    g_clear_pointer(&tree, g_free);
}

char *in_tree(const char *path)
{
    return g_build_filename(tree, path, NULL);
}

void make_folder(const char *path)
{
    g_autofree char *whole = in_tree(path);

    g_assert_cmpint(g_mkdir_with_parents(whole, 0755), ==, 0);
}

void make_file(const char *path, const void *bytes, size_t n)
{
    g_autofree char *whole = in_tree(path);
    int fd = open(whole, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

    g_assert_cmpint(fd, >=, 0);
    g_assert_cmpint(write(fd, bytes, n), ==, (ssize_t)n);
    close(fd);
}

bool is_in_tree(const char *path)
{
    g_autofree char *whole = in_tree(path);

    return faccessat(AT_FDCWD, whole, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

void remove_from_tree(const char *path)
{
    g_autofree char *whole = in_tree(path);

    g_assert_cmpint(remove(whole), ==, 0);
}

void rename_in_tree(const char *from, const char *to)
{
    g_autofree char *whole = in_tree(from), *other = in_tree(to);

    g_assert_cmpint(rename(whole, other), ==, 0);
}

void make_link(const char *path, const char *target)
{
    g_autofree char *whole = in_tree(path), *whole_target = in_tree(target);

    g_assert_cmpint(symlink(whole_target, whole), ==, 0);
}

DIR *folder_of(int fd)
{
    DIR *folder = fd >= 0 ? fdopendir(fd) : NULL;
    int failed = errno;

    if (folder == NULL && fd >= 0) /* it was of a process that has just ended */
        close(fd);
    errno = failed;
    return folder;
}
