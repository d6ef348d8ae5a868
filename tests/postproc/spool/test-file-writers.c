/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-file-writers.c - which files are taken for open, and when all processes were seen: a folder stands in for /proc. */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "base/helper.h"
#include "proc.h"
#include "spool/file-writers.h"

static int failing_memfd; /* errno */

/* Stands in libc's place. */
int memfd_create(const char *name, unsigned flags)
{
    g_autofree char *path = in_tree(name);

    errno = failing_memfd;
    return failing_memfd != 0 ? -1 : open(path, O_RDWR | O_CREAT | (flags & MFD_CLOEXEC ? O_CLOEXEC : 0), 0600);
}

/* Two processes, and what is no process. They have three files open for writing, one for reading, and a folder. */
static void begin(void)
{
    begin_proc();
    make_folder("proc/20/fd");
    make_folder("proc/self/fd");
    make_folder("folder");
    make_file("written", "", 0);
    make_file("written-too", "", 0);
    make_file("read", "", 0);
    make_file("of-nobody", "", 0);
    make_link("proc/1/fd/w3", "written");
    make_link("proc/20/fd/r3", "read");
    make_link("proc/20/fd/w4", "written-too");
    make_link("proc/20/fd/w5", "folder");
    make_link("proc/self/fd/w3", "of-nobody");
    failing_memfd = 0;
}

static bool have(const FpFileWriters *writers, const char *name)
{
    g_autofree char *path = in_tree(name);
    struct stat status;

    g_assert_cmpint(stat(path, &status), ==, 0);
    return fp_file_writers_have(writers, &status);
}

static void check_files(void)
{
    FpFileWriters *writers = fp_file_writers_look();

    g_assert_true(have(writers, "written"));
    g_assert_true(have(writers, "written-too"));
    g_assert_false(have(writers, "read"));
    g_assert_false(have(writers, "folder"));
    g_assert_false(have(writers, "of-nobody"));
    g_assert_true(fp_file_writers_are_all(writers));
    fp_file_writers_free(writers);
}

static bool are_all(void)
{
    FpFileWriters *writers = fp_file_writers_look();
    bool are_all = fp_file_writers_are_all(writers);

    fp_file_writers_free(writers);
    return are_all;
}

static bool are_all_though(const char *path, int its_failure)
{
    failing = path;
    failure = its_failure;
    return are_all();
}

static void test_files(void)
{
    begin();
    check_files();
    end_tree();
}

/* From within another namespace, or without the right to look at others' descriptors, some are not seen. */
static void test_all_processes(void)
{
    begin();
    namespace_link = "pid:[4026531837]";
    g_assert_false(are_all());
    namespace_link = "pid:[4026531835]";
    g_assert_false(are_all());
    namespace_link = NULL;
    g_assert_false(are_all());
    namespace_link = FIRST_NAMESPACE;
    g_assert_true(are_all());
    g_assert_false(are_all_though("/proc", EACCES));
    failing = NULL;
    remove_from_tree("proc/1/fd/w3");
    remove_from_tree("proc/1/fd");
    g_assert_false(are_all());
    end_tree();
}

/* A process that is gone has nothing open; one that may not be looked at may have. */
static void test_what_cannot_be_looked_at(void)
{
    begin();
    g_assert_true(are_all_though("/proc/20/fd", ENOENT));
    g_assert_true(are_all_though("/proc/20/fd", ESRCH));
    g_assert_false(are_all_though("/proc/20/fd", EACCES));
    g_assert_true(are_all_though("/proc/20/fd/r3", ENOENT));
    g_assert_true(are_all_though("/proc/20/fd/w4", ESRCH));
    g_assert_false(are_all_though("/proc/20/fd/r3", EACCES));
    failing = NULL;
    remove_from_tree("read"); /* nobody needs it */
    g_assert_true(are_all());
    remove_from_tree("written"); /* nor what a link to a deleted file no longer leads to */
    g_assert_true(are_all());
    make_link("proc/20/fd/r9", "proc/20/fd/r9"); /* leads nowhere, but nobody writes by it */
    g_assert_true(are_all());
    make_link("proc/20/fd/w9", "proc/20/fd/w9");
    g_assert_false(are_all());
    end_tree();
}

/* A single process, with a single file. */
static void test_one(void)
{
    begin_proc();
    make_file("written", "", 0);
    make_link("proc/1/fd/w3", "written");
    FpFileWriters *writers = fp_file_writers_look();
    g_assert_true(have(writers, "written"));
    g_assert_true(fp_file_writers_are_all(writers));
    fp_file_writers_free(writers);
    remove_from_tree("written");
    writers = fp_file_writers_look();
    g_assert_false(fp_file_writers_have(writers, &(struct stat){.st_ino = NO_INODE}));
    fp_file_writers_free(writers);
    end_tree();
}

static void ask_helper(void)
{
    fp_file_writers_prepare();
    check_files(); /* before there is one */
    g_assert_true(fp_helper_begin(NULL));
}

static void test_by_the_helper(void)
{
    if (!g_test_subprocess()) {
        g_test_trap_subprocess(NULL, 0, 0);
        g_test_trap_assert_passed();
        return;
    }
    begin();
    ask_helper();
    check_files();
    namespace_link = NULL; /* here; the helper sees it */
    g_assert_true(are_all());
    remove_from_tree("proc/1/fd/w3");
    remove_from_tree("proc/1/fd");
    g_assert_false(are_all());
    fp_helper_end();
    end_tree();
}

/* FpHelperJob, which is not ours. */
static void do_something_else(void *nothing, int64_t argument, FpHelperAnswer *answer)
{
    (void)nothing;
    (void)argument;
    answer->number = 1;
}

/* A helper that does not look. */
static void test_helper_of_others(void)
{
    if (!g_test_subprocess()) {
        g_test_trap_subprocess(NULL, 0, 0);
        g_test_trap_assert_passed();
        return;
    }
    g_assert_cmpuint(fp_helper_add(do_something_else, NULL), ==, 0);
    g_assert_true(fp_helper_begin(NULL));
    begin();
    check_files();
    end_tree();
    fp_helper_end();
}

static void test_helper_without_memory(void)
{
    FpFileWriters *writers;

    if (!g_test_subprocess()) {
        g_test_trap_subprocess(NULL, 0, 0);
        g_test_trap_assert_passed();
        return;
    }
    begin();
    failing_memfd = ENOMEM;
    ask_helper();
    writers = fp_file_writers_look();
    g_assert_false(fp_file_writers_are_all(writers));
    g_assert_false(have(writers, "written"));
    fp_file_writers_free(writers);
    fp_file_writers_free(NULL);
    fp_helper_end();
    end_tree();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/file-writers/files", test_files);
    g_test_add_func("/file-writers/all-processes", test_all_processes);
    g_test_add_func("/file-writers/what-cannot-be-looked-at", test_what_cannot_be_looked_at);
    g_test_add_func("/file-writers/one", test_one);
    g_test_add_func("/file-writers/by-the-helper", test_by_the_helper);
    g_test_add_func("/file-writers/helper-of-others", test_helper_of_others);
    g_test_add_func("/file-writers/helper-without-memory", test_helper_without_memory);
    return g_test_run();
}
