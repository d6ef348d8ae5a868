/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tshark-process.c - see tshark-process.h. */
#include "tshark-process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <spawn.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/error.h"
#include "base/helper.h"
#include "tshark-rights.h"

#define NOT_ENDED (-1) /* in answers, instead of a status */

static GPtrArray *lines;  /* the command lines that were noted: char ** */
static GArray *processes; /* of the helper: pid_t of those that were started and not waited for */
static unsigned start_job, look_job, end_job;

/* Opens a pipe that programs started by us do not inherit. Our end never blocks. */
static bool open_pipe(int ends[2], int ours)
{
    return pipe2(ends, O_CLOEXEC) == 0 && fcntl(ends[ours], F_SETFL, O_NONBLOCK) == 0;
}

static void close_ends(int ends[3][2], bool ours_too)
{
    for (int i = 0; i < 3; i++)
        for (int which = 0; which < 2; which++)
            if (ends[i][which] >= 0 && (ours_too || which == (i == 0 ? 0 : 1)))
                close(ends[i][which]);
}

/* Runs in a process group of its own: Ctrl-C is meant for us, who still have frames to ask about. Signals are as programs expect them. */
static int spawn(char **argv, int ends[3][2], int program_fd, pid_t *pid)
{
    posix_spawn_file_actions_t actions;
    posix_spawnattr_t attributes;
    sigset_t none, usual;
    g_auto(GStrv) environment = fp_tshark_rights_environment();

    sigemptyset(&none);
    sigfillset(&usual);
    posix_spawn_file_actions_init(&actions);
    posix_spawnattr_init(&attributes);
    for (int i = 0; i < 3; i++)
        posix_spawn_file_actions_adddup2(&actions, ends[i][i == 0 ? 0 : 1], i);
    if (program_fd >= 0)
        posix_spawn_file_actions_adddup2(&actions, program_fd, FP_TSHARK_RIGHTS_FD);
    posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETPGROUP | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
    posix_spawnattr_setpgroup(&attributes, 0);
    posix_spawnattr_setsigmask(&attributes, &none);
    posix_spawnattr_setsigdefault(&attributes, &usual);
    int failure = posix_spawn(pid, argv[0], &actions, &attributes, argv, environment);
    posix_spawnattr_destroy(&attributes);
    posix_spawn_file_actions_destroy(&actions);
    return failure;
}

static void refuse(FpHelperAnswer *answer, const char *why)
{
    answer->failure = -1;
    g_strlcpy(answer->why, why, sizeof answer->why);
}

static void refuse_missing(FpHelperAnswer *answer, int failure)
{
    g_autofree char *why =
        g_strdup_printf("tshark: cannot be started: %s; it comes with Wireshark (Debian's package tshark)", g_strerror(failure));

    refuse(answer, why);
}

static void spawn_with_pipes(char **argv, int program_fd, FpHelperAnswer *answer)
{
    int ends[3][2] = {{-1, -1}, {-1, -1}, {-1, -1}};
    int failure = 0;
    pid_t pid;

    for (int i = 0; i < 3 && failure == 0; i++)
        failure = open_pipe(ends[i], i == 0 ? 1 : 0) ? 0 : errno;
    if (failure == 0)
        failure = spawn(argv, ends, program_fd, &pid);
    close_ends(ends, failure != 0);
    if (failure != 0) {
        refuse_missing(answer, failure);
        return;
    }
    g_array_append_val(processes, pid);
    *answer = (FpHelperAnswer){.number = pid, .n_fds = 3, .fds = {ends[0][1], ends[1][0], ends[2][0]}};
}

static void start(char *const *words, FpHelperAnswer *answer)
{
    g_autofree char *program = g_find_program_in_path("tshark");
    g_autoptr(GPtrArray) argv = g_ptr_array_new_with_free_func(g_free);
    int program_fd = -1;
    GError *failure = NULL;

    if (program == NULL) {
        refuse_missing(answer, ENOENT);
        return;
    }
    if (!fp_tshark_rights_add(argv, &failure)) {
        refuse(answer, failure->message);
        g_error_free(failure);
        return;
    }
    g_ptr_array_add(argv, fp_tshark_rights_path(program, &program_fd));
    for (char *const *word = words; *word != NULL; word++)
        g_ptr_array_add(argv, g_strdup(*word));
    g_ptr_array_add(argv, NULL);
    spawn_with_pipes((char **)argv->pdata, program_fd, answer);
    if (program_fd >= 0)
        close(program_fd);
}

/* The number of a command line, which both processes make by themselves, whatever else they have noted: they need not agree about options
 * that made no sense. */
static int64_t number_of(char *const *words)
{
    g_autofree char *line = g_strjoinv("\n", (char **)words);

    return (int64_t)XXH3_64bits(line, strlen(line));
}

/* Returns the command line with this number, or NULL. */
static char **find_line(int64_t number)
{
    for (guint i = 0; i < lines->len; i++)
        if (number_of(g_ptr_array_index(lines, i)) == number)
            return g_ptr_array_index(lines, i);
    return NULL;
}

/* FpHelperJob. argument: the number of a command line. */
static void start_noted(void *nothing, int64_t argument, FpHelperAnswer *answer)
{
    char *const *words = find_line(argument);

    (void)nothing;
    if (words == NULL)
        refuse(answer, "tshark: the helper process knows no such command line; start firstpayload again");
    else
        start(words, answer);
}

static bool find_process(int64_t pid, guint *at)
{
    for (*at = 0; *at < processes->len; ++*at)
        if (g_array_index(processes, pid_t, *at) == pid)
            return true;
    return false;
}

/* argument: what was started. options: of waitpid(2). */
static void wait_for(int64_t argument, int options, FpHelperAnswer *answer)
{
    int status = 0;
    pid_t found;
    guint at;

    if (!find_process(argument, &at)) {
        refuse(answer, "the helper process has started no such process");
        return;
    }
    if (!(options & WNOHANG))
        kill(-(pid_t)argument, SIGKILL); /* its group, as it may be a script that has started tshark */
    do
        found = waitpid((pid_t)argument, &status, options);
    while (found < 0 && errno == EINTR);
    answer->number = found != 0 ? status : NOT_ENDED;
    if (found != 0)
        g_array_remove_index_fast(processes, at);
}

/* FpHelperJob */
static void look(void *nothing, int64_t argument, FpHelperAnswer *answer)
{
    (void)nothing;
    wait_for(argument, WNOHANG, answer);
}

/* FpHelperJob */
static void end(void *nothing, int64_t argument, FpHelperAnswer *answer)
{
    (void)nothing;
    wait_for(argument, 0, answer);
}

/* When nobody is left who would ask tshark. */
static void end_all(void *nothing)
{
    FpHelperAnswer answer;

    (void)nothing;
    while (processes->len > 0)
        wait_for(g_array_index(processes, pid_t, 0), 0, &answer);
}

static void add_jobs(void)
{
    if (lines != NULL)
        return;
    lines = g_ptr_array_new();
    processes = g_array_new(FALSE, FALSE, sizeof(pid_t));
    start_job = fp_helper_add(start_noted, NULL);
    look_job = fp_helper_add(look, NULL);
    end_job = fp_helper_add(end, NULL);
    fp_helper_at_end(end_all, NULL);
}

void fp_tshark_process_note(char *const *words)
{
    add_jobs();
    if (find_line(number_of(words)) == NULL)
        g_ptr_array_add(lines, g_strdupv((char **)words));
}

bool fp_tshark_process_start(char *const *words, FpTsharkProcess *process, GError **error)
{
    FpHelperAnswer answer;

    *process = (FpTsharkProcess){.input = -1, .output = -1, .errors = -1};
    fp_tshark_process_note(words);
    if (!fp_helper_ask(start_job, number_of(words), &answer)) {
        g_set_error_literal(error, FP_ERROR, FP_ERROR_UNAVAILABLE, answer.why);
        return false;
    }
    *process = (FpTsharkProcess){.pid = (pid_t)answer.number, .input = answer.fds[0], .output = answer.fds[1], .errors = answer.fds[2]};
    return true;
}

void fp_tshark_process_wait(FpTsharkProcess *process, bool must_end)
{
    FpHelperAnswer answer;

    if (process->pid == 0)
        return;
    if (fp_helper_ask(must_end ? end_job : look_job, process->pid, &answer) && answer.number == NOT_ENDED)
        return;
    process->pid = 0;
    process->status = (int)answer.number;
}
