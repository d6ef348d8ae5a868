/* SPDX-License-Identifier: GPL-2.0-or-later */
/* replace.c - see replace.h. */
#include "replace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"

static bool write_text(int fd, const char *text)
{
    size_t n = strlen(text), done = 0;

    while (done < n) {
        ssize_t written = pwrite(fd, text + done, n - done, (off_t)done);
        if (written <= 0)
            return false;
        done += (size_t)written;
    }
    return ftruncate(fd, (off_t)n) == 0;
}

/* Overwrites the file that is there, if the text fits into the blocks that it has. */
static bool overwrite(const char *path, const char *text)
{
    struct stat status;
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    bool has_room = fd >= 0 && fstat(fd, &status) == 0 && strlen(text) <= (size_t)status.st_blocks * 512;
    bool is_done = has_room && write_text(fd, text);

    if (fd >= 0)
        close(fd);
    return is_done;
}

static bool write_beside(const char *path, const char *beside, const char *text)
{
    int fd = open(beside, O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
    bool is_written = fd >= 0 && write_text(fd, text);
    int failure = errno;

    if (fd >= 0)
        close(fd);
    errno = failure;
    return is_written && rename(beside, path) == 0;
}

/* The temporary file always has the same name, so that a process that is killed leaves none behind for good. A full disk is when a status
 * is asked for most. */
bool fp_replace_file(const char *path, const char *text, GError **error)
{
    g_autofree char *beside = g_strconcat(path, ".new", NULL);

    if (write_beside(path, beside, text))
        return true;
    int failure = errno;
    unlink(beside);
    if (failure == ENOSPC && overwrite(path, text))
        return true;
    g_set_error(error, FP_ERROR, FP_ERROR_IO, "%s: cannot be written: %s", path, g_strerror(failure));
    return false;
}
