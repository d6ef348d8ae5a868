/* SPDX-License-Identifier: GPL-2.0-or-later */
/* proc.c - see proc.h. */
#include "proc.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tree.h"

const char *failing;
int failure;
const char *namespace_link = FIRST_NAMESPACE;

/* Returns what stands in for a path of /proc; NULL with errno set if it is the one that fails. Caller frees. */
static char *real_path(const char *path)
{
    if (failing != NULL && g_str_equal(path, failing)) {
        errno = failure;
        return NULL;
    }
    return tree != NULL && g_str_has_prefix(path, "/proc") ? in_tree(path) : g_strdup(path);
}

/* These stand in libc's and GLib's place. */
DIR *opendir(const char *name)
{
    g_autofree char *path = real_path(name);
    int fd = path != NULL ? open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC) : -1;

    return folder_of(fd);
}

/* Links whose names begin with an r are of descriptors for reading. */
int lstat(const char *file, struct stat *buf)
{
    g_autofree char *path = real_path(file);
    int done = path != NULL ? fstatat(AT_FDCWD, path, buf, AT_SYMLINK_NOFOLLOW) : -1;

    if (done == 0 && g_str_has_prefix(file, "/proc/") && S_ISLNK(buf->st_mode) && strrchr(file, '/')[1] == 'r')
        buf->st_mode &= ~(mode_t)S_IWUSR;
    return done;
}

/* What it leaves behind when it fails is not to be used. */
int stat(const char *file, struct stat *buf)
{
    g_autofree char *path = real_path(file);

    *buf = (struct stat){.st_mode = S_IFREG, .st_ino = NO_INODE};
    return path != NULL ? fstatat(AT_FDCWD, path, buf, 0) : -1;
}

int access(const char *name, int type)
{
    g_autofree char *path = real_path(name);

    return path != NULL ? faccessat(AT_FDCWD, path, type, 0) : -1;
}

gchar *g_file_read_link(const gchar *filename, GError **error)
{
    (void)error;
    g_assert_cmpstr(filename, ==, "/proc/self/ns/pid");
    return g_strdup(namespace_link);
}

void begin_proc(void)
{
    begin_tree();
    make_folder("proc/1/fd");
    failing = NULL;
    namespace_link = FIRST_NAMESPACE;
}
