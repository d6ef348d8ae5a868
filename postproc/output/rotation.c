/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rotation.c - see rotation.h. */
#include "rotation.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/error.h"
#include "base/folder.h"
#include "base/message.h"
#include "base/stop.h"
#include "output-internal.h"
#include "rotation-names.h"

#define FILE_MODE 0640 /* first payloads can be passwords and cookies */
#define NAMES_MAX 1000000
#define RETRY_US (10 * G_USEC_PER_SEC)
#define RETRY_LOOK_MS 1000
#define CLOCK_LOOK_MS 60000 /* the clock may be set */
#define ROOM_BYTES (UINT64_C(1) << 20)

/* A file that has been written to its end. */
typedef struct {
    int fd; /* holds its lock until it has its name */
    char *hidden;
    char *name;
    char *folder;
} Finished;

struct FpRotated {
    char *pattern;
    char *folder;
    int nowhere; /* /dev/null, which need not be within reach later */
    FpRotation when;
    FpPacking packing;
    FpRotatedKind kind;
    char *hidden; /* the current file's name; NULL: there is no file */
    char *name;   /* and the one that it will have */
    time_t begun;
    time_t ends;           /* when the clock says so, if that matters */
    uint64_t bytes_before; /* of the files that have ended */
    uint64_t bytes_left;   /* of one that was left as the disk was full */
    gint64 retry_us;       /* monotonic: not before */
    GThread *finishing;    /* the file before; NULL: none */
    bool has_failed;       /* a file could not be given its name */
};

static void tell(GError *error)
{
    if (error != NULL)
        fp_message_print("%s", error->message);
    g_clear_error(&error);
}

/* Makes a file durable and gives it its name. Takes ownership. Returns false and sets error. */
static bool finish(Finished *file, GError **error)
{
    char *name = NULL;

    if (fsync(file->fd) != 0)
        fp_error_set_errno(error, FP_ERROR_IO, file->hidden, "cannot be synced to disk; the next start looks at it again");
    else
        name = fp_rotation_publish(file->hidden, file->name, error);
    bool is_done = name != NULL;
    if (is_done)
        (void)fp_folder_sync(file->folder);
    close(file->fd);
    g_free(name);
    g_free(file->hidden);
    g_free(file->name);
    g_free(file->folder);
    g_free(file);
    return is_done;
}

static void *finish_beside(void *file)
{
    GError *error = NULL;
    bool is_done = finish(file, &error);

    tell(error);
    return GINT_TO_POINTER(is_done);
}

static void await_finishing(FpRotated *rotated)
{
    if (rotated->finishing != NULL && !GPOINTER_TO_INT(g_thread_join(rotated->finishing)))
        rotated->has_failed = true;
    rotated->finishing = NULL;
}

void fp_rotated_free(FpRotated *rotated)
{
    if (rotated == NULL)
        return;
    await_finishing(rotated);
    if (rotated->nowhere >= 0)
        close(rotated->nowhere);
    g_free(rotated->pattern);
    g_free(rotated->folder);
    g_free(rotated->hidden);
    g_free(rotated->name);
    g_free(rotated);
}

/* Whoever holds this lock writes to the file. Returns false if somebody who salvages it was quicker. */
static bool lock(int fd, const char *hidden)
{
    return flock(fd, LOCK_EX | LOCK_NB) == 0 && fp_folder_is_still(hidden, fd);
}

/* Creates the hidden file, unless somebody has it, or had it until now: then there is a file of that name. Returns -1 and sets errno. */
static int create_hidden(const char *hidden, const char *name)
{
    int fd = open(hidden, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, FILE_MODE);

    if (fd < 0)
        return -1;
    bool is_ours = lock(fd, hidden);
    if (is_ours && access(name, F_OK) != 0)
        return fd;
    if (is_ours)
        unlink(hidden);
    close(fd);
    errno = EEXIST;
    return -1;
}

/* Creates the hidden file for the first name that is free. Returns false and sets errno. */
static bool create(FpOutput *output, time_t now)
{
    FpRotated *rotated = output->rotated;

    for (unsigned n = 0; n < NAMES_MAX; n++) {
        g_autofree char *name = fp_rotation_name(rotated->pattern, now, n);
        g_autofree char *hidden = fp_rotation_hidden_name(name, rotated->kind);
        if (access(name, F_OK) == 0)
            continue;
        output->fd = create_hidden(hidden, name);
        if (output->fd >= 0) {
            rotated->hidden = g_steal_pointer(&hidden);
            rotated->name = g_steal_pointer(&name);
            return true;
        }
        if (errno != EEXIST)
            return false;
    }
    errno = EEXIST;
    return false;
}

static bool begin_pack(FpOutput *output, GError **error)
{
    FpPacking packing = output->rotated->packing;

    g_clear_pointer(&output->pack, fp_pack_free);
    output->has_unflushed = false;
    return fp_output_pack(output, packing, error);
}

/* Begins a file. Returns false and sets error. */
static bool begin(FpOutput *output, GError **error)
{
    FpRotated *rotated = output->rotated;
    time_t now = time(NULL);

    g_clear_pointer(&rotated->hidden, g_free);
    g_clear_pointer(&rotated->name, g_free);
    output->bytes = 0;
    output->buffered = 0;
    if (!create(output, now)) {
        g_autofree char *name = fp_rotation_name(rotated->pattern, now, 0);
        return fp_error_set_errno(error, FP_ERROR_CANNOT_CREATE, name, "cannot be created");
    }
    g_free(output->shown);
    output->shown = g_strdup(rotated->name);
    rotated->begun = now;
    rotated->ends = rotated->when.seconds > 0 ? (now / rotated->when.seconds + 1) * rotated->when.seconds : 0;
    return begin_pack(output, error);
}

FpOutput *fp_rotation_open(const char *pattern, const FpRotation *rotation, FpPacking packing, FpRotatedKind kind, GError **error)
{
    FpOutput *output = g_new0(FpOutput, 1);
    FpRotated *rotated = g_new0(FpRotated, 1);

    *rotated = (FpRotated){.pattern = g_strdup(pattern), .folder = g_path_get_dirname(pattern), .when = *rotation, .packing = packing};
    rotated->kind = kind;
    rotated->nowhere = open("/dev/null", O_WRONLY | O_CLOEXEC);
    output->rotated = rotated;
    output->goes_on = true;
    output->shown = g_strdup(pattern);
    output->fd = output->reader = -1;
    output->buffer = g_malloc(FP_OUTPUT_BUFFER_BYTES);
    if (begin(output, error))
        return output;
    fp_output_discard(output);
    return NULL;
}

/* Whether another file may be tried, and what was left, as the disk was full, can be copied. */
static bool has_room(const FpOutput *output)
{
    struct statvfs there;
    uint64_t left = output->rotated->bytes_left + (output->rotated->hidden != NULL ? output->bytes : 0);

    return statvfs(output->rotated->folder, &there) == 0 && (uint64_t)there.f_bavail * there.f_frsize >= ROOM_BYTES + left;
}

/* What libwiretap has written is known to the file alone, until it ends. */
static bool is_large(const FpOutput *output)
{
    uint64_t max = output->rotated->when.bytes;

    return max > 0 && (fp_output_bytes(output) >= max || lseek(output->fd, 0, SEEK_CUR) >= (off_t)MIN(max, INT64_MAX));
}

bool fp_rotation_is_due(const FpOutput *output)
{
    const FpRotated *rotated = output->rotated;
    time_t now = time(NULL);

    if (output->is_full)
        return g_get_monotonic_time() >= rotated->retry_us && has_room(output);
    return (rotated->when.seconds > 0 && (now >= rotated->ends || now < rotated->begun)) || is_large(output);
}

int fp_rotation_due_ms(const FpOutput *output)
{
    const FpRotated *rotated = output->rotated;
    gint64 left_ms = ((gint64)rotated->ends * G_USEC_PER_SEC - g_get_real_time()) / 1000 + 1;

    if (output->is_full)
        return RETRY_LOOK_MS;
    return rotated->when.seconds == 0 ? -1 : (int)CLAMP(left_ms, 0, CLOCK_LOOK_MS);
}

/* Ends the current file. Returns NULL if it could not be written to its end, and stays hidden; then sets error unless that was told. */
static Finished *end(FpOutput *output, GError **error)
{
    FpRotated *rotated = output->rotated;
    Finished *file = NULL;
    bool is_done = output->is_full || fp_output_end(output, error);

    rotated->bytes_before += output->bytes;
    if (is_done && !output->is_full) {
        file = g_new0(Finished, 1);
        *file = (Finished){output->fd, g_strdup(rotated->hidden), g_strdup(rotated->name), g_strdup(rotated->folder)};
    } else if (output->fd >= 0) {
        close(output->fd);
    }
    if (output->is_full && rotated->hidden != NULL)
        rotated->bytes_left += output->bytes;
    output->bytes = 0;
    output->fd = -1;
    return file;
}

/* Syncing takes as long as the disk does, and whoever captures cannot wait for that. */
static void finish_aside(FpRotated *rotated, Finished *file)
{
    await_finishing(rotated);
    rotated->finishing = g_thread_try_new("finish", finish_beside, file, NULL);
    if (rotated->finishing == NULL && !GPOINTER_TO_INT(finish_beside(file)))
        rotated->has_failed = true;
}

/* Has what is written go nowhere, until another file can be begun. Returns false and sets error. */
static bool go_without(FpOutput *output, GError **error)
{
    output->is_full = true;
    output->fd = fcntl(output->rotated->nowhere, F_DUPFD_CLOEXEC, 3);
    return output->fd >= 0 || fp_error_set_errno(error, FP_ERROR_IO, "/dev/null", "cannot be opened");
}

static void tell_of_lost(FpOutput *output)
{
    FpRotated *rotated = output->rotated;

    fp_message_print("%s: goes on here; some %" G_GUINT64_FORMAT " %s were lost", rotated->name, output->n_lost - output->n_lost_said,
                     rotated->kind == FP_ROTATED_LINES ? "lines" : "frames");
    output->n_lost_said = output->n_lost;
    rotated->bytes_left = 0;
}

bool fp_rotation_next(FpOutput *output, GError **error)
{
    FpRotated *rotated = output->rotated;
    GError *failure = NULL;

    Finished *file = end(output, &failure);
    if (file != NULL)
        finish_aside(rotated, file);
    else
        tell(g_steal_pointer(&failure));
    bool was_full = output->is_full;
    rotated->retry_us = g_get_monotonic_time() + RETRY_US;
    if (was_full && !has_room(output)) /* its last bytes have shown that */
        return go_without(output, error);
    if (!begin(output, &failure)) {
        if (!was_full)
            fp_message_print("%s; going on without, and trying again", failure->message);
        g_error_free(failure);
        return go_without(output, error);
    }
    output->is_full = false;
    if (was_full) {
        tell_of_lost(output);
        fp_rotation_salvage(rotated->pattern, rotated->packing, rotated->kind);
    }
    return true;
}

static void tell_of_left(const FpOutput *output)
{
    fp_message_print("%s: is left unfinished; the next start gives it its name", output->rotated->hidden);
}

void fp_rotated_leave(FpOutput *output)
{
    if (output->rotated->hidden == NULL || output->fd < 0)
        return;
    (void)fp_output_end(output, NULL);
    if (lseek(output->fd, 0, SEEK_CUR) > 0 || unlink(output->rotated->hidden) != 0)
        tell_of_left(output);
}

bool fp_rotated_publish(FpOutput *output, uint64_t *bytes, GError **error)
{
    FpRotated *rotated = output->rotated;
    GError *failure = NULL;
    Finished *file = end(output, &failure);
    bool is_left = file == NULL || !finish(file, &failure);

    await_finishing(rotated);
    if (is_left && output->is_full && rotated->hidden != NULL)
        tell_of_left(output);
    if (failure == NULL && rotated->has_failed)
        g_set_error(&failure, FP_ERROR, FP_ERROR_IO, "%s: not every file could be given its name; the next start tries again",
                    rotated->pattern);
    if (bytes != NULL)
        *bytes = rotated->bytes_before;
    fp_output_free(output);
    if (failure != NULL)
        g_propagate_error(error, failure);
    return failure == NULL;
}
