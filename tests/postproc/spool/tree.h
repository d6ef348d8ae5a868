/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tree.h - a temporary folder with folders and files in it, for tests of the spool. Paths are given from that folder on. */
#ifndef TREE_H
#define TREE_H

#include <dirent.h>
#include <glib.h>
#include <stdbool.h>

extern char *tree; /* NULL: there is none */

void begin_tree(void);
void end_tree(void); /* and nothing is open that was not at the beginning */

/* Returns the whole path; caller frees. */
char *in_tree(const char *path);

/* With those around it. */
void make_folder(const char *path);

/* Makes a file, or writes it anew. */
void make_file(const char *path, const void *bytes, size_t n);
void make_link(const char *path, const char *target);
void rename_in_tree(const char *from, const char *to);
void remove_from_tree(const char *path);
bool is_in_tree(const char *path);

/* Returns what opendir(3) would of the folder of that descriptor, which it takes; a negative one has failed, with errno set. */
DIR *folder_of(int fd);

#endif
