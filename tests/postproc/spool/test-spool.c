/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-spool.c - what is claimed, under which numbers, and in which order. */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/error.h"
#include "base/journal.h"
#include "spool-scene.h"

static const char *unmovable; /* the name of a file that cannot be moved, "" for all, and why */
static int move_failure;
static bool is_closed;                /* claim/, to this process */
static unsigned n_moves;              /* that were tried of it */
static void (*before_move)(void);     /* what somebody does before */
static const char *of_another_device; /* a folder */

/* These stand in libc's place. */
int renameat2(int oldfd, const char *old, int newfd, const char *new, unsigned flags)
{
    g_autofree char *name = g_path_get_basename(old);

    if (unmovable != NULL && (*unmovable == '\0' || g_str_equal(name, unmovable))) {
        n_moves++;
        if (before_move != NULL)
            before_move();
        errno = move_failure;
        if (move_failure != 0)
            return -1;
    }
    return (int)syscall(SYS_renameat2, oldfd, old, newfd, new, flags);
}

int faccessat(int fd, const char *file, int type, int flag)
{
    errno = EROFS;
    return is_closed && g_str_has_suffix(file, "/claim") ? -1 : (int)syscall(SYS_faccessat2, fd, file, type, flag);
}

int stat(const char *file, struct stat *buf)
{
    int done = fstatat(AT_FDCWD, file, buf, 0);

    if (done == 0 && of_another_device != NULL && g_str_has_suffix(file, of_another_device))
        buf->st_dev++;
    return done;
}

static void begin(void)
{
    begin_spool();
    unmovable = of_another_device = NULL;
    move_failure = 0;
    n_moves = 0;
    before_move = NULL;
}

static void check_does_not_open(FpError code, const char *what)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(fp_spool_open(&options, &error));
    g_assert_error(error, FP_ERROR, (int)code);
    g_assert_nonnull(strstr(error->message, what));
}

static void check_cannot_claim(FpSpool *spool, const char *what)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(fp_spool_claim(spool, 0, NULL, &error));
    g_assert_error(error, FP_ERROR, FP_ERROR_IO);
    g_assert_nonnull(strstr(error->message, what));
}

static void test_folders(void)
{
    begin();
    FpSpool *spool = open_spool();
    g_assert_true(is_in_tree("state/claim") && is_in_tree("state/done") && is_in_tree("state/failed"));
    g_assert_cmpstr(fp_spool_inbox(spool), ==, options.inbox);
    g_assert_true(g_str_has_suffix(fp_spool_claim_folder(spool), "/state/claim"));
    remove_from_tree("state/done");
    g_assert_true(fp_spool_make_folders(spool, NULL));
    g_assert_true(is_in_tree("state/done"));
    fp_spool_free(spool);
    remove_from_tree("state/failed");
    make_file("state/failed", "", 0); /* no folder */
    check_does_not_open(FP_ERROR_IO, "failed: cannot be read");
    remove_from_tree("state/failed");
    remove_from_tree("state/done");
    make_file("state/done", "", 0);
    check_does_not_open(FP_ERROR_IO, "done: cannot be read");
    remove_from_tree("state/claim");
    make_file("state/claim", "", 0);
    check_does_not_open(FP_ERROR_IO, "claim: cannot be read");
    options.state = (g_free((char *)options.state), in_tree("state/lock"));
    check_does_not_open(FP_ERROR_CANNOT_CREATE, "claim: cannot be created");
    end_spool(NULL);
}

static void test_inbox(void)
{
    begin();
    of_another_device = "/in";
    check_does_not_open(FP_ERROR_USAGE, "is on another file system than");
    options.then = FP_THEN_KEEP;
    fp_spool_free(open_spool());
    of_another_device = "/state";
    options.then = FP_THEN_ARCHIVE;
    fp_spool_free(open_spool());
    remove_from_tree("in");
    check_does_not_open(FP_ERROR_NO_INPUT, "in: cannot be opened");
    make_file("in", "", 0);
    check_does_not_open(FP_ERROR_NO_INPUT, "in: is not a folder");
    end_spool(NULL);
}

static void test_no_leases(void)
{
    begin();
    world.lease_failure = EINVAL;
    fp_spool_free(open_spool());
    options.then = FP_THEN_KEEP;
    fp_spool_free(open_spool());
    options.then = FP_THEN_DELETE;
    check_does_not_open(FP_ERROR_USAGE, "in: is on a file system without leases");
    options.deletes_guesses = true;
    fp_spool_free(open_spool());
    options.deletes_guesses = false;
    world.lease_failure = 0;
    fp_spool_free(open_spool());
    end_spool(NULL);
}

/* Claims of an earlier process. What has no number of ours is left alone. */
static void test_claims_that_are_there(void)
{
    static const char *const names[] = {"0000000000000004+12-b.pcap",  "0000000000000003-a.pcap",   "00000000000000005-c.pcap",
                                        "000000000000006-d.pcap",      "x000000000000007-e.pcap",   "0000000000000008",
                                        "0000000000000009+-f.pcap",    "0000000000000010+x-g.pcap", "0000000000000011_h.pcap",
                                        "18446744073709551615-i.pcap", "0000000000000012-",         "+0000000000000013-j.pcap"};

    begin();
    make_folder("state/claim");
    for (size_t i = 0; i < G_N_ELEMENTS(names); i++) {
        g_autofree char *path = g_build_filename("state/claim", names[i], NULL);
        make_file(path, names[i], i);
    }
    FpSpool *spool = open_spool();
    g_assert_cmpuint(fp_spool_n_claims(spool), ==, 4);
    g_assert_cmpuint(fp_spool_claim_at(spool, 0)->number, ==, 5); /* by its whole name */
    g_assert_cmpstr(fp_spool_claim_at(spool, 1)->name, ==, "a.pcap");
    g_assert_cmpuint(fp_spool_claim_at(spool, 1)->records_before, ==, 0);
    g_assert_cmpstr(fp_spool_claim_at(spool, 2)->name, ==, "b.pcap");
    g_assert_cmpuint(fp_spool_claim_at(spool, 2)->records_before, ==, 12);
    g_assert_cmpuint(fp_spool_claim_at(spool, 3)->number, ==, 12);
    g_assert_cmpuint(fp_spool_backlog_bytes(spool), ==, 2 + 1 + 0 + 10);
    g_assert_cmpuint(fp_spool_highest(spool), ==, 12);
    end_spool(spool);
}

static void test_highest(void)
{
    begin();
    make_folder("state/done");
    make_folder("state/failed");
    make_file("state/done/0000000000000020-a", "abc", 3);
    FpSpool *spool = open_spool();
    g_assert_cmpuint(fp_spool_highest(spool), ==, 20);
    g_assert_cmpuint(fp_spool_archive_bytes(spool), ==, 3);
    fp_spool_free(spool);
    make_file("state/failed/0000000000000030-a", "", 0);
    spool = open_spool();
    g_assert_cmpuint(fp_spool_highest(spool), ==, 30);
    claim_all(spool, 7);
    g_assert_cmpuint(fp_spool_highest(spool), ==, 30);
    claim_all(spool, 40);
    make_capture("a.pcap", 5);
    claim_all(spool, 40);
    check_claims(spool, "41 a.pcap");
    g_assert_cmpuint(fp_spool_highest(spool), ==, 41);
    end_spool(spool);
}

static void test_names(void)
{
    char longest[FP_SPOOL_NAME_BYTES + 1], longer[FP_SPOOL_NAME_BYTES + 2], dotted[FP_SPOOL_NAME_BYTES + 4];
    g_autofree char *expected = NULL;

    begin();
    memset(longest, 'a', sizeof longest);
    memset(longer, 'b', sizeof longer);
    memset(dotted, 'c', sizeof dotted);
    memset(dotted + 1, '.', 4);
    longest[sizeof longest - 1] = longer[sizeof longer - 1] = dotted[sizeof dotted - 1] = '\0';
    make_capture(longest, 1);
    make_capture(longer, 2);
    make_capture(dotted, 3); /* its end would be hidden */
    FpSpool *spool = open_spool();
    claim_all(spool, 0);
    g_autofree char *longest_b = g_strdup(longer + 1);
    expected = g_strdup_printf("1 %s, 2 %s, 3 %s", longest, longest_b, dotted + 5);
    check_claims(spool, expected);
    memset(longer + 1, '.', FP_SPOOL_NAME_BYTES);
    make_capture(longer, 4); /* something is left */
    g_free(expected);
    expected = g_strdup_printf("1 %s, 2 %s, 3 %s, 4 .", longest, longest_b, dotted + 5);
    claim_all(spool, 3);
    check_claims(spool, expected);
    longer[FP_SPOOL_NAME_BYTES] = 'x';
    make_capture(longer, 5);
    g_free(expected);
    expected = g_strdup_printf("1 %s, 2 %s, 3 %s, 4 ., 5 x", longest, longest_b, dotted + 5);
    claim_all(spool, 4);
    check_claims(spool, expected);
    end_spool(spool);
}

static void test_order(void)
{
    begin();
    FpSpool *spool = open_spool();
    make_capture("b.pcap", 5);
    make_capture("c.pcap", 6);
    claim_all(spool, 0);
    check_claims(spool, "1 b.pcap, 2 c.pcap");
    g_assert_true(fp_spool_claim_at(spool, 0)->is_sure);
    g_assert_cmpuint(fp_spool_backlog_bytes(spool), ==, 88);
    make_capture("d.pcap", 7);
    claim_all(spool, 0);
    check_claims(spool, "1 b.pcap, 2 c.pcap, 3 d.pcap");
    make_capture("a.pcap", 3);
    claim_all(spool, 1); /* the first stays what it is */
    check_claims(spool, "1 b.pcap, 5 a.pcap, 6 c.pcap, 7 d.pcap");
    make_capture("z.pcap", 1);
    claim_all(spool, 7);
    check_claims(spool, "1 b.pcap, 5 a.pcap, 6 c.pcap, 7 d.pcap, 8 z.pcap");
    make_capture("y.pcap", 1);
    claim_all(spool, 0);
    check_claims(spool, "10 y.pcap, 11 z.pcap, 12 a.pcap, 13 b.pcap, 14 c.pcap, 15 d.pcap");
    end_spool(spool);
}

/* Those that are there at the start are put in order: an earlier process may have ended while it gave new numbers. */
static void test_order_after_a_start(void)
{
    begin();
    make_folder("state/claim");
    make_long_capture("state/claim/0000000000000003+1-b.pcap", 5, 1);
    make_long_capture("state/claim/0000000000000004-c.pcap", 4, 1);
    FpSpool *spool = open_spool();
    world.unopenable = "0000000000000004-c.pcap";
    world.open_failure = EMFILE;
    check_cannot_claim(spool, "0000000000000004-c.pcap: cannot be read");
    world.unopenable = NULL;
    claim_all(spool, 0);
    check_claims(spool, "5 c.pcap, 6+1 b.pcap");
    make_capture("a.pcap", 3);
    claim_all(spool, 0);
    check_claims(spool, "8 a.pcap, 9 c.pcap, 10+1 b.pcap");
    end_spool(spool);
}

/* Its writer begins it between the look and the claim, which asks whether it can be followed. */
static void begin_it(void)
{
    if (world.n_opened < 2)
        return;
    world.before_open = NULL;
    make_long_capture("in/a.pcap", 10, 1);
    set_changed("a.pcap", 1000);
}

/* What was empty when it was looked at is put in order by the first record that it has now. */
static void test_order_of_one_that_was_empty(void)
{
    begin();
    options.follows = true;
    make_file("in/a.pcap", "", 0);
    set_changed("a.pcap", 1000);
    world.written = world.unopenable = "a.pcap";
    world.n_looks = 100;
    world.before_open = begin_it;
    FpSpool *spool = open_spool();
    claim_all(spool, 0);
    check_claims(spool, "1 a.pcap");
    make_capture("b.pcap", 20);
    claim_all(spool, 0);
    check_claims(spool, "1 a.pcap, 2 b.pcap");
    end_spool(spool);
}

/* The same of one that had a header alone when it was put in order before. */
static void test_order_of_one_without_records(void)
{
    begin();
    make_folder("state/claim");
    make_long_capture("state/claim/0000000000000001-a.pcap", 0, 0);
    set_time("state/claim/0000000000000001-a.pcap", 1000, 0);
    make_long_capture("state/claim/0000000000000002-b.pcap", 20, 1);
    FpSpool *spool = open_spool();
    claim_all(spool, 0);
    check_claims(spool, "3 b.pcap, 4 a.pcap");
    make_long_capture("state/claim/0000000000000004-a.pcap", 10, 1);
    make_capture("c.pcap", 30);
    claim_all(spool, 0);
    check_claims(spool, "6 a.pcap, 7 b.pcap, 8 c.pcap");
    end_spool(spool);
}

static void test_cannot_be_renumbered(void)
{
    begin();
    FpSpool *spool = open_spool();
    make_capture("b.pcap", 5);
    claim_all(spool, 0);
    make_capture("a.pcap", 3);
    unmovable = "0000000000000001-b.pcap";
    move_failure = EIO;
    check_cannot_claim(spool, "cannot be put behind an older one");
    unmovable = NULL;
    claim_all(spool, 0);
    g_assert_cmpstr(fp_spool_claim_at(spool, 0)->name, ==, "a.pcap");
    g_assert_cmpstr(fp_spool_claim_at(spool, 1)->name, ==, "b.pcap");
    end_spool(spool);
}

static void test_keep(void)
{
    begin();
    options.then = FP_THEN_KEEP;
    FpSpool *spool = open_spool();
    make_capture("b.pcap", 5);
    claim_all(spool, 0);
    claim_all(spool, 0); /* not once more */
    check_claims(spool, "1 b.pcap");
    g_assert_true(fp_spool_claim_at(spool, 0)->is_sure);
    make_capture("a.pcap", 3);
    claim_all(spool, 0);
    check_claims(spool, "3 a.pcap, 4 b.pcap");
    g_autoptr(GArray) present = fp_spool_present(spool);
    g_assert_cmpuint(present->len, >=, 2);
    fp_spool_free(spool);
    spool = open_spool();
    g_assert_true(fp_spool_claim(spool, 4, present, NULL));
    check_claims(spool, "");
    world.lease_failure = EINVAL; /* nobody can tell */
    world.now_us += G_GINT64_CONSTANT(1000) * G_USEC_PER_SEC;
    set_changed("a.pcap", 100);
    set_changed("b.pcap", 100);
    claim_all(spool, 4);
    world.now_us += G_GINT64_CONSTANT(1000) * G_USEC_PER_SEC;
    claim_all(spool, 4);
    check_claims(spool, "5 a.pcap, 6 b.pcap");
    g_assert_false(fp_spool_claim_at(spool, 0)->is_sure);
    end_spool(spool);
}

static void compress(void)
{
    rename_in_tree("in/a.pcap", "in/a.pcap.gz");
}

/* gzip has compressed it in the moment when it was to be claimed. */
static void test_renamed(void)
{
    begin();
    FpSpool *spool = open_spool();
    make_capture("a.pcap", 5);
    make_capture("b.pcap", 6);
    unmovable = "a.pcap";
    before_move = compress;
    claim_all(spool, 0);
    check_claims(spool, "1 a.pcap.gz, 2 b.pcap");
    end_spool(spool);
}

/* One that is gone each time does not hold up the others for ever. */
static void test_gone(void)
{
    begin();
    FpSpool *spool = open_spool();
    make_capture("a.pcap", 5);
    make_capture("b.pcap", 6);
    unmovable = "a.pcap";
    move_failure = ENOENT;
    claim_all(spool, 0);
    check_claims(spool, "1 b.pcap");
    g_assert_cmpuint(n_moves, ==, 4);
    end_spool(spool);
}

static void grow(void)
{
    g_autofree char *path = in_inbox("a.pcap");
    struct stat status;

    g_assert_cmpint(stat(path, &status), ==, 0);
    make_long_capture("in/a.pcap", 5, 2);
    set_time("in/a.pcap", status.st_mtim.tv_sec, status.st_mtim.tv_nsec);
}

static void touch(void)
{
    set_changed("a.pcap", 100);
}

/* What is written to between look and claim is not known to be finished. */
static void test_changed_at_the_last_moment(void)
{
    begin();
    FpSpool *spool = open_spool();
    unmovable = "a.pcap";
    before_move = grow;
    make_capture("a.pcap", 5);
    claim_all(spool, 0);
    g_assert_false(fp_spool_claim_at(spool, 0)->is_sure);
    g_assert_true(fp_spool_is_finished(spool, 0));
    g_assert_true(fp_spool_claim_at(spool, 0)->is_sure);
    before_move = touch;
    make_capture("a.pcap", 6);
    claim_all(spool, 0);
    check_claims(spool, "1 a.pcap, 2 a.pcap");
    g_assert_false(fp_spool_claim_at(spool, 1)->is_sure);
    end_spool(spool);
}

static void check_immovable(const FpSpool *spool, const char *expected)
{
    g_autofree char *text = fp_spool_immovable_text(spool);

    g_assert_cmpstr(text, ==, expected);
}

/* Immutable files, and those in a sticky folder. */
static void leave_out(void)
{
    begin();
    FpSpool *spool = open_spool();
    make_capture("a.pcap", 5);
    make_capture("b.pcap", 6);
    unmovable = "a.pcap";
    move_failure = EPERM;
    claim_all(spool, 0);
    check_claims(spool, "1 b.pcap");
    claim_all(spool, 0);
    make_capture("c.pcap", 6);
    unmovable = "c.pcap";
    move_failure = EACCES;
    claim_all(spool, 0);
    g_assert_cmpuint(fp_spool_n_claims(spool), ==, 2);
    check_immovable(spool, "c.pcap, which cannot be moved into the state folder");
    unmovable = "";
    make_capture("d.pcap", 6);
    for (int i = 0; i < 3; i++)
        claim_all(spool, 0);
    check_immovable(spool, "c.pcap and 1 others, which cannot be moved into the state folder");
    unmovable = NULL;
    claim_all(spool, 0);
    g_assert_cmpuint(fp_spool_n_claims(spool), ==, 4);
    check_immovable(spool, NULL);
    end_spool(spool);
}

static void test_immovable(void)
{
    if (g_test_subprocess()) {
        leave_out();
        return;
    }
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_passed();
    g_test_trap_assert_stderr("*/in/a.pcap: cannot be moved into the state folder: Operation not permitted; it is left out until it can\n"
                              "*/in/c.pcap: cannot be moved into the state folder: Permission denied; it is left out until it can\n"
                              "*/in/d.pcap: cannot be moved into the state folder: Permission denied; it is left out until it can\n");
    g_test_trap_assert_stderr_unmatched("*a.pcap*a.pcap*");
    g_test_trap_assert_stderr_unmatched("*c.pcap*c.pcap*");
}

static void test_cannot_be_claimed(void)
{
    begin();
    FpSpool *spool = open_spool();
    make_capture("a.pcap", 5);
    make_capture("b.pcap", 6);
    unmovable = "a.pcap";
    move_failure = EIO;
    check_cannot_claim(spool, "in/a.pcap: cannot be moved into the state folder");
    check_claims(spool, "");
    is_closed = true;
    move_failure = EPERM;
    check_cannot_claim(spool, "state/claim: captures cannot be moved into it");
    move_failure = EACCES;
    check_cannot_claim(spool, "state/claim: captures cannot be moved into it");
    is_closed = false;
    check_immovable(spool, NULL);
    unmovable = NULL;
    remove_from_tree("state/claim");
    check_cannot_claim(spool, "in/a.pcap: cannot be moved into the state folder"); /* it is not the file that is gone */
    remove_from_tree("in/a.pcap");
    remove_from_tree("in/b.pcap");
    remove_from_tree("in");
    g_assert_false(fp_spool_claim(spool, 0, NULL, NULL));
    end_spool(spool);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fp_journal_begin();
    g_test_add_func("/spool/folders", test_folders);
    g_test_add_func("/spool/inbox", test_inbox);
    g_test_add_func("/spool/no-leases", test_no_leases);
    g_test_add_func("/spool/claims-that-are-there", test_claims_that_are_there);
    g_test_add_func("/spool/highest", test_highest);
    g_test_add_func("/spool/names", test_names);
    g_test_add_func("/spool/order", test_order);
    g_test_add_func("/spool/order-after-a-start", test_order_after_a_start);
    g_test_add_func("/spool/order-of-one-that-was-empty", test_order_of_one_that_was_empty);
    g_test_add_func("/spool/order-of-one-without-records", test_order_of_one_without_records);
    g_test_add_func("/spool/cannot-be-renumbered", test_cannot_be_renumbered);
    g_test_add_func("/spool/keep", test_keep);
    g_test_add_func("/spool/renamed", test_renamed);
    g_test_add_func("/spool/gone", test_gone);
    g_test_add_func("/spool/changed-at-the-last-moment", test_changed_at_the_last_moment);
    g_test_add_func("/spool/immovable", test_immovable);
    g_test_add_func("/spool/cannot-be-claimed", test_cannot_be_claimed);
    return g_test_run();
}
