/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ending.c - see ending.h. */
#include "ending.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdint.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/folder.h"
#include "base/journal.h"
#include "closings.h"
#include "file-writers.h"

#define FORGET_US (G_GINT64_CONSTANT(3600) * G_USEC_PER_SEC)  /* a file not looked at for so long: longer than a claim waits */
#define EMPTY_MS 10000                                        /* longer than it takes from creating a file to having it open */
#define CLOCKS_APART_MS (G_GINT64_CONSTANT(24) * 3600 * 1000) /* more than a file server's clock is wrong */

/* A file as it was at a look. */
typedef struct {
    uint64_t bytes;
    int64_t changed_ns;
    gint64 since_us; /* monotonic: unchanged since then at least */
    gint64 last_us;
} Look;

struct FpEndings {
    gint64 unchanged_ms;
    FpClosings *closings;
    FpFileWriters *writers; /* of this look; NULL until needed */
    GHashTable *looks;      /* inode -> Look, of files whose end no lease tells; a claim keeps its inode */
    bool is_warned;
    bool must_poll;
};

FpEndings *fp_endings_new(unsigned unchanged_s)
{
    FpEndings *endings = g_new0(FpEndings, 1);

    fp_clock_begin();
    signal(SIGIO, SIG_IGN); /* sent if somebody opens a file in the moment when we hold the lease */
    endings->unchanged_ms = (gint64)unchanged_s * 1000;
    endings->closings = fp_closings_new();
    endings->looks = g_hash_table_new_full(g_int64_hash, g_int64_equal, g_free, g_free);
    return endings;
}

void fp_endings_free(FpEndings *endings)
{
    if (endings == NULL)
        return;
    fp_closings_free(endings->closings);
    fp_file_writers_free(endings->writers);
    g_hash_table_unref(endings->looks);
    g_free(endings);
}

static gboolean is_forgotten(gpointer key, gpointer value, gpointer user)
{
    (void)key;
    return ((const Look *)value)->last_us < *(const gint64 *)user - FORGET_US;
}

void fp_endings_watch(FpEndings *endings, const char *folder)
{
    fp_closings_watch(endings->closings, folder);
}

void fp_endings_begin(FpEndings *endings)
{
    gint64 now_us = g_get_monotonic_time();

    endings->must_poll = false;
    g_clear_pointer(&endings->writers, fp_file_writers_free);
    g_hash_table_foreach_remove(endings->looks, is_forgotten, &now_us);
    fp_closings_update(endings->closings);
}

void fp_endings_update(FpEndings *endings)
{
    fp_closings_update(endings->closings);
}

int fp_endings_fd(const FpEndings *endings)
{
    return fp_closings_fd(endings->closings);
}

bool fp_endings_must_poll(const FpEndings *endings)
{
    return endings->must_poll;
}

/* For how long our looks have found it unchanged. */
static gint64 seen_unchanged_ms(FpEndings *endings, const struct stat *status)
{
    gint64 now_us = g_get_monotonic_time(), inode = (gint64)status->st_ino;
    Look *look = g_hash_table_lookup(endings->looks, &inode);

    if (look == NULL || look->bytes != (uint64_t)status->st_size || look->changed_ns != fp_folder_changed_ns(status)) {
        look = g_new(Look, 1);
        *look = (Look){.bytes = (uint64_t)status->st_size, .changed_ns = fp_folder_changed_ns(status), .since_us = now_us};
        g_hash_table_replace(endings->looks, g_memdup2(&inode, sizeof inode), look);
    }
    look->last_us = now_us;
    return (now_us - look->since_us) / 1000;
}

/* For how long it has not changed by its own time of change, which may come from another clock. */
static gint64 age_ms(const struct stat *status)
{
    return (fp_clock_now_ns() - fp_folder_changed_ns(status)) / 1000000;
}

/* A new file is in its folder a moment before the kernel counts it as open for writing. An empty file may be that new, and its writer
 * interrupted just then: what it writes later must not be lost. */
static FpEnding closed(FpEndings *endings, const struct stat *status)
{
    if (status->st_size > 0 || age_ms(status) >= EMPTY_MS || seen_unchanged_ms(endings, status) >= EMPTY_MS)
        return FP_ENDING_SURE;
    endings->must_poll = true;
    return FP_ENDING_OPEN;
}

/* Warns once, for a capture: the administrator can set this up better. Hidden files are not taken, and the programs beside us may leave
 * theirs. */
static void warn_of_guess(FpEndings *endings, const char *path)
{
    g_autofree char *name = g_path_get_basename(path);

    if (name[0] == '.')
        return;
    if (!endings->is_warned)
        fp_journal(
            G_LOG_LEVEL_WARNING, 0, path,
            "%s: nobody can tell whether it is still being written, without CAP_LEASE or on a file system without leases; such files count "
            "as finished after %" G_GINT64_FORMAT " seconds without a change (--unchanged)",
            path, endings->unchanged_ms / 1000);
    endings->is_warned = true;
}

/* is_local: its time of change is of our clock. A file that seems old by another clock may have been written just before our first look. */
static FpEnding guess(FpEndings *endings, const struct stat *status, gint64 ms, bool is_local)
{
    gint64 seen_ms = seen_unchanged_ms(endings, status), old_ms = is_local ? ms : ms + CLOCKS_APART_MS;

    if (seen_ms >= ms || (seen_ms >= FP_ENDING_POLL_MS && age_ms(status) >= old_ms))
        return FP_ENDING_GUESS;
    endings->must_poll = true;
    return FP_ENDING_OPEN;
}

/* is_local: only processes of this machine can write to it. */
static FpEnding without_lease(FpEndings *endings, const char *path, const struct stat *status, bool is_local)
{
    FpClosing closing = fp_closings_of(endings->closings, path, status);

    if (closing == FP_CLOSING_OPEN)
        return FP_ENDING_WRITTEN;
    if (closing == FP_CLOSING_CLOSED)
        return closed(endings, status);
    if (endings->writers == NULL)
        endings->writers = fp_file_writers_look();
    if (fp_file_writers_have(endings->writers, status)) {
        (void)seen_unchanged_ms(endings, status);
        return FP_ENDING_WRITTEN;
    }
    if (is_local && fp_file_writers_are_all(endings->writers))
        return closed(endings, status);
    if (seen_unchanged_ms(endings, status) >= FP_ENDING_POLL_MS)
        warn_of_guess(endings, path);
    return guess(endings, status, endings->unchanged_ms, is_local);
}

/* Whether others than processes of this machine can write to a file, and its lease says nothing of them: here the kernel answers as for a
 * local file. NFS and SMB ask their server, or have no leases. */
static bool is_shared(int fd)
{
    struct statfs system;

    if (fstatfs(fd, &system) != 0)
        return false;
    switch ((uint32_t)system.f_type) {
    case AFS_FS_MAGIC:
    case AFS_SUPER_MAGIC:
    case CEPH_SUPER_MAGIC:
    case CODA_SUPER_MAGIC:
    case FUSE_SUPER_MAGIC: /* and virtiofs */
    case OCFS2_SUPER_MAGIC:
    case V9FS_MAGIC:
        return true;
    default:
        return false;
    }
}

/* Asks for a lease on a file. Returns 0 if nobody writes to it; EAGAIN: somebody does; EACCES: we may not ask; EOPNOTSUPP and others:
 * nobody can tell. */
static int try_lease(int fd)
{
    int failure = fcntl(fd, F_SETLEASE, F_RDLCK) == 0 ? 0 : errno;

    if (failure == 0)
        (void)fcntl(fd, F_SETLEASE, F_UNLCK);
    return (failure == 0 || failure == EACCES) && is_shared(fd) ? EOPNOTSUPP : failure;
}

int fp_ending_open(const char *path)
{
    return open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOFOLLOW);
}

FpEnding fp_ending_of(FpEndings *endings, const char *path, int fd)
{
    struct stat status;

    if ((fd < 0 ? lstat(path, &status) : fstat(fd, &status)) != 0 || !S_ISREG(status.st_mode))
        return FP_ENDING_SURE;
    if (fd < 0) /* it cannot be read either, so a short wait loses nothing */
        return guess(endings, &status, FP_ENDING_POLL_MS, true);
    int failure = try_lease(fd);
    if (failure == EAGAIN)
        return FP_ENDING_WRITTEN;
    if (failure != 0)
        return without_lease(endings, path, &status, failure == EACCES);
    return fstat(fd, &status) == 0 ? closed(endings, &status) : FP_ENDING_SURE;
}

bool fp_ending_has_leases(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int failure = fd >= 0 ? try_lease(fd) : 0;

    if (fd >= 0)
        close(fd);
    return failure == 0 || failure == EAGAIN || failure == EACCES;
}
