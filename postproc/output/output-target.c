/* SPDX-License-Identifier: GPL-2.0-or-later */
/* output-target.c - what the name of an output refers to. See output-internal.h. */
#include "output-internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/descriptor.h"
#include "base/notify.h"
#include "base/stop.h"

#define LINKS_MAX 40      /* Linux's limit */
#define READER_WAIT_MS 50 /* interval between checks whether a FIFO has a reader */

static uid_t distrusted;
static bool is_any_distrusted;

void fp_output_distrust(uid_t user)
{
    distrusted = user;
    is_any_distrusted = true;
}

/* Sets errno if so. */
static bool is_distrusted(const char *link)
{
    struct stat status;

    if (!is_any_distrusted || lstat(link, &status) != 0 || status.st_uid != distrusted)
        return false;
    errno = EPERM;
    return true;
}

/* Follows links to the path where the file is or would be. Names in /proc read like links, but what they lead to need not have a path.
 * Returns NULL and sets errno: ELOOP when there are too many links, EPERM when one is of a user that is not trusted. */
static char *follow_links(const char *path)
{
    g_autofree char *at = g_strdup(path);

    for (int links = 0; links < LINKS_MAX; links++) {
        g_autofree char *target = fp_descriptor_is_in_proc(at) ? NULL : g_file_read_link(at, NULL);
        if (target == NULL)
            return g_steal_pointer(&at);
        if (is_distrusted(at))
            return NULL;
        g_autofree char *folder = g_path_get_dirname(at);
        char *next = g_path_is_absolute(target) ? g_strdup(target) : g_build_filename(folder, target, NULL);
        g_free(at);
        at = next;
    }
    errno = ELOOP;
    return NULL;
}

bool fp_target_find(const char *path, FpTarget *target)
{
    struct stat status;

    *target = (FpTarget){.kind = FP_TARGET_DESCRIPTOR, .fd = STDOUT_FILENO};
    if (g_str_equal(path, "-"))
        return true;
    target->path = follow_links(path);
    if (target->path == NULL)
        return false;
    bool is_in_proc = fp_descriptor_is_in_proc(target->path);
    target->fd = is_in_proc ? fp_descriptor_from_path(target->path) : -1;
    if (target->fd < 0)
        target->kind = is_in_proc || (stat(target->path, &status) == 0 && !S_ISREG(status.st_mode)) ? FP_TARGET_SPECIAL : FP_TARGET_FILE;
    return true;
}

static bool is_fifo(const char *path)
{
    struct stat status;

    return stat(path, &status) == 0 && S_ISFIFO(status.st_mode);
}

int fp_target_open_special(const char *path, int flags)
{
    int fd;

    /* a blocking open(2) would wait for a reader of the FIFO, and miss a signal that came just before */
    while ((fd = open(path, O_WRONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK | flags)) < 0 && errno == ENXIO && is_fifo(path)) {
        fp_notify_feed(); /* of what captures already, the watchdog may be on */
        (void)fp_stop_sleep(READER_WAIT_MS);
        if (fp_stop_asked()) {
            errno = EINTR;
            return -1;
        }
    }
    if (fd >= 0)
        (void)fcntl(fd, F_SETFL, fcntl(fd, F_GETFL) & ~O_NONBLOCK);
    return fd;
}

int fp_target_duplicate(const FpTarget *target)
{
    if (fp_descriptor_is_inherited(target->fd) && fp_descriptor_is_writable(target->fd))
        return fcntl(target->fd, F_DUPFD_CLOEXEC, 3);
    errno = EBADF;
    return -1;
}

int fp_target_open_reader(int fd)
{
    g_autofree char *path = g_strdup_printf("/proc/self/fd/%d", fd); /* fd itself may be open for writing only */
    struct stat status;

    if (fstat(fd, &status) != 0 || !S_ISREG(status.st_mode))
        return -1;
    return open(path, O_RDONLY | O_CLOEXEC);
}

bool fp_target_ends_in_line(int reader)
{
    struct stat status;
    char last = '\n';

    if (reader < 0 || fstat(reader, &status) != 0 || status.st_size == 0)
        return false;
    return pread(reader, &last, 1, status.st_size - 1) == 1 && last != '\n';
}
