/* SPDX-License-Identifier: GPL-2.0-or-later */
/* file-writers.c - see file-writers.h. */
#include "file-writers.h"

#include <errno.h>
#include <glib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/folder.h"
#include "base/helper.h"

#define FIRST_PID_NAMESPACE "pid:[4026531836]" /* PROC_PID_INIT_INO: from within another namespace, processes outside are not seen */

struct FpFileWriters {
    GHashTable *files; /* set of inodes; a file with the same number on another device is taken for it, which only costs waiting */
    bool are_all;
};

/* Whether a process, or its descriptor, could not be looked at because it is gone. */
static bool has_ended(int failure)
{
    return failure == ENOENT || failure == ESRCH;
}

/* The link of a descriptor is writable if the descriptor is. */
static void look_at_descriptor(FpFileWriters *writers, const char *path)
{
    struct stat link, file = {0};

    bool is_seen = lstat(path, &link) == 0 && (!(link.st_mode & S_IWUSR) || stat(path, &file) == 0);
    if (!is_seen)
        writers->are_all &= has_ended(errno);
    if (!is_seen || !S_ISREG(file.st_mode))
        return;
    gint64 inode = (gint64)file.st_ino;
    g_hash_table_add(writers->files, g_memdup2(&inode, sizeof inode));
}

static void look_at_process(FpFileWriters *writers, const char *pid)
{
    g_autofree char *folder = g_build_filename("/proc", pid, "fd", NULL);
    g_autoptr(GPtrArray) names = fp_folder_names(folder);

    if (names == NULL) {
        writers->are_all &= has_ended(errno);
        return;
    }
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *path = g_build_filename(folder, (const char *)g_ptr_array_index(names, i), NULL);
        look_at_descriptor(writers, path);
    }
}

static bool sees_all_processes(void)
{
    g_autofree char *name = g_file_read_link("/proc/self/ns/pid", NULL);

    return g_strcmp0(name, FIRST_PID_NAMESPACE) == 0 && access("/proc/1/fd", R_OK | X_OK) == 0;
}

static FpFileWriters *look(void)
{
    FpFileWriters *writers = g_new0(FpFileWriters, 1);
    g_autoptr(GPtrArray) names = fp_folder_names("/proc");

    writers->files = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    writers->are_all = names != NULL && sees_all_processes();
    for (guint i = 0; names != NULL && i < names->len; i++)
        if (g_ascii_isdigit(*(const char *)g_ptr_array_index(names, i)))
            look_at_process(writers, g_ptr_array_index(names, i));
    return writers;
}

static bool has_job;
static unsigned look_job;

static void write_inode(gpointer inode, gpointer nothing, gpointer fd)
{
    (void)nothing;
    (void)!write(GPOINTER_TO_INT(fd), inode, sizeof(gint64));
}

/* FpHelperJob. The answer is whether all processes could be looked at, and a file in memory with the inodes. */
static void look_for_other(void *nothing, int64_t argument, FpHelperAnswer *answer)
{
    FpFileWriters *writers = look();
    int fd = memfd_create("writers", MFD_CLOEXEC);

    (void)nothing;
    (void)argument;
    *answer = (FpHelperAnswer){.number = writers->are_all, .failure = fd < 0 ? errno : 0, .n_fds = fd >= 0, .fds = {fd}};
    if (fd >= 0)
        g_hash_table_foreach(writers->files, write_inode, GINT_TO_POINTER(fd));
    fp_file_writers_free(writers);
}

void fp_file_writers_prepare(void)
{
    look_job = fp_helper_add(look_for_other, NULL);
    has_job = true;
}

static FpFileWriters *look_by_helper(void)
{
    FpFileWriters *writers = g_new0(FpFileWriters, 1);
    FpHelperAnswer answer;
    gint64 inode;

    writers->files = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, NULL);
    if (!fp_helper_ask(look_job, 0, &answer) || answer.n_fds != 1)
        return writers;
    for (off_t at = 0; pread(answer.fds[0], &inode, sizeof inode, at) == (ssize_t)sizeof inode; at += (off_t)sizeof inode)
        g_hash_table_add(writers->files, g_memdup2(&inode, sizeof inode));
    writers->are_all = answer.number != 0;
    close(answer.fds[0]);
    return writers;
}

FpFileWriters *fp_file_writers_look(void)
{
    return has_job && fp_helper_is_there() ? look_by_helper() : look();
}

void fp_file_writers_free(FpFileWriters *writers)
{
    if (writers == NULL)
        return;
    g_hash_table_unref(writers->files);
    g_free(writers);
}

bool fp_file_writers_have(const FpFileWriters *writers, const struct stat *status)
{
    gint64 inode = (gint64)status->st_ino;

    return g_hash_table_contains(writers->files, &inode);
}

bool fp_file_writers_are_all(const FpFileWriters *writers)
{
    return writers->are_all;
}
