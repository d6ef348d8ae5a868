/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * output-place.c - the name of an output, once rights have ended: the helper (base/helper.h) knows it from before it was forked, and gives
 * the finished file its name, or removes the unfinished one, or opens the log anew. See output-internal.h.
 */
#include "output-internal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/folder.h"
#include "base/helper.h"

struct FpPlace {
    char *given;     /* as the user wrote it */
    char *path;      /* links resolved */
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

/* FpHelperJob */
static void publish(void *user, int64_t nothing, FpHelperAnswer *answer)
{
    FpPlace *place = user;

    (void)nothing;
    if (fp_place_rename(place->temporary, place->path))
        place->is_over = true;
    else
        answer->failure = errno;
}

/* FpHelperJob */
static void discard(void *user, int64_t nothing, FpHelperAnswer *answer)
{
    FpPlace *place = user;

    (void)nothing;
    place->is_over = true;
    answer->failure = unlink(place->temporary) == 0 ? 0 : errno;
}

/* FpHelperJob */
static void reopen(void *user, int64_t nothing, FpHelperAnswer *answer)
{
    const FpPlace *place = user;
    int fd = fp_place_open_appended(place->given);

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
        unlink(place->temporary);
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

    errno = answer->failure > 0 ? answer->failure : EIO; /* EIO: the helper is gone, or knows nothing of it */
    return is_done;
}

bool fp_place_publish(const FpPlace *place)
{
    FpHelperAnswer answer;

    return ask(place->publish_job, &answer);
}

void fp_place_discard(const FpPlace *place)
{
    FpHelperAnswer answer;

    (void)ask(place->discard_job, &answer);
}

int fp_place_reopen(const FpPlace *place, int *reader)
{
    FpHelperAnswer answer;

    *reader = -1;
    if (!ask(place->reopen_job, &answer))
        return -1;
    if (answer.n_fds > 1)
        *reader = answer.fds[1];
    return answer.fds[0];
}
