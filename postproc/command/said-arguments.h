/* SPDX-License-Identifier: GPL-2.0-or-later */
/* said-arguments.h - the command line of firstpayload said -> what it asks for. */
#ifndef FP_SAID_ARGUMENTS_H
#define FP_SAID_ARGUMENTS_H

#include "log/report.h"
#include "slim.h"

typedef struct FpSaidArguments FpSaidArguments;

/* What is asked for besides what is read. */
typedef struct {
    const char *page; /* where the page goes, "-" for standard output; NULL: text goes to standard output */
    FpReportStyle style;
    size_t top; /* see FpReport */
    bool is_quiet;
} FpSaidOptions;

/* Parses argv, which is NULL-terminated; argv[0] is the program. Fills in *options, which counts in a tally that the result owns, and
 * *said; both borrow from the result. Returns NULL and sets error. Answers --help, and then ends the program. */
FpSaidArguments *fp_said_arguments_parse(char **argv, FpSlimOptions *options, FpSaidOptions *said, GError **error);
void fp_said_arguments_free(FpSaidArguments *arguments);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FpSaidArguments, fp_said_arguments_free)

#endif
