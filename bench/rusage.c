/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * rusage.c - runs a command and writes what it used to an open file: CPU time in microseconds, peak memory in bytes, and elapsed time in
 * microseconds.
 *
 * bench.py could call wait4 itself, but a process that was large when it called exec keeps that size as its peak, and Python is larger than
 * what is measured. This program is small.
 *
 * usage: rusage FD COMMAND [ARGUMENT...]
 *
 * Exits as the command does, or with 128 plus the number of the signal that ended it.
 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define EXIT_NOT_RUN 127

static long long microseconds(struct timeval time)
{
    return (long long)time.tv_sec * 1000000 + time.tv_usec;
}

static long long now(void)
{
    struct timespec time;

    clock_gettime(CLOCK_MONOTONIC, &time);
    return (long long)time.tv_sec * 1000000 + time.tv_nsec / 1000;
}

int main(int argc, char **argv)
{
    struct rusage usage;
    int status = 0;

    if (argc < 3) {
        fputs("usage: rusage FD COMMAND [ARGUMENT...]\n", stderr);
        return 64;
    }
    int report = atoi(argv[1]);
    fcntl(report, F_SETFD, FD_CLOEXEC);
    long long started = now();
    pid_t child = fork();
    if (child == 0) {
        execvp(argv[2], argv + 2);
        fprintf(stderr, "rusage: %s: %s\n", argv[2], strerror(errno));
        _exit(EXIT_NOT_RUN);
    }
    if (child < 0 || wait4(child, &status, 0, &usage) < 0) {
        perror("rusage");
        return 71;
    }
    long long ended = now();
    dprintf(report, "%lld %lld %lld\n", microseconds(usage.ru_utime) + microseconds(usage.ru_stime), (long long)usage.ru_maxrss * 1024,
            ended - started);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
