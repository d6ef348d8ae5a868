/* SPDX-License-Identifier: GPL-2.0-or-later */
/* descriptor.c - see descriptor.h. */
#include "descriptor.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <linux/magic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "error.h"
#include "folder.h"

void fp_descriptor_open_standard(void)
{
    static const int modes[] = {[STDIN_FILENO] = O_WRONLY, [STDOUT_FILENO] = O_RDONLY, [STDERR_FILENO] = O_RDONLY};

    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", modes[fd]) != fd) {
            dprintf(STDERR_FILENO, "firstpayload: /dev/null: cannot be opened in place of a closed descriptor: %s\n", strerror(errno));
            _exit(FP_ERROR_SOFTWARE);
        }
}

static bool is_open_but_not(int fd, int mode)
{
    int flags = fcntl(fd, F_GETFL);

    return flags >= 0 && (flags & O_ACCMODE) != mode;
}

bool fp_descriptor_is_readable(int fd)
{
    return is_open_but_not(fd, O_WRONLY);
}

bool fp_descriptor_is_writable(int fd)
{
    return is_open_but_not(fd, O_RDONLY);
}

bool fp_descriptor_is_in_proc(const char *path)
{
    g_autofree char *folder = g_path_get_dirname(path);
    struct statfs file_system;

    return statfs(folder, &file_system) == 0 && file_system.f_type == PROC_SUPER_MAGIC;
}

static bool is_same_folder(const char *one, const char *other)
{
    char *real_one = realpath(one, NULL), *real_other = realpath(other, NULL);
    bool is_same = real_one != NULL && real_other != NULL && g_str_equal(real_one, real_other);

    free(real_one);
    free(real_other);
    return is_same;
}

int fp_descriptor_from_path(const char *path)
{
    g_autofree char *folder = g_path_get_dirname(path);
    g_autofree char *name = g_path_get_basename(path);
    guint64 number;

    if (!g_ascii_string_to_unsigned(name, 10, 0, G_MAXINT, &number, NULL))
        return -1;
    return is_same_folder(folder, "/proc/self/fd") || is_same_folder(folder, "/proc/thread-self/fd") ? (int)number : -1;
}

bool fp_descriptor_is_inherited(int fd)
{
    int flags = fcntl(fd, F_GETFD);

    return flags >= 0 && !(flags & FD_CLOEXEC); /* the program opens everything close-on-exec; without the flag, fd came through execve */
}

GArray *fp_descriptor_inherited(void)
{
    g_autoptr(GPtrArray) names = fp_folder_names("/proc/self/fd");
    GArray *inherited = g_array_new(FALSE, FALSE, sizeof(int));

    for (guint i = 0; names != NULL && i < names->len; i++) {
        int fd = (int)g_ascii_strtoll(g_ptr_array_index(names, i), NULL, 10);
        if (fd > STDERR_FILENO && fp_descriptor_is_inherited(fd))
            g_array_append_val(inherited, fd);
    }
    return inherited;
}

void fp_descriptor_close_inherited(const GArray *inherited)
{
    int nothing = open("/dev/null", O_RDONLY);

    if (nothing > STDIN_FILENO) {
        dup2(nothing, STDIN_FILENO);
        close(nothing);
    }
    for (guint i = 0; i < inherited->len; i++)
        close(g_array_index(inherited, int, i));
}
