/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-spool-dispose.c - what becomes of claims that were taken, that were written to since, or that cannot be taken. */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "arrivals.h"
#include "base/error.h"
#include "base/journal.h"
#include "spool/compressed-copies.h"
#include "spool/spool.h"

static const char *undeletable; /* the name of a file that cannot be deleted, and why */
static int delete_failure;

/* Stands in libc's place. */
int unlink(const char *name)
{
    g_autofree char *base = g_path_get_basename(name);

    errno = delete_failure;
    return g_strcmp0(base, undeletable) == 0 ? -1 : unlinkat(AT_FDCWD, name, 0);
}

static FpSpool *open_as(FpThen then, bool deletes_guesses)
{
    g_autofree char *inbox = in_tree("in"), *state = in_tree("state");
    g_autoptr(GError) error = NULL;
    FpSpool *spool = fp_spool_open(
        &(FpSpoolOptions){.inbox = inbox, .state = state, .then = then, .deletes_guesses = deletes_guesses, .unchanged_s = 30}, &error);

    g_assert_no_error(error);
    return spool;
}

/* With two captures in the inbox. */
static FpSpool *begin(FpThen then)
{
    begin_world();
    make_folder("state");
    make_file("state/lock", "", 0);
    make_capture("a.pcap", 5);
    make_capture("b.pcap", 6);
    undeletable = NULL;
    delete_failure = 0;
    return open_as(then, false);
}

static void end(FpSpool *spool)
{
    fp_spool_free(spool);
    end_tree();
}

static void claim(FpSpool *spool)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(fp_spool_claim(spool, fp_spool_highest(spool), NULL, &error));
    g_assert_no_error(error);
}

static void take(FpSpool *spool, guint i)
{
    fp_spool_note_taken(spool, i, 1, fp_compressed_copies_beginning(fp_spool_claim_at(spool, i)->path));
}

/* Claims both, and takes them. */
static void claim_and_take(FpSpool *spool)
{
    claim(spool);
    g_assert_cmpuint(fp_spool_n_claims(spool), ==, 2);
    take(spool, 0);
    take(spool, 1);
}

static void dispose(FpSpool *spool, uint64_t number)
{
    g_autoptr(GError) error = NULL;

    g_assert_true(fp_spool_dispose(spool, number, &error));
    g_assert_no_error(error);
}

static void check_cannot_dispose(FpSpool *spool, uint64_t number, const char *what)
{
    g_autoptr(GError) error = NULL;

    g_assert_false(fp_spool_dispose(spool, number, &error));
    g_assert_error(error, FP_ERROR, FP_ERROR_IO);
    g_assert_nonnull(strstr(error->message, what));
}

/* The only claim there is. */
static void check_claim(const FpSpool *spool, uint64_t number, uint64_t records_before, const char *name)
{
    g_assert_cmpuint(fp_spool_n_claims(spool), ==, 1);
    const FpClaim *claim = fp_spool_claim_at(spool, 0);
    g_assert_cmpuint(claim->number, ==, number);
    g_assert_cmpuint(claim->records_before, ==, records_before);
    g_assert_true(g_str_has_suffix(claim->path, name));
    g_assert_true(g_file_test(claim->path, G_FILE_TEST_EXISTS));
}

static void check_contents(const char *path, const char *expected)
{
    g_autofree char *whole = in_tree(path), *text = NULL;

    g_assert_true(g_file_get_contents(whole, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, expected);
}

static void test_archive(void)
{
    FpSpool *spool = begin(FP_THEN_ARCHIVE);

    claim_and_take(spool);
    dispose(spool, 1);
    g_assert_true(is_in_tree("state/done/0000000000000001-a.pcap"));
    check_claim(spool, 2, 0, "/0000000000000002-b.pcap");
    g_assert_cmpuint(fp_spool_archive_bytes(spool), ==, 44);
    dispose(spool, 1);
    check_claim(spool, 2, 0, "/0000000000000002-b.pcap");
    dispose(spool, 50);
    g_assert_true(is_in_tree("state/done/0000000000000002-b.pcap"));
    g_assert_cmpuint(fp_spool_n_claims(spool), ==, 0);
    g_assert_cmpuint(fp_spool_highest(spool), ==, 50);
    dispose(spool, 7);
    g_assert_cmpuint(fp_spool_highest(spool), ==, 50);
    end(spool);
}

static void test_cannot_be_archived(void)
{
    FpSpool *spool = begin(FP_THEN_ARCHIVE);

    claim_and_take(spool);
    make_folder("state/done/0000000000000002-b.pcap");
    check_cannot_dispose(spool, 2, "0000000000000002-b.pcap: cannot be moved to the archive");
    check_claim(spool, 2, 0, "/0000000000000002-b.pcap"); /* the first is done with */
    world.unlookable = "0000000000000002-b.pcap";
    world.look_failure = EACCES;
    check_cannot_dispose(spool, 2, "0000000000000002-b.pcap: cannot be looked at");
    world.look_failure = ENOENT; /* it is gone: nothing can be added to it */
    remove_from_tree("state/done/0000000000000002-b.pcap");
    remove_from_tree("state/claim/0000000000000002-b.pcap");
    dispose(spool, 2);
    g_assert_cmpuint(fp_spool_n_claims(spool), ==, 0);
    end(spool);
}

static void test_delete(void)
{
    FpSpool *spool = begin(FP_THEN_DELETE);

    claim_and_take(spool);
    undeletable = "0000000000000001-a.pcap";
    delete_failure = EPERM;
    check_cannot_dispose(spool, 2, "0000000000000001-a.pcap: cannot be deleted");
    g_assert_cmpuint(fp_spool_n_claims(spool), ==, 2);
    delete_failure = ENOENT;
    dispose(spool, 2);
    g_assert_cmpuint(fp_spool_n_claims(spool), ==, 0);
    g_assert_true(is_in_tree("state/claim/0000000000000001-a.pcap"));
    g_assert_false(is_in_tree("state/claim/0000000000000002-b.pcap"));
    g_assert_cmpuint(fp_spool_archive_bytes(spool), ==, 0);
    end(spool);
}

/* Claims both where nobody can tell whether they are finished. */
static void guess(FpSpool *spool)
{
    world.lease_failure = EINVAL;
    set_changed("a.pcap", 100);
    set_changed("b.pcap", 100);
    claim(spool);
    world.now_us += G_GINT64_CONSTANT(60) * G_USEC_PER_SEC;
    claim_and_take(spool);
    g_assert_false(fp_spool_claim_at(spool, 0)->is_sure);
}

/* What may still be written is not deleted, unless that is wanted. */
static void archive_guesses(void)
{
    FpSpool *spool = begin(FP_THEN_DELETE);

    guess(spool);
    dispose(spool, 1);
    g_assert_true(is_in_tree("state/done/0000000000000001-a.pcap"));
    fp_spool_free(spool);
    spool = open_as(FP_THEN_DELETE, true);
    take(spool, 0);
    dispose(spool, 2);
    g_assert_false(is_in_tree("state/done/0000000000000002-b.pcap"));
    g_assert_false(is_in_tree("state/claim/0000000000000002-b.pcap"));
    end(spool);
}

static void check_said(const char *said)
{
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_passed();
    g_test_trap_assert_stderr(said);
}

static void test_guesses_are_not_deleted(void)
{
    if (g_test_subprocess())
        archive_guesses();
    else
        check_said("*a.pcap: nobody can tell whether it is still being written, so it is not deleted, but moved to done/; --then "
                   "delete-unsure deletes such files too\n");
}

/* Two claims of an earlier process, which was taken and committed; its checkpoint is of that time. */
static FpSpool *begin_later(FpThen then, time_t second, long ns)
{
    fp_spool_free(begin(then));
    world.has_true_changes = true;
    rename_in_tree("in/a.pcap", "state/claim/0000000000000001-a.pcap");
    rename_in_tree("in/b.pcap", "state/claim/0000000000000002-b.pcap");
    make_file("state/checkpoint.0", "", 0);
    make_file("state/checkpoint.1", "", 0);
    set_time("state/checkpoint.0", 1, 0);
    set_time("state/checkpoint.1", second, ns);
    return open_as(then, false);
}

static void test_later(void)
{
    FpSpool *spool = begin_later(FP_THEN_DELETE, G_MAXINT32, 0);

    dispose(spool, 1);
    g_assert_false(is_in_tree("state/claim/0000000000000001-a.pcap"));
    g_assert_false(is_in_tree("state/done/0000000000000001-a.pcap"));
    world.lease_failure = EAGAIN; /* somebody writes to it */
    dispose(spool, 2);
    g_assert_true(is_in_tree("state/done/0000000000000002-b.pcap"));
    end(spool);
}

/* What was written to after the commit is put aside, as nobody knows what of it was taken. */
static void put_aside(void)
{
    FpSpool *spool = begin_later(FP_THEN_ARCHIVE, 1000, 5);

    set_time("state/claim/0000000000000001-a.pcap", 1000, 4);
    set_time("state/claim/0000000000000002-b.pcap", 1000, 5);
    dispose(spool, 2);
    g_assert_true(is_in_tree("state/done/0000000000000001-a.pcap"));
    g_assert_true(is_in_tree("state/failed/0000000000000002-b.pcap"));
    check_contents("state/failed/0000000000000002-b.pcap.why",
                   "b.pcap: was written to after it was taken, and the watcher ended meanwhile; "
                   "its beginning is in the outputs, what came later is not\n");
    end(spool);
}

static void test_written_to_after_the_commit(void)
{
    if (g_test_subprocess())
        put_aside();
    else
        check_said(
            "*b.pcap: was written to after it was taken, and the watcher ended meanwhile; its beginning is in the outputs, what came "
            "later is not; it was moved to failed/\n");
}

/* Times of a file can be set, but not when that was done. */
static void test_times_set_before_the_commit(void)
{
    FpSpool *spool = begin_later(FP_THEN_ARCHIVE, 1, 0);
    g_autofree char *second = in_tree("state/claim/0000000000000002-b.pcap");
    struct stat status;

    set_time("state/claim/0000000000000001-a.pcap", G_MAXINT32, 0);
    set_time("state/claim/0000000000000002-b.pcap", G_MAXINT32, 0);
    fp_spool_free(spool);
    g_assert_cmpint(stat(second, &status), ==, 0);
    set_time("state/checkpoint.0", status.st_ctim.tv_sec, status.st_ctim.tv_nsec);
    spool = open_as(FP_THEN_ARCHIVE, false);
    dispose(spool, 2); /* the second was changed in the moment of the commit */
    g_assert_true(is_in_tree("state/failed/0000000000000002-b.pcap"));
    fp_spool_free(spool);
    rename_in_tree("state/failed/0000000000000002-b.pcap", "state/claim/0000000000000003-b.pcap");
    g_autofree char *third = in_tree("state/claim/0000000000000003-b.pcap");
    g_assert_cmpint(stat(third, &status), ==, 0);
    set_time("state/checkpoint.0", status.st_ctim.tv_sec + 1, 0);
    spool = open_as(FP_THEN_ARCHIVE, false);
    dispose(spool, 3);
    g_assert_true(is_in_tree("state/done/0000000000000003-b.pcap"));
    end(spool);
}

static void test_no_checkpoint(void)
{
    FpSpool *spool = begin_later(FP_THEN_ARCHIVE, 1, 0);

    fp_spool_free(spool);
    remove_from_tree("state/checkpoint.0");
    remove_from_tree("state/checkpoint.1");
    spool = open_as(FP_THEN_ARCHIVE, false);
    dispose(spool, 2);
    g_assert_true(is_in_tree("state/failed/0000000000000001-a.pcap"));
    end(spool);
}

/* What was added to after it was taken is taken from there on. */
static void claim_what_was_added(void)
{
    FpSpool *spool = begin(FP_THEN_ARCHIVE);

    claim_and_take(spool);
    make_long_capture("state/claim/0000000000000001-a.pcap", 5, 2);
    dispose(spool, 2);
    check_claim(spool, 3, 1, "/state/claim/0000000000000003+1-a.pcap");
    g_assert_false(fp_spool_claim_at(spool, 0)->is_taken);
    g_assert_cmpuint(fp_spool_highest(spool), ==, 3);
    take(spool, 0);
    make_long_capture("state/claim/0000000000000003+1-a.pcap", 7, 2); /* another capture in its place */
    dispose(spool, 3);
    check_claim(spool, 4, 0, "/state/claim/0000000000000004-a.pcap");
    take(spool, 0);
    set_time("state/claim/0000000000000004-a.pcap", 100, 0); /* the same bytes */
    dispose(spool, 4);
    g_assert_cmpuint(fp_spool_n_claims(spool), ==, 0);
    end(spool);
}

static void test_added_to(void)
{
    if (g_test_subprocess())
        claim_what_was_added();
    else
        check_said("*a.pcap: was written to after it was taken; what came later is taken as a capture of its own\n*a.pcap: was written to "
                   "after it was taken; what came later is taken as a capture of its own\n");
}

static void test_cannot_be_claimed_anew(void)
{
    FpSpool *spool = begin(FP_THEN_ARCHIVE);

    claim_and_take(spool);
    make_long_capture("state/claim/0000000000000001-a.pcap", 5, 2);
    make_folder("state/claim/0000000000000003+1-a.pcap");
    check_cannot_dispose(spool, 2, "a.pcap: was written to after it was taken, and cannot be claimed anew");
    g_assert_cmpuint(fp_spool_n_claims(spool), ==, 2);
    end(spool);
}

/* Another one of the same size, whose beginning differs. */
static void test_replaced(void)
{
    FpSpool *spool = begin(FP_THEN_ARCHIVE);

    claim_and_take(spool);
    make_long_capture("state/claim/0000000000000001-a.pcap", 8, 1);
    set_time("state/claim/0000000000000001-a.pcap", 100, 0);
    dispose(spool, 2);
    check_claim(spool, 3, 0, "/state/claim/0000000000000003-a.pcap");
    fp_spool_free(spool);
    spool = open_as(FP_THEN_ARCHIVE, false);
    make_capture("z.pcap", 4); /* an older one */
    g_assert_true(fp_spool_claim(spool, 0, NULL, NULL));
    g_assert_cmpuint(fp_spool_n_claims(spool), ==, 2);
    g_assert_cmpstr(fp_spool_claim_at(spool, 0)->name, ==, "z.pcap");
    end(spool);
}

/* What was claimed anew is put in order with what comes. */
static void test_order_of_what_was_added(void)
{
    FpSpool *spool = begin(FP_THEN_ARCHIVE);

    claim_and_take(spool);
    make_long_capture("state/claim/0000000000000002-b.pcap", 6, 2);
    make_long_capture("state/claim/0000000000000001-a.pcap", 5, 2);
    make_capture("c.pcap", 7);
    claim(spool);
    take(spool, 2);
    dispose(spool, 2);
    g_assert_cmpuint(fp_spool_n_claims(spool), ==, 3);
    g_assert_true(fp_spool_claim(spool, 2, NULL, NULL));
    g_assert_cmpstr(fp_spool_claim_at(spool, 0)->name, ==, "a.pcap");
    g_assert_cmpstr(fp_spool_claim_at(spool, 1)->name, ==, "b.pcap");
    g_assert_cmpstr(fp_spool_claim_at(spool, 2)->name, ==, "c.pcap");
    end(spool);
}

/* A capture that was only guessed to be finished is looked at in done/, too. */
static void test_guess_was_wrong(void)
{
    FpSpool *spool = begin(FP_THEN_ARCHIVE);

    guess(spool);
    dispose(spool, 2);
    g_assert_cmpuint(fp_spool_archive_bytes(spool), ==, 88);
    claim(spool);
    g_assert_cmpuint(fp_spool_n_claims(spool), ==, 0);
    make_long_capture("state/done/0000000000000001-a.pcap", 5, 3);
    set_time("state/done/0000000000000002-b.pcap", 200, 0); /* nothing was added */
    make_folder("state/claim/0000000000000003+1-a.pcap");
    g_assert_false(fp_spool_claim(spool, 2, NULL, NULL));
    remove_from_tree("state/claim/0000000000000003+1-a.pcap");
    claim(spool);
    check_claim(spool, 3, 1, "/state/claim/0000000000000003+1-a.pcap");
    g_assert_cmpuint(fp_spool_archive_bytes(spool), ==, 44);
    make_long_capture("state/done/0000000000000001-a.pcap", 5, 4); /* it is none of them any more */
    remove_from_tree("state/done/0000000000000002-b.pcap");        /* nor is what is gone */
    claim(spool);
    g_assert_cmpuint(fp_spool_n_claims(spool), ==, 1);
    end(spool);
}

/* One that is known to be finished, or that was never taken, is not. */
static void test_no_guess(void)
{
    FpSpool *spool = begin(FP_THEN_ARCHIVE);

    claim_and_take(spool);
    dispose(spool, 2);
    make_long_capture("state/done/0000000000000001-a.pcap", 5, 3);
    claim(spool);
    g_assert_cmpuint(fp_spool_n_claims(spool), ==, 0);
    fp_spool_free(spool);
    end_tree();
    spool = begin_later(FP_THEN_ARCHIVE, G_MAXINT32, 0);
    dispose(spool, 2);
    make_long_capture("state/done/0000000000000001-a.pcap", 5, 3);
    claim(spool);
    g_assert_cmpuint(fp_spool_n_claims(spool), ==, 0);
    end(spool);
}

/* The oldest of 257 is looked at no longer. */
static void test_many_guesses(void)
{
    FpSpool *spool = begin(FP_THEN_ARCHIVE);

    remove_from_tree("in/b.pcap");
    world.lease_failure = EINVAL;
    for (unsigned i = 0; i < 257; i++) {
        g_autofree char *name = g_strdup_printf("%03u.pcap", i);
        if (i > 0)
            make_capture(name, 5 + i);
        set_changed(i > 0 ? name : "a.pcap", 100);
    }
    claim(spool);
    world.now_us += G_GINT64_CONSTANT(60) * G_USEC_PER_SEC;
    claim(spool);
    g_assert_cmpuint(fp_spool_n_claims(spool), ==, 257);
    for (guint i = 0; i < 257; i++)
        take(spool, i);
    dispose(spool, 257);
    make_long_capture("state/done/0000000000000001-a.pcap", 5, 3);
    make_long_capture("state/done/0000000000000002-001.pcap", 6, 3);
    claim(spool);
    check_claim(spool, 258, 1, "-001.pcap");
    end(spool);
}

/* One that has killed the watcher three times is not read to compare its beginning. */
static void test_not_compared(void)
{
    FpSpool *spool = begin(FP_THEN_ARCHIVE);
    g_autofree char *path = in_tree("state/claim/0000000000000001-a.pcap"), *state = in_tree("state");

    claim_and_take(spool);
    make_long_capture("state/claim/0000000000000001-a.pcap", 5, 2);
    for (unsigned i = 0; i < 3; i++) {
        FpAttempts *attempts = fp_attempts_open(state, NULL);
        fp_attempts_begin(attempts, path);
        fp_attempts_free(attempts);
    }
    FpAttempts *attempts = fp_attempts_open(state, NULL);
    fp_spool_set_attempts(spool, attempts);
    dispose(spool, 2);
    check_claim(spool, 3, 0, "/state/claim/0000000000000003-a.pcap");
    fp_attempts_free(attempts);
    end(spool);
}

static void test_keep(void)
{
    FpSpool *spool = begin(FP_THEN_KEEP);

    claim_and_take(spool);
    make_long_capture("in/a.pcap", 5, 2);
    dispose(spool, 1);
    g_assert_true(is_in_tree("in/a.pcap"));
    check_claim(spool, 2, 0, "/in/b.pcap");
    g_assert_true(fp_spool_fail(spool, 0, "it is damaged", NULL));
    g_assert_true(is_in_tree("in/b.pcap"));
    g_assert_false(is_in_tree("state/failed/0000000000000002-b.pcap.why"));
    g_assert_cmpuint(fp_spool_n_claims(spool), ==, 0);
    fp_spool_free(spool);
    end_tree();
    spool = begin_later(FP_THEN_KEEP, G_MAXINT32, 0); /* those were moved before */
    dispose(spool, 2);
    g_assert_true(is_in_tree("state/done/0000000000000001-a.pcap"));
    end(spool);
}

static void test_failed(void)
{
    FpSpool *spool = begin(FP_THEN_DELETE);

    claim(spool);
    g_assert_true(fp_spool_fail(spool, 1, "b.pcap: is \033 damaged", NULL));
    check_claim(spool, 1, 0, "/0000000000000001-a.pcap");
    g_assert_true(is_in_tree("state/failed/0000000000000002-b.pcap"));
    g_autofree char *path = in_tree("state/failed/0000000000000002-b.pcap.why"), *why = NULL;
    g_assert_true(g_file_get_contents(path, &why, NULL, NULL));
    g_assert_true(g_str_has_prefix(why, "b.pcap: is ") && g_str_has_suffix(why, " damaged\n") && strchr(why, '\033') == NULL);
    end(spool);
}

static void test_failed_where_something_is(void)
{
    FpSpool *spool = begin(FP_THEN_DELETE);
    g_autoptr(GError) error = NULL;

    claim(spool);
    g_assert_true(fp_spool_fail(spool, 1, "it is damaged", NULL));
    make_folder("state/failed/0000000000000001-a.pcap");
    g_assert_false(fp_spool_fail(spool, 0, "it is damaged", &error));
    g_assert_error(error, FP_ERROR, FP_ERROR_IO);
    g_assert_nonnull(strstr(error->message, "cannot be moved to failed/"));
    g_assert_cmpuint(fp_spool_n_claims(spool), ==, 1);
    remove_from_tree("state/failed/0000000000000001-a.pcap");
    remove_from_tree("state/claim/0000000000000001-a.pcap");
    g_assert_true(fp_spool_fail(spool, 0, "it is damaged", NULL)); /* it is gone */
    g_assert_cmpuint(fp_spool_n_claims(spool), ==, 0);
    end(spool);
}

/* The reason is written where it can be; that failed/ is gone is no reason to take the file for gone. */
static void test_failed_without_folder(void)
{
    FpSpool *spool = begin(FP_THEN_DELETE);

    umask(0);
    claim(spool);
    remove_from_tree("state/failed");
    g_assert_false(fp_spool_fail(spool, 0, "it is damaged", NULL));
    g_assert_true(is_in_tree("state/claim/0000000000000001-a.pcap"));
    g_assert_true(fp_spool_make_folders(spool, NULL));
    make_file("state/failed/0000000000000001-a.pcap.why", "another reason, which is longer\n", 32);
    g_assert_true(fp_spool_fail(spool, 0, "it is damaged", NULL));
    check_contents("state/failed/0000000000000001-a.pcap.why", "it is damaged\n");
    g_assert_true(fp_spool_fail(spool, 0, "it is damaged", NULL));
    g_autofree char *why = in_tree("state/failed/0000000000000002-b.pcap.why");
    struct stat status;
    g_assert_cmpint(stat(why, &status), ==, 0);
    g_assert_cmpuint(status.st_mode & 07777, ==, 0666);
    end(spool);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fp_journal_begin();
    g_test_add_func("/spool-dispose/archive", test_archive);
    g_test_add_func("/spool-dispose/cannot-be-archived", test_cannot_be_archived);
    g_test_add_func("/spool-dispose/delete", test_delete);
    g_test_add_func("/spool-dispose/guesses-are-not-deleted", test_guesses_are_not_deleted);
    g_test_add_func("/spool-dispose/later", test_later);
    g_test_add_func("/spool-dispose/written-to-after-the-commit", test_written_to_after_the_commit);
    g_test_add_func("/spool-dispose/times-set-before-the-commit", test_times_set_before_the_commit);
    g_test_add_func("/spool-dispose/no-checkpoint", test_no_checkpoint);
    g_test_add_func("/spool-dispose/added-to", test_added_to);
    g_test_add_func("/spool-dispose/cannot-be-claimed-anew", test_cannot_be_claimed_anew);
    g_test_add_func("/spool-dispose/replaced", test_replaced);
    g_test_add_func("/spool-dispose/order-of-what-was-added", test_order_of_what_was_added);
    g_test_add_func("/spool-dispose/guess-was-wrong", test_guess_was_wrong);
    g_test_add_func("/spool-dispose/no-guess", test_no_guess);
    g_test_add_func("/spool-dispose/many-guesses", test_many_guesses);
    g_test_add_func("/spool-dispose/not-compared", test_not_compared);
    g_test_add_func("/spool-dispose/keep", test_keep);
    g_test_add_func("/spool-dispose/failed", test_failed);
    g_test_add_func("/spool-dispose/failed-where-something-is", test_failed_where_something_is);
    g_test_add_func("/spool-dispose/failed-without-folder", test_failed_without_folder);
    return g_test_run();
}
