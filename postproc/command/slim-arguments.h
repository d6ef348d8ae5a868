/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slim-arguments.h - the command line of firstpayload slim -> what it asks for. */
#ifndef FP_SLIM_ARGUMENTS_H
#define FP_SLIM_ARGUMENTS_H

#include "slim.h"

typedef struct FpSlimArguments FpSlimArguments;

/* argv is NULL-terminated; argv[0] is the program. Fills in *options, which borrows from what is returned;
 * *is_quiet: say nothing of how it went. Returns NULL with error set. --help is answered, and ends the program. */
FpSlimArguments *fp_slim_arguments_parse(char **argv, FpSlimOptions *options, bool *is_quiet, GError **error);
void fp_slim_arguments_free(FpSlimArguments *arguments);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FpSlimArguments, fp_slim_arguments_free)

#endif
