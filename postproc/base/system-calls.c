/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * system-calls.c - see system-calls.h.
 *
 * The lists say by what a call is made. A call that a kernel or processor does not have is passed over, so they name old and new forms:
 * which of them the C library takes depends on its version.
 */
#include "system-calls.h"

#include <asm/termbits.h>
#include <errno.h>
#include <link.h>
#include <sched.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include <seccomp.h>

#ifndef __has_feature
#define __has_feature(feature) 0
#endif

static const char *const always[] = {
    /* inputs and outputs, and files of locales, time zones and character sets */
    "read", "readv", "pread64", "write", "writev", "pwrite64", "lseek", "_llseek", "close", "fcntl", "fcntl64", "open", "openat", "stat",
    "stat64", "lstat", "lstat64", "fstat", "fstat64", "fstatat64", "newfstatat", "statx", "statfs", "statfs64", "fstatfs", "fstatfs64",
    "access", "faccessat", "faccessat2", "readlink", "readlinkat", "getcwd", "getdents", "getdents64", "fsync", "fdatasync", "fallocate",
    "ftruncate", "ftruncate64", "fadvise64", "fadvise64_64", "readahead", "flock", "umask", "fchmod", "fchown", "fchown32", "rename",
    "renameat", "renameat2", "unlink", "unlinkat", "dup", "dup2", "dup3", "pipe2", "eventfd2", "poll", "ppoll", "ppoll_time64", "select",
    "_newselect", "pselect6", "pselect6_time64",
    /* memory and threads; clone3 and clone are below */
    "brk", "mmap", "mmap2", "munmap", "mremap", "mprotect", "madvise", "futex", "futex_time64", "set_robust_list", "rseq", "sched_yield",
    "sched_getaffinity", "getcpu", "membarrier", "exit", "exit_group",
    /* time, chance, and what the machine is */
    "clock_gettime", "clock_gettime64", "clock_getres", "clock_getres_time64", "clock_nanosleep", "clock_nanosleep_time64", "nanosleep",
    "gettimeofday", "time", "getrandom", "uname", "sysinfo", "getrusage", "getpid", "gettid", "getuid", "geteuid", "getgid", "getegid",
    "getuid32", "geteuid32", "getgid32", "getegid32",
    /* signals: also those by which it ends itself, as abort(3) does */
    "rt_sigaction", "rt_sigprocmask", "rt_sigreturn", "sigreturn", "rt_sigpending", "rt_sigtimedwait", "rt_sigtimedwait_time64",
    "sigaltstack", "restart_syscall", "tgkill",
    /* the helper (helper.h): over sockets that are there, and its end */
    "sendto", "sendmsg", "recvfrom", "recvmsg", "wait4", "waitid",
    /* whether standard error leads to journald */
    "getpeername", "getsockname"};

/* Those of epoll and timerfd are for several interfaces at once. */
static const char *const live[] = {"getsockopt", "setsockopt",  "bind",           "epoll_create1",  "epoll_ctl",
                                   "epoll_wait", "epoll_pwait", "timerfd_create", "timerfd_settime"};

static const char *const watch[] = {"inotify_init1", "inotify_add_watch", "inotify_rm_watch", "mkdir",      "mkdirat",
                                    "rmdir",         "symlink",           "symlinkat",        "link",       "linkat",
                                    "utimensat",     "copy_file_range",   "sendfile",         "sendfile64", "sync_file_range"};

static const char *const bpf[] = {"bpf"};

/* What terminals and packet sockets are asked. From glibc 2.42 on, isatty(3) is the second. */
static const unsigned long requests[] = {TCGETS,
#ifdef TCGETS2
                                         TCGETS2,
#endif
                                         TIOCGWINSZ, FIONREAD};
static const unsigned long requests_live[] = {SIOCGIFINDEX, SIOCGIFFLAGS, SIOCGIFNAME, SIOCGIFHWADDR};

#define PROCESSES (CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWUTS | CLONE_NEWIPC | CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWNET | CLONE_PTRACE)

static int loaded(struct dl_phdr_info *library, size_t size, void *name)
{
    (void)size;
    return strstr(library->dlpi_name, name) != NULL;
}

/* Both are there in a program that counts which of its lines run, and not otherwise. */
void __gcov_dump(void) __attribute__((weak));
int __llvm_profile_write_file(void) __attribute__((weak));

const char *fp_system_calls_obstacle(void)
{
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || __has_feature(address_sanitizer) ||                                   \
    __has_feature(thread_sanitizer) || __has_feature(memory_sanitizer)
    return "this build has a sanitizer";
#endif
    if (dl_iterate_phdr(loaded, (void *)"vgpreload") != 0)
        return "valgrind runs it";
    if (__gcov_dump != NULL || __llvm_profile_write_file != NULL)
        return "this build counts which of its lines run";
    return NULL;
}

/* Adds a rule for a call by its name. What this processor does not have is passed over. */
static int allow(scmp_filter_ctx filter, uint32_t action, const char *name, unsigned n, const struct scmp_arg_cmp *conditions)
{
    int number = seccomp_syscall_resolve_name(name);
    int status = number == __NR_SCMP_ERROR ? 0 : seccomp_rule_add_array(filter, action, number, n, conditions);

    return status == -EDOM ? 0 : status;
}

static int allow_all(scmp_filter_ctx filter, const char *const *names, size_t n, int *count)
{
    for (size_t i = 0; i < n; i++) {
        int status = allow(filter, SCMP_ACT_ALLOW, names[i], 0, NULL);
        if (status != 0)
            return status;
        *count += seccomp_syscall_resolve_name(names[i]) >= 0; /* below 0: another processor's */
    }
    return 0;
}

#define ALLOW_ALL(filter, names, count) allow_all(filter, names, sizeof(names) / sizeof *(names), count)

/* The condition that an argument of a call, from 0, has this value. libseccomp's macros are not for compilers that warn of all. */
static struct scmp_arg_cmp argument_is(unsigned argument, uint32_t value)
{
    return (struct scmp_arg_cmp){.arg = argument, .op = SCMP_CMP_EQ, .datum_a = value};
}

static int allow_if(scmp_filter_ctx filter, const char *name, struct scmp_arg_cmp condition)
{
    return allow(filter, SCMP_ACT_ALLOW, name, 1, &condition);
}

static int allow_requests(scmp_filter_ctx filter, const unsigned long *wanted, size_t n)
{
    int status = 0;

    for (size_t i = 0; i < n && status == 0; i++)
        status = allow_if(filter, "ioctl", argument_is(1, (uint32_t)wanted[i]));
    return status;
}

/* Threads, and in the watcher processes, but no namespaces. A filter cannot look at what clone3 is asked, so the C library is told that
 * there is none, and takes clone. */
static int allow_threads(scmp_filter_ctx filter, bool with_processes)
{
    const uint64_t looked_at = PROCESSES | (with_processes ? 0 : CLONE_THREAD);
    int status = allow(filter, SCMP_ACT_ERRNO(ENOSYS), "clone3", 0, NULL);

    return status != 0 ? status : allow_if(filter, "clone", SCMP_A0_64(SCMP_CMP_MASKED_EQ, looked_at, with_processes ? 0 : CLONE_THREAD));
}

/* Calls of which only some uses are allowed. */
static int allow_some(scmp_filter_ctx filter, unsigned needs)
{
    const struct scmp_arg_cmp own_limits[] = {argument_is(0, 0), argument_is(2, 0)};
    int status = allow_threads(filter, needs & FP_CALLS_WATCH);

    if (status == 0)
        status = allow(filter, SCMP_ACT_ALLOW, "prlimit64", 2, own_limits); /* reads limits */
    if (status == 0)
        status = allow_if(filter, "prctl", argument_is(0, PR_SET_NAME)); /* of a thread */
    if (status == 0)
        status = allow_if(filter, "prctl", argument_is(0, PR_SET_VMA)); /* of what malloc(3) has, if glibc is told to */
    if (status == 0 && needs & FP_CALLS_WATCH)
        status = allow_if(filter, "prctl", argument_is(0, PR_SET_PDEATHSIG));
    if (status == 0 && needs & (FP_CALLS_MESSAGES | FP_CALLS_LIVE)) /* if_indextoname(3) asks by one, too */
        status = allow_if(filter, "socket", argument_is(0, AF_UNIX));
    if (status == 0)
        status = allow_requests(filter, requests, sizeof requests / sizeof *requests);
    if (status == 0 && needs & FP_CALLS_LIVE)
        status = allow_requests(filter, requests_live, sizeof requests_live / sizeof *requests_live);
    return status;
}

static int fill(scmp_filter_ctx filter, unsigned needs, int *count)
{
    int status = ALLOW_ALL(filter, always, count);

    if (status == 0 && needs & FP_CALLS_LIVE)
        status = ALLOW_ALL(filter, live, count);
    if (status == 0 && needs & FP_CALLS_WATCH)
        status = ALLOW_ALL(filter, watch, count);
    if (status == 0 && needs & FP_CALLS_BPF)
        status = ALLOW_ALL(filter, bpf, count);
    return status != 0 ? status : allow_some(filter, needs);
}

/* Whether a debugger or strace had us under its control from the start. */
static bool is_traced(void)
{
    static const char field[] = "TracerPid:";
    char line[256];
    bool is = false;
    FILE *status = fopen("/proc/self/status", "re");

    while (status != NULL && fgets(line, sizeof line, status) != NULL)
        if (strncmp(line, field, sizeof field - 1) == 0)
            is = strtol(line + sizeof field - 1, NULL, 10) != 0;
    if (status != NULL)
        fclose(status);
    return is;
}

int fp_system_calls_limit(unsigned needs)
{
    scmp_filter_ctx filter = seccomp_init(is_traced() ? SCMP_ACT_ERRNO(EPERM) : SCMP_ACT_KILL_PROCESS);
    int count = 0;

    if (filter == NULL)
        return -ENOMEM;
    int status = seccomp_attr_set(filter, SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_PROCESS);
    if (status == 0)
        status = seccomp_attr_set(filter, SCMP_FLTATR_CTL_TSYNC, 1);
    if (status == 0)
        (void)seccomp_attr_set(filter, SCMP_FLTATR_CTL_OPTIMIZE, 2); /* a tree instead of a list: each call is looked up */
    if (status == 0)
        status = fill(filter, needs, &count);
    if (status == 0)
        status = seccomp_load(filter);
    seccomp_release(filter);
    return status != 0 ? status : count;
}
