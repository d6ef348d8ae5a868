/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * salvage.c - what a process left that was killed while it wrote to a file of a rotation: see fp_rotation_salvage.
 *
 * Others may be able to write to the folder, and we may be root. So what is left is opened once, and never through a link.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/message.h"
#include "base/stop.h"
#include "capture/capture.h"
#include "rotation-names.h"
#include "rotation.h"
#include "writer.h"

#define BATCH 32
#define TAIL_BYTES 65536
#define SECTOR_BYTES 512 /* the least that a disk takes as a whole */

typedef struct {
    const char *hidden;
    int fd;
    struct stat status;
    FpPacking packing;
    char *how; /* what was taken of it, in words */
} Left;

/* Writes a batch of records. Returns false and sets error; also where zeros look like frames, as a power cut leaves them in the place of
 * what was not on the disk yet: where the next frame begins is not known then. */
static bool write_records(FpWriter *writer, const FpRecord *records, int n, uint64_t *frames, GError **error)
{
    for (int i = 0; i < n; i++) {
        bool is_frame = records[i].kind == FP_RECORD_FRAME;
        if (is_frame && records[i].wire_bytes == 0) {
            g_set_error(error, FP_ERROR, FP_ERROR_DATA, "behind %" G_GUINT64_FORMAT " frames are zeros", *frames);
            return false;
        }
        *frames += is_frame;
        if (!(is_frame ? fp_writer_write : fp_writer_write_block)(writer, &records[i], error))
            return false;
    }
    return true;
}

/* Copies whole records, up to where the capture is cut. Returns false and sets error when they cannot be written, the capture is damaged,
 * or a signal ended the reading. */
static bool copy_records(FpCapture *capture, FpWriter *writer, uint64_t *frames, GError **error)
{
    FpRecord records[BATCH];
    int n;

    while ((n = fp_capture_read(capture, records, BATCH, error)) > 0)
        if (!write_records(writer, records, n, frames, error))
            return false;
    if (n < 0)
        return false;
    if (!fp_stop_asked())
        return fp_writer_end_capture(writer, error) && fp_writer_finish(writer, error);
    g_set_error_literal(error, FP_ERROR, FP_ERROR_IO, "a signal ended the reading");
    return false;
}

static bool copy(FpCapture *capture, FpOutput *output, FpPacking packing, uint64_t *frames, GError **error)
{
    if (!fp_output_pack(output, packing, error))
        return false;
    FpWriter *writer = fp_writer_new(output, capture, true, FP_WRITER_AS_INPUT, error);
    bool is_done = writer != NULL && fp_writer_next_capture(writer, capture, error) && copy_records(capture, writer, frames, error);
    fp_writer_free(writer);
    return is_done;
}

static bool is_zero(const char *bytes, size_t n)
{
    return bytes[0] == '\0' && memcmp(bytes, bytes + 1, n - 1) == 0;
}

/* Returns where the first sector of zeros is that has something else behind it; -1: there is none. */
static off_t find_hole(const Left *left)
{
    char part[TAIL_BYTES];
    off_t hole = -1;
    ssize_t n;

    for (off_t begin = 0; (n = pread(left->fd, part, sizeof part, begin)) > 0; begin += n)
        for (ssize_t at = 0; at < n; at += SECTOR_BYTES) {
            bool is_empty = is_zero(part + at, (size_t)MIN(n - at, SECTOR_BYTES));
            if (!is_empty && hole >= 0)
                return hole;
            if (is_empty && hole < 0)
                hole = begin + at;
        }
    return -1;
}

/* Whether a power cut has left zeros in compressed data, in the place of what was not on the disk yet. No other data have so many in a row,
 * but not every decompressor notices, and frames would come out that nobody captured. Then sets error. */
static bool has_hole(const Left *left, const FpCapture *capture, GError **error)
{
    off_t hole = fp_capture_is_compressed(capture) ? find_hole(left) : -1;

    if (hole >= 0)
        g_set_error(error, FP_ERROR, FP_ERROR_DATA,
                    "from offset %" G_GINT64_FORMAT " on, compressed data are overwritten by zeros; head -c %" G_GINT64_FORMAT
                    " gives what is before",
                    (gint64)hole, (gint64)hole);
    return hole >= 0;
}

/* Creates what will take the place of what is left. Returns NULL and sets error. */
static FpOutput *create_copy(const Left *left, const char *path, GError **error)
{
    FpOutput *output = fp_output_create_anew(path, error);

    if (output != NULL && left->status.st_uid != geteuid()) /* a start as root, which gives up being root later */
        (void)!fchown(fp_output_fd(output), left->status.st_uid, left->status.st_gid);
    return output;
}

/* Puts the finished copy in the place of what is left; if nothing is in it, both are removed. Returns false and sets error. */
static bool take_copy(const Left *left, const char *path, bool is_empty, GError **error)
{
    if (is_empty ? unlink(path) == 0 && unlink(left->hidden) == 0 : rename(path, left->hidden) == 0)
        return true;
    return fp_error_set_errno(error, FP_ERROR_IO, path, "cannot take the place of what is left");
}

/* Puts a capture with its whole records in the place of what is left of it. Returns false and sets error. */
static bool make_capture_whole(Left *left, GError **error)
{
    g_autofree char *path = g_strconcat(left->hidden, "-copy", NULL), *it = fp_folder_path_of(left->fd, left->hidden);
    g_autoptr(FpCapture) capture = fp_capture_open_as(it, left->hidden, false, error);
    bool is_usable = capture != NULL && !has_hole(left, capture, error);
    FpOutput *output = is_usable ? create_copy(left, path, error) : NULL;
    uint64_t bytes, frames = 0;

    if (output == NULL)
        return false;
    if (!copy(capture, output, left->packing, &frames, error)) {
        fp_output_discard(output);
        return false;
    }
    if (!fp_output_finish(output, &bytes, error))
        return false;
    left->how = g_strdup_printf("with the %" G_GUINT64_FORMAT " frames that are whole in it", frames);
    return take_copy(left, path, frames == 0, error);
}

/* Returns where the last whole line ends, or -1 and sets errno. */
static off_t end_of_lines(const Left *left)
{
    char tail[TAIL_BYTES];

    for (off_t end = left->status.st_size; end > 0;) {
        off_t begin = MAX(end - TAIL_BYTES, 0);
        if (pread(left->fd, tail, (size_t)(end - begin), begin) != end - begin)
            return -1;
        const char *last = memrchr(tail, '\n', (size_t)(end - begin));
        if (last != NULL)
            return begin + (last - tail) + 1;
        end = begin;
    }
    return 0;
}

/* Whether there are zeros before end, which no line has: a power cut leaves them in the place of what was not on the disk yet. Also true
 * when reading fails, so that it fails again. */
static bool has_zeros(const Left *left, off_t end)
{
    char part[TAIL_BYTES];

    for (off_t begin = 0; begin < end; begin += TAIL_BYTES) {
        size_t n = (size_t)MIN(end - begin, TAIL_BYTES);
        if (pread(left->fd, part, n, begin) != (ssize_t)n || memchr(part, '\0', n) != NULL)
            return true;
    }
    return false;
}

/* Copies the lines that are whole. Returns false and sets error. */
static bool copy_lines(FILE *lines, FpOutput *output, uint64_t *n_lost, GError **error)
{
    char *line = NULL;
    size_t room = 0;
    ssize_t n;
    bool is_done = true;

    while (is_done && (n = getline(&line, &room, lines)) > 0) {
        if (line[n - 1] == '\n' && memchr(line, '\0', (size_t)n) == NULL)
            is_done = fp_output_write(output, line, (size_t)n, error);
        else
            ++*n_lost;
    }
    free(line);
    return is_done;
}

/* Puts a log of its whole lines in the place of what is left of it. Returns false and sets error. */
static bool leave_out_lines(Left *left, GError **error)
{
    g_autofree char *path = g_strconcat(left->hidden, "-copy", NULL);
    int fd = fcntl(left->fd, F_DUPFD_CLOEXEC, 3);
    FILE *lines = fd >= 0 ? fdopen(fd, "r") : NULL;
    FpOutput *output = lines != NULL ? create_copy(left, path, error) : NULL;
    uint64_t bytes = 0, n_lost = 0;

    bool is_done = output != NULL && copy_lines(lines, output, &n_lost, error);
    if (lines == NULL || ferror(lines))
        is_done = fp_error_set_errno(error, FP_ERROR_IO, left->hidden, "cannot be read");
    if (lines != NULL)
        fclose(lines);
    if (!is_done) {
        fp_output_discard(output);
        return false;
    }
    if (!fp_output_finish(output, &bytes, error))
        return false;
    left->how = g_strdup_printf("with the %" G_GUINT64_FORMAT " bytes of its whole lines; %" G_GUINT64_FORMAT " are damaged and left out",
                                bytes, n_lost);
    return take_copy(left, path, bytes == 0, error);
}

static bool make_lines_whole(Left *left, GError **error)
{
    off_t end = end_of_lines(left);

    if (has_zeros(left, end))
        return leave_out_lines(left, error);
    left->how = g_strdup_printf("with the %" G_GINT64_FORMAT " bytes of its whole lines", (gint64)end);
    if (end == 0 && unlink(left->hidden) == 0)
        return true;
    if (end > 0 && ftruncate(left->fd, end) == 0 && fsync(left->fd) == 0)
        return true;
    return fp_error_set_errno(error, FP_ERROR_IO, left->hidden, "cannot be cut to whole lines");
}

/* Opens what is left for this process alone. Returns false if it cannot be had, or somebody writes to it, or it is no such file: a hard
 * link to a file of somebody else is none. */
static bool open_left(Left *left)
{
    left->fd = open(left->hidden, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (left->fd < 0) {
        fp_message_print("%s: is left of a process that was killed, and cannot be opened: %s", left->hidden, g_strerror(errno));
        return false;
    }
    if (flock(left->fd, LOCK_EX | LOCK_NB) == 0 && fstat(left->fd, &left->status) == 0 && S_ISREG(left->status.st_mode) &&
        left->status.st_nlink == 1)
        return true;
    close(left->fd);
    return false;
}

/* Makes it whole, or removes it if nothing is in it. Returns false and sets error. */
static bool make_whole(Left *left, FpRotatedKind kind, GError **error)
{
    if (left->status.st_size == 0)
        return unlink(left->hidden) == 0 || fp_error_set_errno(error, FP_ERROR_IO, left->hidden, "is empty, and cannot be removed");
    return (kind == FP_ROTATED_LINES ? make_lines_whole : make_capture_whole)(left, error);
}

static void salvage(const char *hidden, FpPacking packing, FpRotatedKind kind)
{
    Left left = {.hidden = hidden, .packing = packing};
    g_autofree char *wanted = fp_rotation_shown_name(hidden, kind), *name = NULL;
    GError *error = NULL;

    if (!open_left(&left))
        return;
    if (make_whole(&left, kind, &error) && access(hidden, F_OK) == 0)
        name = fp_rotation_publish(hidden, wanted, &error);
    if (name != NULL)
        fp_message_print("%s: was not finished when its process ended, and is there now %s", name, left.how);
    if (error != NULL)
        fp_message_print("%s: is left of a process that was killed, and stays there: %s", hidden, error->message);
    g_clear_error(&error);
    g_free(left.how);
    close(left.fd);
}

void fp_rotation_salvage(const char *pattern, FpPacking packing, FpRotatedKind kind)
{
    g_autofree char *folder = g_path_get_dirname(pattern);
    g_autoptr(GPtrArray) names = fp_folder_names(folder);
    bool is_any = false;

    for (guint i = 0; names != NULL && i < names->len && !fp_stop_asked(); i++) {
        const char *name = g_ptr_array_index(names, i);
        if (!fp_rotation_is_hidden(pattern, kind, name))
            continue;
        g_autofree char *hidden = strchr(pattern, '/') != NULL ? g_build_filename(folder, name, NULL) : g_strdup(name);
        salvage(hidden, packing, kind);
        is_any = true;
    }
    if (is_any)
        (void)fp_folder_sync(folder);
}
