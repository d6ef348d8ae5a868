/* SPDX-License-Identifier: GPL-2.0-or-later */
/* folder.h - lists folders, renames files, and syncs folders to disk. A listing is complete or an error, because a caller that takes part
 * of a folder for all of it loses files. */
#ifndef FP_FOLDER_H
#define FP_FOLDER_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

/* Lists the names in the folder at path, without . and .., in no particular order; caller unrefs. Returns NULL and sets errno, also when
 * reading fails midway, which g_dir_read_name does not tell from the end. */
GPtrArray *fp_folder_names(const char *path);

/* Renames a file, but never over one that exists. If both are names of the same file, as a power cut may leave them, removes the old one;
 * if both paths lead to one name, does nothing. On failure returns false and sets errno; from is then still in place, unless somebody else
 * removed it. */
bool fp_folder_rename(const char *from, const char *to);

/* The same, over one that exists. */
bool fp_folder_move(const char *from, const char *to);

/* Opens the file at path, without waiting or following a link, to look at it or to read it through fp_folder_path_of. Caller closes.
 * Returns -1 and sets errno. */
int fp_folder_open_file(const char *path);

/* A path that leads to the file that fd has open, even after a rename of path; caller frees. Without /proc, a copy of path. */
char *fp_folder_path_of(int fd, const char *path);

/* Whether failure, an errno from opening a file, is temporary: a later attempt may succeed. */
bool fp_folder_is_passing(int failure);

/* When the file was last modified, in nanoseconds since 1970. */
int64_t fp_folder_changed_ns(const struct stat *status);

/* Whether path still names the file that fd has open. Also true when this cannot be told now; false when fd is -1. */
bool fp_folder_is_still(const char *path, int fd);

/* Makes the folder at path, and those around it that are missing, and syncs the folders that they are in; it may be there already. Returns
 * false and sets errno. */
bool fp_folder_make(const char *path);

/* Syncs the folder at path to disk: what was created, renamed and removed in it. Returns false and sets errno. */
bool fp_folder_sync(const char *path);

#endif
