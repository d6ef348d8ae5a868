/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-closings.c - what is known of a file that is renamed at the moment when it is looked at, as files of rsync are. */
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>

#include "spool/closings.h"

static const char *hidden; /* the next lstat(2) finds it renamed to visible */
static const char *visible;

/* In place of libc's: the event of the closing has been read by then, that of the renaming has not. */
int lstat(const char *file, struct stat *buf)
{
    if (g_strcmp0(file, hidden) == 0) {
        hidden = NULL;
        g_assert_cmpint(g_rename(file, visible), ==, 0);
    }
    return fstatat(AT_FDCWD, file, buf, AT_SYMLINK_NOFOLLOW);
}

static void test_renamed(void)
{
    g_autofree char *folder = g_dir_make_tmp("firstpayload-closings-XXXXXX", NULL);
    g_autofree char *first = g_build_filename(folder, ".b.pcap.x7Kq2a", NULL), *second = g_build_filename(folder, "b.pcap", NULL);
    FpClosings *closings = fp_closings_new();
    struct stat status;

    fp_closings_watch(closings, folder);
    g_assert_true(g_file_set_contents_full(first, "x", 1, G_FILE_SET_CONTENTS_NONE, 0644, NULL));
    hidden = first;
    visible = second;
    fp_closings_update(closings);
    g_assert_null(hidden);
    g_assert_cmpint(stat(second, &status), ==, 0);
    g_assert_cmpint(fp_closings_of(closings, second, &status), ==, FP_CLOSING_CLOSED);
    fp_closings_free(closings);
    g_assert_cmpint(g_unlink(second), ==, 0);
    g_assert_cmpint(g_rmdir(folder), ==, 0);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/closings/renamed", test_renamed);
    return g_test_run();
}
