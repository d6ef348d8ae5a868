/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-claim.c - which hard links in an inbox are read where the kernel would let anybody make them to any file (fs.protected_hardlinks=0).
 */
#include <fcntl.h>
#include <glib.h>
#include <glib/gstdio.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "spool/claim.h"

#define OTHER_USER 4711U /* nobody here is that */
#define OTHER_GROUP 4712U
#define GROUP 4713U

static const char *not_protected; /* a file that says so */
static struct stat found, inbox;

/* These stand in libc's place. */
int open(const char *file, int oflag, ...)
{
    va_list rest;

    va_start(rest, oflag);
    mode_t mode = oflag & O_CREAT ? va_arg(rest, mode_t) : 0;
    va_end(rest);
    if (g_strcmp0(file, "/proc/sys/fs/protected_hardlinks") == 0)
        file = not_protected;
    return (int)syscall(SYS_openat, AT_FDCWD, file, oflag, mode);
}

int fstat(int fd, struct stat *buf)
{
    (void)fd;
    *buf = found;
    return 0;
}

int stat(const char *file, struct stat *buf)
{
    (void)file;
    *buf = inbox;
    return 0;
}

static bool is_read(void)
{
    g_autoptr(GError) error = NULL;
    FpClaim *claim = fp_claim_new(1, "a.pcap", g_strdup(not_protected));
    bool is_read = fp_claim_begin_reading(claim, "inbox", &error);

    g_assert_true(is_read == (error == NULL));
    fp_claim_free(claim);
    return is_read;
}

/* A file of another user and another group, with that mode, in an inbox with that one. */
static bool is_read_with(mode_t mode, mode_t inbox_mode, uid_t inbox_owner)
{
    found = (struct stat){.st_mode = S_IFREG | mode, .st_uid = OTHER_USER, .st_gid = OTHER_GROUP, .st_nlink = 2};
    inbox = (struct stat){.st_mode = S_IFDIR | inbox_mode, .st_uid = inbox_owner, .st_gid = GROUP};
    return is_read();
}

static void test_inbox_of_one(void)
{
    g_assert_true(is_read_with(0600, 0755, OTHER_USER)); /* who writes there owns the file */
    g_assert_true(is_read_with(0600, 0755, geteuid()));  /* or is us */
    g_assert_true(is_read_with(0600, 0755, 0));
    g_assert_true(is_read_with(0606, 0755, OTHER_USER + 10));
    g_assert_false(is_read_with(0600, 0755, OTHER_USER + 10));
    g_assert_false(is_read_with(0604, 0755, OTHER_USER + 10));
    g_assert_false(is_read_with(0602, 0755, OTHER_USER + 10));
}

static void test_inbox_of_a_group(void)
{
    g_assert_false(is_read_with(0660, 0775, OTHER_USER)); /* of another group */
    g_assert_true(is_read_with(0606, 0775, OTHER_USER));
    found = (struct stat){.st_mode = S_IFREG | 0660, .st_uid = OTHER_USER, .st_gid = GROUP, .st_nlink = 2};
    g_assert_true(is_read());
    found.st_mode = S_IFREG | 0640;
    g_assert_false(is_read());
    found.st_mode = S_IFREG | 0620;
    g_assert_false(is_read());
}

static void test_inbox_of_all(void)
{
    g_assert_true(is_read_with(0666, 0777, OTHER_USER));
    g_assert_false(is_read_with(0660, 0777, OTHER_USER));
    found.st_gid = GROUP;
    g_assert_false(is_read());
    found.st_nlink = 1; /* it is no link */
    g_assert_true(is_read());
    found.st_mode = S_IFIFO | 0666;
    g_assert_false(is_read());
}

int main(int argc, char **argv)
{
    g_autofree char *path = g_build_filename(g_get_tmp_dir(), "firstpayload-claim-XXXXXX", NULL);
    int fd = g_mkstemp(path);

    g_test_init(&argc, &argv, NULL);
    g_assert_cmpint(write(fd, "0\n", 2), ==, 2);
    close(fd);
    not_protected = path;
    g_test_add_func("/claim/inbox-of-one", test_inbox_of_one);
    g_test_add_func("/claim/inbox-of-a-group", test_inbox_of_a_group);
    g_test_add_func("/claim/inbox-of-all", test_inbox_of_all);
    int status = g_test_run();
    g_unlink(path);
    return status;
}
