/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * output-place.c - the name of an output, once rights have ended: the helper (base/helper.h) knows it from before it was forked, and gives
 * the finished file its name, or removes the unfinished one, or opens the log anew. See output-internal.h.
 *
 * The folder may belong to the user that the other process has become, and that may be in a stranger's hands. So the helper follows no
 * link: neither on the way to the folder, nor in it.
 */
#include "output-internal.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/folder.h"
#include "base/helper.h"

struct FpPlace {
    char *given;     /* as the user wrote it */
    char *path;      /* links resolved */
    char *folder;    /* in which it is, without any link in the way to it */
    char *temporary; /* chosen before the file exists, so that both processes know it */
    bool is_over;    /* in the helper: there is no temporary file of ours any more */
    unsigned publish_job, discard_job, reopen_job;
};

static GPtrArray *places; /* NULL: none was expected */

/* A new name is durable only once its folder is on disk, too. Some file systems cannot sync a folder, which is not a failure. */
static void sync_folder(const char *path)
{
    g_autofree char *folder = g_path_get_dirname(path);

    (void)fp_folder_sync(folder);
}

bool fp_place_rename(const char *temporary, const char *path)
{
    if (rename(temporary, path) != 0)
        return false;
    sync_folder(path);
    return true;
}

int fp_place_open_appended(const char *given)
{
    FpTarget target = {0};
    int fd = -1;

    if (fp_target_find(given, &target) && target.kind == FP_TARGET_FILE)
        fd = open(target.path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, FP_PRIVATE_MODE);
    else
        errno = EINVAL;
    int failure = errno;
    g_free(target.path);
    errno = failure;
    return fd;
}

/* Opens the folder as a place. Only the helper has rights that a link could turn to somebody's use; this process, where there is none, may
 * not even make the call any more. Kernels before 5.6 cannot be told to follow no link. Returns -1 and sets errno. */
static int open_folder(const FpPlace *place)
{
    if (!fp_helper_is_this())
        return open(place->folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
    const struct open_how how = {.flags = O_PATH | O_DIRECTORY | O_CLOEXEC, .resolve = RESOLVE_NO_SYMLINKS};
    int fd = (int)syscall(SYS_openat2, AT_FDCWD, place->folder, &how, sizeof how);

    return fd >= 0 || errno != ENOSYS ? fd : open(place->folder, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash != NULL ? slash + 1 : path;
}

static void sync_place(int folder)
{
    int fd = openat(folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return;
    (void)fsync(fd);
    close(fd);
}

/* Returns an errno, or 0. */
static int rename_there(const FpPlace *place)
{
    int folder = open_folder(place);

    if (folder < 0)
        return errno;
    int failure = renameat(folder, name_of(place->temporary), folder, name_of(place->path)) == 0 ? 0 : errno;
    if (failure == 0)
        sync_place(folder);
    close(folder);
    return failure;
}

/* Returns an errno, or 0. */
static int remove_there(const FpPlace *place)
{
    int folder = open_folder(place);

    if (folder < 0)
        return errno;
    int failure = unlinkat(folder, name_of(place->temporary), 0) == 0 ? 0 : errno;
    close(folder);
    return failure;
}

/* Whether it is a file that has no other name, by which it may be somebody else's. Sets errno if not. */
static bool is_plain_file(int fd)
{
    struct stat status;

    if (fstat(fd, &status) != 0)
        return false;
    errno = S_ISREG(status.st_mode) ? EMLINK : EINVAL;
    return S_ISREG(status.st_mode) && status.st_nlink == 1;
}

/* Returns -1 and sets errno. */
static int open_there(const FpPlace *place)
{
    int folder = open_folder(place);

    if (folder < 0)
        return -1;
    int fd = openat(folder, name_of(place->path), O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, FP_PRIVATE_MODE);
    int failure = errno;
    close(folder);
    if (fd >= 0 && !is_plain_file(fd)) {
        failure = errno;
        close(fd);
        fd = -1;
    }
    if (fd >= 0)
        (void)fcntl(fd, F_SETFL, O_APPEND);
    errno = failure;
    return fd;
}

/* FpHelperJob */
static void publish(void *user, int64_t nothing, FpHelperAnswer *answer)
{
    FpPlace *place = user;

    (void)nothing;
    answer->failure = rename_there(place);
    place->is_over |= answer->failure == 0;
}

/* FpHelperJob */
static void discard(void *user, int64_t nothing, FpHelperAnswer *answer)
{
    FpPlace *place = user;

    (void)nothing;
    place->is_over = true;
    answer->failure = remove_there(place);
}

/* FpHelperJob */
static void reopen(void *user, int64_t nothing, FpHelperAnswer *answer)
{
    const FpPlace *place = user;
    int fd = open_there(place);

    (void)nothing;
    if (fd < 0) {
        answer->failure = errno;
        return;
    }
    int reader = fp_target_open_reader(fd);
    *answer = (FpHelperAnswer){.n_fds = reader >= 0 ? 2 : 1, .fds = {fd, reader}};
}

/* Whatever ended the other process, its unfinished file goes. */
static void clean_up(void *user)
{
    const FpPlace *place = user;

    if (!place->is_over)
        (void)remove_there(place);
}

/* Returns the folder of a path without links, as it is now; as it is written, if that cannot be told. Caller frees. */
static char *real_folder(const char *path)
{
    g_autofree char *folder = g_path_get_dirname(path);
    char *real = realpath(folder, NULL);
    char *copy = g_canonicalize_filename(real != NULL ? real : folder, NULL);

    free(real);
    return copy;
}

static char *choose_temporary(const char *path)
{
    g_autofree char *folder = g_path_get_dirname(path);

    return g_strdup_printf("%s/.firstpayload-%08x%08x", folder, g_random_int(), g_random_int());
}

void fp_output_expect(const char *given)
{
    FpTarget target = {0};

    if (given == NULL || !fp_target_find(given, &target))
        return;
    if (target.kind != FP_TARGET_FILE) {
        g_free(target.path);
        return;
    }
    FpPlace *place = g_new0(FpPlace, 1);
    *place = (FpPlace){.given = g_strdup(given), .path = target.path, .temporary = choose_temporary(target.path)};
    place->folder = real_folder(target.path);
    place->publish_job = fp_helper_add(publish, place);
    place->discard_job = fp_helper_add(discard, place);
    place->reopen_job = fp_helper_add(reopen, place);
    fp_helper_at_end(clean_up, place);
    if (places == NULL)
        places = g_ptr_array_new();
    g_ptr_array_add(places, place);
}

FpPlace *fp_place_find(const char *given)
{
    for (guint i = 0; places != NULL && i < places->len; i++) {
        FpPlace *place = g_ptr_array_index(places, i);
        if (g_str_equal(place->given, given))
            return place;
    }
    return NULL;
}

const char *fp_place_temporary(const FpPlace *place)
{
    return place->temporary;
}

static bool ask(unsigned job, FpHelperAnswer *answer)
{
    bool is_done = fp_helper_ask(job, 0, answer);

    errno = answer->failure > 0 ? answer->failure : EIO;
    return is_done;
}

/* Somebody, or the kernel for want of memory, has killed the helper: what it would do is tried without its rights, which may do. */
static bool is_helper_gone(const FpHelperAnswer *answer)
{
    return answer->failure < 0;
}

bool fp_place_publish(const FpPlace *place)
{
    FpHelperAnswer answer;

    return ask(place->publish_job, &answer) || (is_helper_gone(&answer) && fp_place_rename(place->temporary, place->path));
}

void fp_place_discard(const FpPlace *place)
{
    FpHelperAnswer answer;

    if (!ask(place->discard_job, &answer) && is_helper_gone(&answer))
        unlink(place->temporary);
}

int fp_place_reopen(const FpPlace *place, int *reader)
{
    FpHelperAnswer answer;

    *reader = -1;
    bool is_done = ask(place->reopen_job, &answer);
    if (!is_done && is_helper_gone(&answer)) {
        int fd = fp_place_open_appended(place->given);
        *reader = fd >= 0 ? fp_target_open_reader(fd) : -1;
        return fd;
    }
    if (!is_done)
        return -1;
    if (answer.n_fds > 1)
        *reader = answer.fds[1];
    return answer.fds[0];
}
