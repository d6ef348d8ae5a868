/* SPDX-License-Identifier: GPL-2.0-or-later */
/* input-arguments.h - the options that say what is read, shared by all commands that read captures themselves. */
#ifndef FP_INPUT_ARGUMENTS_H
#define FP_INPUT_ARGUMENTS_H

#include "slim.h"

typedef struct {
    char **files;
    char **interfaces;
    gint64 max_frames;
    gboolean follows;
    gboolean waits;
} FpInputArguments;

/* Adds these options to options (option-table.h), and sets *arguments to the defaults. */
void fp_input_arguments_add(FpInputArguments *arguments, GArray *options);

/* Checks the options and sets in *options what they are about; it borrows from *arguments. Returns what is wrong, or NULL. */
const char *fp_input_arguments_check(const FpInputArguments *arguments, FpSlimOptions *options);

/* Frees what *arguments holds. */
void fp_input_arguments_clear(FpInputArguments *arguments);

#endif
