/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-rotation-names.c - what the files of a rotation are called, hidden and shown, and which of a folder's names are such. */
#include <glib.h>
#include <string.h>

#include "../spool/tree.h"
#include "base/error.h"
#include "output/rotation-names.h"

#define BEGUN 1000030

static void test_patterns(void)
{
    g_assert_true(fp_rotation_is_pattern("x%s.pcap"));
    g_assert_true(fp_rotation_is_pattern("a/%d"));
    g_assert_false(fp_rotation_is_pattern("x.pcap"));
    g_assert_false(fp_rotation_is_pattern("%d/x.pcap"));
}

static void check_name(const char *pattern, unsigned n, const char *expected)
{
    g_autofree char *name = fp_rotation_name(pattern, BEGUN, n);

    g_assert_cmpstr(name, ==, expected);
}

/* A number stands before what tells the kind of a file. */
static void test_names(void)
{
    char longest[5000];

    check_name("a/x%s.pcap", 0, "a/x1000030.pcap");
    check_name("a/x%s.pcap", 2, "a/x1000030_0002.pcap");
    check_name("a.b/x%s", 1, "a.b/x1000030_0001");
    check_name("x%Y.pcap.gz", 1, "x1970_0001.pcap.gz");
    check_name("x.y%Y.pcap.gz", 1, "x.y1970_0001.pcap.gz");
    check_name("x%Y.gz", 1, "x1970_0001.gz");
    check_name("x.y%Y.pcap", 1, "x.y1970_0001.pcap");
    check_name(".x%Y", 1, ".x1970_0001");
    check_name(".x%Y.gz", 1, ".x1970_0001.gz");
    check_name("x%D.pcap", 0, "x01-12-70.pcap"); /* there is no such folder */
    memset(longest, 'x', sizeof longest);
    longest[0] = '%';
    longest[1] = 'Y';
    longest[sizeof longest - 1] = '\0';
    check_name(longest, 0, longest);
}

static void check_hidden(const char *name, FpRotatedKind kind, const char *expected)
{
    g_autofree char *hidden = fp_rotation_hidden_name(name, kind), *shown = fp_rotation_shown_name(hidden, kind);

    g_assert_cmpstr(hidden, ==, expected);
    g_assert_cmpstr(shown, ==, name);
}

static void test_hidden_names(void)
{
    check_hidden("a/b.pcap", FP_ROTATED_CAPTURE, "a/.b.pcap.unfinished");
    check_hidden("b.jsonl", FP_ROTATED_LINES, ".b.jsonl.unfinished-lines");
}

static void check_is_hidden(const char *path, FpRotatedKind kind, const char *name, gboolean is_hidden)
{
    g_assert_cmpint(fp_rotation_is_hidden(path, kind, name), ==, is_hidden);
}

static void test_which_are_hidden(void)
{
    check_is_hidden("a/x%s.pcap", FP_ROTATED_CAPTURE, ".x1.pcap.unfinished", TRUE);
    check_is_hidden("a/x%s.pcap", FP_ROTATED_CAPTURE, ".x.pcap.unfinished", TRUE); /* nothing between */
    check_is_hidden("a/x%s.pcap", FP_ROTATED_CAPTURE, "xx1.pcap.unfinished", FALSE);
    check_is_hidden("a/x%s.pcap", FP_ROTATED_CAPTURE, ".y1.pcap.unfinished", FALSE);
    check_is_hidden("a/x%s.pcap", FP_ROTATED_CAPTURE, ".x1.cap.unfinished", FALSE);
    check_is_hidden("a/x%s.pcap", FP_ROTATED_CAPTURE, ".x1.pcap.unfinished-lines", FALSE);
    check_is_hidden("a/x%s.pcap", FP_ROTATED_LINES, ".x1.pcap.unfinished", FALSE);
    check_is_hidden("x%s.pcap", FP_ROTATED_LINES, ".x1.pcap.unfinished-lines", TRUE);
    check_is_hidden("x.%s", FP_ROTATED_CAPTURE, ".x.1.unfinished", TRUE); /* the kind is part of the pattern */
    check_is_hidden("x.%s", FP_ROTATED_CAPTURE, ".x.unfinished", TRUE);
    check_is_hidden("x.%s", FP_ROTATED_CAPTURE, ".y.1.unfinished", FALSE);
    check_is_hidden("x.pcap", FP_ROTATED_CAPTURE, ".x_0001.pcap.unfinished", TRUE);
    check_is_hidden("x.pcap", FP_ROTATED_CAPTURE, ".y_0001.pcap.unfinished", FALSE);
    check_is_hidden(".unf%s", FP_ROTATED_CAPTURE, "..unf1.unfinished", TRUE);
    check_is_hidden(".unf%s", FP_ROTATED_CAPTURE, "..unfinished", FALSE); /* its beginning is no end, too */
}

static void publish(const char *expected)
{
    g_autofree char *hidden = in_tree(".x.pcap.unfinished"), *wanted = in_tree("x.pcap"), *path = in_tree(expected);
    g_autoptr(GError) error = NULL;

    make_file(".x.pcap.unfinished", "x", 1);
    g_autofree char *name = fp_rotation_publish(hidden, wanted, &error);
    g_assert_no_error(error);
    g_assert_cmpstr(name, ==, path);
    g_assert_false(is_in_tree(".x.pcap.unfinished"));
    g_assert_true(is_in_tree(expected));
}

static void test_publish(void)
{
    g_autoptr(GError) error = NULL;

    begin_tree();
    publish("x.pcap");
    publish("x_0001.pcap");
    publish("x_0002.pcap");
    g_autofree char *nothing = in_tree("nothing"), *wanted = in_tree("y.pcap");
    g_assert_null(fp_rotation_publish(nothing, wanted, &error));
    g_assert_error(error, FP_ERROR, FP_ERROR_CANNOT_CREATE);
    g_assert_nonnull(strstr(error->message, "y.pcap: the finished file cannot be given its name: No such file"));
    end_tree();
}

int main(int argc, char **argv)
{
    g_setenv("TZ", "UTC", TRUE);
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/rotation-names/patterns", test_patterns);
    g_test_add_func("/rotation-names/names", test_names);
    g_test_add_func("/rotation-names/hidden-names", test_hidden_names);
    g_test_add_func("/rotation-names/which-are-hidden", test_which_are_hidden);
    g_test_add_func("/rotation-names/publish", test_publish);
    return g_test_run();
}
