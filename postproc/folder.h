/* SPDX-License-Identifier: GPL-2.0-or-later */
/* folder.h - what is in a folder, all of it or an error (who takes half for all loses files); moving files, and bringing that to the disk.
 */
#ifndef FP_FOLDER_H
#define FP_FOLDER_H

#include <glib.h>
#include <stdbool.h>

/* The names in the folder at path, without . and .., in no order; the caller's. Returns NULL with errno set, also when reading failed
 * midway, which g_dir_read_name does not tell from the end. */
GPtrArray *fp_folder_names(const char *path);

/* Renames, but not over a file that is there. Returns false with errno set, and then from is still where it was, or gone otherwise. */
bool fp_folder_rename(const char *from, const char *to);

/* Brings to the disk what was made, moved and removed in the folder at path. Returns false with errno set. */
bool fp_folder_sync(const char *path);

#endif
