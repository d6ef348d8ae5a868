/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slim-arguments.h - the command line of firstpayload slim -> what it asks for. */
#ifndef FP_SLIM_ARGUMENTS_H
#define FP_SLIM_ARGUMENTS_H

#include "slim.h"

typedef struct FpSlimArguments FpSlimArguments;

/* Parses argv, which is NULL-terminated; argv[0] is the program. Fills in *options, which borrows from the result. *is_quiet: print no
 * summary. Returns NULL and sets error. Answers --help, and then ends the program. */
FpSlimArguments *fp_slim_arguments_parse(char **argv, FpSlimOptions *options, bool *is_quiet, GError **error);
void fp_slim_arguments_free(FpSlimArguments *arguments);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FpSlimArguments, fp_slim_arguments_free)

/* Whether they were only to be checked. */
bool fp_slim_arguments_only_check(const FpSlimArguments *arguments);

#endif
