/* SPDX-License-Identifier: GPL-2.0-or-later */
/* archive.c - see archive.h. */
#include "archive.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/folder.h"
#include "base/journal.h"

typedef struct {
    char *path;
    uint64_t bytes;
} Archived;

struct FpArchive {
    char *folder;
    GQueue files; /* of Archived, oldest first */
    uint64_t bytes;
    uint64_t max_bytes;
};

static void free_archived(gpointer data)
{
    Archived *archived = data;

    g_free(archived->path);
    g_free(archived);
}

static void note(FpArchive *archive, char *path, uint64_t bytes)
{
    Archived *archived = g_new(Archived, 1);

    *archived = (Archived){.path = path, .bytes = bytes};
    g_queue_push_tail(&archive->files, archived);
    archive->bytes += bytes;
}

void fp_archive_trim(FpArchive *archive)
{
    while (archive->max_bytes > 0 && archive->bytes > archive->max_bytes) {
        Archived *oldest = g_queue_pop_head(&archive->files);
        if (unlink(oldest->path) != 0 && errno != ENOENT)
            fp_journal(G_LOG_LEVEL_WARNING, 0, oldest->path, "%s: cannot be deleted, though --max-archive is exceeded: %s", oldest->path,
                       g_strerror(errno));
        archive->bytes -= oldest->bytes;
        free_archived(oldest);
    }
}

FpArchive *fp_archive_new(const char *folder, GPtrArray *names, uint64_t max_bytes)
{
    FpArchive *archive = g_new0(FpArchive, 1);

    archive->folder = g_strdup(folder);
    archive->max_bytes = max_bytes;
    g_queue_init(&archive->files);
    for (guint i = 0; i < names->len; i++) {
        struct stat status;
        char *path = g_build_filename(folder, (const char *)g_ptr_array_index(names, i), NULL);
        note(archive, path, stat(path, &status) == 0 ? (uint64_t)status.st_size : 0);
    }
    g_ptr_array_unref(names);
    return archive;
}

void fp_archive_free(FpArchive *archive)
{
    if (archive == NULL)
        return;
    g_free(archive->folder);
    g_queue_clear_full(&archive->files, free_archived);
    g_free(archive);
}

bool fp_archive_move(FpArchive *archive, const char *from, const char *path, uint64_t bytes)
{
    if (fp_folder_move(from, path))
        note(archive, g_strdup(path), bytes);
    else if (errno != ENOENT || access(archive->folder, F_OK) != 0)
        return false;
    fp_archive_trim(archive);
    return true;
}

void fp_archive_forget(FpArchive *archive, const char *path)
{
    for (GList *at = archive->files.tail; at != NULL; at = at->prev) {
        Archived *archived = at->data;
        if (!g_str_equal(archived->path, path))
            continue;
        archive->bytes -= archived->bytes;
        free_archived(archived);
        g_queue_delete_link(&archive->files, at);
        return;
    }
}

uint64_t fp_archive_bytes(const FpArchive *archive)
{
    return archive->bytes;
}
