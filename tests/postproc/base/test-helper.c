/* SPDX-License-Identifier: GPL-2.0-or-later */
/* test-helper.c - the helper does its jobs, and no others. */
#include <errno.h>
#include <fcntl.h>
#include <glib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/helper.h"

static int end_pipe[2];
static int64_t remembered; /* by the process that does the job */

static void double_it(void *user, int64_t argument, FpHelperAnswer *answer)
{
    remembered = argument;
    answer->number = argument * *(const int *)user;
}

static void say_who(void *nothing, int64_t argument, FpHelperAnswer *answer)
{
    (void)nothing;
    (void)argument;
    answer->number = getpid();
}

static void open_pipe(void *nothing, int64_t argument, FpHelperAnswer *answer)
{
    (void)nothing;
    (void)argument;
    answer->n_fds = pipe2(answer->fds, O_CLOEXEC) == 0 ? 2 : 0;
}

static void fail(void *nothing, int64_t argument, FpHelperAnswer *answer)
{
    (void)nothing;
    if (argument == 0) {
        answer->failure = ENOENT;
        return;
    }
    answer->failure = -1;
    g_strlcpy(answer->why, "it is too late", sizeof answer->why);
}

/* The helper lets go of all descriptors but standard error, so that is where the end of a pipe is. */
static void say_the_end(void *nothing)
{
    (void)nothing;
    (void)!write(STDERR_FILENO, "end", 3);
}

static int factor = 2;
static unsigned double_job, who_job, pipe_job, fail_job;

static void test_without_one(void)
{
    FpHelperAnswer answer;

    g_assert_false(fp_helper_is_there());
    g_assert_true(fp_helper_ask(double_job, 21, &answer));
    g_assert_cmpint(answer.number, ==, 42);
    g_assert_cmpint(remembered, ==, 21);
    g_assert_true(fp_helper_ask(who_job, 0, &answer));
    g_assert_cmpint(answer.number, ==, getpid());
}

static void check_failures(void)
{
    FpHelperAnswer answer;
    GError *error = NULL;

    g_assert_false(fp_helper_ask(fail_job, 0, &answer));
    g_assert_false(fp_helper_set_error(&error, 74, "x", &answer));
    g_assert_cmpstr(error->message, ==, "x: No such file or directory");
    g_clear_error(&error);
    g_assert_false(fp_helper_ask(fail_job, 1, &answer));
    g_assert_false(fp_helper_set_error(&error, 74, "x", &answer));
    g_assert_cmpstr(error->message, ==, "x: it is too late");
    g_clear_error(&error);
    g_assert_false(fp_helper_ask(12345, 0, &answer));
    g_assert_cmpstr(answer.why, ==, "the helper process has no such job");
    g_assert_false(fp_helper_ask(fp_helper_add(double_it, &factor), 1, &answer)); /* there only after it was forked */
}

static void check_descriptors(void)
{
    FpHelperAnswer answer;
    char byte = 'x';

    g_assert_true(fp_helper_ask(pipe_job, 0, &answer));
    g_assert_cmpint(answer.n_fds, ==, 2);
    g_assert_cmpint(fcntl(answer.fds[0], F_GETFD) & FD_CLOEXEC, ==, FD_CLOEXEC);
    g_assert_cmpint(write(answer.fds[1], &byte, 1), ==, 1);
    g_assert_cmpint(read(answer.fds[0], &byte, 1), ==, 1);
    close(answer.fds[1]);
    g_assert_cmpint(read(answer.fds[0], &byte, 1), ==, 0); /* the helper has closed its own */
    close(answer.fds[0]);
}

/* Where there is room for one of two, or for none, the job is not done, and nothing stays open. */
static void check_lack_of_descriptors(void)
{
    struct rlimit limit, before;
    FpHelperAnswer answer;
    int next = dup(STDIN_FILENO);

    close(next);
    g_assert_cmpint(getrlimit(RLIMIT_NOFILE, &before), ==, 0);
    for (int room = 0; room < 2; room++) {
        limit = (struct rlimit){.rlim_cur = (rlim_t)(next + room), .rlim_max = before.rlim_max};
        g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &limit), ==, 0);
        g_assert_false(fp_helper_ask(pipe_job, 0, &answer));
        g_assert_cmpint(setrlimit(RLIMIT_NOFILE, &before), ==, 0);
        g_assert_cmpint(answer.failure, ==, EMFILE);
        g_assert_cmpint(answer.n_fds, ==, 0);
        g_assert_cmpint(fcntl(next, F_GETFD), ==, -1);
    }
}

static void check_memory(void)
{
    FpHelperAnswer answer;

    g_assert_true(fp_helper_ask(who_job, 0, &answer));
    g_assert_cmpint(answer.number, !=, getpid());
    remembered = 0;
    factor = 7; /* it has what was there when it was forked */
    g_assert_true(fp_helper_ask(double_job, 21, &answer));
    g_assert_cmpint(answer.number, ==, 42);
    g_assert_cmpint(remembered, ==, 0);
}

static void test_with_one(void)
{
    char said[8] = "";
    int standard_error = dup(STDERR_FILENO);

    g_assert_cmpint(standard_error, >=, 0);
    g_assert_cmpint(pipe2(end_pipe, O_CLOEXEC), ==, 0);
    dup2(end_pipe[1], STDERR_FILENO);
    fp_helper_at_end(say_the_end, NULL);
    g_assert_true(fp_helper_begin(NULL));
    dup2(standard_error, STDERR_FILENO);
    close(end_pipe[1]);
    g_assert_true(fp_helper_is_there());
    g_assert_false(fp_helper_is_this());

    check_memory();
    check_failures();
    check_descriptors();
    check_lack_of_descriptors();

    fp_helper_end();
    g_assert_cmpint(read(end_pipe[0], said, sizeof said - 1), ==, 3);
    g_assert_cmpstr(said, ==, "end");
    g_assert_false(fp_helper_is_there());
    close(end_pipe[0]);
    close(standard_error);
}

int main(int argc, char **argv)
{
    g_test_init(&argc, &argv, NULL);
    double_job = fp_helper_add(double_it, &factor);
    who_job = fp_helper_add(say_who, NULL);
    pipe_job = fp_helper_add(open_pipe, NULL);
    fail_job = fp_helper_add(fail, NULL);
    g_test_add_func("/helper/without", test_without_one);
    g_test_add_func("/helper/with", test_with_one);
    return g_test_run();
}
