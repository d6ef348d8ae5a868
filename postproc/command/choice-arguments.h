/* SPDX-License-Identifier: GPL-2.0-or-later */
/* choice-arguments.h - the options that say which messages have lines, shared by all commands. */
#ifndef FP_CHOICE_ARGUMENTS_H
#define FP_CHOICE_ARGUMENTS_H

#include <glib.h>

#include "log/choice.h"

typedef struct {
    char *only;
    char *server_names;
    char **patterns; /* what server_names says */
} FpChoiceArguments;

/* Adds these options to options (option-table.h), and sets *arguments to the defaults. */
void fp_choice_arguments_add(FpChoiceArguments *arguments, GArray *options);

/* Whether any was given. */
bool fp_choice_arguments_are_given(const FpChoiceArguments *arguments);

/* Checks the options and fills in *choice, which borrows from *arguments. Returns false and sets error when they make no sense. */
bool fp_choice_arguments_check(FpChoiceArguments *arguments, FpChoice *choice, GError **error);

/* Frees what *arguments holds. */
void fp_choice_arguments_clear(FpChoiceArguments *arguments);

#endif
