/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-folder.c - renaming loses no file, whatever its two paths lead to. */
#include <errno.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "base/folder.h"

typedef struct {
    char *root;
    char *file; /* has the text "first" */
} Place;

typedef bool Rename(const char *from, const char *to);

static Rename *const by_rename = fp_folder_rename;
static Rename *const by_move = fp_folder_move;

static char *path_in(const Place *place, const char *name)
{
    return g_build_filename(place->root, name, NULL);
}

static void put(const char *path, const char *text)
{
    g_assert_true(g_file_set_contents(path, text, -1, NULL));
}

static void assert_has(const char *path, const char *text)
{
    g_autofree char *found = NULL;

    g_assert_true(g_file_get_contents(path, &found, NULL, NULL));
    g_assert_cmpstr(found, ==, text);
}

static void assert_gone(const char *path)
{
    g_assert_cmpint(access(path, F_OK), ==, -1);
}

static void begin(Place *place, gconstpointer nothing)
{
    (void)nothing;
    place->root = g_dir_make_tmp("firstpayload-folder-XXXXXX", NULL);
    place->file = path_in(place, "file");
    put(place->file, "first");
}

static void end(Place *place, gconstpointer nothing)
{
    g_autoptr(GPtrArray) names = fp_folder_names(place->root);

    (void)nothing;
    for (guint i = 0; i < names->len; i++) {
        g_autofree char *path = path_in(place, g_ptr_array_index(names, i));
        g_assert_cmpint(g_remove(path), ==, 0);
    }
    g_assert_cmpint(rmdir(place->root), ==, 0);
    g_free(place->file);
    g_free(place->root);
}

static void test_to_itself(Place *place, gconstpointer how)
{
    g_autofree char *spelled_otherwise = g_build_filename(place->root, ".", "file", NULL);

    g_assert_true((*(Rename *const *)how)(place->file, place->file));
    g_assert_true((*(Rename *const *)how)(place->file, spelled_otherwise));
    assert_has(place->file, "first");
}

static void test_to_its_other_name(Place *place, gconstpointer how)
{
    g_autofree char *other = path_in(place, "other");

    g_assert_cmpint(link(place->file, other), ==, 0);
    g_assert_true((*(Rename *const *)how)(place->file, other));
    assert_gone(place->file);
    assert_has(other, "first");
}

static void test_to_a_new_name(Place *place, gconstpointer how)
{
    g_autofree char *new = path_in(place, "new");

    g_assert_true((*(Rename *const *)how)(place->file, new));
    assert_gone(place->file);
    assert_has(new, "first");
}

static void test_over_another(Place *place, gconstpointer nothing)
{
    g_autofree char *other = path_in(place, "other");

    (void)nothing;
    put(other, "second");
    g_assert_false(fp_folder_rename(place->file, other));
    g_assert_cmpint(errno, ==, EEXIST);
    assert_has(place->file, "first");
    assert_has(other, "second");
    g_assert_true(fp_folder_move(place->file, other));
    assert_gone(place->file);
    assert_has(other, "first");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add("/folder/rename/to-itself", Place, &by_rename, begin, test_to_itself, end);
    g_test_add("/folder/move/to-itself", Place, &by_move, begin, test_to_itself, end);
    g_test_add("/folder/rename/to-its-other-name", Place, &by_rename, begin, test_to_its_other_name, end);
    g_test_add("/folder/move/to-its-other-name", Place, &by_move, begin, test_to_its_other_name, end);
    g_test_add("/folder/rename/to-a-new-name", Place, &by_rename, begin, test_to_a_new_name, end);
    g_test_add("/folder/move/to-a-new-name", Place, &by_move, begin, test_to_a_new_name, end);
    g_test_add("/folder/over-another", Place, NULL, begin, test_over_another, end);
    return g_test_run();
}
