/* SPDX-License-Identifier: GPL-2.0-or-later */
/* output-open.c - opens what output.c writes to. */
#include "output-internal.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/error.h"
#include "base/message.h"
#include "base/stop.h"

static void set_create_error(GError **error, const char *path, const char *what)
{
    g_set_error(error, FP_ERROR, FP_ERROR_CANNOT_CREATE, "%s: %s: %s", path, what, g_strerror(errno));
}

static bool is_an_input(const struct stat *status, char *const *inputs)
{
    struct stat input;

    for (size_t i = 0; inputs != NULL && inputs[i] != NULL; i++) {
        bool found = g_str_equal(inputs[i], "-") ? fstat(STDIN_FILENO, &input) == 0 : stat(inputs[i], &input) == 0;
        if (found && input.st_dev == status->st_dev && input.st_ino == status->st_ino)
            return true;
    }
    return false;
}

static mode_t default_mode(void)
{
    mode_t mask = umask(0);

    umask(mask);
    return 0666 & ~mask;
}

/* Creates a file in the folder of the output that it will become, because rename works only within a file system. */
static bool open_temporary(FpOutput *output, mode_t mode, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(output->path);
    g_autofree char *temporary =
        output->place != NULL ? g_strdup(fp_place_temporary(output->place)) : g_strdup_printf("%s/.firstpayload-XXXXXX", folder);

    output->fd = fp_temporary_create(temporary);
    if (output->fd < 0) {
        set_create_error(error, output->shown, "no temporary file can be created in its folder");
        return false;
    }
    output->temporary = g_steal_pointer(&temporary);
    if (fchmod(output->fd, mode) != 0) {
        set_create_error(error, output->shown, "its permissions cannot be set");
        return false;
    }
    return true;
}

static bool refuse_input(const FpOutput *output, const char *help, GError **error)
{
    g_set_error(error, FP_ERROR, FP_ERROR_USAGE, "%s: is also an input; %s", output->shown, help);
    return false;
}

/* A pipe or device may be input and output. */
static bool is_no_input(const FpOutput *output, char *const *inputs, GError **error)
{
    struct stat status;
    bool is_both = fstat(output->fd, &status) == 0 && S_ISREG(status.st_mode) && is_an_input(&status, inputs);

    return !is_both || refuse_input(output, "write to another file", error);
}

/* Writes to an inherited descriptor as it is: nothing is replaced or emptied, and writing continues at its offset. */
static bool open_descriptor(FpOutput *output, const FpTarget *target, char *const *inputs, GError **error)
{
    output->fd = fp_target_duplicate(target);
    if (output->fd >= 0)
        return is_no_input(output, inputs, error);
    if (errno == EBADF)
        g_set_error(error, FP_ERROR, FP_ERROR_CANNOT_CREATE, "%s: is not open for writing; give the output a file's name, or redirect it",
                    output->shown);
    else
        set_create_error(error, output->shown, "cannot be written to");
    return false;
}

static bool open_special(FpOutput *output, const FpTarget *target, char *const *inputs, GError **error)
{
    output->fd = fp_target_open_special(target->path, O_APPEND);
    if (output->fd >= 0)
        return is_no_input(output, inputs, error);
    if (errno == EINTR)
        g_set_error(error, FP_ERROR, FP_ERROR_CANNOT_CREATE, "%s: a signal came before anybody opened it for reading", output->shown);
    else
        set_create_error(error, output->shown, "cannot be opened for writing");
    return false;
}

/* A file that appears only when it is complete. */
static bool open_file(FpOutput *output, const FpTarget *target, char *const *inputs, GError **error)
{
    struct stat status;

    output->path = g_strdup(target->path);
    if (stat(output->path, &status) != 0)
        return open_temporary(output, default_mode(), error);
    if (is_an_input(&status, inputs))
        return refuse_input(output, "give the output another name", error);
    if (access(output->path, W_OK) != 0) { /* replacing it would need only write permission for the folder */
        set_create_error(error, output->shown, "exists and is not writable");
        return false;
    }
    return open_temporary(output, status.st_mode & 0777, error);
}

/* A file that lines are appended to. */
static bool open_appended(FpOutput *output, const FpTarget *target, char *const *inputs, GError **error)
{
    struct stat status;
    bool is_new = access(target->path, F_OK) != 0;

    output->fd = open(target->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, FP_PRIVATE_MODE);
    if (output->fd < 0 || fstat(output->fd, &status) != 0) {
        set_create_error(error, output->shown, "cannot be opened for appending");
        return false;
    }
    output->is_appended = true;
    output->new_in = is_new ? g_path_get_dirname(target->path) : NULL;
    return !is_an_input(&status, inputs) || refuse_input(output, "give the log another name", error);
}

/* Opens a target that fp_target_find has found. */
typedef bool (*OpenTarget)(FpOutput *output, const FpTarget *target, char *const *inputs, GError **error);

static bool open_target(FpOutput *output, const char *path, char *const *inputs, OpenTarget open_it, GError **error)
{
    FpTarget target;

    if (!fp_target_find(path, &target)) {
        set_create_error(error, output->shown, "its symbolic links cannot be followed");
        return false;
    }
    if (target.kind == FP_TARGET_SPECIAL)
        open_it = open_special;
    else if (target.kind == FP_TARGET_DESCRIPTOR)
        open_it = open_descriptor;
    bool is_open = open_it(output, &target, inputs, error);
    g_free(target.path);
    return is_open;
}

/* open_it opens a regular file; other targets have functions of their own. */
static FpOutput *open_output(const char *path, char *const *inputs, OpenTarget open_it, GError **error)
{
    FpOutput *output = g_new0(FpOutput, 1);

    output->shown = g_strdup(g_str_equal(path, "-") ? "standard output" : path);
    output->place = fp_place_find(path);
    output->fd = output->reader = -1;
    output->buffer = g_malloc(FP_OUTPUT_BUFFER_BYTES);
    if (open_target(output, path, inputs, open_it, error))
        return output;
    fp_output_discard(output);
    return NULL;
}

FpOutput *fp_output_open(const char *path, char *const *inputs, GError **error)
{
    return open_output(path, inputs, open_file, error);
}

/* Leaves the file that was moved away, and opens a new one under the same name. */
static void open_anew(void *user)
{
    FpOutput *output = user;
    int reader, fresh = output->place != NULL ? fp_place_reopen(output->place, &reader) : fp_place_open_appended(output->shown);

    if (fresh < 0) {
        fp_message_print("%s: cannot be reopened: %s; lines still go to the old file until the next SIGHUP", output->shown,
                         g_strerror(errno));
        return;
    }
    if (output->place == NULL)
        reader = fp_target_open_reader(fresh);
    (void)fsync(output->fd); /* nobody does later; a failure is the disk's, which the new file will meet, too */
    g_mutex_lock(&output->lock);
    close(output->fd);
    fp_output_close_reader(output);
    output->fd = fresh;
    output->reader = reader;
    if (output->new_in == NULL)
        output->new_in = g_path_get_dirname(output->shown);
    output->may_begin_in_line = true;
    g_mutex_unlock(&output->lock);
}

FpOutput *fp_output_append(const char *path, char *const *inputs, GError **error)
{
    FpOutput *output = open_output(path, inputs, open_appended, error);

    if (output == NULL)
        return NULL;
    /* without O_APPEND, whoever opened the descriptor chose where in the file it stands */
    output->may_begin_in_line = output->is_appended || (fcntl(output->fd, F_GETFL) & O_APPEND) != 0;
    if (output->may_begin_in_line)
        output->reader = fp_target_open_reader(output->fd);
    if (output->is_appended)
        fp_stop_on_hangup(open_anew, output);
    return output;
}

bool fp_output_is_file_name(const char *path)
{
    FpTarget target;

    if (!fp_target_find(path, &target))
        return false;
    g_free(target.path);
    return target.kind == FP_TARGET_FILE;
}

/* Character devices do not count: /dev/null may be used twice, and what goes to a terminal is seen. */
static bool is_same(const struct stat *one, const struct stat *other)
{
    return one->st_dev == other->st_dev && one->st_ino == other->st_ino && !S_ISCHR(one->st_mode);
}

bool fp_output_is_same(const FpOutput *output, int fd)
{
    struct stat one, other;
    bool is_found = output->path != NULL ? stat(output->path, &one) == 0 : fstat(output->fd, &one) == 0;

    return is_found && fstat(fd, &other) == 0 && is_same(&one, &other);
}

/* flag: of open(2). */
static FpOutput *create(const char *path, int flag, GError **error)
{
    FpOutput *output = g_new0(FpOutput, 1);

    output->shown = g_strdup(path);
    output->reader = -1;
    output->fd = open(path, O_WRONLY | O_CREAT | flag | O_CLOEXEC, FP_PRIVATE_MODE);
    output->buffer = g_malloc(FP_OUTPUT_BUFFER_BYTES);
    if (output->fd >= 0) {
        output->temporary = g_strdup(path);
        return output;
    }
    set_create_error(error, path, "cannot be created");
    fp_output_free(output);
    return NULL;
}

FpOutput *fp_output_create(const char *path, GError **error)
{
    return create(path, O_TRUNC, error);
}

FpOutput *fp_output_create_anew(const char *path, GError **error)
{
    unlink(path);
    return create(path, O_EXCL, error);
}
