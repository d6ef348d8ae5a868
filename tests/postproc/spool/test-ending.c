/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-ending.c - when a file counts as finished, with clocks, leases and processes that the test has made. */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <linux/magic.h>
#include <signal.h>
#include <stdarg.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "base/journal.h"
#include "proc.h"
#include "spool/ending.h"

#define UNCHANGED_S 1000

static gint64 monotonic_us, real_us;
static int lease_failure; /* errno; 0: there are leases, and nobody writes */
static int n_leases;      /* that we hold */
static uint32_t f_type;   /* the file system's; 0: it cannot be asked for */
static bool has_events;

/* These stand in libc's and GLib's place. */
gint64 g_get_monotonic_time(void)
{
    return monotonic_us;
}

gint64 g_get_real_time(void)
{
    return real_us;
}

int fcntl(int fd, int cmd, ...)
{
    va_list rest;

    va_start(rest, cmd);
    long argument = va_arg(rest, long);
    va_end(rest);
    if (cmd != F_SETLEASE)
        return (int)syscall(SYS_fcntl, fd, cmd, argument);
    if (lease_failure != 0) {
        errno = lease_failure;
        return -1;
    }
    g_assert_true(argument == F_RDLCK || argument == F_UNLCK);
    n_leases += argument == F_RDLCK ? 1 : -1;
    return 0;
}

int fstatfs(int fildes, struct statfs *buf)
{
    g_assert_cmpint(fildes, >=, 0);
    *buf = (struct statfs){.f_type = (__typeof__(buf->f_type))f_type};
    return f_type != 0 ? 0 : -1;
}

int inotify_init1(int flags)
{
    return has_events ? (int)syscall(SYS_inotify_init1, flags) : -1;
}

static void pass_ms(gint64 ms)
{
    monotonic_us += ms * 1000;
    real_us += ms * 1000;
}

/* Says that the file was changed so long before now. */
static void set_age(const char *path, gint64 ms)
{
    g_autofree char *whole = in_tree(path);
    gint64 at_us = real_us - ms * 1000;
    const struct timespec at = {.tv_sec = at_us / G_USEC_PER_SEC, .tv_nsec = at_us % G_USEC_PER_SEC * 1000};

    g_assert_cmpint(utimensat(AT_FDCWD, whole, (const struct timespec[]){at, at}, 0), ==, 0);
}

static void make_aged(const char *path, const char *bytes, gint64 age_ms)
{
    make_file(path, bytes, strlen(bytes));
    set_age(path, age_ms);
}

/* Nobody writes to a.pcap, which has something in it, nor to empty.pcap. Both have just been written. */
static FpEndings *begin(int its_lease_failure)
{
    begin_proc();
    monotonic_us = G_USEC_PER_SEC * G_GINT64_CONSTANT(5000);
    real_us = G_USEC_PER_SEC * G_GINT64_CONSTANT(1700000000);
    lease_failure = its_lease_failure;
    f_type = EXT4_SUPER_MAGIC;
    has_events = false;
    make_aged("a.pcap", "a", 0);
    make_aged("empty.pcap", "", 0);
    FpEndings *endings = fp_endings_new(UNCHANGED_S);
    fp_endings_begin(endings);
    return endings;
}

static void end(FpEndings *endings)
{
    g_assert_cmpint(n_leases, ==, 0);
    fp_endings_free(endings);
    end_tree();
}

static FpEnding look(FpEndings *endings, const char *path)
{
    g_autofree char *whole = in_tree(path);
    int fd = fp_ending_open(whole);
    FpEnding ending = fp_ending_of(endings, whole, fd);

    close(fd);
    return ending;
}

/* The same of a file that may not be opened. */
static FpEnding look_closed(FpEndings *endings, const char *path)
{
    g_autofree char *whole = in_tree(path);

    return fp_ending_of(endings, whole, -1);
}

static void test_lease(void)
{
    FpEndings *endings = begin(0);
    struct sigaction action;

    g_assert_cmpint(look(endings, "a.pcap"), ==, FP_ENDING_SURE);
    g_assert_false(fp_endings_must_poll(endings));
    lease_failure = EAGAIN;
    g_assert_cmpint(look(endings, "a.pcap"), ==, FP_ENDING_WRITTEN);
    g_assert_cmpint(sigaction(SIGIO, NULL, &action), ==, 0);
    g_assert_true(action.sa_handler == SIG_IGN);
    g_assert_cmpint(fp_endings_fd(endings), ==, -1);
    lease_failure = 0;
    end(endings);
}

static void test_end_or_not(void)
{
    g_assert_true(fp_ending_is_end(FP_ENDING_SURE) && fp_ending_is_end(FP_ENDING_GUESS));
    g_assert_false(fp_ending_is_end(FP_ENDING_OPEN) || fp_ending_is_end(FP_ENDING_WRITTEN));
}

static void test_no_file(void)
{
    FpEndings *endings = begin(EINVAL);
    g_autofree char *link = in_tree("link"), *fifo = in_tree("fifo");

    make_link("link", "a.pcap");
    g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
    g_assert_cmpint(look_closed(endings, "nothing"), ==, FP_ENDING_SURE);
    g_assert_cmpint(look_closed(endings, "link"), ==, FP_ENDING_SURE);
    g_assert_cmpint(look(endings, "fifo"), ==, FP_ENDING_SURE); /* and nobody waits for its writer */
    g_assert_cmpint(fp_ending_open(link), ==, -1);
    g_assert_cmpint(errno, ==, ELOOP);
    fp_endings_free(NULL);
    end(endings);
}

/* Its writer may have created it and not yet opened it. */
static void test_empty(void)
{
    FpEndings *endings = begin(0);

    g_assert_cmpint(look(endings, "empty.pcap"), ==, FP_ENDING_OPEN);
    g_assert_true(fp_endings_must_poll(endings));
    fp_endings_begin(endings);
    g_assert_false(fp_endings_must_poll(endings));
    pass_ms(10000);
    monotonic_us--;
    real_us--;
    g_assert_cmpint(look(endings, "empty.pcap"), ==, FP_ENDING_OPEN);
    real_us += G_GINT64_CONSTANT(3600) * G_USEC_PER_SEC; /* the clock is set */
    g_assert_cmpint(look(endings, "empty.pcap"), ==, FP_ENDING_OPEN);
    fp_endings_begin(endings);
    monotonic_us++;
    g_assert_cmpint(look(endings, "empty.pcap"), ==, FP_ENDING_SURE);
    g_assert_false(fp_endings_must_poll(endings));
    end(endings);
}

/* Its time is of another clock, or of one that was set. */
static void test_empty_of_the_future(void)
{
    FpEndings *endings = begin(0);

    set_age("empty.pcap", -1000000);
    g_assert_cmpint(look(endings, "empty.pcap"), ==, FP_ENDING_OPEN);
    pass_ms(9999);
    g_assert_cmpint(look(endings, "empty.pcap"), ==, FP_ENDING_OPEN);
    pass_ms(1);
    g_assert_cmpint(look(endings, "empty.pcap"), ==, FP_ENDING_SURE);
    make_aged("old.pcap", "", 10000);
    g_assert_cmpint(look(endings, "old.pcap"), ==, FP_ENDING_SURE);
    make_aged("old.pcap", "", 9999);
    g_assert_cmpint(look(endings, "old.pcap"), ==, FP_ENDING_OPEN);
    end(endings);
}

/* All processes can be seen; a file of another user's. What they have open is looked at once in each round. */
static void test_other_processes(void)
{
    FpEndings *endings = begin(EACCES);

    g_assert_cmpint(look(endings, "a.pcap"), ==, FP_ENDING_SURE);
    g_assert_cmpint(look(endings, "empty.pcap"), ==, FP_ENDING_OPEN);
    make_link("proc/1/fd/w3", "a.pcap");
    fp_endings_begin(endings);
    g_assert_cmpint(look(endings, "a.pcap"), ==, FP_ENDING_WRITTEN);
    remove_from_tree("proc/1/fd/w3");
    g_assert_cmpint(look(endings, "a.pcap"), ==, FP_ENDING_WRITTEN);
    fp_endings_begin(endings);
    g_assert_cmpint(look(endings, "a.pcap"), ==, FP_ENDING_SURE);
    namespace_link = NULL; /* there are others */
    fp_endings_begin(endings);
    g_assert_cmpint(look(endings, "a.pcap"), ==, FP_ENDING_OPEN);
    namespace_link = FIRST_NAMESPACE;
    lease_failure = EINVAL; /* other machines may write to it */
    fp_endings_begin(endings);
    g_assert_cmpint(look(endings, "a.pcap"), ==, FP_ENDING_OPEN);
    g_assert_true(fp_endings_must_poll(endings));
    end(endings);
}

/* It is unchanged for long by its own time, and for a moment by our looks; or for long by our looks. by_time_ms: what is long by its time.
 */
static void check_guess(int its_lease_failure, gint64 by_time_ms)
{
    FpEndings *endings = begin(its_lease_failure);

    namespace_link = NULL; /* there are processes that cannot be seen */
    set_age("a.pcap", by_time_ms);
    g_assert_cmpint(look(endings, "a.pcap"), ==, FP_ENDING_OPEN);
    pass_ms(FP_ENDING_POLL_MS - 1);
    g_assert_cmpint(look(endings, "a.pcap"), ==, FP_ENDING_OPEN);
    fp_endings_begin(endings);
    pass_ms(1);
    g_assert_cmpint(look(endings, "a.pcap"), ==, FP_ENDING_GUESS);
    g_assert_false(fp_endings_must_poll(endings));
    set_age("a.pcap", by_time_ms - FP_ENDING_POLL_MS - 1);
    g_assert_cmpint(look(endings, "a.pcap"), ==, FP_ENDING_OPEN);
    pass_ms(FP_ENDING_POLL_MS);
    g_assert_cmpint(look(endings, "a.pcap"), ==, FP_ENDING_OPEN);
    pass_ms(1);
    g_assert_cmpint(look(endings, "a.pcap"), ==, FP_ENDING_GUESS);
    end(endings);
}

static void test_guess(void)
{
    check_guess(EACCES, UNCHANGED_S * G_GINT64_CONSTANT(1000));
}

/* Its time is of a server's clock, which may be hours behind ours. */
static void test_guess_by_another_clock(void)
{
    check_guess(EINVAL, (UNCHANGED_S + G_GINT64_CONSTANT(86400)) * 1000);
}

static void test_guess_by_looks(void)
{
    FpEndings *endings = begin(EINVAL);

    set_age("a.pcap", -1000000);
    g_assert_cmpint(look(endings, "a.pcap"), ==, FP_ENDING_OPEN);
    pass_ms(UNCHANGED_S * G_GINT64_CONSTANT(1000) - 1);
    g_assert_cmpint(look(endings, "a.pcap"), ==, FP_ENDING_OPEN);
    pass_ms(1);
    g_assert_cmpint(look(endings, "a.pcap"), ==, FP_ENDING_GUESS);
    make_aged("a.pcap", "ab", -1000000 + UNCHANGED_S * G_GINT64_CONSTANT(1000)); /* another size, the same time */
    g_assert_cmpint(look(endings, "a.pcap"), ==, FP_ENDING_OPEN);
    pass_ms(UNCHANGED_S * G_GINT64_CONSTANT(1000));
    g_assert_cmpint(look(endings, "a.pcap"), ==, FP_ENDING_GUESS);
    set_age("a.pcap", -2000000); /* another time, the same size */
    g_assert_cmpint(look(endings, "a.pcap"), ==, FP_ENDING_OPEN);
    end(endings);
}

/* While somebody writes, too, our looks count. */
static void test_guess_after_its_writer(void)
{
    FpEndings *endings = begin(EINVAL);

    set_age("a.pcap", -1000000);
    make_link("proc/1/fd/w3", "a.pcap");
    g_assert_cmpint(look(endings, "a.pcap"), ==, FP_ENDING_WRITTEN);
    remove_from_tree("proc/1/fd/w3");
    pass_ms(UNCHANGED_S * G_GINT64_CONSTANT(1000));
    fp_endings_begin(endings);
    g_assert_cmpint(look(endings, "a.pcap"), ==, FP_ENDING_GUESS);
    end(endings);
}

/* A look counts for an hour. */
static void test_forgotten(void)
{
    FpEndings *endings = begin(EINVAL);

    set_age("a.pcap", -G_GINT64_CONSTANT(100000000));
    g_assert_cmpint(look(endings, "a.pcap"), ==, FP_ENDING_OPEN);
    pass_ms(3600000);
    fp_endings_begin(endings);
    g_assert_cmpint(look(endings, "a.pcap"), ==, FP_ENDING_GUESS);
    pass_ms(3600001);
    fp_endings_begin(endings);
    g_assert_cmpint(look(endings, "a.pcap"), ==, FP_ENDING_OPEN);
    end(endings);
}

static void test_unreadable(void)
{
    FpEndings *endings = begin(0);

    g_assert_cmpint(look_closed(endings, "a.pcap"), ==, FP_ENDING_OPEN);
    g_assert_true(fp_endings_must_poll(endings));
    pass_ms(FP_ENDING_POLL_MS - 1);
    g_assert_cmpint(look_closed(endings, "a.pcap"), ==, FP_ENDING_OPEN);
    pass_ms(1);
    g_assert_cmpint(look_closed(endings, "a.pcap"), ==, FP_ENDING_GUESS);
    end(endings);
}

static void test_events(void)
{
    FpEndings *endings = begin(EINVAL);
    g_autofree char *path = in_tree("new.pcap");

    fp_endings_free(endings);
    has_events = true;
    endings = fp_endings_new(UNCHANGED_S);
    fp_endings_watch(endings, tree);
    g_assert_cmpint(fp_endings_fd(endings), >=, 0);
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    g_assert_cmpint(look(endings, "new.pcap"), ==, FP_ENDING_WRITTEN);
    fp_endings_begin(endings);
    set_age("new.pcap", 0);
    close(fd);
    g_assert_cmpint(look(endings, "new.pcap"), ==, FP_ENDING_OPEN); /* it is empty */
    g_assert_true(fp_endings_must_poll(endings));
    make_file("new.pcap", "a", 1);
    fp_endings_update(endings);
    g_assert_cmpint(look(endings, "new.pcap"), ==, FP_ENDING_SURE);
    make_file("other.pcap", "a", 1);
    fp_endings_begin(endings); /* this notes how it is, too */
    set_age("other.pcap", 7);
    g_assert_cmpint(look(endings, "other.pcap"), ==, FP_ENDING_OPEN);
    make_file("third.pcap", "a", 1);
    fp_endings_update(endings); /* and so does this */
    set_age("third.pcap", 7);
    g_assert_cmpint(look(endings, "third.pcap"), ==, FP_ENDING_OPEN);
    end(endings);
}

/* Of hidden files, and of those that were not looked at twice, nothing is said. */
static void look_until_it_is_said(void)
{
    FpEndings *endings = begin(EINVAL);

    make_aged(".b.pcap", "b", 0);
    make_aged("c.pcap", "c", 0);
    look(endings, "a.pcap");
    look(endings, ".b.pcap");
    look(endings, "c.pcap");
    pass_ms(FP_ENDING_POLL_MS - 1);
    look(endings, "c.pcap");
    (void)!write(STDERR_FILENO, "now\n", 4);
    pass_ms(1);
    look(endings, ".b.pcap");
    look(endings, "a.pcap");
    look(endings, "a.pcap");
    look(endings, "c.pcap");
    end(endings);
}

static void test_said_once(void)
{
    if (g_test_subprocess()) {
        look_until_it_is_said();
        return;
    }
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_passed();
    g_test_trap_assert_stderr(
        "now\n*/a.pcap: nobody can tell whether it is still being written*after 1000 seconds without a change (--unchanged)\n");
    g_test_trap_assert_stderr_unmatched("*b.pcap*");
    g_test_trap_assert_stderr_unmatched("*c.pcap*");
}

static bool has_leases(const char *path, int its_failure)
{
    g_autofree char *whole = in_tree(path);

    lease_failure = its_failure;
    n_leases = 0;
    bool has_leases = fp_ending_has_leases(whole);
    g_assert_cmpint(n_leases, ==, 0);
    return has_leases;
}

static void test_leases_of_a_file_system(void)
{
    FpEndings *endings = begin(0);

    g_assert_true(has_leases("a.pcap", 0));
    g_assert_true(has_leases("a.pcap", EAGAIN));
    g_assert_true(has_leases("a.pcap", EACCES));
    g_assert_false(has_leases("a.pcap", EINVAL));
    g_assert_true(has_leases("nothing", EINVAL));
    end(endings);
}

/* Of what is written behind a file system, or by other machines, a lease tells nothing; of what is written here, it does. */
static void test_leases_that_say_nothing(void)
{
    static const uint32_t types[] = {AFS_FS_MAGIC,     AFS_SUPER_MAGIC,   CEPH_SUPER_MAGIC, CODA_SUPER_MAGIC,
                                     FUSE_SUPER_MAGIC, OCFS2_SUPER_MAGIC, V9FS_MAGIC};

    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        FpEndings *endings = begin(0);
        f_type = types[i];
        g_assert_cmpint(look(endings, "a.pcap"), ==, FP_ENDING_OPEN);
        g_assert_true(fp_endings_must_poll(endings));
        g_assert_false(has_leases("a.pcap", 0));
        g_assert_false(has_leases("a.pcap", EACCES));
        g_assert_true(has_leases("a.pcap", EAGAIN));
        lease_failure = EACCES; /* that all processes of this machine can be seen is no help */
        g_assert_cmpint(look(endings, "a.pcap"), ==, FP_ENDING_OPEN);
        lease_failure = EAGAIN;
        g_assert_cmpint(look(endings, "a.pcap"), ==, FP_ENDING_WRITTEN);
        lease_failure = 0;
        pass_ms(UNCHANGED_S * G_GINT64_CONSTANT(1000));
        g_assert_cmpint(look(endings, "a.pcap"), ==, FP_ENDING_GUESS);
        end(endings);
    }
}

static void test_leases_of_other_file_systems(void)
{
    static const uint32_t types[] = {0,           NFS_SUPER_MAGIC,       XFS_SUPER_MAGIC, BTRFS_SUPER_MAGIC,
                                     TMPFS_MAGIC, OVERLAYFS_SUPER_MAGIC, SMB2_SUPER_MAGIC};

    for (size_t i = 0; i < G_N_ELEMENTS(types); i++) {
        FpEndings *endings = begin(0);
        f_type = types[i];
        g_assert_cmpint(look(endings, "a.pcap"), ==, FP_ENDING_SURE);
        g_assert_true(has_leases("a.pcap", 0));
        end(endings);
    }
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fp_journal_begin();
    g_test_add_func("/ending/lease", test_lease);
    g_test_add_func("/ending/end-or-not", test_end_or_not);
    g_test_add_func("/ending/no-file", test_no_file);
    g_test_add_func("/ending/empty", test_empty);
    g_test_add_func("/ending/empty-of-the-future", test_empty_of_the_future);
    g_test_add_func("/ending/other-processes", test_other_processes);
    g_test_add_func("/ending/guess", test_guess);
    g_test_add_func("/ending/guess-by-another-clock", test_guess_by_another_clock);
    g_test_add_func("/ending/guess-by-looks", test_guess_by_looks);
    g_test_add_func("/ending/guess-after-its-writer", test_guess_after_its_writer);
    g_test_add_func("/ending/forgotten", test_forgotten);
    g_test_add_func("/ending/unreadable", test_unreadable);
    g_test_add_func("/ending/events", test_events);
    g_test_add_func("/ending/said-once", test_said_once);
    g_test_add_func("/ending/leases-of-a-file-system", test_leases_of_a_file_system);
    g_test_add_func("/ending/leases-that-say-nothing", test_leases_that_say_nothing);
    g_test_add_func("/ending/leases-of-other-file-systems", test_leases_of_other_file_systems);
    return g_test_run();
}
