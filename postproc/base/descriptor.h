/* SPDX-License-Identifier: GPL-2.0-or-later */
/* descriptor.h - the file descriptors that the program was started with. */
#ifndef FP_DESCRIPTOR_H
#define FP_DESCRIPTOR_H

#include <stdbool.h>

/* Opens /dev/null for those of standard input, output and error that are closed, before a file of ours gets the number and what is said
 * goes into it. It is opened the wrong way round, so reading and writing still fail, and the functions below still tell. Ends the program,
 * with status 70, where that cannot be done. */
void fp_descriptor_open_standard(void);

/* Whether fd is open for reading, and for writing. */
bool fp_descriptor_is_readable(int fd);
bool fp_descriptor_is_writable(int fd);

/* Whether path is in /proc, where names stand for what is open and are no files of a folder. Links to path's folder are followed. */
bool fp_descriptor_is_in_proc(const char *path);

/* The number of the descriptor of this process that path, which is in /proc, names: of /proc/self/fd/1 it is 1. Else -1. */
int fp_descriptor_from_path(const char *path);

/* Whether fd is open, and was so when the program began. */
bool fp_descriptor_is_inherited(int fd);

#endif
