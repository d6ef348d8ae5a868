/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-archive.c - what is moved to the archive, what cannot be, and which files go when it has a limit. */
#include <errno.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <unistd.h>

#include "base/journal.h"
#include "spool/archive.h"

typedef struct {
    char *folder; /* with done/ in it */
    char *done;
} Place;

static Place new_place(void)
{
    Place place = {.folder = g_dir_make_tmp("firstpayload-archive-XXXXXX", NULL)};

    place.done = g_build_filename(place.folder, "done", NULL);
    g_assert_cmpint(g_mkdir(place.done, 0700), ==, 0);
    return place;
}

static void remove_place(Place *place)
{
    g_assert_cmpint(g_rmdir(place->folder), ==, 0);
    g_free(place->folder);
    g_free(place->done);
}

static char *write_file(const char *folder, const char *name)
{
    char *path = g_build_filename(folder, name, NULL);

    g_assert_true(g_file_set_contents(path, "0123456789", 10, NULL));
    return path;
}

static bool is_there(const Place *place, const char *name)
{
    g_autofree char *path = g_build_filename(place->done, name, NULL);

    return access(path, F_OK) == 0;
}

static void remove_archived(const Place *place, const char *name)
{
    g_autofree char *path = g_build_filename(place->done, name, NULL);

    g_assert_cmpint(g_unlink(path), ==, 0);
}

static bool move(FpArchive *archive, const Place *place, const char *name)
{
    g_autofree char *from = write_file(place->folder, name), *to = g_build_filename(place->done, name, NULL);

    return fp_archive_move(archive, from, to, 10);
}

static GPtrArray *names_of(const char *first, const char *second)
{
    GPtrArray *names = g_ptr_array_new_with_free_func(g_free);

    g_ptr_array_add(names, g_strdup(first));
    g_ptr_array_add(names, g_strdup(second));
    return names;
}

static void test_limit_at_first(void)
{
    Place place = new_place();
    FpArchive *archive;

    g_free(write_file(place.done, "oldest"));
    g_free(write_file(place.done, "old"));
    archive = fp_archive_new(place.done, names_of("oldest", "old"), 15);
    g_assert_true(is_there(&place, "oldest"));
    fp_archive_trim(archive);
    g_assert_cmpuint(fp_archive_bytes(archive), ==, 10);
    g_assert_false(is_there(&place, "oldest"));
    remove_archived(&place, "old");
    fp_archive_free(archive);
    g_assert_cmpint(g_rmdir(place.done), ==, 0);
    remove_place(&place);
}

static void test_limit(void)
{
    Place place = new_place();
    FpArchive *archive;

    g_free(write_file(place.done, "oldest"));
    g_free(write_file(place.done, "old"));
    archive = fp_archive_new(place.done, names_of("oldest", "old"), 30);

    g_assert_cmpuint(fp_archive_bytes(archive), ==, 20);
    g_assert_true(move(archive, &place, "a")); /* the limit itself is allowed */
    g_assert_cmpuint(fp_archive_bytes(archive), ==, 30);
    g_assert_true(is_there(&place, "oldest"));
    g_assert_true(move(archive, &place, "b"));
    g_assert_cmpuint(fp_archive_bytes(archive), ==, 30);
    g_assert_false(is_there(&place, "oldest"));
    g_assert_true(is_there(&place, "old"));
    fp_archive_free(archive);
    remove_archived(&place, "old");
    remove_archived(&place, "a");
    remove_archived(&place, "b");
    g_assert_cmpint(g_rmdir(place.done), ==, 0);
    remove_place(&place);
}

static void test_forget(void)
{
    Place place = new_place();
    g_autofree char *a = g_build_filename(place.done, "a", NULL);
    FpArchive *archive = fp_archive_new(place.done, g_ptr_array_new(), 0);

    g_assert_true(move(archive, &place, "a") && move(archive, &place, "b"));
    fp_archive_forget(archive, a);
    g_assert_cmpuint(fp_archive_bytes(archive), ==, 10);
    fp_archive_forget(archive, a); /* it is not there again */
    g_assert_cmpuint(fp_archive_bytes(archive), ==, 10);
    fp_archive_free(archive);
    fp_archive_free(NULL);
    remove_archived(&place, "a");
    remove_archived(&place, "b");
    g_assert_cmpint(g_rmdir(place.done), ==, 0);
    remove_place(&place);
}

static void test_without_a_limit(void)
{
    Place place = new_place();
    FpArchive *archive = fp_archive_new(place.done, g_ptr_array_new(), 0);

    g_assert_true(move(archive, &place, "a"));
    g_assert_true(move(archive, &place, "b"));
    g_assert_cmpuint(fp_archive_bytes(archive), ==, 20);
    fp_archive_free(archive);
    remove_archived(&place, "a");
    remove_archived(&place, "b");
    g_assert_cmpint(g_rmdir(place.done), ==, 0);
    remove_place(&place);
}

/* A file that is gone has been moved, or somebody wanted it so; but where the folder is gone, it is not the file that is missing. */
static void test_what_cannot_be_moved(void)
{
    Place place = new_place();
    FpArchive *archive = fp_archive_new(place.done, g_ptr_array_new(), 100);
    g_autofree char *nothing = g_build_filename(place.folder, "nothing", NULL), *to = g_build_filename(place.done, "x", NULL);
    g_autofree char *file = write_file(place.folder, "a");

    g_assert_true(fp_archive_move(archive, nothing, to, 10));
    g_assert_cmpuint(fp_archive_bytes(archive), ==, 0);
    g_assert_false(fp_archive_move(archive, file, place.done, 10)); /* a folder is in its place */
    g_assert_cmpint(errno, !=, ENOENT);
    g_assert_cmpint(g_rmdir(place.done), ==, 0);
    g_assert_false(fp_archive_move(archive, file, to, 10));
    g_assert_cmpuint(fp_archive_bytes(archive), ==, 0);
    fp_archive_free(archive);
    g_assert_cmpint(g_unlink(file), ==, 0);
    remove_place(&place);
}

/* What the archive had is not there any more, or cannot be deleted: only the latter is worth a word. */
static void go_beyond_the_limit(bool is_gone)
{
    Place place = new_place();
    g_autofree char *old = g_build_filename(place.done, "old", NULL), *inside = g_build_filename(old, "inside", NULL);
    FpArchive *archive = fp_archive_new(place.done, names_of("old", "gone"), 1);

    g_assert_cmpuint(fp_archive_bytes(archive), ==, 0); /* of what is not there */
    fp_archive_free(archive);
    if (!is_gone)
        g_assert_cmpint(g_mkdir_with_parents(inside, 0700), ==, 0);
    archive = fp_archive_new(place.done, names_of("old", "gone"), 1);
    g_assert_true(move(archive, &place, "a"));
    g_assert_cmpuint(fp_archive_bytes(archive), ==, 0);
    g_assert_false(is_there(&place, "a"));
    fp_archive_free(archive);
    if (!is_gone)
        g_assert_true(g_rmdir(inside) == 0 && g_rmdir(old) == 0);
    g_assert_cmpint(g_rmdir(place.done), ==, 0);
    remove_place(&place);
}

static void test_what_cannot_be_deleted(void)
{
    if (g_test_subprocess()) {
        go_beyond_the_limit(false);
        return;
    }
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_passed();
    g_test_trap_assert_stderr("*/done/old: cannot be deleted, though --max-archive is exceeded: *\n");
}

static void test_what_is_gone(void)
{
    if (g_test_subprocess()) {
        go_beyond_the_limit(true);
        return;
    }
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_passed();
    g_test_trap_assert_stderr("");
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    fp_journal_begin();
    g_test_add_func("/archive/what-cannot-be-deleted", test_what_cannot_be_deleted);
    g_test_add_func("/archive/what-is-gone", test_what_is_gone);
    g_test_add_func("/archive/limit-at-first", test_limit_at_first);
    g_test_add_func("/archive/limit", test_limit);
    g_test_add_func("/archive/forget", test_forget);
    g_test_add_func("/archive/without-a-limit", test_without_a_limit);
    g_test_add_func("/archive/what-cannot-be-moved", test_what_cannot_be_moved);
    return g_test_run();
}
