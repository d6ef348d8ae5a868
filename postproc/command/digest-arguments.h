/* SPDX-License-Identifier: GPL-2.0-or-later */
/* digest-arguments.h - the command line of firstpayload digest. */
#ifndef FP_DIGEST_ARGUMENTS_H
#define FP_DIGEST_ARGUMENTS_H

#include "pass/digest-make.h"

typedef struct FpDigestArguments FpDigestArguments;

/* Parses and checks the command line. *options borrows from the result; free that with fp_digest_arguments_free. Returns NULL and sets
 * error. */
FpDigestArguments *fp_digest_arguments_parse(char **argv, FpDigestOptions *options, bool *is_quiet, GError **error);
void fp_digest_arguments_free(FpDigestArguments *arguments);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FpDigestArguments, fp_digest_arguments_free)

#endif
