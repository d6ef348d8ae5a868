/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-salvage.c - what becomes of files of a rotation that a process left which was killed. */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <stdint.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "../spool/tree.h"
#include "output/rotation.h"

#define TAIL_BYTES 65536 /* which are read at once */

static int sync_failure; /* errno, of files */
static unsigned n_folder_syncs;
static int delete_failure;

/* These stand in libc's place. */
int fsync(int fd)
{
    struct stat status;

    g_assert_cmpint(fstat(fd, &status), ==, 0);
    n_folder_syncs += S_ISDIR(status.st_mode);
    errno = sync_failure;
    return sync_failure != 0 && !S_ISDIR(status.st_mode) ? -1 : 0;
}

int unlink(const char *name)
{
    errno = delete_failure;
    return delete_failure != 0 ? -1 : unlinkat(AT_FDCWD, name, 0);
}

static void begin(void)
{
    begin_tree();
    sync_failure = delete_failure = 0;
    n_folder_syncs = 0;
}

static void make_text(const char *name, const char *text)
{
    make_file(name, text, strlen(text));
}

static void salvage(FpRotatedKind kind)
{
    g_autofree char *pattern = in_tree(kind == FP_ROTATED_LINES ? "l%s.jsonl" : "c%s.pcap");

    fp_rotation_salvage(pattern, FP_PACKING_NONE, kind);
}

static void check_text(const char *name, const char *expected)
{
    g_autofree char *path = in_tree(name), *text = NULL;

    g_assert_true(g_file_get_contents(path, &text, NULL, NULL));
    g_assert_cmpstr(text, ==, expected);
}

/* In a process of its own, what is said of it is this. */
static bool is_said(const char *said)
{
    if (g_test_subprocess()) {
        begin();
        return true;
    }
    g_test_trap_subprocess(NULL, 0, 0);
    g_test_trap_assert_passed();
    g_test_trap_assert_stderr(said);
    return false;
}

static void test_lines(void)
{
    if (!is_said("*/l1.jsonl: was not finished when its process ended, and is there now with the 4 bytes of its whole lines\n"))
        return;
    make_text(".l1.jsonl.unfinished-lines", "a\nb\nc");
    make_text(".m1.jsonl.unfinished-lines", "a\nb\nc"); /* of another */
    salvage(FP_ROTATED_LINES);
    check_text("l1.jsonl", "a\nb\n");
    g_assert_false(is_in_tree(".l1.jsonl.unfinished-lines"));
    g_assert_true(is_in_tree(".m1.jsonl.unfinished-lines"));
    g_assert_cmpuint(n_folder_syncs, ==, 1);
    salvage(FP_ROTATED_LINES); /* nothing is left */
    g_assert_cmpuint(n_folder_syncs, ==, 1);
    end_tree();
}

static void test_nothing_in_it(void)
{
    if (!is_said(""))
        return;
    make_text(".l1.jsonl.unfinished-lines", "no whole line");
    make_text(".l2.jsonl.unfinished-lines", "");
    salvage(FP_ROTATED_LINES);
    g_assert_false(is_in_tree(".l1.jsonl.unfinished-lines") || is_in_tree("l1.jsonl"));
    g_assert_false(is_in_tree(".l2.jsonl.unfinished-lines") || is_in_tree("l2.jsonl"));
    end_tree();
}

/* The end of the last whole line is so far from the end of the file. */
static void check_long(size_t bytes_behind)
{
    const size_t n = 3 + bytes_behind;
    char *text = g_malloc(n + 1);

    memset(text, 'x', n);
    text[n] = '\0';
    text[2] = '\n';
    make_text(".l1.jsonl.unfinished-lines", text);
    g_free(text);
    salvage(FP_ROTATED_LINES);
    check_text("l1.jsonl", "xx\n");
    remove_from_tree("l1.jsonl");
}

static void test_long_line(void)
{
    if (!is_said("*"))
        return;
    check_long(TAIL_BYTES - 1);
    check_long(TAIL_BYTES);
    check_long(3 * TAIL_BYTES - 2);
    check_long(3 * TAIL_BYTES);
    end_tree();
}

/* Others can write to the folder; and what is locked is still being written. */
static void test_not_ours(void)
{
    if (!is_said("*/.l3.jsonl.unfinished-lines: is left of a process that was killed, and cannot be opened: *\n"))
        return;
    g_autofree char *first = in_tree(".l1.jsonl.unfinished-lines"), *other = in_tree("other"),
                    *fifo = in_tree(".l2.jsonl.unfinished-lines"), *locked = in_tree(".l4.jsonl.unfinished-lines");
    make_text("other", "a\nb");
    g_assert_cmpint(link(other, first), ==, 0);
    g_assert_cmpint(mkfifo(fifo, 0600), ==, 0);
    make_link(".l3.jsonl.unfinished-lines", "other");
    make_text(".l4.jsonl.unfinished-lines", "a\nb");
    int fd = open(locked, O_RDONLY | O_CLOEXEC);
    g_assert_cmpint(flock(fd, LOCK_EX), ==, 0);
    salvage(FP_ROTATED_LINES);
    check_text("other", "a\nb");
    check_text(".l4.jsonl.unfinished-lines", "a\nb");
    g_assert_true(is_in_tree(".l1.jsonl.unfinished-lines") && is_in_tree(".l2.jsonl.unfinished-lines") &&
                  is_in_tree(".l3.jsonl.unfinished-lines"));
    close(fd);
    end_tree();
}

static void test_cannot_be_synced(void)
{
    if (!is_said("*/.l1.jsonl.unfinished-lines: is left of a process that was killed, and stays there: *cannot be cut to whole lines: "
                 "Input/output error\n"))
        return;
    make_text(".l1.jsonl.unfinished-lines", "a\nb");
    sync_failure = EIO;
    salvage(FP_ROTATED_LINES);
    g_assert_true(is_in_tree(".l1.jsonl.unfinished-lines"));
    g_assert_false(is_in_tree("l1.jsonl"));
    end_tree();
}

static void test_cannot_be_removed(void)
{
    if (!is_said("*/.l*.jsonl.unfinished-lines: is left of a process that was killed, and stays there: *: Operation not "
                 "permitted\n*/.l*.jsonl.unfinished-lines: is left of a process that was killed, and stays there: *: Operation not "
                 "permitted\n"))
        return;
    make_text(".l1.jsonl.unfinished-lines", "");
    make_text(".l2.jsonl.unfinished-lines", "no whole line");
    delete_failure = EPERM;
    salvage(FP_ROTATED_LINES);
    g_assert_true(is_in_tree(".l1.jsonl.unfinished-lines") && is_in_tree(".l2.jsonl.unfinished-lines"));
    g_assert_false(is_in_tree("l1.jsonl") || is_in_tree("l2.jsonl"));
    end_tree();
}

/* A capture with so many frames of four bytes, and so many bytes of another. */
static void make_cut_capture(const char *name, unsigned n, size_t more)
{
    const uint32_t header[] = {0xa1b2c3d4, 4U << 16 | 2, 0, 0, 65535, 1}, record[] = {7, 0, 4, 4, 0};
    GByteArray *bytes = g_byte_array_new();

    g_byte_array_append(bytes, (const guint8 *)header, sizeof header);
    for (unsigned i = 0; i < n; i++)
        g_byte_array_append(bytes, (const guint8 *)record, sizeof record);
    g_byte_array_append(bytes, (const guint8 *)record, (guint)more);
    make_file(name, bytes->data, bytes->len);
    g_byte_array_unref(bytes);
}

static void test_captures(void)
{
    g_autofree char *whole = NULL;
    gsize bytes = 0;

    if (!is_said("*/c1_0001.pcap: was not finished when its process ended, and is there now with the 40 frames that are whole in it\n"))
        return;
    make_text("c1.pcap", "the name is taken");
    make_cut_capture(".c1.pcap.unfinished", 40, 17);
    make_cut_capture(".c2.pcap.unfinished", 0, 0); /* nothing is in it */
    salvage(FP_ROTATED_CAPTURE);
    g_autofree char *path = in_tree("c1_0001.pcap");
    g_assert_true(g_file_get_contents(path, &whole, &bytes, NULL));
    g_assert_cmpuint(bytes, ==, 24 + 40 * 20);
    check_text("c1.pcap", "the name is taken");
    g_assert_false(is_in_tree(".c1.pcap.unfinished") || is_in_tree(".c1.pcap.unfinished-copy"));
    g_assert_false(is_in_tree(".c2.pcap.unfinished") || is_in_tree(".c2.pcap.unfinished-copy") || is_in_tree("c2.pcap"));
    end_tree();
}

/* It is compressed as the others are. */
static void test_packed(void)
{
    g_autofree char *text = NULL;
    gsize bytes = 0;

    if (!is_said("*/c1.pcap.gz: was not finished when its process ended, and is there now with the 1 frames that are whole in it\n"))
        return;
    g_autofree char *pattern = in_tree("c%s.pcap.gz"), *path = in_tree("c1.pcap.gz");
    make_cut_capture(".c1.pcap.gz.unfinished", 1, 3);
    fp_rotation_salvage(pattern, FP_PACKING_GZIP, FP_ROTATED_CAPTURE);
    g_assert_true(g_file_get_contents(path, &text, &bytes, NULL));
    g_assert_true(bytes > 2 && memcmp(text, "\x1f\x8b", 2) == 0);
    end_tree();
}

static void check_owner(const char *name, uid_t uid, gid_t gid)
{
    g_autofree char *path = in_tree(name);
    struct stat status;

    g_assert_cmpint(stat(path, &status), ==, 0);
    g_assert_cmpuint(status.st_uid, ==, uid);
    g_assert_cmpuint(status.st_gid, ==, gid);
}

/* A process that was started as root left them, and wrote to them as somebody else: the copies are of whom they were, too. */
static void test_of_somebody_else(void)
{
    const uid_t uid = 65534;
    const gid_t gid = 1;

    if (!is_said("*"))
        return;
    g_autofree char *capture = in_tree(".c1.pcap.unfinished"), *lines = in_tree(".l1.jsonl.unfinished-lines");
    make_cut_capture(".c1.pcap.unfinished", 1, 3);
    make_file(".l1.jsonl.unfinished-lines", "a\n\0\nb\n", 6); /* with a zero, so that it is copied */
    g_assert_cmpint(chown(capture, uid, gid), ==, 0);
    g_assert_cmpint(chown(lines, uid, gid), ==, 0);
    salvage(FP_ROTATED_CAPTURE);
    salvage(FP_ROTATED_LINES);
    check_text("l1.jsonl", "a\nb\n");
    check_owner("c1.pcap", uid, gid);
    check_owner("l1.jsonl", uid, gid);
    end_tree();
}

#define FRAME_BYTES 4000U
#define SECTOR_BYTES 512U

/* A capture of one frame as a frame of zstd with a block as it is (RFC 8878, 3.1.1.2), in which bytes at an offset are zeros. */
static GByteArray *make_zstd(size_t from, size_t n)
{
    const uint32_t header[] = {0xa1b2c3d4, 4U << 16 | 2, 0, 0, 65535, 1}, record[] = {7, 0, FRAME_BYTES, FRAME_BYTES};
    const uint32_t bytes = sizeof header + sizeof record + FRAME_BYTES, coded = bytes - 256, block = bytes << 3 | 1;
    const uint8_t begin[] = {
        0x28, 0xb5, 0x2f, 0xfd, 0x60, (uint8_t)coded, (uint8_t)(coded >> 8), (uint8_t)block, (uint8_t)(block >> 8), (uint8_t)(block >> 16)};
    GByteArray *file = g_byte_array_new();

    g_byte_array_append(file, begin, sizeof begin);
    g_byte_array_append(file, (const guint8 *)header, sizeof header);
    g_byte_array_append(file, (const guint8 *)record, sizeof record);
    guint at = file->len;
    g_byte_array_set_size(file, at + FRAME_BYTES);
    memset(file->data + at, 'x', FRAME_BYTES);
    memset(file->data + from, 0, n);
    return file;
}

/* What becomes of a compressed file with this hole: a copy of a plain one with the same zeros is published in any case. */
static void check_hole(size_t from, size_t n, bool is_published)
{
    g_autoptr(GByteArray) file = make_zstd(from, n);

    make_file(".c1.pcap.unfinished", file->data, file->len);
    make_file(".c2.pcap.unfinished", file->data + 10, file->len - 10);
    salvage(FP_ROTATED_CAPTURE);
    g_assert_cmpint(is_in_tree("c1.pcap"), ==, is_published);
    g_assert_cmpint(is_in_tree(".c1.pcap.unfinished"), ==, !is_published);
    g_assert_true(is_in_tree("c2.pcap"));
    remove_from_tree(is_published ? "c1.pcap" : ".c1.pcap.unfinished");
    remove_from_tree("c2.pcap");
}

/* A power cut leaves whole sectors of zeros, which decompress to something. Of what is not compressed, they may be part. */
static void test_holes(void)
{
    if (!is_said("*/.c1.pcap.unfinished: is left of a process that was killed, and stays there: from offset 1024 on, compressed data are "
                 "overwritten by zeros; head -c 1024 gives what is before\n*"))
        return;
    check_hole(2 * SECTOR_BYTES, SECTOR_BYTES, false);
    check_hole(2 * SECTOR_BYTES - 1, SECTOR_BYTES + 1, false);
    check_hole(SECTOR_BYTES, 6 * SECTOR_BYTES, false);
    check_hole(2 * SECTOR_BYTES, SECTOR_BYTES - 1, true);
    check_hole(2 * SECTOR_BYTES + 1, 2 * SECTOR_BYTES - 2, true);
    check_hole(7 * SECTOR_BYTES, 10 + 24 + 16 + FRAME_BYTES - 7 * SECTOR_BYTES, true); /* nothing is behind it */
    end_tree();
}

/* One that is damaged stays as it is, and its copy does not. */
static void test_damaged(void)
{
    const uint32_t damaged[] = {7, 0, UINT32_MAX, UINT32_MAX, 0, 0, 0, 0};

    if (!is_said("*/.c1.pcap.unfinished: is left of a process that was killed, and stays there: *\n"))
        return;
    g_autofree char *path = in_tree(".c1.pcap.unfinished");
    make_cut_capture(".c1.pcap.unfinished", 40, 0);
    int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
    g_assert_cmpint(write(fd, damaged, sizeof damaged), ==, sizeof damaged);
    close(fd);
    salvage(FP_ROTATED_CAPTURE);
    g_assert_true(is_in_tree(".c1.pcap.unfinished"));
    g_assert_false(is_in_tree(".c1.pcap.unfinished-copy") || is_in_tree("c1.pcap"));
    end_tree();
}

static void test_no_capture(void)
{
    if (!is_said("*/.c1.pcap.unfinished: is left of a process that was killed, and stays there: *\n"))
        return;
    make_text(".c1.pcap.unfinished", "this is no capture at all, but text that somebody has put there");
    salvage(FP_ROTATED_CAPTURE);
    g_assert_true(is_in_tree(".c1.pcap.unfinished"));
    g_assert_false(is_in_tree("c1.pcap"));
    end_tree();
}

static void test_no_folder(void)
{
    if (!is_said(""))
        return;
    fp_rotation_salvage("/nowhere/l%s.jsonl", FP_PACKING_NONE, FP_ROTATED_LINES);
    end_tree();
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    g_test_add_func("/salvage/lines", test_lines);
    g_test_add_func("/salvage/nothing-in-it", test_nothing_in_it);
    g_test_add_func("/salvage/long-line", test_long_line);
    g_test_add_func("/salvage/not-ours", test_not_ours);
    g_test_add_func("/salvage/cannot-be-synced", test_cannot_be_synced);
    g_test_add_func("/salvage/cannot-be-removed", test_cannot_be_removed);
    g_test_add_func("/salvage/captures", test_captures);
    g_test_add_func("/salvage/packed", test_packed);
    g_test_add_func("/salvage/of-somebody-else", test_of_somebody_else);
    g_test_add_func("/salvage/holes", test_holes);
    g_test_add_func("/salvage/damaged", test_damaged);
    g_test_add_func("/salvage/no-capture", test_no_capture);
    g_test_add_func("/salvage/no-folder", test_no_folder);
    return g_test_run();
}
