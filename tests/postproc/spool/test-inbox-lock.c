/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-inbox-lock.c - which watchers lock each other out, and what is said of the one that was first. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <limits.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/helper.h"
#include "spool/inbox-lock.h"
#include "tree.h"

static unsigned waits;       /* for whoever has the inbox */
static unsigned let_go_at;   /* the wait in which that is let_go_fd; 0: none */
static int let_go_fd = -1;   /* is closed then */
static bool is_blind;        /* this process may not look at others */
static bool are_all_foreign; /* what others have open is on another device */
static bool has_own_proc;    /* a folder stands in for /proc */
static int lock_failure;     /* errno */
static unsigned n_locks;     /* that were tried */

/* These stand in GLib's and libc's place. */
void g_usleep(gulong microseconds)
{
    g_assert_cmpuint(microseconds, <=, 20000);
    waits++;
    if (waits == let_go_at)
        close(let_go_fd);
}

int flock(int fd, int operation)
{
    n_locks++;
    errno = lock_failure;
    return lock_failure != 0 ? -1 : (int)syscall(SYS_flock, fd, operation);
}

/* Caller frees. */
static char *real_path(const char *path)
{
    return has_own_proc && g_str_has_prefix(path, "/proc") ? in_tree(path) : g_strdup(path);
}

gboolean g_file_get_contents(const gchar *filename, gchar **contents, gsize *length, GError **error)
{
    char text[4096];
    g_autofree char *path = real_path(filename);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd >= 0 ? read(fd, text, sizeof text) : -1;

    g_assert_true(length == NULL && error == NULL);
    if (fd >= 0)
        close(fd);
    *contents = n >= 0 ? g_strndup(text, (gsize)n) : NULL;
    return n >= 0;
}

gchar *g_file_read_link(const gchar *filename, GError **error)
{
    char target[PATH_MAX];
    g_autofree char *path = real_path(filename);
    ssize_t n = readlink(path, target, sizeof target);

    g_assert_null(error);
    return n >= 0 ? g_strndup(target, (gsize)n) : NULL;
}

DIR *opendir(const char *name)
{
    g_autofree char *path = real_path(name);
    int fd = is_blind && g_str_has_prefix(name, "/proc") ? -1 : open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    return folder_of(fd);
}

int stat(const char *file, struct stat *buf)
{
    g_autofree char *path = real_path(file);
    int done = fstatat(AT_FDCWD, path, buf, 0);

    buf->st_dev += are_all_foreign && g_str_has_prefix(file, "/proc");
    return done;
}

/* Locks something; 0: it only has it open. */
static int lock(const char *path, int operation)
{
    g_autofree char *whole = in_tree(path);
    int fd = open(whole, O_RDONLY | O_CLOEXEC);

    g_assert_cmpint(fd, >=, 0);
    g_assert_true(operation == 0 || flock(fd, operation | LOCK_NB) == 0);
    return fd;
}

/* Another process, which has the inbox (as operation says) and the lock of a state folder, in this order. Returns its number. */
static pid_t begin_other(const char *inbox, int operation, const char *state_lock)
{
    int ends[2];
    char byte = 0;

    g_assert_cmpint(pipe(ends), ==, 0);
    pid_t other = fork();
    if (other == 0) {
        if (inbox != NULL)
            lock(inbox, operation);
        if (state_lock != NULL)
            lock(state_lock, LOCK_EX);
        (void)!write(ends[1], "x", 1);
        close(ends[1]);
        close(ends[0]);
        while (true)
            pause();
    }
    close(ends[1]);
    g_assert_cmpint(read(ends[0], &byte, 1), ==, 1);
    close(ends[0]);
    return other;
}

static void end_other(pid_t other)
{
    g_assert_cmpint(kill(other, SIGKILL), ==, 0);
    g_assert_cmpint(waitpid(other, NULL, 0), ==, other);
}

static void begin(void)
{
    begin_tree();
    make_folder("in");
    make_folder("state");
    make_folder("elsewhere");
    make_file("state/lock", "", 0);
    make_file("state/checkpoint.0", "", 0);
    waits = 0;
    let_go_at = 0;
}

static FpInboxLock *take(bool is_shared, GError **error)
{
    g_autofree char *inbox = in_tree("in");

    return fp_inbox_lock_take(inbox, is_shared, error);
}

/* Whether the inbox can be locked; then lets go of it again. */
static bool is_free(bool is_shared)
{
    g_autoptr(GError) error = NULL;
    FpInboxLock *lock = take(is_shared, &error);

    g_assert_true((lock == NULL) == (error != NULL));
    g_assert_true(error == NULL || g_error_matches(error, FP_ERROR, FP_ERROR_HELD));
    fp_inbox_lock_release(lock);
    return lock != NULL;
}

/* The inbox is held, and this is what is said of it, after its path. */
static void check_said(const char *format, ...) G_GNUC_PRINTF(1, 2);
static void check_said(const char *format, ...)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *inbox = in_tree("in");
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *who = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_autofree char *expected = g_strdup_printf("%s: %s; stop it, or give this watcher another inbox", inbox, who);
    g_assert_null(take(false, &error));
    g_assert_error(error, FP_ERROR, FP_ERROR_HELD);
    g_assert_cmpstr(error->message, ==, expected);
}

static void test_alone_or_shared(void)
{
    begin();
    FpInboxLock *alone = take(false, NULL);
    g_assert_nonnull(alone);
    g_assert_false(is_free(false));
    g_assert_false(is_free(true));
    fp_inbox_lock_release(alone);
    FpInboxLock *shared = take(true, NULL);
    g_assert_nonnull(shared);
    g_assert_true(is_free(true));
    g_assert_false(is_free(false));
    fp_inbox_lock_release(shared);
    g_assert_true(is_free(false));
    fp_inbox_lock_release(NULL);
    end_tree();
}

/* A watcher that ends may be about to let go. */
static void test_waits(void)
{
    begin();
    let_go_fd = lock("in", LOCK_EX);
    g_assert_false(is_free(false));
    g_assert_cmpuint(waits, ==, 5);
    let_go_at = 9;
    g_assert_true(is_free(false));
    end_tree();
}

/* Where folders cannot be locked, nobody is locked out. */
static void test_no_locks(void)
{
    begin();
    int other = lock("in", LOCK_EX);
    lock_failure = ENOLCK;
    g_assert_true(is_free(false));
    g_assert_cmpuint(waits, ==, 0);
    lock_failure = 0;
    close(other);
    end_tree();
}

static void test_no_folder(void)
{
    begin();
    remove_from_tree("in");
    g_assert_true(is_free(false)); /* reading it will say what is wrong */
    FpInboxLock *lock = take(false, NULL);
    g_assert_true(fp_inbox_lock_renew(lock, NULL));
    make_folder("in");
    g_assert_true(is_free(false));
    g_assert_true(fp_inbox_lock_renew(lock, NULL));
    g_assert_false(is_free(false));
    fp_inbox_lock_release(lock);
    end_tree();
}

static void test_another_folder_in_its_place(void)
{
    g_autoptr(GError) error = NULL;

    begin();
    FpInboxLock *lock_of_it = take(false, NULL);
    n_locks = 0;
    g_assert_true(fp_inbox_lock_renew(lock_of_it, NULL));
    g_assert_cmpuint(n_locks, ==, 0); /* it is still that */
    g_assert_false(is_free(false));
    rename_in_tree("in", "old");
    make_folder("in");
    g_assert_true(is_free(false));
    g_assert_true(fp_inbox_lock_renew(lock_of_it, NULL));
    g_assert_false(is_free(false));
    close(lock("old", LOCK_EX)); /* that one is free */
    rename_in_tree("in", "older");
    make_folder("in");
    int other = lock("in", LOCK_EX);
    g_assert_false(fp_inbox_lock_renew(lock_of_it, &error));
    g_assert_error(error, FP_ERROR, FP_ERROR_HELD);
    close(other);
    other = lock("in", LOCK_EX); /* has the number that the lock had */
    fp_inbox_lock_release(lock_of_it);
    g_assert_cmpint(close(other), ==, 0);
    end_tree();
}

static void test_holder_is_named(void)
{
    begin();
    pid_t other = begin_other("in", LOCK_EX, "state/lock");
    check_said("process %d takes its files, with the state folder %s/state", (int)other, tree);
    are_all_foreign = true;
    check_said("another process takes its files, with another state folder");
    are_all_foreign = false;
    end_other(other);
    other = begin_other("in", LOCK_SH, NULL);
    check_said("process %d takes its files, with another state folder", (int)other);
    end_other(other);
    other = begin_other("in", LOCK_EX, "state/checkpoint.0"); /* no lock of a state folder */
    check_said("process %d takes its files, with another state folder", (int)other);
    end_other(other);
    end_tree();
}

/* Those that have nothing to do with it are not named: whoever only has it open, or takes the files of another inbox. */
static void test_others_are_not_named(void)
{
    const char *said = "another process takes its files, with another state folder";

    begin();
    pid_t one = begin_other("in", 0, "state/lock"), another = begin_other("elsewhere", LOCK_EX, "state/checkpoint.0");
    int own = lock("in", LOCK_EX); /* of this process, which is not named either; no child has it */
    check_said("%s", said);
    end_other(one);
    end_other(another);
    close(own);
    end_tree();
}

/* The first process of a container, which has nothing but that open. */
static void test_first_process(void)
{
    begin();
    int own = lock("in", LOCK_EX);
    make_folder("proc/7/fd");
    make_folder("proc/7/fdinfo");
    make_link("proc/7/fd/3", "in");
    make_file("proc/7/fdinfo/3", "lock:\t1: FLOCK  ADVISORY", 24);
    has_own_proc = true;
    check_said("process 7 takes its files, with another state folder");
    make_file("proc/7/fdinfo/3", "pos:\t0", 6);
    check_said("another process takes its files, with another state folder");
    has_own_proc = false;
    close(own);
    end_tree();
}

/* FpHelperJob, which is not ours. */
static void say_something_else(void *nothing, int64_t argument, FpHelperAnswer *answer)
{
    (void)nothing;
    (void)argument;
    g_strlcpy(answer->why, "something else", sizeof answer->why);
}

/* The helper looks, with the inbox that it was told of. */
static void test_by_the_helper(void)
{
    if (!g_test_subprocess()) {
        g_test_trap_subprocess(NULL, 0, 0);
        g_test_trap_assert_passed();
        return;
    }
    begin();
    g_autofree char *inbox = in_tree("in");
    g_assert_cmpuint(fp_helper_add(say_something_else, NULL), ==, 0);
    pid_t other = begin_other("in", LOCK_EX, "state/lock");
    check_said("process %d takes its files, with the state folder %s/state", (int)other, tree); /* before it is told */
    fp_inbox_lock_prepare(inbox);
    check_said("process %d takes its files, with the state folder %s/state", (int)other, tree); /* by itself */
    g_assert_true(fp_helper_begin(NULL));
    is_blind = true;
    check_said("process %d takes its files, with the state folder %s/state", (int)other, tree);
    fp_helper_end();
    check_said("another process takes its files, with another state folder"); /* without it */
    end_other(other);
    end_tree();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/inbox-lock/alone-or-shared", test_alone_or_shared);
    g_test_add_func("/inbox-lock/waits", test_waits);
    g_test_add_func("/inbox-lock/no-locks", test_no_locks);
    g_test_add_func("/inbox-lock/no-folder", test_no_folder);
    g_test_add_func("/inbox-lock/another-folder-in-its-place", test_another_folder_in_its_place);
    g_test_add_func("/inbox-lock/holder-is-named", test_holder_is_named);
    g_test_add_func("/inbox-lock/others-are-not-named", test_others_are_not_named);
    g_test_add_func("/inbox-lock/first-process", test_first_process);
    g_test_add_func("/inbox-lock/by-the-helper", test_by_the_helper);
    return g_test_run();
}
