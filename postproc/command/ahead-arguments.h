/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ahead-arguments.h - the options of how captures are read ahead. */
#ifndef FP_AHEAD_ARGUMENTS_H
#define FP_AHEAD_ARGUMENTS_H

#include <glib.h>

#include "pass/read-ahead.h"

typedef struct {
    gint64 threads;
    char *memory;
} FpAheadArguments;

/* Adds the options, which store their values in *arguments. threads_help: what --threads does by default; static. */
void fp_ahead_arguments_add(FpAheadArguments *arguments, GArray *options, const char *threads_help);

/* Fills in what they say. Returns what is wrong, or NULL. */
const char *fp_ahead_arguments_check(const FpAheadArguments *arguments, FpReadAheadOptions *options);

void fp_ahead_arguments_clear(FpAheadArguments *arguments);

#endif
