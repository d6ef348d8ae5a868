/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-spool-durable.c - which folders are synced, in which order, and what is done about files that a power cut has left two names. */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <unistd.h>

#include "arrivals.h"
#include "base/error.h"
#include "base/journal.h"
#include "spool/spool.h"

static GString *synced;        /* the names of folders */
static const char *unsyncable; /* one that cannot be */
static const char *undeletable;
static int delete_failure;

static int note_sync(int fd)
{
    g_autofree char *link = g_strdup_printf("/proc/self/fd/%d", fd), *path = g_file_read_link(link, NULL);
    g_autofree char *name = g_path_get_basename(path);

    g_string_append_printf(synced, "%s ", name);
    errno = EIO;
    return g_strcmp0(name, unsyncable) == 0 ? -1 : 0;
}

/* Stands in libc's place. */
int unlink(const char *name)
{
    g_autofree char *base = g_path_get_basename(name);

    errno = delete_failure;
    return g_strcmp0(base, undeletable) == 0 ? -1 : unlinkat(AT_FDCWD, name, 0);
}

static FpSpool *open_with(FpThen then, GError **error)
{
    g_autofree char *inbox = in_tree("in"), *state = in_tree("state");

    return fp_spool_open(&(FpSpoolOptions){.inbox = inbox, .state = state, .then = then, .unchanged_s = 30}, error);
}

static FpSpool *open_spool(FpThen then)
{
    g_autoptr(GError) error = NULL;
    FpSpool *spool = open_with(then, &error);

    g_assert_no_error(error);
    g_string_set_size(synced, 0);
    return spool;
}

static void begin(void)
{
    begin_world();
    world.sync = note_sync;
    make_folder("state/claim");
    make_folder("state/done");
    make_folder("state/failed");
    synced = g_string_new("");
    unsyncable = undeletable = NULL;
    delete_failure = 0;
}

static void end(FpSpool *spool)
{
    fp_spool_free(spool);
    g_string_free(synced, TRUE);
    end_tree();
}

static void check_syncs(FpSpool *spool, const char *expected)
{
    g_autoptr(GError) error = NULL;

    g_string_set_size(synced, 0);
    g_assert_true(fp_spool_sync(spool, &error));
    g_assert_no_error(error);
    g_assert_cmpstr(synced->str, ==, expected);
}

static void check_cannot_sync(FpSpool *spool, const char *what)
{
    g_autoptr(GError) error = NULL;
    g_autofree char *says = g_strdup_printf("/%s: cannot be synced to disk: %s", what, g_strerror(EIO));

    unsyncable = what;
    g_assert_false(fp_spool_sync(spool, &error));
    g_assert_error(error, FP_ERROR, FP_ERROR_IO);
    g_assert_true(g_str_has_suffix(error->message, says));
    unsyncable = NULL;
}

/* Where files go before where they came from. An earlier process may have moved some. */
static void test_syncs(void)
{
    begin();
    FpSpool *spool = open_spool(FP_THEN_ARCHIVE);
    check_cannot_sync(spool, "done");
    check_cannot_sync(spool, "failed");
    check_syncs(spool, "done failed claim in ");
    check_syncs(spool, "claim in ");
    check_cannot_sync(spool, "claim");
    check_cannot_sync(spool, "in");
    make_capture("a.pcap", 5);
    g_assert_true(fp_spool_claim(spool, 0, NULL, NULL));
    check_syncs(spool, "claim in ");
    g_assert_true(fp_spool_fail(spool, 0, "it is damaged", NULL));
    check_syncs(spool, "done failed claim in ");
    make_capture("b.pcap", 5);
    g_assert_true(fp_spool_claim(spool, 1, NULL, NULL));
    fp_spool_note_taken(spool, 0, 1, 1);
    g_assert_true(fp_spool_dispose(spool, 2, NULL));
    check_syncs(spool, "done failed claim in ");
    remove_from_tree("in");
    check_syncs(spool, "claim "); /* it may have vanished since */
    end(spool);
}

static void test_syncs_with_keep(void)
{
    begin();
    FpSpool *spool = open_spool(FP_THEN_KEEP);
    check_syncs(spool, "done failed ");
    check_syncs(spool, "");
    end(spool);
}

/* What was written to after it was taken moves between folders, too. */
static void test_syncs_what_is_claimed_anew(void)
{
    begin();
    FpSpool *spool = open_spool(FP_THEN_ARCHIVE);
    make_capture("a.pcap", 5);
    g_assert_true(fp_spool_claim(spool, 0, NULL, NULL));
    fp_spool_note_taken(spool, 0, 1, 1);
    check_syncs(spool, "done failed claim in ");
    make_long_capture("state/claim/0000000000000001-a.pcap", 5, 2);
    g_assert_true(fp_spool_dispose(spool, 1, NULL));
    g_assert_cmpuint(fp_spool_n_claims(spool), ==, 1);
    check_syncs(spool, "done failed claim in ");
    end(spool);
}

/* Makes a file with two names. */
static void make_both(const char *path, const char *other)
{
    g_autofree char *whole = in_tree(path), *whole_other = in_tree(other);

    make_file(path, "x", 1);
    g_assert_cmpint(link(whole, whole_other), ==, 0);
}

static void test_moved_on(void)
{
    char longest[FP_SPOOL_NAME_BYTES + 10];
    g_autofree char *in = NULL, *claim = NULL;

    begin();
    memset(longest, 'l', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    in = g_build_filename("in", longest, NULL);
    claim = g_strdup_printf("state/claim/0000000000000009-%s", longest + sizeof longest - 1 - FP_SPOOL_NAME_BYTES);
    make_both("state/claim/0000000000000001-a.pcap", "state/failed/0000000000000001-a.pcap");
    make_both("state/claim/0000000000000002+3-b.pcap", "state/failed/0000000000000002-b.pcap");
    make_both("in/c.pcap", "state/claim/0000000000000003-c.pcap");
    make_both("in/d.pcap", "state/failed/0000000000000004-d.pcap");
    make_both(in, claim);
    fp_spool_free(open_spool(FP_THEN_ARCHIVE));
    g_assert_false(is_in_tree("state/claim/0000000000000001-a.pcap"));
    g_assert_false(is_in_tree("state/claim/0000000000000002+3-b.pcap"));
    g_assert_false(is_in_tree("in/c.pcap"));
    g_assert_false(is_in_tree("in/d.pcap"));
    g_assert_false(is_in_tree(in));
    g_assert_true(is_in_tree("state/failed/0000000000000001-a.pcap"));
    g_assert_true(is_in_tree("state/failed/0000000000000002-b.pcap"));
    g_assert_true(is_in_tree("state/claim/0000000000000003-c.pcap"));
    g_assert_true(is_in_tree("state/failed/0000000000000004-d.pcap"));
    g_assert_true(is_in_tree(claim));
    end(NULL);
}

/* Other names, other files, and other folders. */
static void test_left_alone(void)
{
    begin();
    make_both("state/claim/0000000000000001-a.pcap", "state/failed/0000000000000001-b.pcap");
    make_file("state/claim/0000000000000002-c.pcap", "x", 1);
    make_file("state/failed/0000000000000002-c.pcap", "x", 1);
    make_both("in/x-1.pcap", "state/claim/0000000000000003-1.pcap");
    make_both("in/d.pcap", "in/0000000000000004-d.pcap");
    make_both("state/claim/0000000000000005-e.pcap", "state/done/0000000000000005-e.pcap");
    make_both("in/f.pcap", "elsewhere");
    make_file("state/failed/0000000000000006-f.pcap", "x", 1);
    make_file("in/g.pcap", "x", 1);
    fp_spool_free(open_spool(FP_THEN_ARCHIVE));
    g_assert_true(is_in_tree("state/claim/0000000000000001-a.pcap"));
    g_assert_true(is_in_tree("state/claim/0000000000000002-c.pcap"));
    g_assert_true(is_in_tree("in/x-1.pcap"));
    g_assert_true(is_in_tree("in/d.pcap") && is_in_tree("in/0000000000000004-d.pcap"));
    g_assert_true(is_in_tree("state/claim/0000000000000005-e.pcap"));
    g_assert_true(is_in_tree("in/f.pcap") && is_in_tree("in/g.pcap"));
    end(NULL);
}

/* With --then keep, files of the inbox are never moved, so others gave them their names. */
static void test_kept(void)
{
    begin();
    make_both("in/a.pcap", "state/claim/0000000000000001-a.pcap");
    make_both("state/claim/0000000000000002-b.pcap", "state/failed/0000000000000002-b.pcap");
    fp_spool_free(open_spool(FP_THEN_KEEP));
    g_assert_true(is_in_tree("in/a.pcap"));
    g_assert_false(is_in_tree("state/claim/0000000000000002-b.pcap"));
    end(NULL);
}

static void test_cannot_be_removed(void)
{
    g_autoptr(GError) error = NULL;

    begin();
    make_both("in/a.pcap", "state/claim/0000000000000001-a.pcap");
    undeletable = "a.pcap";
    delete_failure = EPERM;
    g_assert_null(open_with(FP_THEN_ARCHIVE, &error));
    g_assert_error(error, FP_ERROR, FP_ERROR_IO);
    g_assert_nonnull(strstr(error->message, "in/a.pcap: was moved on before a power cut, and cannot be removed"));
    delete_failure = ENOENT; /* somebody else did */
    fp_spool_free(open_spool(FP_THEN_ARCHIVE));
    undeletable = "0000000000000002-b.pcap";
    delete_failure = EPERM;
    make_both("state/claim/0000000000000002-b.pcap", "state/failed/0000000000000002-b.pcap");
    g_assert_null(open_with(FP_THEN_ARCHIVE, NULL));
    end(NULL);
}

static void test_said(void)
{
    if (g_test_subprocess()) {
        begin();
        make_both("in/a.pcap", "state/claim/0000000000000001-a.pcap");
        fp_spool_free(open_spool(FP_THEN_ARCHIVE));
        end(NULL);
        return;
    }
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_passed();
    g_test_trap_assert_stderr("*/in/a.pcap: was moved on before a power cut; its old name was removed\n");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fp_journal_begin();
    g_test_add_func("/spool-durable/syncs", test_syncs);
    g_test_add_func("/spool-durable/syncs-with-keep", test_syncs_with_keep);
    g_test_add_func("/spool-durable/syncs-what-is-claimed-anew", test_syncs_what_is_claimed_anew);
    g_test_add_func("/spool-durable/moved-on", test_moved_on);
    g_test_add_func("/spool-durable/left-alone", test_left_alone);
    g_test_add_func("/spool-durable/kept", test_kept);
    g_test_add_func("/spool-durable/cannot-be-removed", test_cannot_be_removed);
    g_test_add_func("/spool-durable/said", test_said);
    return g_test_run();
}
