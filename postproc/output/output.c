/* SPDX-License-Identifier: GPL-2.0-or-later */
/* output.c - see output.h. */
#include "output-internal.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/stop.h"

#define LOCK_TRIES 500
#define LOCK_WAIT_US 10000

void fp_output_close_reader(FpOutput *output)
{
    if (output->reader >= 0)
        close(output->reader);
    output->reader = -1;
}

void fp_output_free(FpOutput *output)
{
    if (output->is_appended)
        fp_stop_on_hangup(NULL, NULL);
    if (output->fd >= 0)
        close(output->fd);
    fp_output_close_reader(output);
    if (output->temporary != NULL)
        fp_temporary_forget();
    g_free(output->shown);
    g_free(output->path);
    g_free(output->new_in);
    g_free(output->temporary);
    g_mutex_clear(&output->lock);
    g_free(output->buffer);
    fp_pack_free(output->pack);
    fp_rotated_free(output->rotated);
    g_free(output);
}

/* Removes the beginning of a line whose rest could not be written, unless somebody has added to the file since. */
static void cut_torn_line(const FpOutput *output, const uint8_t *bytes, size_t n)
{
    off_t end = lseek(output->fd, 0, SEEK_CUR); /* after our last write */
    size_t torn = 0;
    struct stat status;

    while (torn < n && bytes[n - torn - 1] != '\n')
        torn++;
    if (torn > 0 && fstat(output->fd, &status) == 0 && status.st_size == end)
        (void)!ftruncate(output->fd, end - (off_t)torn);
}

/* begin: start of the bytes to write; bytes: the first that was not written. */
static bool set_write_error(FpOutput *output, const uint8_t *begin, const uint8_t *bytes, GError **error)
{
    const char *reason = g_strerror(errno);
    struct stat status;
    uint64_t offset = output->bytes;

    if (output->is_appended) {
        cut_torn_line(output, begin, (size_t)(bytes - begin));
        offset = fstat(output->fd, &status) == 0 ? (uint64_t)status.st_size : 0;
    }
    g_set_error(error, FP_ERROR, FP_ERROR_IO, "%s: offset %" G_GUINT64_FORMAT ": cannot be written: %s%s", output->shown, offset, reason,
                output->is_appended ? "; the lines before it are whole, and a new run adds to them" : "");
    return false;
}

/* n: how many are left to write from bytes on. */
static bool drop(FpOutput *output, const uint8_t *begin, const uint8_t *bytes, size_t n)
{
    size_t torn = 0;

    while (output->is_appended && bytes - torn > begin && bytes[-1 - (ptrdiff_t)torn] != '\n')
        torn++;
    if (!fp_output_drop(output, bytes - torn, n + torn))
        return false;
    if (output->is_appended)
        cut_torn_line(output, begin, (size_t)(bytes - begin));
    return true;
}

static bool write_all(FpOutput *output, const uint8_t *bytes, size_t n, GError **error)
{
    const uint8_t *begin = bytes;

    while (n > 0) {
        ssize_t written = write(output->fd, bytes, n);
        if (written < 0 && errno == EINTR)
            continue;
        if (written < 0 && errno == EAGAIN) {
            struct pollfd ready = {.fd = output->fd, .events = POLLOUT};
            (void)poll(&ready, 1, -1);
            continue;
        }
        if (written < 0)
            return drop(output, begin, bytes, n) || set_write_error(output, begin, bytes, error);
        bytes += written;
        n -= (size_t)written;
        output->bytes += (uint64_t)written;
    }
    if (output->is_full && bytes > begin)
        fp_output_tell_of_room(output);
    return true;
}

/* Ends a line that was torn, as by a power failure, so that our first line does not continue it. From here on, everybody who appends holds
 * a shared lock on the file. While others hold it, what looks torn may be a line that is just being written; and they have ended any line
 * that was torn. */
static bool end_line(FpOutput *output, GError **error)
{
    bool is_alone = flock(output->fd, LOCK_EX | LOCK_NB) == 0 || errno != EWOULDBLOCK;
    bool is_done = !is_alone || !fp_target_ends_in_line(output->reader) || write_all(output, (const uint8_t *)"\n", 1, error);

    output->may_begin_in_line = false;
    fp_output_close_reader(output);
    for (int i = 0; i < LOCK_TRIES && flock(output->fd, LOCK_SH | LOCK_NB) != 0 && errno == EWOULDBLOCK; i++)
        g_usleep(LOCK_WAIT_US); /* another process may be here, too */
    return is_done;
}

/* A file of a rotation ends within a record then. A log only lacks lines. */
static bool is_dropping(const FpOutput *output)
{
    return output->is_full && output->rotated != NULL;
}

static bool write_out(FpOutput *output, const uint8_t *bytes, size_t n, GError **error)
{
    if (is_dropping(output))
        return true;
    if (output->is_appended)
        fp_stop_attend();
    g_mutex_lock(&output->lock);
    bool is_done = n == 0 || !output->may_begin_in_line || end_line(output, error);
    is_done = is_done && write_all(output, bytes, n, error);
    g_mutex_unlock(&output->lock);
    return is_done;
}

/* See FpPackWrite. */
static bool write_packed(void *user, const uint8_t *bytes, size_t n, GError **error)
{
    return write_out(user, bytes, n, error);
}

static bool pack_and_write(FpOutput *output, const uint8_t *bytes, size_t n, FpPackUntil until, GError **error)
{
    if (output->pack == NULL)
        return write_out(output, bytes, n, error);
    if (until == FP_PACK_FLUSH && n == 0 && !output->has_unflushed)
        return true;
    output->has_unflushed = until == FP_PACK_MORE;
    return fp_pack(output->pack, bytes, n, until, write_packed, output, error);
}

static bool empty_buffer(FpOutput *output, FpPackUntil until, GError **error)
{
    size_t n = output->buffered;

    output->buffered = 0;
    bool is_done = pack_and_write(output, output->buffer, n, until, error);
    output->n_buffered = 0;
    return is_done;
}

bool fp_output_end(FpOutput *output, GError **error)
{
    return empty_buffer(output, FP_PACK_END, error);
}

bool fp_output_flush(FpOutput *output, GError **error)
{
    return empty_buffer(output, FP_PACK_FLUSH, error);
}

bool fp_output_write(FpOutput *output, const void *bytes, size_t n, GError **error)
{
    if (is_dropping(output)) {
        output->n_lost++;
        return true;
    }
    if (n > FP_OUTPUT_BUFFER_BYTES - output->buffered && !empty_buffer(output, FP_PACK_MORE, error))
        return false;
    if (n > FP_OUTPUT_BUFFER_BYTES)
        return pack_and_write(output, bytes, n, FP_PACK_MORE, error);
    memcpy(output->buffer + output->buffered, bytes, n);
    output->buffered += n;
    output->n_buffered++;
    return true;
}

bool fp_output_pack(FpOutput *output, FpPacking packing, GError **error)
{
    g_assert(!output->is_appended && output->bytes == 0 && output->buffered == 0);
    if (packing == FP_PACKING_NONE)
        return true;
    output->pack = fp_pack_new(packing);
    if (output->pack != NULL)
        return true;
    g_set_error(error, FP_ERROR, FP_ERROR_SOFTWARE, "%s: there is no memory to compress it; write it without", output->shown);
    return false;
}

bool fp_output_is_packed(const FpOutput *output)
{
    return output->pack != NULL;
}

int fp_output_fd(const FpOutput *output)
{
    return output->fd;
}

void fp_output_count(FpOutput *output, uint64_t n)
{
    output->bytes += n;
}

uint64_t fp_output_bytes(const FpOutput *output)
{
    return output->bytes + output->buffered;
}

const char *fp_output_path(const FpOutput *output)
{
    return output->shown;
}

static bool sync_file(FpOutput *output, GError **error)
{
    if (fsync(output->fd) == 0)
        return true;
    return fp_error_set_errno(error, FP_ERROR_IO, output->shown, "cannot be synced to disk");
}

static bool make_durable(FpOutput *output, GError **error)
{
    if (!sync_file(output, error))
        return false;
    bool is_named = output->place != NULL ? fp_place_publish(output->place) : fp_place_rename(output->temporary, output->path);
    if (!is_named)
        return fp_error_set_errno(error, FP_ERROR_CANNOT_CREATE, output->shown, "the finished file cannot be given its name");
    fp_temporary_forget();
    return true;
}

bool fp_output_finish(FpOutput *output, uint64_t *bytes, GError **error)
{
    bool is_done = empty_buffer(output, FP_PACK_END, error) && sync_file(output, error);

    *bytes = output->bytes;
    if (is_done)
        fp_output_free(output);
    else
        fp_output_discard(output);
    return is_done;
}

bool fp_output_publish(FpOutput *output, uint64_t *bytes, GError **error)
{
    if (output->rotated != NULL)
        return fp_rotated_publish(output, bytes, error);
    bool is_done = empty_buffer(output, FP_PACK_END, error);

    if (is_done && output->temporary != NULL)
        is_done = make_durable(output, error);
    else if (is_done && output->is_appended) {
        fp_stop_on_hangup(NULL, NULL);
        is_done = sync_file(output, error);
        if (output->new_in != NULL)
            (void)fp_folder_sync(output->new_in);
    }

    if (!is_done) {
        fp_output_discard(output);
        return false;
    }
    if (bytes != NULL)
        *bytes = output->bytes;
    fp_output_free(output);
    return true;
}

void fp_output_discard(FpOutput *output)
{
    if (output == NULL)
        return;
    if (output->rotated != NULL)
        fp_rotated_leave(output);
    if (output->temporary != NULL && output->place != NULL)
        fp_place_discard(output->place);
    else if (output->temporary != NULL)
        unlink(output->temporary);
    fp_output_free(output);
}
