/* SPDX-License-Identifier: GPL-2.0-or-later */
/* descriptor.h - the file descriptors that the program was started with. */
#ifndef FP_DESCRIPTOR_H
#define FP_DESCRIPTOR_H

#include <glib.h>
#include <stdbool.h>

/* Opens /dev/null in place of standard input, output or error where that is closed, so that no file opened later gets its number and the
 * messages written to it. It is opened the wrong way round: reading from standard input and writing to the others still fail, and the next
 * two functions still return false. On failure, prints a message and exits with status 70. */
void fp_descriptor_open_standard(void);

/* Whether fd is open for reading. */
bool fp_descriptor_is_readable(int fd);

/* Whether fd is open for writing. */
bool fp_descriptor_is_writable(int fd);

/* Whether path is in /proc, where names stand for open files instead of being files of a folder. Follows links in the path's folder. */
bool fp_descriptor_is_in_proc(const char *path);

/* The descriptor of this process that path, a name in /proc, stands for: 1 for /proc/self/fd/1. -1 for any other path. */
int fp_descriptor_from_path(const char *path);

/* Whether fd is open and was already open when the program started. */
bool fp_descriptor_is_inherited(int fd);

/* Returns the descriptors from 3 on that were open when the program started, as int; caller frees with g_array_unref. To be called before a
 * library opens some that are not close-on-exec. */
GArray *fp_descriptor_inherited(void);

/* Closes these, and standard input, in whose place /dev/null is. */
void fp_descriptor_close_inherited(const GArray *inherited);

#endif
