/* SPDX-License-Identifier: GPL-2.0-or-later */
/* input-arguments.h - the options that say what is read, the same for every command that reads captures itself. */
#ifndef FP_INPUT_ARGUMENTS_H
#define FP_INPUT_ARGUMENTS_H

#include "slim.h"

typedef struct {
    char **files;
    char *interface;
    gint64 max_frames;
    gboolean follows;
} FpInputArguments;

/* Adds them to options (option-table.h), and sets *arguments to what they are when not given. */
void fp_input_arguments_add(FpInputArguments *arguments, GArray *options);

/* Fills in what they are about in *options, which borrows from *arguments. Returns what is wrong, or NULL. */
const char *fp_input_arguments_check(const FpInputArguments *arguments, FpSlimOptions *options);

void fp_input_arguments_clear(FpInputArguments *arguments);

#endif
