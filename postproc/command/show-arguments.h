/* SPDX-License-Identifier: GPL-2.0-or-later */
/* show-arguments.h - the command line of firstpayload show -> what it asks for. */
#ifndef FP_SHOW_ARGUMENTS_H
#define FP_SHOW_ARGUMENTS_H

#include "slim.h"

typedef struct FpShowArguments FpShowArguments;

/* Parses argv, which is NULL-terminated; argv[0] is the program. Fills in *options, which borrows from the result. *is_quiet: print no
 * summary. Returns NULL and sets error. Answers --help, and then ends the program. */
FpShowArguments *fp_show_arguments_parse(char **argv, FpSlimOptions *options, bool *is_quiet, GError **error);
void fp_show_arguments_free(FpShowArguments *arguments);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FpShowArguments, fp_show_arguments_free)

#endif
