/* SPDX-License-Identifier: GPL-2.0-or-later */
/* helper.c - see helper.h. */
#include "helper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "error.h"

#define JOBS_MAX 64U
#define NAME "fp-helper" /* in ps(1) and top(1) */

typedef struct {
    FpHelperJob run;
    void *user;
} Job;

typedef struct {
    void (*clean_up)(void *user);
    void *user;
} End;

typedef struct {
    uint32_t job;
    uint32_t reserved; /* 0 */
    int64_t argument;
} Request;

/* A message's bytes: FpHelperAnswer without the descriptors, which the kernel hands over. */
#define ANSWER_BYTES offsetof(FpHelperAnswer, fds)

typedef union {
    struct cmsghdr header; /* for its alignment */
    char bytes[CMSG_SPACE(sizeof(int) * FP_HELPER_FDS_MAX)];
} Control;

static Job jobs[JOBS_MAX];
static unsigned n_jobs;
static End ends[JOBS_MAX];
static unsigned n_ends;
static pid_t helper;     /* 0: there is none, or this is it */
static bool is_this;     /* this is it */
static int channel = -1; /* to the other process */
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;

unsigned fp_helper_add(FpHelperJob job, void *user)
{
    if (n_jobs < JOBS_MAX)
        jobs[n_jobs] = (Job){job, user};
    return n_jobs < JOBS_MAX ? n_jobs++ : JOBS_MAX;
}

void fp_helper_at_end(void (*clean_up)(void *user), void *user)
{
    if (n_ends < JOBS_MAX)
        ends[n_ends++] = (End){clean_up, user};
}

bool fp_helper_is_there(void)
{
    return helper > 0;
}

bool fp_helper_is_this(void)
{
    return is_this;
}

static void refuse(FpHelperAnswer *answer, int failure, const char *why)
{
    answer->failure = failure;
    g_strlcpy(answer->why, why, sizeof answer->why);
}

static void run(uint32_t job, int64_t argument, FpHelperAnswer *answer)
{
    memset(answer, 0, sizeof *answer);
    if (job < n_jobs)
        jobs[job].run(jobs[job].user, argument, answer);
    else
        refuse(answer, -1, "the helper process has no such job");
}

static bool send_answer(const FpHelperAnswer *answer)
{
    Control control = {0};
    struct iovec bytes = {.iov_base = (void *)answer, .iov_len = ANSWER_BYTES};
    struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1};
    const size_t fds_bytes = sizeof(int) * (size_t)answer->n_fds;

    if (answer->n_fds > 0) {
        message.msg_control = control.bytes;
        message.msg_controllen = CMSG_SPACE(fds_bytes);
        struct cmsghdr *header = CMSG_FIRSTHDR(&message);
        *header = (struct cmsghdr){.cmsg_level = SOL_SOCKET, .cmsg_type = SCM_RIGHTS, .cmsg_len = CMSG_LEN(fds_bytes)};
        memcpy(CMSG_DATA(header), answer->fds, fds_bytes);
    }
    bool is_sent = sendmsg(channel, &message, MSG_NOSIGNAL) >= 0;
    for (int i = 0; i < answer->n_fds; i++)
        close(answer->fds[i]);
    return is_sent;
}

/* Serves until the other process is gone. */
static void serve(void)
{
    Request request;
    FpHelperAnswer answer;
    ssize_t n;

    while ((n = recv(channel, &request, sizeof request, 0)) > 0 || (n < 0 && errno == EINTR)) {
        if (n < 0)
            continue;
        if (n == (ssize_t)sizeof request)
            run(request.job, request.argument, &answer);
        else
            run(JOBS_MAX, 0, &answer);
        if (!send_answer(&answer))
            break;
    }
    for (unsigned i = 0; i < n_ends; i++)
        ends[i].clean_up(ends[i].user);
}

/* Holds nothing open that the other process may close one day: whoever reads our standard output waits for its end. */
static void let_go(void)
{
    int nothing = open("/dev/null", O_RDWR | O_CLOEXEC);

    if (nothing >= 0) {
        dup2(nothing, STDIN_FILENO);
        dup2(nothing, STDOUT_FILENO);
    }
    if (channel != STDERR_FILENO + 1)
        (void)close_range(STDERR_FILENO + 1, (unsigned)channel - 1, 0);
    (void)close_range((unsigned)channel + 1, ~0U, 0);
}

/* Signals that end the other process reach this one as well, from a terminal or systemd; it is needed until the other's end. */
static void ignore_signals(void)
{
    static const int signals[] = {SIGINT, SIGTERM, SIGHUP, SIGQUIT, SIGUSR1, SIGUSR2, SIGPIPE};

    for (size_t i = 0; i < G_N_ELEMENTS(signals); i++)
        signal(signals[i], SIG_IGN);
}

static void be_helper(int fd)
{
    (void)prctl(PR_SET_NAME, NAME);
    is_this = true;
    channel = fd;
    ignore_signals();
    let_go();
    serve();
    _exit(0);
}

bool fp_helper_begin(GError **error)
{
    int pair[2];

    if (fp_helper_is_there())
        return true;
    bool has_pair = socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) == 0;
    pid_t pid = has_pair ? fork() : -1;
    if (pid < 0) {
        g_set_error(error, FP_ERROR, FP_ERROR_SOFTWARE, "a helper process cannot be started: %s", g_strerror(errno));
        return false;
    }
    if (pid == 0)
        be_helper(pair[1]);
    close(pair[1]);
    channel = pair[0];
    helper = pid;
    return true;
}

/* Where this process may open no more, fewer come than were sent: then it takes none, and the job is not done. */
static void take_descriptors(struct msghdr *message, FpHelperAnswer *answer)
{
    struct cmsghdr *header = CMSG_FIRSTHDR(message);
    const int32_t n_sent = answer->n_fds;

    answer->n_fds = 0;
    if (header != NULL && header->cmsg_level == SOL_SOCKET && header->cmsg_type == SCM_RIGHTS) {
        size_t bytes = header->cmsg_len - CMSG_LEN(0);
        memcpy(answer->fds, CMSG_DATA(header), bytes);
        answer->n_fds = (int32_t)(bytes / sizeof(int));
    }
    if (answer->n_fds == n_sent)
        return;
    for (int i = 0; i < answer->n_fds; i++)
        close(answer->fds[i]);
    *answer = (FpHelperAnswer){.failure = EMFILE};
}

static bool receive_answer(FpHelperAnswer *answer)
{
    Control control;
    struct iovec bytes = {.iov_base = answer, .iov_len = ANSWER_BYTES};
    struct msghdr message = {.msg_iov = &bytes, .msg_iovlen = 1, .msg_control = control.bytes, .msg_controllen = sizeof control.bytes};
    ssize_t n;

    do
        n = recvmsg(channel, &message, MSG_CMSG_CLOEXEC);
    while (n < 0 && errno == EINTR);
    if (n != (ssize_t)ANSWER_BYTES)
        return false;
    take_descriptors(&message, answer);
    return true;
}

static void ask(const Request *request, FpHelperAnswer *answer)
{
    ssize_t n;

    do
        n = send(channel, request, sizeof *request, MSG_NOSIGNAL);
    while (n < 0 && errno == EINTR);
    if (n != (ssize_t)sizeof *request || !receive_answer(answer))
        refuse(answer, -1, "the helper process is gone; start firstpayload again");
}

bool fp_helper_ask(unsigned job, int64_t argument, FpHelperAnswer *answer)
{
    const Request request = {.job = job, .argument = argument};

    memset(answer, 0, sizeof *answer);
    pthread_mutex_lock(&lock);
    if (fp_helper_is_there())
        ask(&request, answer);
    else
        run(job, argument, answer);
    pthread_mutex_unlock(&lock);
    return answer->failure == 0;
}

bool fp_helper_set_error(GError **error, int code, const char *what, const FpHelperAnswer *answer)
{
    g_set_error(error, FP_ERROR, code, "%s: %s", what, *answer->why != '\0' ? answer->why : g_strerror(answer->failure));
    return false;
}

void fp_helper_end(void)
{
    if (!fp_helper_is_there())
        return;
    close(channel);
    while (waitpid(helper, NULL, 0) < 0 && errno == EINTR)
        ;
    channel = -1;
    helper = 0;
}
