/* SPDX-License-Identifier: GPL-2.0-or-later */
/* first-time.c - see first-time.h. */
#include "first-time.h"

#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/error.h"
#include "base/folder.h"
#include "capture/capture.h"

#define LEADING_MAX 1000U /* records before the first packet that are not packets: they have no time of capture */

static bool find(const char *path, int64_t *time_ns)
{
    g_autoptr(GError) failure = NULL;
    g_autoptr(FpCapture) capture = fp_capture_open(path, false, &failure);
    FpRecord record = {.link = FP_LINK_NONE};
    int n = capture == NULL ? -1 : 1;

    for (unsigned i = 0; i < LEADING_MAX && n == 1 && record.link == FP_LINK_NONE; i++)
        n = fp_capture_read_frame(capture, &record, &failure);
    if (n == 1 && record.link != FP_LINK_NONE)
        *time_ns = fp_capture_time_ns(capture, &record);
    return n >= 0 || g_error_matches(failure, FP_ERROR, FP_ERROR_DATA);
}

/* Checks again that it is a regular file, as somebody may have put something else in its place. */
bool fp_first_time_find(const char *path, int64_t *time_ns)
{
    struct stat status;
    int fd = fp_folder_open_file(path);

    if (fd < 0)
        return false;
    g_autofree char *reading_path = fp_folder_path_of(fd, path);
    bool is_found = fstat(fd, &status) == 0 && (!S_ISREG(status.st_mode) || find(reading_path, time_ns));
    close(fd);
    return is_found;
}

typedef struct {
    bool is_found;
    int64_t time_ns;
} Answer;

/* Runs in the child and does not return. Dies with its parent, as it holds the parent's locks. */
static void answer(const char *path, Answer so_far, int fd)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    so_far.is_found = fp_first_time_find(path, &so_far.time_ns);
    (void)!write(fd, &so_far, sizeof so_far);
    _exit(0);
}

bool fp_first_time_find_apart(const char *path, int64_t *time_ns)
{
    Answer heard = {.is_found = true, .time_ns = *time_ns};
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return true;
    pid_t child = fork();
    if (child == 0)
        answer(path, heard, ends[1]);
    close(ends[1]);
    Answer answered;
    if (child > 0 && read(ends[0], &answered, sizeof answered) == (ssize_t)sizeof answered)
        heard = answered;
    close(ends[0]);
    while (child > 0 && waitpid(child, NULL, 0) < 0 && errno == EINTR)
        ;
    *time_ns = heard.time_ns;
    return heard.is_found;
}
