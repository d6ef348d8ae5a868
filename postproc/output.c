/* SPDX-License-Identifier: GPL-2.0-or-later */
/* output.c - see output.h. */
#include "output.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "error.h"
#include "hangup.h"

#define BUFFER_BYTES (256U * 1024U)

struct FpOutput {
    char *shown; /* as messages name it */
    char *path;  /* where it will be, links resolved; NULL when it is written to directly */
    char *temporary;
    bool is_appended; /* a regular file to which lines are added */
    int fd;
    uint8_t *buffer;
    size_t buffered;
    uint64_t bytes;
};

/* What ends the program and can be caught. */
static const int ends[] = {SIGHUP, SIGINT, SIGQUIT, SIGABRT, SIGPIPE, SIGTERM, SIGXCPU};

/* The temporary file that a signal must not leave behind. */
static const char *volatile doomed;

void fp_output_remove_temporary(void)
{
    if (doomed != NULL)
        unlink(doomed);
}

static void remove_doomed(int signal_number)
{
    fp_output_remove_temporary();
    signal(signal_number, SIG_DFL);
    raise(signal_number);
}

static void guard(const char *temporary)
{
    struct sigaction action = {.sa_handler = remove_doomed};

    doomed = temporary;
    for (size_t i = 0; i < G_N_ELEMENTS(ends); i++) {
        struct sigaction old;
        if (sigaction(ends[i], NULL, &old) == 0 && old.sa_handler == SIG_DFL) /* not what nohup has ignored, or stop.c caught */
            sigaction(ends[i], &action, NULL);
    }
}

/* mkostemp, with no moment in which a signal would not know of the file. */
static int create_guarded(char *temporary)
{
    sigset_t all, old;

    sigfillset(&all);
    pthread_sigmask(SIG_BLOCK, &all, &old);
    int fd = mkostemp(temporary, O_CLOEXEC);
    int failure = errno;
    if (fd >= 0)
        guard(temporary);
    pthread_sigmask(SIG_SETMASK, &old, NULL);
    errno = failure;
    return fd;
}

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

/* A file beside the one that it will become, on the same file system as rename wants it. */
static bool open_temporary(FpOutput *output, mode_t mode, GError **error)
{
    g_autofree char *folder = g_path_get_dirname(output->path);
    g_autofree char *temporary = g_strdup_printf("%s/.firstpayload-XXXXXX", folder);

    output->fd = create_guarded(temporary);
    if (output->fd < 0) {
        set_create_error(error, output->shown, "no temporary file can be created in its folder");
        return false;
    }
    doomed = output->temporary = g_steal_pointer(&temporary);
    if (fchmod(output->fd, mode) != 0) {
        set_create_error(error, output->shown, "its permissions cannot be set");
        return false;
    }
    return true;
}

/* Follows links to where the file is or would be: a link stays a link. Returns NULL with errno set when they lead nowhere. */
static char *follow_links(const char *path)
{
    g_autofree char *at = g_strdup(path);

    for (int links = 0; links < 40; links++) {
        g_autofree char *target = g_file_read_link(at, NULL);
        if (target == NULL)
            return g_steal_pointer(&at);
        g_autofree char *folder = g_path_get_dirname(at);
        char *next = g_path_is_absolute(target) ? g_strdup(target) : g_build_filename(folder, target, NULL);
        g_free(at);
        at = next;
    }
    errno = ELOOP;
    return NULL;
}

/* What is no regular file cannot be replaced by one: it is written to. */
static bool open_special(FpOutput *output, GError **error)
{
    output->fd = open(output->path, O_WRONLY | O_CLOEXEC);
    if (output->fd < 0) {
        set_create_error(error, output->shown, "cannot be opened for writing");
        return false;
    }
    g_clear_pointer(&output->path, g_free);
    return true;
}

static bool open_named(FpOutput *output, char *const *inputs, GError **error)
{
    struct stat status;
    char *path = follow_links(output->path);

    if (path == NULL) {
        set_create_error(error, output->shown, "its links cannot be followed");
        return false;
    }
    g_free(output->path);
    output->path = path;
    if (stat(path, &status) != 0)
        return open_temporary(output, default_mode(), error);
    if (!S_ISREG(status.st_mode))
        return open_special(output, error);
    if (is_an_input(&status, inputs)) {
        g_set_error(error, FP_ERROR, FP_ERROR_USAGE, "%s: is also an input; give the output another name", output->shown);
        return false;
    }
    if (access(path, W_OK) != 0) { /* replacing it would need the folder's permission only */
        set_create_error(error, output->shown, "is there and may not be written to");
        return false;
    }
    return open_temporary(output, status.st_mode & 0777, error);
}

static bool open_standard_output(FpOutput *output, char *const *inputs, GError **error)
{
    struct stat status;

    if (fstat(STDOUT_FILENO, &status) == 0 && S_ISREG(status.st_mode) && is_an_input(&status, inputs)) {
        g_set_error(error, FP_ERROR, FP_ERROR_USAGE, "standard output: is also an input; write to another file");
        return false;
    }
    output->fd = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
    if (output->fd < 0)
        set_create_error(error, output->shown, "cannot be written to");
    return output->fd >= 0;
}

static void free_output(FpOutput *output)
{
    if (output->is_appended)
        fp_hangup_forget();
    if (output->fd >= 0)
        close(output->fd);
    if (output->temporary != NULL)
        doomed = NULL;
    g_free(output->shown);
    g_free(output->path);
    g_free(output->temporary);
    g_free(output->buffer);
    g_free(output);
}

/* Opens an output that has a name. */
typedef bool (*OpenNamed)(FpOutput *output, char *const *inputs, GError **error);

static FpOutput *open_output(const char *path, char *const *inputs, OpenNamed open_named_output, GError **error)
{
    FpOutput *output = g_new0(FpOutput, 1);
    bool is_standard = g_str_equal(path, "-");
    bool is_open;

    output->shown = g_strdup(is_standard ? "standard output" : path);
    output->fd = -1;
    output->buffer = g_malloc(BUFFER_BYTES);
    if (is_standard) {
        is_open = open_standard_output(output, inputs, error);
    } else {
        output->path = g_strdup(path);
        is_open = open_named_output(output, inputs, error);
    }
    if (is_open)
        return output;
    fp_output_discard(output);
    return NULL;
}

FpOutput *fp_output_open(const char *path, char *const *inputs, GError **error)
{
    return open_output(path, inputs, open_named, error);
}

static bool open_appended(FpOutput *output, char *const *inputs, GError **error)
{
    struct stat status;

    output->fd = open(output->path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666);
    if (output->fd < 0 || fstat(output->fd, &status) != 0) {
        set_create_error(error, output->shown, "cannot be opened for appending");
        return false;
    }
    if (is_an_input(&status, inputs)) {
        g_set_error(error, FP_ERROR, FP_ERROR_USAGE, "%s: is also an input; give the log another name", output->shown);
        return false;
    }
    output->is_appended = S_ISREG(status.st_mode);
    return true;
}

FpOutput *fp_output_append(const char *path, char *const *inputs, bool reopens, GError **error)
{
    FpOutput *output = open_output(path, inputs, open_appended, error);

    if (output != NULL && output->is_appended && reopens)
        fp_hangup_reopens(output->fd, output->path);
    return output;
}

bool fp_output_is_same(const FpOutput *output, const FpOutput *other)
{
    struct stat one, another;
    bool is_found = output->path != NULL ? stat(output->path, &one) == 0 : fstat(output->fd, &one) == 0;

    return is_found && S_ISREG(one.st_mode) && fstat(other->fd, &another) == 0 && one.st_dev == another.st_dev &&
           one.st_ino == another.st_ino;
}

FpOutput *fp_output_create(const char *path, GError **error)
{
    FpOutput *output = g_new0(FpOutput, 1);

    output->shown = g_strdup(path);
    output->fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    output->buffer = g_malloc(BUFFER_BYTES);
    if (output->fd >= 0) {
        output->temporary = g_strdup(path);
        return output;
    }
    set_create_error(error, path, "cannot be created");
    free_output(output);
    return NULL;
}

/* Takes back what there is of a line of which the rest could not be written, where nobody has added to the file since. */
static void cut_torn_line(const FpOutput *output, const uint8_t *bytes, size_t n)
{
    off_t end = lseek(output->fd, 0, SEEK_CUR); /* behind what we wrote last */
    size_t torn = 0;
    struct stat status;

    while (torn < n && bytes[n - torn - 1] != '\n')
        torn++;
    if (torn > 0 && fstat(output->fd, &status) == 0 && status.st_size == end)
        (void)!ftruncate(output->fd, end - (off_t)torn);
}

/* begin: of what is written, bytes of which have been. */
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

static bool write_out(FpOutput *output, const uint8_t *bytes, size_t n, GError **error)
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
            return set_write_error(output, begin, bytes, error);
        bytes += written;
        n -= (size_t)written;
        output->bytes += (uint64_t)written;
    }
    return true;
}

bool fp_output_flush(FpOutput *output, GError **error)
{
    size_t n = output->buffered;
    int failure = output->is_appended ? fp_hangup_failure() : 0;

    if (failure != 0)
        fprintf(stderr, "firstpayload: %s: cannot be opened anew: %s; lines go on to the file of before, until SIGHUP comes again\n",
                output->shown, g_strerror(failure));
    output->buffered = 0;
    return write_out(output, output->buffer, n, error);
}

bool fp_output_write(FpOutput *output, const void *bytes, size_t n, GError **error)
{
    if (n > BUFFER_BYTES - output->buffered && !fp_output_flush(output, error))
        return false;
    if (n > BUFFER_BYTES)
        return write_out(output, bytes, n, error);
    memcpy(output->buffer + output->buffered, bytes, n);
    output->buffered += n;
    return true;
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

/* A new name lasts once its folder is on the disk too. Some file systems cannot say so, which is no failure. */
static void sync_folder(const char *path)
{
    g_autofree char *folder = g_path_get_dirname(path);
    int fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

    if (fd < 0)
        return;
    (void)fsync(fd);
    close(fd);
}

static bool sync_file(FpOutput *output, GError **error)
{
    if (fsync(output->fd) == 0)
        return true;
    g_set_error(error, FP_ERROR, FP_ERROR_IO, "%s: cannot be brought to the disk: %s", output->shown, g_strerror(errno));
    return false;
}

static bool make_durable(FpOutput *output, GError **error)
{
    if (!sync_file(output, error))
        return false;
    if (rename(output->temporary, output->path) != 0) {
        set_create_error(error, output->shown, "the finished file cannot be given its name");
        return false;
    }
    doomed = NULL;
    sync_folder(output->path);
    return true;
}

bool fp_output_finish(FpOutput *output, GError **error)
{
    bool is_done = fp_output_flush(output, error) && sync_file(output, error);

    if (is_done)
        free_output(output);
    else
        fp_output_discard(output);
    return is_done;
}

bool fp_output_publish(FpOutput *output, GError **error)
{
    bool is_done = fp_output_flush(output, error);

    if (is_done && output->temporary != NULL)
        is_done = make_durable(output, error);
    else if (is_done && output->is_appended)
        is_done = sync_file(output, error);

    if (!is_done) {
        fp_output_discard(output);
        return false;
    }
    free_output(output);
    return true;
}

void fp_output_discard(FpOutput *output)
{
    if (output == NULL)
        return;
    if (output->temporary != NULL)
        unlink(output->temporary);
    free_output(output);
}
