/* SPDX-License-Identifier: GPL-2.0-or-later */
/* inbox-lock.c - see inbox-lock.h. */
#include "inbox-lock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/helper.h"

#define ATTEMPTS 5U /* a watcher that is ending may be about to let go */
#define RETRY_US 10000

struct FpInboxLock {
    char *inbox;
    bool is_shared;
    int fd;
};

/* Whether a process has locked the file of its descriptor. */
static bool is_locked(const char *process, const char *fd)
{
    g_autofree char *path = g_strdup_printf("/proc/%s/fdinfo/%s", process, fd);
    g_autofree char *text = NULL;

    return g_file_get_contents(path, &text, NULL, NULL) && strstr(text, "FLOCK") != NULL;
}

/* The state folder of a process that has locked the folder inbox, "" if it cannot be told. NULL: the process has not locked it. Caller
 * frees. */
static char *state_of_holder(const char *process, const struct stat *inbox)
{
    g_autofree char *folder = g_strdup_printf("/proc/%s/fd", process);
    g_autoptr(GPtrArray) fds = fp_folder_names(folder);
    g_autofree char *state = g_strdup("");
    bool is_holder = false;

    for (guint i = 0; fds != NULL && i < fds->len; i++) {
        const char *fd = g_ptr_array_index(fds, i);
        g_autofree char *path = g_build_filename(folder, fd, NULL);
        g_autofree char *target = g_file_read_link(path, NULL);
        struct stat status;
        if (target == NULL || !is_locked(process, fd) || stat(path, &status) != 0)
            continue;
        is_holder |= status.st_dev == inbox->st_dev && status.st_ino == inbox->st_ino;
        if (g_str_has_suffix(target, "/lock")) {
            g_free(state);
            state = g_path_get_dirname(target);
        }
    }
    return is_holder ? g_steal_pointer(&state) : NULL;
}

/* Says which process holds the inbox, and with which state folder, as far as we may know. Caller frees. */
static char *name_holder(const struct stat *inbox)
{
    g_autoptr(GPtrArray) names = fp_folder_names("/proc");
    g_autofree char *own = g_strdup_printf("%d", (int)getpid());

    for (guint i = 0; names != NULL && i < names->len; i++) {
        const char *name = g_ptr_array_index(names, i);
        g_autofree char *state = g_ascii_isdigit(name[0]) && !g_str_equal(name, own) ? state_of_holder(name, inbox) : NULL;
        if (state != NULL && state[0] != '\0')
            return g_strdup_printf("process %s takes its files, with the state folder %s", name, state);
        if (state != NULL)
            return g_strdup_printf("process %s takes its files, with another state folder", name);
    }
    return g_strdup("another process takes its files, with another state folder");
}

static bool has_job;
static unsigned name_job;

/* FpHelperJob: the sentence names the holder of user, the inbox. */
static void name_for_other(void *user, int64_t argument, FpHelperAnswer *answer)
{
    struct stat inbox = {0};

    (void)argument;
    (void)!stat(user, &inbox);
    g_autofree char *holder = name_holder(&inbox);
    g_strlcpy(answer->why, holder, sizeof answer->why);
}

void fp_inbox_lock_prepare(const char *inbox)
{
    static char *kept; /* the helper uses it to its end */

    g_free(kept);
    kept = g_strdup(inbox);
    name_job = fp_helper_add(name_for_other, kept);
    has_job = true;
}

/* Whoever has given up rights does not see what other processes have open. */
static char *name_holder_by_helper(const struct stat *inbox)
{
    FpHelperAnswer answer;

    return has_job && fp_helper_ask(name_job, 0, &answer) ? g_strdup(answer.why) : name_holder(inbox);
}

static bool set_held(FpInboxLock *lock, GError **error)
{
    struct stat inbox = {0};

    (void)fstat(lock->fd, &inbox);
    close(lock->fd);
    lock->fd = -1;
    g_autofree char *holder = name_holder_by_helper(&inbox);
    g_set_error(error, FP_ERROR, FP_ERROR_HELD, "%s: %s; stop it, or give this watcher another inbox", lock->inbox, holder);
    return false;
}

static bool lock_folder(FpInboxLock *lock, GError **error)
{
    int operation = (lock->is_shared ? LOCK_SH : LOCK_EX) | LOCK_NB;

    lock->fd = open(lock->inbox, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (lock->fd < 0)
        return true; /* reading it will say what is wrong */
    for (unsigned attempt = 0; attempt < ATTEMPTS; attempt++) {
        if (flock(lock->fd, operation) == 0 || errno != EWOULDBLOCK)
            return true;
        g_usleep(RETRY_US);
    }
    return set_held(lock, error);
}

FpInboxLock *fp_inbox_lock_take(const char *inbox, bool is_shared, GError **error)
{
    FpInboxLock *lock = g_new0(FpInboxLock, 1);

    *lock = (FpInboxLock){.inbox = g_strdup(inbox), .is_shared = is_shared};
    if (lock_folder(lock, error))
        return lock;
    fp_inbox_lock_release(lock);
    return NULL;
}

bool fp_inbox_lock_renew(FpInboxLock *lock, GError **error)
{
    if (fp_folder_is_still(lock->inbox, lock->fd))
        return true;
    if (lock->fd >= 0)
        close(lock->fd);
    return lock_folder(lock, error);
}

void fp_inbox_lock_release(FpInboxLock *lock)
{
    if (lock == NULL)
        return;
    if (lock->fd >= 0)
        close(lock->fd);
    g_free(lock->inbox);
    g_free(lock);
}
