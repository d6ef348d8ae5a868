/* SPDX-License-Identifier: GPL-2.0-or-later */
/* arrivals.c - see arrivals.h. */
#include "arrivals.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define BEGIN_US (G_GINT64_CONSTANT(1700000000) * G_USEC_PER_SEC)

FpWorld world;

static bool ends_in(const char *path, const char *name)
{
    return name != NULL && g_str_has_suffix(path, name) && path[strlen(path) - strlen(name) - 1] == '/';
}

/* From here on, these stand in libc's and GLib's place. */
gint64 g_get_monotonic_time(void)
{
    return world.now_us;
}

gint64 g_get_real_time(void)
{
    return world.now_us;
}

/* Whether somebody writes to the file of that descriptor, at this look. */
static bool is_written(int fd)
{
    g_autofree char *path = world.written != NULL ? in_inbox(world.written) : NULL;
    struct stat its, of_written;

    return path != NULL && world.n_looks > 0 && fstat(fd, &its) == 0 && fstatat(AT_FDCWD, path, &of_written, 0) == 0 &&
           its.st_ino == of_written.st_ino;
}

int fcntl(int fd, int cmd, ...)
{
    va_list rest;

    va_start(rest, cmd);
    long argument = va_arg(rest, long);
    va_end(rest);
    if (cmd != F_SETLEASE)
        return (int)syscall(SYS_fcntl, fd, cmd, argument);
    errno = world.lease_failure;
    if (world.lease_failure != 0)
        return -1;
    if (argument != F_RDLCK || !is_written(fd))
        return 0;
    world.n_looks--;
    errno = EAGAIN;
    return -1;
}

int open(const char *file, int oflag, ...)
{
    va_list rest;

    va_start(rest, oflag);
    mode_t mode = oflag & O_CREAT ? va_arg(rest, mode_t) : 0; /* NOLINT(clang-analyzer-valist.Uninitialized): it takes fcntl's for it */
    va_end(rest);
    bool is_it = ends_in(file, world.unopenable);
    world.n_opened += is_it;
    if (is_it && world.before_open != NULL)
        world.before_open();
    if (!is_it || world.open_failure == 0)
        return (int)syscall(SYS_openat, AT_FDCWD, file, oflag, mode);
    errno = world.open_failure;
    return -1;
}

int lstat(const char *file, struct stat *buf)
{
    bool is_it = ends_in(file, world.unlookable), is_lookable = world.n_lookable > 0;

    world.n_lookable -= is_it && is_lookable;
    errno = world.look_failure;
    if ((is_it && !is_lookable) || fstatat(AT_FDCWD, file, buf, AT_SYMLINK_NOFOLLOW) != 0)
        return -1;
    if (!world.has_true_changes)
        buf->st_ctim = (struct timespec){.tv_sec = BEGIN_US / G_USEC_PER_SEC};
    return 0;
}

int fsync(int fd)
{
    return world.sync != NULL ? world.sync(fd) : 0;
}

void begin_world(void)
{
    begin_tree();
    make_folder("in");
    world = (FpWorld){.now_us = BEGIN_US};
}

char *in_inbox(const char *name)
{
    return g_build_filename(tree, "in", name, NULL);
}

void make_long_capture(const char *path, uint32_t second, unsigned n)
{
    const uint32_t header[] = {0xa1b2c3d4, 4U << 16 | 2, 0, 0, 65535, 1};
    GByteArray *bytes = g_byte_array_new();

    g_byte_array_append(bytes, (const guint8 *)header, sizeof header);
    for (unsigned i = 0; i < n; i++) {
        const uint32_t record[] = {second + i, 0, 4, 4, second + i};
        g_byte_array_append(bytes, (const guint8 *)record, sizeof record);
    }
    make_file(path, bytes->data, bytes->len);
    g_byte_array_unref(bytes);
}

void make_capture(const char *name, uint32_t second)
{
    g_autofree char *path = g_build_filename("in", name, NULL);

    make_long_capture(path, second, 1);
}

void set_time(const char *path, time_t second, long ns)
{
    g_autofree char *whole = in_tree(path);
    const struct timespec at = {.tv_sec = second, .tv_nsec = ns};

    g_assert_cmpint(utimensat(AT_FDCWD, whole, (const struct timespec[]){at, at}, 0), ==, 0);
}

void set_changed(const char *name, time_t second)
{
    g_autofree char *path = g_build_filename("in", name, NULL);

    set_time(path, second, 0);
}
