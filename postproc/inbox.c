/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inbox.c - see inbox.h. */
#include "inbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "capture.h"
#include "error.h"
#include "journal.h"

#define BEGINNING_BYTES 4096
#define FORGET_US (G_GINT64_CONSTANT(3600) * G_USEC_PER_SEC) /* a file that was not looked at for so long: longer than a claim waits */

/* How a file was when it was looked at. */
typedef struct {
    uint64_t bytes;
    int64_t changed_ns;
    gint64 since_us; /* monotonic: it has been so since then at least */
    gint64 last_us;
} Look;

struct FpInbox {
    char *folder;
    bool identifies;
    GHashTable *looks; /* inode -> Look, of files whose end no lease tells; a claim keeps its inode */
    bool is_warned;
    GArray *present; /* of uint64_t */
    bool must_poll;
};

FpInbox *fp_inbox_new(const char *folder, bool identifies)
{
    FpInbox *inbox = g_new0(FpInbox, 1);

    signal(SIGIO, SIG_IGN); /* sent when somebody opens a file in the moment in which the lease is held */
    inbox->folder = g_strdup(folder);
    inbox->identifies = identifies;
    inbox->looks = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    inbox->present = g_array_new(FALSE, FALSE, sizeof(uint64_t));
    return inbox;
}

void fp_inbox_free(FpInbox *inbox)
{
    if (inbox == NULL)
        return;
    g_free(inbox->folder);
    g_hash_table_unref(inbox->looks);
    g_array_unref(inbox->present);
    g_free(inbox);
}

GArray *fp_inbox_present(const FpInbox *inbox)
{
    return g_array_copy(inbox->present);
}

bool fp_inbox_must_poll(const FpInbox *inbox)
{
    return inbox->must_poll;
}

static int64_t changed_ns(const struct stat *status)
{
    return (int64_t)status->st_mtim.tv_sec * 1000000000 + status->st_mtim.tv_nsec;
}

/* Whether it is as it was two looks ago. */
static bool is_unchanged(FpInbox *inbox, const char *path)
{
    struct stat status;
    gint64 now_us = g_get_monotonic_time();

    if (stat(path, &status) != 0)
        return true;
    gint64 inode = (gint64)status.st_ino;
    Look *look = g_hash_table_lookup(inbox->looks, &inode);
    if (look == NULL || look->bytes != (uint64_t)status.st_size || look->changed_ns != changed_ns(&status)) {
        look = g_new(Look, 1);
        *look = (Look){.bytes = (uint64_t)status.st_size, .changed_ns = changed_ns(&status), .since_us = now_us};
        g_hash_table_replace(inbox->looks, g_memdup2(&inode, sizeof inode), look);
    }
    look->last_us = now_us;
    if (now_us - look->since_us >= FP_INBOX_POLL_MS * 1000)
        return true;
    inbox->must_poll = true;
    return false;
}

static gboolean is_forgotten(gpointer key, gpointer value, gpointer user)
{
    (void)key;
    return ((const Look *)value)->last_us < *(const gint64 *)user - FORGET_US;
}

/* Said once: who has set this up can do better. */
static void warn_of_guess(FpInbox *inbox, const char *path)
{
    if (!inbox->is_warned)
        fp_journal(
            G_LOG_LEVEL_WARNING, 0, path,
            "%s: is another user's, and without CAP_LEASE nobody tells who still writes to it: files that do not change for %d seconds "
            "are taken for finished, and what is written to them later is lost",
            path, FP_INBOX_POLL_MS / 1000);
    inbox->is_warned = true;
}

bool fp_inbox_is_finished(FpInbox *inbox, const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);

    if (fd < 0)
        return errno == ENOENT || is_unchanged(inbox, path); /* who will read it finds out what is wrong */
    bool is_leased = fcntl(fd, F_SETLEASE, F_RDLCK) == 0;
    int failure = errno;
    if (is_leased)
        (void)fcntl(fd, F_SETLEASE, F_UNLCK);
    close(fd);
    if (is_leased)
        return true;
    if (failure == EACCES)
        warn_of_guess(inbox, path);
    return failure != EAGAIN && is_unchanged(inbox, path);
}

static void free_arrival(gpointer data)
{
    FpArrival *arrival = data;

    g_free(arrival->name);
    g_free(arrival);
}

/* A file's beginning goes in too, as a ring buffer may fill a file of the same name to the same size within the clock's resolution. */
static uint64_t identify(const char *path, const FpArrival *arrival)
{
    uint8_t beginning[BEGINNING_BYTES];
    uint64_t parts[4] = {arrival->bytes, (uint64_t)arrival->changed_ns, XXH3_64bits(arrival->name, strlen(arrival->name)), 0};
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t n = fd < 0 ? -1 : read(fd, beginning, sizeof beginning);

    if (fd >= 0)
        close(fd);
    if (n > 0)
        parts[3] = XXH3_64bits(beginning, (size_t)n);
    uint64_t identity = XXH3_64bits(parts, sizeof parts);
    return identity != 0 ? identity : 1;
}

/* The file as it is; NULL when it is none that counts. */
static FpArrival *describe(FpInbox *inbox, const char *name, const char *path)
{
    struct stat status;

    if (lstat(path, &status) != 0 || !S_ISREG(status.st_mode))
        return NULL;
    FpArrival *arrival = g_new0(FpArrival, 1);
    *arrival = (FpArrival){.name = g_strdup(name), .bytes = (uint64_t)status.st_size, .changed_ns = changed_ns(&status)};
    arrival->first_ns = arrival->changed_ns;
    if (inbox->identifies) {
        arrival->identity = identify(path, arrival);
        g_array_append_val(inbox->present, arrival->identity);
    }
    return arrival;
}

/* The file as it is, if it is one that counts and is finished; else NULL. */
static FpArrival *look_at(FpInbox *inbox, const char *name, GHashTable *seen)
{
    g_autofree char *path = g_build_filename(inbox->folder, name, NULL);
    FpArrival *arrival = describe(inbox, name, path);

    if (arrival == NULL)
        return NULL;
    bool is_new = !g_hash_table_contains(seen, &arrival->identity) && fp_inbox_is_finished(inbox, path);
    free_arrival(arrival);
    return is_new ? describe(inbox, name, path) : NULL; /* again: it may have been finished in between */
}

static int64_t first_time(const FpInbox *inbox, const FpArrival *arrival)
{
    g_autofree char *path = g_build_filename(inbox->folder, arrival->name, NULL);
    g_autoptr(FpCapture) capture = arrival->bytes > 0 ? fp_capture_open(path, false, NULL) : NULL;
    FpRecord record;

    return capture != NULL && fp_capture_read(capture, &record, 1, NULL) == 1 ? record.time_ns : arrival->first_ns;
}

static gint compare_arrivals(gconstpointer a, gconstpointer b)
{
    const FpArrival *first = *(const FpArrival *const *)a, *second = *(const FpArrival *const *)b;

    if (first->first_ns != second->first_ns)
        return first->first_ns < second->first_ns ? -1 : 1;
    return strverscmp(first->name, second->name);
}

/* Adds the finished files of the folder, but those of besides. */
static bool look_through(FpInbox *inbox, GHashTable *seen, const GPtrArray *besides, GPtrArray *arrivals, GError **error)
{
    GDir *folder = g_dir_open(inbox->folder, 0, NULL);
    g_autoptr(GHashTable) known = g_hash_table_new(g_str_hash, g_str_equal);
    const char *name;

    if (folder == NULL) {
        g_set_error(error, FP_ERROR, FP_ERROR_NO_INPUT, "%s: cannot be read: %s", inbox->folder, g_strerror(errno));
        return false;
    }
    for (guint i = 0; besides != NULL && i < besides->len; i++)
        g_hash_table_add(known, ((const FpArrival *)g_ptr_array_index(besides, i))->name);
    while ((name = g_dir_read_name(folder)) != NULL) {
        FpArrival *arrival = name[0] == '.' || g_hash_table_contains(known, name) ? NULL : look_at(inbox, name, seen);
        if (arrival != NULL)
            g_ptr_array_add(arrivals, arrival);
    }
    g_dir_close(folder);
    return true;
}

/* Fills in when the captures began. Returns the latest of these times. */
static int64_t find_first_times(const FpInbox *inbox, GPtrArray *arrivals)
{
    int64_t newest_ns = INT64_MIN;

    for (guint i = 0; i < arrivals->len; i++) {
        FpArrival *arrival = g_ptr_array_index(arrivals, i);
        arrival->first_ns = first_time(inbox, arrival);
        newest_ns = MAX(newest_ns, arrival->first_ns);
    }
    return newest_ns;
}

/*
 * A folder is not read in one moment. A file that was being written when it was looked at, or that came after its place in the listing had
 * been passed, may be older than one found finished further on; what is finished by now includes all of these. What is younger than
 * everything in arrivals stays for the next time, as the same may be true of it.
 */
static bool add_overtaken(FpInbox *inbox, GHashTable *seen, GPtrArray *arrivals, GError **error)
{
    g_autoptr(GPtrArray) later = g_ptr_array_new_with_free_func(free_arrival);

    if (!look_through(inbox, seen, arrivals, later, error))
        return false;
    if (arrivals->len + later->len < 2)
        return true;
    int64_t newest_ns = find_first_times(inbox, arrivals);
    find_first_times(inbox, later);
    for (guint i = later->len; i-- > 0;)
        if (((const FpArrival *)g_ptr_array_index(later, i))->first_ns <= newest_ns)
            g_ptr_array_add(arrivals, g_ptr_array_steal_index_fast(later, i));
    return true;
}

GPtrArray *fp_inbox_finished(FpInbox *inbox, const GArray *seen, GError **error)
{
    g_autoptr(GPtrArray) arrivals = g_ptr_array_new_with_free_func(free_arrival);
    g_autoptr(GHashTable) seen_set = g_hash_table_new(g_int64_hash, g_int64_equal);
    gint64 now_us = g_get_monotonic_time();

    g_hash_table_foreach_remove(inbox->looks, is_forgotten, &now_us);
    for (guint i = 0; seen != NULL && i < seen->len; i++)
        g_hash_table_add(seen_set, &g_array_index(seen, uint64_t, i));
    inbox->must_poll = false;
    g_array_set_size(inbox->present, 0);
    if (!look_through(inbox, seen_set, NULL, arrivals, error))
        return NULL;
    if (arrivals->len > 0 && !add_overtaken(inbox, seen_set, arrivals, error))
        return NULL;
    g_ptr_array_sort(arrivals, compare_arrivals);
    return g_steal_pointer(&arrivals);
}
