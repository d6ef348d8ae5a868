/* SPDX-License-Identifier: GPL-2.0-or-later */
/* closings.c - see closings.h. */
#include "closings.h"

#include <errno.h>
#include <stdint.h>
#include <string.h>
#include <sys/inotify.h>
#include <unistd.h>

#include "base/folder.h"

/* What is known of a file stays with it when it is renamed: rsync closes a file under a hidden name first. Not IN_MODIFY, see wakeup.c. */
#define EVENTS (IN_CREATE | IN_CLOSE_WRITE | IN_MOVED_FROM | IN_MOVED_TO | IN_DELETE | IN_ONLYDIR)
#define MOVING_MAX 1024U /* files moved to where we do not watch */

typedef struct {
    bool is_closed;
    bool is_new; /* not looked at since */
    uint64_t bytes;
    int64_t changed_ns;
} Known;

struct FpClosings {
    int fd;              /* -1: there are no events */
    GHashTable *folders; /* watch descriptor -> path */
    GHashTable *files;   /* path -> Known */
    GHashTable *moving;  /* cookie -> Known, of files between IN_MOVED_FROM and IN_MOVED_TO */
};

FpClosings *fp_closings_new(void)
{
    FpClosings *closings = g_new0(FpClosings, 1);

    closings->fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
    closings->folders = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, g_free);
    closings->files = g_hash_table_new_full(g_str_hash, g_str_equal, g_free, g_free);
    closings->moving = g_hash_table_new_full(g_direct_hash, g_direct_equal, NULL, g_free);
    return closings;
}

void fp_closings_free(FpClosings *closings)
{
    if (closings == NULL)
        return;
    if (closings->fd >= 0)
        close(closings->fd);
    g_hash_table_unref(closings->folders);
    g_hash_table_unref(closings->files);
    g_hash_table_unref(closings->moving);
    g_free(closings);
}

void fp_closings_watch(FpClosings *closings, const char *folder)
{
    int watch = closings->fd >= 0 ? inotify_add_watch(closings->fd, folder, EVENTS) : -1;

    if (watch >= 0 && g_strcmp0(g_hash_table_lookup(closings->folders, GINT_TO_POINTER(watch)), folder) != 0)
        g_hash_table_replace(closings->folders, GINT_TO_POINTER(watch), g_strdup(folder));
}

static void note(FpClosings *closings, char *path, bool is_closed)
{
    Known *known = g_new0(Known, 1);

    *known = (Known){.is_closed = is_closed, .is_new = true};
    g_hash_table_replace(closings->files, path, known);
}

static void begin_move(FpClosings *closings, const char *path, gpointer cookie)
{
    gpointer name, known;

    if (!g_hash_table_steal_extended(closings->files, path, &name, &known))
        return;
    g_free(name);
    if (g_hash_table_size(closings->moving) >= MOVING_MAX)
        g_hash_table_remove_all(closings->moving);
    g_hash_table_replace(closings->moving, cookie, known);
}

static void end_move(FpClosings *closings, const char *path, gpointer cookie)
{
    gpointer known;

    if (g_hash_table_steal_extended(closings->moving, cookie, NULL, &known))
        g_hash_table_replace(closings->files, g_strdup(path), known);
    else
        g_hash_table_remove(closings->files, path);
}

static void take_event(FpClosings *closings, const struct inotify_event *event)
{
    const char *folder = g_hash_table_lookup(closings->folders, GINT_TO_POINTER(event->wd));
    gpointer cookie = GUINT_TO_POINTER(event->cookie);

    if (event->mask & IN_Q_OVERFLOW) {
        g_hash_table_remove_all(closings->files);
        g_hash_table_remove_all(closings->moving);
    }
    if (event->mask & IN_IGNORED)
        g_hash_table_remove(closings->folders, GINT_TO_POINTER(event->wd));
    if (folder == NULL || event->len == 0 || event->mask & IN_ISDIR)
        return;
    g_autofree char *path = g_build_filename(folder, event->name, NULL);
    if (event->mask & (IN_CREATE | IN_CLOSE_WRITE))
        note(closings, g_steal_pointer(&path), event->mask & IN_CLOSE_WRITE);
    else if (event->mask & IN_MOVED_FROM)
        begin_move(closings, path, cookie);
    else if (event->mask & IN_MOVED_TO)
        end_move(closings, path, cookie);
    else
        g_hash_table_remove(closings->files, path);
}

/* Notes size and time of change of a file that was created or closed since the last look. Drops it if nobody opened it when it was created,
 * as with a hard link or a FIFO. */
static gboolean look(gpointer path, gpointer value, gpointer user)
{
    Known *known = value;
    struct stat status;

    (void)user;
    if (!known->is_new)
        return FALSE;
    if (lstat(path, &status) != 0)
        return errno != ENOENT; /* renamed or deleted a moment ago: the event that says so is still to come */
    known->is_new = false;
    if (!S_ISREG(status.st_mode))
        return TRUE;
    known->bytes = (uint64_t)status.st_size;
    known->changed_ns = fp_folder_changed_ns(&status);
    return !known->is_closed && status.st_nlink > 1;
}

void fp_closings_update(FpClosings *closings)
{
    char events[16384] __attribute__((aligned(__alignof__(struct inotify_event))));
    bool is_any = false;
    ssize_t n;

    while (closings->fd >= 0 && (n = read(closings->fd, events, sizeof events)) > 0) {
        is_any = true;
        for (ssize_t at = 0; at < n;) {
            const void *next = events + at;
            const struct inotify_event *event = next;
            take_event(closings, event);
            at += (ssize_t)(sizeof *event + event->len);
        }
    }
    if (is_any)
        g_hash_table_foreach_remove(closings->files, look, NULL);
}

int fp_closings_fd(const FpClosings *closings)
{
    return closings->fd;
}

FpClosing fp_closings_of(FpClosings *closings, const char *path, const struct stat *status)
{
    fp_closings_update(closings);
    const Known *known = g_hash_table_lookup(closings->files, path);
    if (known == NULL)
        return FP_CLOSING_UNKNOWN;
    if (!known->is_closed)
        return FP_CLOSING_OPEN;
    return known->bytes == (uint64_t)status->st_size && known->changed_ns == fp_folder_changed_ns(status) ? FP_CLOSING_CLOSED
                                                                                                          : FP_CLOSING_UNKNOWN;
}
