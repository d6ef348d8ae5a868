/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * closings.h - which files have been made, and closed by who wrote to them. The kernel says that of any user's files (inotify(7)), but only
 * as it happens, and not of what other machines do on a network file system.
 */
#ifndef FP_CLOSINGS_H
#define FP_CLOSINGS_H

#include <glib.h>
#include <stdbool.h>
#include <sys/stat.h>

typedef struct FpClosings FpClosings;

typedef enum {
    FP_CLOSING_UNKNOWN, /* nothing has happened to it since we watch */
    FP_CLOSING_OPEN,    /* it was made by who opened it, and has not been closed */
    FP_CLOSING_CLOSED,  /* it was closed, and is as it was then */
} FpClosing;

/* Where the kernel gives no events, nothing is ever known. */
FpClosings *fp_closings_new(void);
void fp_closings_free(FpClosings *closings);

/* Takes note from now on of what happens in folder. Cheap enough for each look, and does so again where the folder was replaced. */
void fp_closings_watch(FpClosings *closings, const char *folder);

/* What is known by now of the file at path, which is as status says. It may have come there by being renamed. Never waits. */
FpClosing fp_closings_of(FpClosings *closings, const char *path, const struct stat *status);

/* Takes note of what has happened so far. When there is more, the descriptor can be polled; -1: there are no events. */
void fp_closings_update(FpClosings *closings);
int fp_closings_fd(const FpClosings *closings);

#endif
