/* SPDX-License-Identifier: GPL-2.0-or-later */
/* claim.c - see claim.h. */
#include "claim.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/error.h"
#include "base/folder.h"
#include "inbox.h"

#define WRITTEN_BACK_NS (INT64_C(3600) * 1000000000) /* the kernel writes to the disk sooner: vm.dirty_expire_centisecs */

static void note(FpClaim *claim, const struct stat *status)
{
    claim->bytes = (uint64_t)status->st_size;
    claim->changed_ns = fp_folder_changed_ns(status);
}

FpClaim *fp_claim_new(uint64_t number, const char *name, char *path)
{
    FpClaim *claim = g_new0(FpClaim, 1);
    struct stat status;

    *claim = (FpClaim){.number = number, .name = g_strdup(name), .path = path, .fd = -1};
    if (lstat(path, &status) == 0) {
        claim->inode = (uint64_t)status.st_ino;
        claim->age = fp_age_of(&status);
        note(claim, &status);
    }
    return claim;
}

void fp_claim_sync(const FpClaim *claim)
{
    if (claim->fd < 0 || fp_clock_now_ns() - claim->changed_ns >= WRITTEN_BACK_NS)
        return;
    g_autofree char *path = fp_folder_path_of(claim->fd, claim->path); /* the descriptor is one that only looks */
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd >= 0) {
        (void)fsync(fd);
        close(fd);
    }
}

void fp_claim_end_reading(FpClaim *claim)
{
    if (claim->fd >= 0)
        close(claim->fd);
    claim->fd = -1;
}

void fp_claim_free(gpointer data)
{
    FpClaim *claim = data;

    fp_claim_end_reading(claim);
    g_free(claim->name);
    g_free(claim->path);
    g_free(claim);
}

bool fp_claim_look(FpClaim *claim)
{
    struct stat status;

    if (lstat(claim->path, &status) != 0)
        return false;
    note(claim, &status);
    return true;
}

uint64_t fp_claim_bytes_now(const FpClaim *claim)
{
    struct stat status;

    return lstat(claim->path, &status) == 0 ? (uint64_t)status.st_size : 0;
}

static const char *kind_of(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFLNK:
        return "a symbolic link";
    case S_IFIFO:
        return "a FIFO";
    case S_IFDIR:
        return "a folder";
    case S_IFSOCK:
        return "a socket";
    default:
        return "a device";
    }
}

/* Whether the kernel lets people link only to files that are theirs to read and write (proc(5), fs.protected_hardlinks). Where a service
 * cannot see the switch, as with systemd's ProcSubset=, it is on. */
static bool are_hard_links_protected(void)
{
    char value = '1';
    int fd = open("/proc/sys/fs/protected_hardlinks", O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return true;
    (void)!read(fd, &value, 1);
    close(fd);
    return value != '0';
}

/* Whether protected hard links would have allowed this link to everybody who, by the mode of the inbox, may have made it: that takes the
 * file's owner, or permission to read and write it. */
static bool may_be_linked(const struct stat *file, const struct stat *inbox)
{
    const mode_t by_group = S_IRGRP | S_IWGRP, by_others = S_IROTH | S_IWOTH;
    bool is_of_others = (file->st_mode & by_others) == by_others;
    bool is_of_group = is_of_others || (file->st_gid == inbox->st_gid && (file->st_mode & by_group) == by_group);
    bool is_of_owner = file->st_uid == inbox->st_uid || inbox->st_uid == 0 || inbox->st_uid == geteuid();

    if (inbox->st_mode & S_IWOTH)
        return is_of_others;
    return inbox->st_mode & S_IWGRP ? is_of_group : is_of_owner || is_of_others;
}

/* Checks through the descriptor that the file may be read. Returns false and sets error. */
static bool check(FpClaim *claim, const char *inbox_path, GError **error)
{
    struct stat status, inbox;

    if (fstat(claim->fd, &status) != 0) {
        return fp_error_set_errno(error, FP_ERROR_IO, claim->path, "cannot be looked at");
    }
    if (!S_ISREG(status.st_mode)) {
        g_set_error(error, FP_ERROR, FP_ERROR_DATA, "%s: is %s, not a regular file, and was not opened", claim->path,
                    kind_of(status.st_mode));
        return false;
    }
    if (status.st_nlink > 1 && !are_hard_links_protected() && (stat(inbox_path, &inbox) != 0 || !may_be_linked(&status, &inbox))) {
        g_set_error(error, FP_ERROR, FP_ERROR_DATA,
                    "%s: is a hard link to a file of others, which those who write to the inbox may not be allowed to read, and was not "
                    "opened; set "
                    "fs.protected_hardlinks=1 (sysctl(8)), or copy the file there",
                    claim->path);
        return false;
    }
    note(claim, &status);
    return true;
}

bool fp_claim_begin_reading(FpClaim *claim, const char *inbox, GError **error)
{
    if (claim->fd >= 0)
        return true;
    claim->fd = fp_folder_open_file(claim->path);
    if (claim->fd < 0 && errno == ENOENT)
        return true;
    if (claim->fd < 0) {
        return fp_error_set_errno(error, FP_ERROR_IO, claim->path, "cannot be looked at");
    }
    if (check(claim, inbox, error))
        return true;
    fp_claim_end_reading(claim);
    return false;
}

/* Only we write to claim/, so there the path still means the file that was opened. In the inbox somebody may have put another file
 * there. */
char *fp_claim_reading_path(const FpClaim *claim)
{
    return claim->identity != 0 && claim->fd >= 0 ? fp_folder_path_of(claim->fd, claim->path) : g_strdup(claim->path);
}

FpSameness fp_claim_compare(const FpClaim *claim)
{
    struct stat status;

    if (claim->identity != 0) {
        uint64_t identity = fp_inbox_identity(claim->path);
        if (identity == claim->identity)
            return FP_AS_CLAIMED;
        return identity == 0 && errno != ENOENT ? FP_CANNOT_TELL : FP_OVERWRITTEN;
    }
    if (lstat(claim->path, &status) != 0)
        return errno == ENOENT ? FP_AS_CLAIMED : FP_CANNOT_TELL; /* it is gone: nothing can be added to it */
    return (uint64_t)status.st_size == claim->bytes && fp_folder_changed_ns(&status) == claim->changed_ns ? FP_AS_CLAIMED : FP_OVERWRITTEN;
}
