/* SPDX-License-Identifier: GPL-2.0-or-later */
/* watch-arguments.h - the command line of firstpayload watch and its configuration file -> what they ask for. */
#ifndef FP_WATCH_ARGUMENTS_H
#define FP_WATCH_ARGUMENTS_H

#include "watch/watch.h"

typedef struct FpWatchArguments FpWatchArguments;

/* What to do: watch, or something else instead. */
typedef enum {
    FP_WATCH_RUN,
    FP_WATCH_DRY_RUN,
    FP_WATCH_CHECK_CONFIG,
} FpWatchTask;

/*
 * Parses argv, which is NULL-terminated; argv[0] is the program. The configuration file (--config) has the options of the command line by
 * their long names; the command line overrides it. Returns NULL and sets error. Answers --help, and then ends the program.
 */
FpWatchArguments *fp_watch_arguments_parse(char **argv, GError **error);

/* Parses the same command line again, for SIGHUP. What cannot change while a watcher runs (inbox, folders, what happens to files) must be
 * as before. Returns NULL and sets error; arguments stays as it is. */
FpWatchArguments *fp_watch_arguments_reload(const FpWatchArguments *arguments, GError **error);

void fp_watch_arguments_free(FpWatchArguments *arguments);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FpWatchArguments, fp_watch_arguments_free)

/* Returns the options, which borrow from arguments. */
const FpWatchOptions *fp_watch_arguments_options(const FpWatchArguments *arguments);

/* Returns what the command line asks to do. */
FpWatchTask fp_watch_arguments_task(const FpWatchArguments *arguments);

#endif
