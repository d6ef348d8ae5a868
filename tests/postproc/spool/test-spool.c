/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-spool.c - what is claimed, under which numbers, in which order, and what waits for what. */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "arrivals.h"
#include "base/error.h"
#include "base/journal.h"
#include "spool/spool.h"

#define WAIT_S 60

static FpSpoolOptions options;
static const char *unmovable; /* the name of a file of the inbox that cannot be moved, and why */
static int move_failure;
static unsigned n_moves;              /* that were tried of it */
static void (*before_move)(void);     /* what somebody does before */
static const char *of_another_device; /* a folder */

/* These stand in libc's place. */
int renameat2(int oldfd, const char *old, int newfd, const char *new, unsigned flags)
{
    g_autofree char *name = g_path_get_basename(old);

    if (g_strcmp0(name, unmovable) == 0) {
        n_moves++;
        if (before_move != NULL)
            before_move();
        errno = move_failure;
        if (move_failure != 0)
            return -1;
    }
    return (int)syscall(SYS_renameat2, oldfd, old, newfd, new, flags);
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
    begin_world();
    make_folder("state");
    make_file("state/lock", "", 0);
    options =
        (FpSpoolOptions){.inbox = in_tree("in"), .state = in_tree("state"), .then = FP_THEN_ARCHIVE, .unchanged_s = 30, .wait_s = WAIT_S};
    unmovable = of_another_device = NULL;
    move_failure = 0;
    n_moves = 0;
    before_move = NULL;
}

static void end(FpSpool *spool)
{
    fp_spool_free(spool);
    g_free((char *)options.inbox);
    g_free((char *)options.state);
    end_tree();
}

static FpSpool *open_spool(void)
{
    g_autoptr(GError) error = NULL;
    FpSpool *spool = fp_spool_open(&options, &error);

    g_assert_no_error(error);
    g_assert_nonnull(spool);
    return spool;
}

static void check_does_not_open(FpError code, const char *what)
{
    g_autoptr(GError) error = NULL;

    g_assert_null(fp_spool_open(&options, &error));
    g_assert_error(error, FP_ERROR, (int)code);
    g_assert_nonnull(strstr(error->message, what));
}

/* These are the claims: number, how much was taken before if any, and name of each; its path has all that. */
static void check_claims(const FpSpool *spool, const char *expected)
{
    GString *claims = g_string_new("");

    for (guint i = 0; i < fp_spool_n_claims(spool); i++) {
        const FpClaim *claim = fp_spool_claim_at(spool, i);
        g_autofree char *before = claim->records_before > 0 ? g_strdup_printf("+%u", (unsigned)claim->records_before) : g_strdup("");
        g_autofree char *file = g_strdup_printf("%016u%s-%s", (unsigned)claim->number, before, claim->name);
        g_autofree char *path = claim->identity != 0 ? in_inbox(claim->name) : g_build_filename(tree, "state", "claim", file, NULL);
        g_assert_cmpstr(claim->path, ==, path);
        g_string_append_printf(claims, "%s%u%s %s", i > 0 ? ", " : "", (unsigned)claim->number, before, claim->name);
    }
    g_assert_cmpstr(claims->str, ==, expected);
    g_string_free(claims, TRUE);
}

static void claim(FpSpool *spool, uint64_t after)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(fp_spool_claim(spool, after, NULL, &error));
    g_assert_no_error(error);
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
    end(NULL);
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
    end(NULL);
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
    end(NULL);
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
    end(spool);
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
    claim(spool, 7);
    g_assert_cmpuint(fp_spool_highest(spool), ==, 30);
    claim(spool, 40);
    make_capture("a.pcap", 5);
    claim(spool, 40);
    check_claims(spool, "41 a.pcap");
    g_assert_cmpuint(fp_spool_highest(spool), ==, 41);
    end(spool);
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
    claim(spool, 0);
    g_autofree char *longest_b = g_strdup(longer + 1);
    expected = g_strdup_printf("1 %s, 2 %s, 3 %s", longest, longest_b, dotted + 5);
    check_claims(spool, expected);
    memset(longer + 1, '.', FP_SPOOL_NAME_BYTES);
    make_capture(longer, 4); /* something is left */
    g_free(expected);
    expected = g_strdup_printf("1 %s, 2 %s, 3 %s, 4 .", longest, longest_b, dotted + 5);
    claim(spool, 3);
    check_claims(spool, expected);
    longer[FP_SPOOL_NAME_BYTES] = 'x';
    make_capture(longer, 5);
    g_free(expected);
    expected = g_strdup_printf("1 %s, 2 %s, 3 %s, 4 ., 5 x", longest, longest_b, dotted + 5);
    claim(spool, 4);
    check_claims(spool, expected);
    end(spool);
}

static void test_order(void)
{
    begin();
    FpSpool *spool = open_spool();
    make_capture("b.pcap", 5);
    make_capture("c.pcap", 6);
    claim(spool, 0);
    check_claims(spool, "1 b.pcap, 2 c.pcap");
    g_assert_true(fp_spool_claim_at(spool, 0)->is_sure);
    g_assert_cmpuint(fp_spool_backlog_bytes(spool), ==, 88);
    make_capture("d.pcap", 7);
    claim(spool, 0);
    check_claims(spool, "1 b.pcap, 2 c.pcap, 3 d.pcap");
    make_capture("a.pcap", 3);
    claim(spool, 1); /* the first stays what it is */
    check_claims(spool, "1 b.pcap, 5 a.pcap, 6 c.pcap, 7 d.pcap");
    make_capture("z.pcap", 1);
    claim(spool, 7);
    check_claims(spool, "1 b.pcap, 5 a.pcap, 6 c.pcap, 7 d.pcap, 8 z.pcap");
    make_capture("y.pcap", 1);
    claim(spool, 0);
    check_claims(spool, "10 y.pcap, 11 z.pcap, 12 a.pcap, 13 b.pcap, 14 c.pcap, 15 d.pcap");
    end(spool);
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
    claim(spool, 0);
    check_claims(spool, "5 c.pcap, 6+1 b.pcap");
    make_capture("a.pcap", 3);
    claim(spool, 0);
    check_claims(spool, "8 a.pcap, 9 c.pcap, 10+1 b.pcap");
    end(spool);
}

static void test_cannot_be_renumbered(void)
{
    begin();
    FpSpool *spool = open_spool();
    make_capture("b.pcap", 5);
    claim(spool, 0);
    make_capture("a.pcap", 3);
    unmovable = "0000000000000001-b.pcap";
    move_failure = EIO;
    check_cannot_claim(spool, "cannot be put behind an older one");
    unmovable = NULL;
    claim(spool, 0);
    g_assert_cmpstr(fp_spool_claim_at(spool, 0)->name, ==, "a.pcap");
    g_assert_cmpstr(fp_spool_claim_at(spool, 1)->name, ==, "b.pcap");
    end(spool);
}

static void test_keep(void)
{
    begin();
    options.then = FP_THEN_KEEP;
    FpSpool *spool = open_spool();
    make_capture("b.pcap", 5);
    claim(spool, 0);
    claim(spool, 0); /* not once more */
    check_claims(spool, "1 b.pcap");
    g_assert_true(fp_spool_claim_at(spool, 0)->is_sure);
    make_capture("a.pcap", 3);
    claim(spool, 0);
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
    claim(spool, 4);
    world.now_us += G_GINT64_CONSTANT(1000) * G_USEC_PER_SEC;
    claim(spool, 4);
    check_claims(spool, "5 a.pcap, 6 b.pcap");
    g_assert_false(fp_spool_claim_at(spool, 0)->is_sure);
    end(spool);
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
    claim(spool, 0);
    check_claims(spool, "1 a.pcap.gz, 2 b.pcap");
    end(spool);
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
    claim(spool, 0);
    check_claims(spool, "1 b.pcap");
    g_assert_cmpuint(n_moves, ==, 4);
    end(spool);
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
    claim(spool, 0);
    g_assert_false(fp_spool_claim_at(spool, 0)->is_sure);
    g_assert_true(fp_spool_is_finished(spool, 0));
    g_assert_true(fp_spool_claim_at(spool, 0)->is_sure);
    before_move = touch;
    make_capture("a.pcap", 6);
    claim(spool, 0);
    check_claims(spool, "1 a.pcap, 2 a.pcap");
    g_assert_false(fp_spool_claim_at(spool, 1)->is_sure);
    end(spool);
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
    claim(spool, 0);
    check_claims(spool, "1 b.pcap");
    claim(spool, 0);
    make_capture("c.pcap", 6);
    unmovable = "c.pcap";
    move_failure = EACCES;
    claim(spool, 0);
    g_assert_cmpuint(fp_spool_n_claims(spool), ==, 2);
    unmovable = NULL;
    claim(spool, 0);
    g_assert_cmpuint(fp_spool_n_claims(spool), ==, 3);
    end(spool);
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
                              "*/in/c.pcap: cannot be moved into the state folder: Permission denied; it is left out until it can\n");
    g_test_trap_assert_stderr_unmatched("*a.pcap*a.pcap*");
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
    unmovable = NULL;
    remove_from_tree("state/claim");
    check_cannot_claim(spool, "in/a.pcap: cannot be moved into the state folder"); /* it is not the file that is gone */
    remove_from_tree("in/a.pcap");
    remove_from_tree("in/b.pcap");
    remove_from_tree("in");
    g_assert_false(fp_spool_claim(spool, 0, NULL, NULL));
    end(spool);
}

static FpSpool *begin_following(void)
{
    begin();
    options.follows = true;
    world.written = "a.pcap";
    return open_spool();
}

static void test_follow(void)
{
    FpSpool *spool = begin_following();

    claim(spool, 0);
    g_assert_false(fp_spool_is_beginning(spool));
    make_file("in/a.pcap", "", 0);
    world.n_looks = 1;
    claim(spool, 0);
    check_claims(spool, "");
    g_assert_true(fp_spool_is_beginning(spool));
    make_capture("a.pcap", 5);
    world.n_looks = 1;
    claim(spool, 0);
    check_claims(spool, "1 a.pcap");
    g_assert_false(fp_spool_is_beginning(spool));
    g_assert_false(fp_spool_claim_at(spool, 0)->is_sure);
    make_capture("a.pcap", 6);
    world.n_looks = 1;
    claim(spool, 0); /* there is one */
    check_claims(spool, "1 a.pcap");
    world.n_looks = 0;
    fp_spool_free(spool);
    remove_from_tree("state/claim/0000000000000001-a.pcap");
    options.follows = false;
    spool = open_spool();
    world.n_looks = 1;
    claim(spool, 0);
    check_claims(spool, "");
    g_assert_false(fp_spool_is_beginning(spool));
    end(spool);
}

/* Of two, the older one. */
static void test_follow_one(void)
{
    FpSpool *spool = begin_following();
    g_autofree char *path = in_inbox("a.pcap"), *other = in_inbox("b.pcap");

    make_capture("a.pcap", 5);
    g_assert_cmpint(link(path, other), ==, 0);
    world.n_looks = 2;
    claim(spool, 0);
    check_claims(spool, "1 a.pcap");
    end(spool);
}

/* One that has killed the watcher three times is not opened any more. */
static void test_follow_none_that_kills(void)
{
    FpSpool *spool = begin_following();
    g_autofree char *path = in_inbox("a.pcap");

    make_capture("a.pcap", 5);
    for (unsigned i = 0; i < 3; i++) {
        FpAttempts *attempts = fp_attempts_open(options.state, NULL);
        fp_attempts_begin(attempts, path);
        fp_attempts_free(attempts);
    }
    FpAttempts *attempts = fp_attempts_open(options.state, NULL);
    fp_spool_set_attempts(spool, attempts);
    world.unopenable = "a.pcap";
    world.n_looks = 2;
    claim(spool, 0);
    check_claims(spool, "");
    g_assert_cmpuint(world.n_opened, ==, 0);
    fp_attempts_free(attempts);
    end(spool);
}

static void check_begins_to_wait(FpSpool *spool)
{
    make_capture("a.pcap", 3);
    make_capture("b.pcap", 5);
    world.written = "a.pcap";
    world.n_looks = 2;
    claim(spool, 0);
    check_claims(spool, "1 b.pcap");
    g_assert_null(fp_spool_waits_text(spool));
    g_assert_false(fp_spool_must_poll(spool));
    g_assert_true(fp_spool_is_held(spool, 0));
    g_assert_true(fp_spool_must_poll(spool));
    world.now_us += (WAIT_S - 1) * G_USEC_PER_SEC;
    g_autofree char *text = fp_spool_waits_text(spool);
    g_assert_cmpstr(text, ==, "a.pcap, for 59 of at most 60 seconds");
}

/* A younger one waits for an older one that is not finished, but not for ever. */
static void wait_for_it(void)
{
    begin();
    FpSpool *spool = open_spool();
    check_begins_to_wait(spool);
    world.n_looks = 1;
    claim(spool, 0);
    g_assert_true(fp_spool_is_held(spool, 0));
    world.unopenable = "a.pcap"; /* its age is known */
    world.open_failure = EMFILE;
    g_assert_true(fp_spool_is_held(spool, 0));
    world.unopenable = NULL;
    g_assert_cmpuint(fp_spool_n_waits_over(spool), ==, 0);
    world.now_us += G_USEC_PER_SEC;
    world.n_looks = 1;
    claim(spool, 0);
    g_assert_false(fp_spool_is_held(spool, 0));
    g_assert_cmpuint(fp_spool_n_waits_over(spool), ==, 1);
    g_assert_null(fp_spool_waits_text(spool));
    end(spool);
}

static void test_held(void)
{
    if (g_test_subprocess()) {
        wait_for_it();
        return;
    }
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_passed();
    g_test_trap_assert_stderr(
        "*a.pcap: is older than others, and not finished; they are taken before it, after waiting for 60 seconds (--wait)\n");
}

static void test_not_held(void)
{
    begin();
    FpSpool *spool = open_spool();
    make_capture("a.pcap", 7);
    make_capture("b.pcap", 5);
    world.written = "a.pcap";
    world.n_looks = 2;
    claim(spool, 0);
    check_claims(spool, "1 b.pcap");
    g_assert_false(fp_spool_is_held(spool, 0));
    world.n_looks = 1;
    claim(spool, 0);
    world.unopenable = "a.pcap"; /* nobody can tell now */
    world.open_failure = EMFILE;
    g_assert_true(fp_spool_is_held(spool, 0));
    world.unopenable = NULL;
    g_assert_false(fp_spool_is_held(spool, 0));
    end(spool);
}

/* A claim that is still being written is put behind the others after a while. */
static void test_late(void)
{
    begin();
    FpSpool *spool = open_spool();
    make_capture("a.pcap", 3);
    make_capture("b.pcap", 5);
    claim(spool, 0);
    fp_spool_note_unfinished(spool, 1); /* nobody waits for the last */
    g_assert_null(fp_spool_waits_text(spool));
    fp_spool_note_unfinished(spool, 0);
    g_autofree char *text = fp_spool_waits_text(spool);
    g_assert_cmpstr(text, ==, "a.pcap, for 0 of at most 60 seconds");
    claim(spool, 0);
    claim(spool, 0); /* it is still there */
    world.now_us += WAIT_S * G_USEC_PER_SEC;
    claim(spool, 0);
    check_claims(spool, "1 a.pcap, 2 b.pcap");
    fp_spool_note_unfinished(spool, 0);
    g_assert_cmpuint(fp_spool_n_waits_over(spool), ==, 1);
    claim(spool, 0);
    check_claims(spool, "3 b.pcap, 4 a.pcap");
    make_capture("c.pcap", 7);
    claim(spool, 0);
    check_claims(spool, "3 b.pcap, 6 c.pcap, 7 a.pcap");
    fp_spool_note_unfinished(spool, 2);
    end(spool);
}

/* A finished capture that matches only when compressed lies there in vain. */
static void leave_unmatched(void)
{
    begin();
    options.match = "*.gz";
    FpSpool *spool = open_spool();
    make_capture("a.pcap", 3);
    make_capture(".b.pcap", 3);
    make_file("in/c.pcap", "", 0);
    make_file("in/d.txt", "text", 4);
    make_capture("e.pcap", 3);
    world.written = "e.pcap";
    world.n_looks = 1;
    claim(spool, 0);
    g_assert_cmpuint(fp_spool_n_unmatched(spool), ==, 1);
    world.now_us += 59 * G_USEC_PER_SEC;
    world.n_looks = 1;
    claim(spool, 0);
    (void)!write(STDERR_FILENO, "one\n", 4);
    world.now_us += G_USEC_PER_SEC;
    world.n_looks = 1;
    claim(spool, 0);
    (void)!write(STDERR_FILENO, "two\n", 4);
    world.n_looks = 1;
    claim(spool, 0);
    (void)!write(STDERR_FILENO, "three\n", 6);
    fp_spool_note_unmatched(spool, true);
    end(spool);
}

static void test_unmatched(void)
{
    if (g_test_subprocess()) {
        leave_unmatched();
        return;
    }
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_passed();
    g_test_trap_assert_stderr(
        "one\n*a.pcap: does not match (--match), and nobody has compressed it; it is left where it is, after waiting "
        "for 60 seconds\ntwo\nthree\n*a.pcap: does not match (--match), and nobody has compressed it; it is left where "
        "it is\n");
    g_test_trap_assert_stderr_unmatched("*pcap:*pcap:*pcap:*");
    g_test_trap_assert_stderr_unmatched("*[bcde].pcap*");
}

static void check_lease_tells(FpSpool *spool)
{
    make_capture("a.pcap", 3);
    claim(spool, 0);
    world.lease_failure = EINVAL; /* what was known when it was claimed holds */
    g_assert_true(fp_spool_is_finished(spool, 0));
    g_assert_true(fp_spool_claim_at(spool, 0)->is_sure);
    world.lease_failure = EAGAIN;
    g_assert_false(fp_spool_is_finished(spool, 0));
    g_assert_false(fp_spool_claim_at(spool, 0)->is_sure);
    world.lease_failure = 0;
    g_assert_true(fp_spool_is_finished(spool, 0));
    g_assert_true(fp_spool_claim_at(spool, 0)->is_sure);
}

static void test_finished(void)
{
    begin();
    FpSpool *spool = open_spool();
    check_lease_tells(spool);
    make_long_capture("state/claim/0000000000000001-a.pcap", 3, 2);
    world.lease_failure = EINVAL;
    g_assert_true(fp_spool_is_finished(spool, 0)); /* it was closed while we watched */
    g_assert_true(fp_spool_claim_at(spool, 0)->is_sure);
    set_time("state/claim/0000000000000001-a.pcap", 100, 0);
    g_assert_false(fp_spool_is_finished(spool, 0));
    g_assert_cmpuint(fp_spool_claim_at(spool, 0)->bytes, ==, 44);
    fp_spool_note_finished(spool, 0);
    g_assert_cmpuint(fp_spool_claim_at(spool, 0)->bytes, ==, 64);
    world.now_us += G_GINT64_CONSTANT(2000000000) * G_USEC_PER_SEC; /* a guess */
    g_assert_true(fp_spool_is_finished(spool, 0));
    g_assert_false(fp_spool_claim_at(spool, 0)->is_sure);
    end(spool);
}

static void test_reading(void)
{
    begin();
    FpSpool *spool = open_spool();
    make_capture("a.pcap", 3);
    claim(spool, 0);
    g_assert_cmpint(fp_spool_claim_at(spool, 0)->fd, ==, -1);
    g_assert_true(fp_spool_begin_reading(spool, 0, NULL));
    g_assert_cmpint(fp_spool_claim_at(spool, 0)->fd, >=, 0);
    fp_spool_end_reading(spool, 0);
    g_assert_cmpint(fp_spool_claim_at(spool, 0)->fd, ==, -1);
    g_assert_cmpint(fp_spool_fd(spool), >=, 0);
    g_assert_false(fp_spool_must_poll(spool));
    make_file("in/new.pcap", "", 0); /* perhaps somebody is about to write to it */
    claim(spool, 0);
    g_assert_true(fp_spool_must_poll(spool));
    end(spool);
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
    g_test_add_func("/spool/cannot-be-renumbered", test_cannot_be_renumbered);
    g_test_add_func("/spool/keep", test_keep);
    g_test_add_func("/spool/renamed", test_renamed);
    g_test_add_func("/spool/gone", test_gone);
    g_test_add_func("/spool/changed-at-the-last-moment", test_changed_at_the_last_moment);
    g_test_add_func("/spool/immovable", test_immovable);
    g_test_add_func("/spool/cannot-be-claimed", test_cannot_be_claimed);
    g_test_add_func("/spool/follow", test_follow);
    g_test_add_func("/spool/follow-one", test_follow_one);
    g_test_add_func("/spool/follow-none-that-kills", test_follow_none_that_kills);
    g_test_add_func("/spool/held", test_held);
    g_test_add_func("/spool/not-held", test_not_held);
    g_test_add_func("/spool/late", test_late);
    g_test_add_func("/spool/unmatched", test_unmatched);
    g_test_add_func("/spool/finished", test_finished);
    g_test_add_func("/spool/reading", test_reading);
    return g_test_run();
}
