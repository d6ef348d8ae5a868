/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * closings.h - which files were created, and closed by their writers, while we watched. The kernel reports this for any user's files
 * (inotify(7)), but only as it happens, and not what other machines do on a network file system.
 */
#ifndef FP_CLOSINGS_H
#define FP_CLOSINGS_H

#include <glib.h>
#include <stdbool.h>
#include <sys/stat.h>

typedef struct FpClosings FpClosings;

typedef enum {
    FP_CLOSING_UNKNOWN, /* we have seen nothing that tells */
    FP_CLOSING_OPEN,    /* created by a process that has not closed it */
    FP_CLOSING_CLOSED,  /* closed, and unchanged since */
} FpClosing;

/* Without inotify every file stays FP_CLOSING_UNKNOWN. */
FpClosings *fp_closings_new(void);
void fp_closings_free(FpClosings *closings);

/* Starts to watch folder. Cheap enough to call before each look, which also catches a folder that has been replaced. */
void fp_closings_watch(FpClosings *closings, const char *folder);

/* What is known by now of the file at path, whose state is status. It may have been renamed to path. Never waits. */
FpClosing fp_closings_of(FpClosings *closings, const char *path, const struct stat *status);

/* Takes in the events so far. Never waits. */
void fp_closings_update(FpClosings *closings);

/* The descriptor to poll for more events; -1: there are none. The closings own it. */
int fp_closings_fd(const FpClosings *closings);

#endif
