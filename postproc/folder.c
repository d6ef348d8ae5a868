/* SPDX-License-Identifier: GPL-2.0-or-later */
/* folder.c - see folder.h. */
#include "folder.h"

#include <dirent.h>
#include <errno.h>

GPtrArray *fp_folder_names(const char *path)
{
    DIR *folder = opendir(path);
    const struct dirent *entry;

    if (folder == NULL)
        return NULL;
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);
    errno = 0;
    while ((entry = readdir(folder)) != NULL) {
        if (!g_str_equal(entry->d_name, ".") && !g_str_equal(entry->d_name, ".."))
            g_ptr_array_add(names, g_strdup(entry->d_name));
        errno = 0;
    }
    int failure = errno;
    closedir(folder);
    if (failure == 0)
        return names;
    g_ptr_array_unref(names);
    errno = failure;
    return NULL;
}
