/* SPDX-License-Identifier: GPL-2.0-or-later */
/* watch-arguments.h - the command line of firstpayload watch, and its configuration file -> what they ask for. */
#ifndef FP_WATCH_ARGUMENTS_H
#define FP_WATCH_ARGUMENTS_H

#include "watch/watch.h"

typedef struct FpWatchArguments FpWatchArguments;

/* What there is to be done instead of watching. */
typedef enum {
    FP_WATCH_RUN,
    FP_WATCH_DRY_RUN,
    FP_WATCH_CHECK_CONFIG,
} FpWatchTask;

/*
 * argv is NULL-terminated; argv[0] is the program. Options of the configuration file (--config) are those of the command line by their long
 * names, which go before them. Returns NULL with error set. --help is answered, and ends the program.
 */
FpWatchArguments *fp_watch_arguments_parse(char **argv, GError **error);

/* The same once more, for SIGHUP, of the same command line: what cannot change while a watcher runs (inbox, folders, what becomes of
 * files) must not. Returns NULL with error set, and leaves arguments alone. */
FpWatchArguments *fp_watch_arguments_reload(const FpWatchArguments *arguments, GError **error);

void fp_watch_arguments_free(FpWatchArguments *arguments);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FpWatchArguments, fp_watch_arguments_free)

/* These borrow from arguments. */
const FpWatchOptions *fp_watch_arguments_options(const FpWatchArguments *arguments);
FpWatchTask fp_watch_arguments_task(const FpWatchArguments *arguments);

#endif
