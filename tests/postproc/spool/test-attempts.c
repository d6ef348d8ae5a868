/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-attempts.c - which file a death is counted for while threads read files ahead. tests/faults/test_attempts.py has the deaths
 * themselves.
 */
#include <glib.h>
#include <glib/gstdio.h>

#include "spool/attempts.h"

typedef struct {
    char *folder, *read, *ahead; /* the state folder, and two captures in it */
} Files;

static void make(Files *files, gconstpointer nothing)
{
    (void)nothing;
    files->folder = g_dir_make_tmp("firstpayload-attempts-XXXXXX", NULL);
    files->read = g_build_filename(files->folder, "read.pcap", NULL);
    files->ahead = g_build_filename(files->folder, "ahead.pcap", NULL);
    g_assert_true(g_file_set_contents(files->read, "", 0, NULL));
    g_assert_true(g_file_set_contents(files->ahead, "", 0, NULL));
}

static void drop(Files *files, gconstpointer nothing)
{
    g_autofree char *reading = g_build_filename(files->folder, "reading", NULL);

    (void)nothing;
    g_assert_cmpint(g_unlink(reading), ==, 0);
    g_assert_cmpint(g_unlink(files->read), ==, 0);
    g_assert_cmpint(g_unlink(files->ahead), ==, 0);
    g_assert_cmpint(g_rmdir(files->folder), ==, 0);
    g_free(files->folder);
    g_free(files->read);
    g_free(files->ahead);
}

static FpAttempts *begin(const Files *files)
{
    FpAttempts *attempts = fp_attempts_open(files->folder, NULL);

    g_assert_nonnull(attempts);
    return attempts;
}

/* The process dies, and the next one looks back. Takes ownership of attempts. */
static void die_and_check(const Files *files, FpAttempts *attempts, unsigned deaths_read, unsigned deaths_ahead)
{
    fp_attempts_free(attempts);
    attempts = begin(files);
    g_assert_cmpuint(fp_attempts_past(attempts, files->read).deaths, ==, deaths_read);
    g_assert_cmpuint(fp_attempts_past(attempts, files->ahead).deaths, ==, deaths_ahead);
    g_assert_true(fp_attempts_have_died(attempts) == (deaths_read + deaths_ahead > 0));
    fp_attempts_free(attempts);
}

static void test_while_another_is_read(Files *files, gconstpointer nothing)
{
    FpAttempts *attempts = begin(files);

    (void)nothing;
    fp_attempts_note_ahead(attempts, files->ahead);
    fp_attempts_begin(attempts, files->read);
    die_and_check(files, attempts, 1, 0);
}

static void test_while_something_else_is_waited_for(Files *files, gconstpointer nothing)
{
    FpAttempts *attempts = begin(files);

    (void)nothing;
    fp_attempts_note_ahead(attempts, files->ahead);
    fp_attempts_begin(attempts, files->read);
    fp_attempts_begin(attempts, NULL);
    die_and_check(files, attempts, 0, 1);
}

static void test_while_nothing_is_read(Files *files, gconstpointer nothing)
{
    FpAttempts *attempts = begin(files);

    (void)nothing;
    fp_attempts_begin(attempts, files->read);
    fp_attempts_note_ahead(attempts, files->ahead);
    fp_attempts_end(attempts);
    die_and_check(files, attempts, 0, 1);
}

static void test_no_more(Files *files, gconstpointer nothing)
{
    FpAttempts *attempts = begin(files);

    (void)nothing;
    fp_attempts_note_ahead(attempts, files->ahead);
    fp_attempts_begin(attempts, files->read);
    fp_attempts_end(attempts);
    fp_attempts_note_ahead(attempts, NULL);
    die_and_check(files, attempts, 0, 0);
}

/* Whoever died last is remembered: of 65 files, all but the first. */
static void test_more_files_than_are_kept(Files *files, gconstpointer nothing)
{
    (void)nothing;
    for (unsigned i = 0; i < 65; i++) {
        g_autofree char *path = g_strdup_printf("%s/%u", files->folder, i);
        g_assert_true(g_file_set_contents(path, "", 0, NULL));
        FpAttempts *attempts = begin(files);
        fp_attempts_begin(attempts, path);
        fp_attempts_free(attempts);
    }
    FpAttempts *attempts = begin(files);
    for (unsigned i = 0; i < 65; i++) {
        g_autofree char *path = g_strdup_printf("%s/%u", files->folder, i);
        g_assert_cmpuint(fp_attempts_past(attempts, path).deaths, ==, i > 0);
        g_assert_cmpint(g_unlink(path), ==, 0);
    }
    fp_attempts_free(attempts);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/attempts/while-another-is-read", Files, NULL, make, test_while_another_is_read, drop);
    g_test_add("/attempts/while-something-else-is-waited-for", Files, NULL, make, test_while_something_else_is_waited_for, drop);
    g_test_add("/attempts/while-nothing-is-read", Files, NULL, make, test_while_nothing_is_read, drop);
    g_test_add("/attempts/no-more", Files, NULL, make, test_no_more, drop);
    g_test_add("/attempts/more-files-than-are-kept", Files, NULL, make, test_more_files_than_are_kept, drop);
    return g_test_run();
}
