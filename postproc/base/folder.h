/* SPDX-License-Identifier: GPL-2.0-or-later */
/* folder.h - what is in a folder, all of it or an error (who takes half for all loses files); moving files, and bringing that to the disk.
 */
#ifndef FP_FOLDER_H
#define FP_FOLDER_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

/* The names in the folder at path, without . and .., in no order; the caller's. Returns NULL with errno set, also when reading failed
 * midway, which g_dir_read_name does not tell from the end. */
GPtrArray *fp_folder_names(const char *path);

/* Renames, but not over a file that is there. Returns false with errno set, and then from is still where it was, or gone otherwise. */
bool fp_folder_rename(const char *from, const char *to);

/* Opens the file at path, without waiting or following a link, only to look at it or to read it by way of fp_folder_path_of. Returns -1
 * with errno set. */
int fp_folder_open_file(const char *path);

/* A path that leads to what fd is open on, whatever has become of the name path meanwhile; the caller's. */
char *fp_folder_path_of(int fd, const char *path);

/* Whether what cannot be opened for the reason failure, an errno, can be later. */
bool fp_folder_is_passing(int failure);

/* When the file was changed last, since 1970. */
int64_t fp_folder_changed_ns(const struct stat *status);

/* Whether what is at path is still what fd is of. True also when that cannot be told now; false when fd is -1. */
bool fp_folder_is_still(const char *path, int fd);

/* Brings to the disk what was made, moved and removed in the folder at path. Returns false with errno set. */
bool fp_folder_sync(const char *path);

#endif
