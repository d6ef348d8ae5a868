/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * probe.c - tries, from inside the program and when it has given up its rights, what it should no longer be able to do.
 *
 *   PROBE   what to try: the name of a system call below; or read:PATH, write:PATH, make:PATH, remove:PATH. Not set: nothing
 *
 * Prints "probe: done" or "probe: " and the error's name, and ends with status 0; unless the kernel ends it first.
 */
#include <asm/termbits.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/bpf.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/types.h>
#include <unistd.h>

#include "base/confinement.h"

static long try_execve(void)
{
    return execve("/bin/true", (char *[]){"true", NULL}, (char *[]){NULL});
}

static long try_fork(void)
{
    pid_t child = fork();

    if (child == 0)
        _exit(0);
    return child < 0 ? -1 : 0;
}

static long try_socket(void)
{
    return socket(AF_INET, SOCK_DGRAM, 0);
}

static long try_connect(void)
{
    return connect(0, &(struct sockaddr){0}, sizeof(struct sockaddr));
}

static long try_ptrace(void)
{
    return ptrace(PTRACE_TRACEME, 0, NULL, NULL);
}

static long try_unshare(void)
{
    return unshare(CLONE_NEWUSER);
}

static long try_namespace(void)
{
    return syscall(SYS_clone, CLONE_NEWUSER | SIGCHLD, 0, 0, 0, 0);
}

static long try_setuid(void)
{
    return syscall(SYS_setuid, 0);
}

static long try_mount(void)
{
    return mount("none", "/mnt", "tmpfs", 0, NULL);
}

static long try_kill(void)
{
    return kill(getppid(), 0);
}

static long try_bpf(void)
{
    return syscall(SYS_bpf, BPF_MAP_CREATE, NULL, 0);
}

static long try_ring(void)
{
    return syscall(SYS_io_uring_setup, 1, NULL);
}

static long try_terminal(void)
{
    return ioctl(STDIN_FILENO, TIOCSTI, "x");
}

/* What isatty(3) asks, in its old form and its new one. */
static long try_isatty(void)
{
    static const unsigned long requests[] = {TCGETS,
#ifdef TCGETS2
                                             TCGETS2
#endif
    };
    char answer[256];

    for (size_t i = 0; i < sizeof requests / sizeof *requests; i++)
        if (ioctl(STDIN_FILENO, requests[i], answer) != 0 && errno != ENOTTY)
            return -1;
    return 0;
}

static long try_chmod(void)
{
    return chmod("/", 0755);
}

static const struct {
    const char *name;
    long (*call)(void);
} calls[] = {
    {"execve", try_execve},   {"fork", try_fork},           {"socket", try_socket},     {"connect", try_connect}, {"ptrace", try_ptrace},
    {"unshare", try_unshare}, {"namespace", try_namespace}, {"setuid", try_setuid},     {"mount", try_mount},     {"kill", try_kill},
    {"bpf", try_bpf},         {"io_uring_setup", try_ring}, {"terminal", try_terminal}, {"chmod", try_chmod},     {"isatty", try_isatty},
};

static long try_path(const char *what)
{
    const char *path = strchr(what, ':');

    if (path++ == NULL)
        return -2;
    if (strncmp(what, "read:", 5) == 0)
        return open(path, O_RDONLY);
    if (strncmp(what, "write:", 6) == 0)
        return open(path, O_WRONLY);
    if (strncmp(what, "make:", 5) == 0)
        return open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
    return strncmp(what, "remove:", 7) == 0 ? unlink(path) : -2;
}

static long try(const char *what)
{
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++)
        if (strcmp(what, calls[i].name) == 0)
            return calls[i].call();
    return try_path(what);
}

void fp_confinement_probe(void)
{
    const char *what = getenv("PROBE");

    if (what == NULL)
        return;
    long result = try(what);
    int failure = errno;
    fprintf(stderr, "probe: %s\n", result == -2 ? "no such probe" : result < 0 ? strerrorname_np(failure) : "done");
    fflush(stderr);
    _exit(0);
}
