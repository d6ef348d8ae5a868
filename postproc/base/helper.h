/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * helper.h - a small process that is forked before rights end, and does what takes them later. It looks at no packet.
 *
 * What it can do is fixed before it is forked: a list of jobs, each a function with its data. A request is the number of a job and a number
 * for it, an answer is two numbers, a sentence, and up to three descriptors; each is one message of a socketpair. So no text, path or
 * address gets from the process that reads strangers' bytes to the one with rights. OpenBSD's pflogd and tcpdump are built so.
 *
 * Where no helper was forked, jobs run in the process itself.
 */
#ifndef FP_HELPER_H
#define FP_HELPER_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#define FP_HELPER_FDS_MAX 3
#define FP_HELPER_WHY_BYTES 512

typedef struct {
    int64_t number;                /* what it means depends on the job */
    int32_t failure;               /* 0: the job is done; else errno, or -1 if why alone says it */
    int32_t n_fds;                 /* descriptors that the caller closes */
    char why[FP_HELPER_WHY_BYTES]; /* after a failure: what went wrong, in words; "" if errno says it */
    int fds[FP_HELPER_FDS_MAX];
} FpHelperAnswer;

/* Does a job and fills in answer, which is all 0. user is the job's data as it was when the helper was forked, or as an earlier job has
 * left it. argument comes from a process that may have been taken over: check it. */
typedef void (*FpHelperJob)(void *user, int64_t argument, FpHelperAnswer *answer);

/* Adds a job. Returns its number. What is added after the helper was forked, it refuses. */
unsigned fp_helper_add(FpHelperJob job, void *user);

/* Has the helper call clean_up(user) when the process that it serves is gone, however that ended. */
void fp_helper_at_end(void (*clean_up)(void *user), void *user);

/* Forks the helper, while there is one thread only. Returns false and sets error. */
bool fp_helper_begin(GError **error);

/* Whether there is one. */
bool fp_helper_is_there(void);

/* Whether this process is one. */
bool fp_helper_is_this(void);

/* Has a job done and waits for the answer. Any thread may call it. Returns whether it was done: answer->failure is 0. */
bool fp_helper_ask(unsigned job, int64_t argument, FpHelperAnswer *answer);

/* Sets error to what an answer says; what: the beginning of the sentence. Returns false. */
bool fp_helper_set_error(GError **error, int code, const char *what, const FpHelperAnswer *answer);

/* Ends the helper and waits for it. */
void fp_helper_end(void);

#endif
