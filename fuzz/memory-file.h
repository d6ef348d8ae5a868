/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory-file.h - an input as a file that has a path, for readers that open files. */
#ifndef FUZZ_MEMORY_FILE_H
#define FUZZ_MEMORY_FILE_H

#include <sys/mman.h>
#include <unistd.h>

#include "target.h"

/* Returns a descriptor at the file's beginning, and its path. The caller closes it. */
static inline int memory_file(const uint8_t *bytes, size_t n, char path[64])
{
    int fd = memfd_create("input", MFD_CLOEXEC);

    REQUIRE(fd >= 0 && write(fd, bytes, n) == (ssize_t)n && lseek(fd, 0, SEEK_SET) == 0);
    snprintf(path, 64, "/proc/self/fd/%d", fd);
    return fd;
}

#endif
