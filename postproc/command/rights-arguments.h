/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rights-arguments.h - the options by which rights end, which all commands that look at packets have. */
#ifndef FP_RIGHTS_ARGUMENTS_H
#define FP_RIGHTS_ARGUMENTS_H

#include <glib.h>
#include <stdbool.h>

#include "base/confinement.h"

typedef struct {
    char *user;
    char *without;
    gboolean verbose;
} FpRightsArguments;

/* Adds the options, which store their values in *arguments. */
void fp_rights_arguments_add(FpRightsArguments *arguments, GArray *options);

/* Fills in what they say; options borrows from arguments. Returns what is wrong, or NULL. */
const char *fp_rights_arguments_check(const FpRightsArguments *arguments, FpConfinementOptions *options, bool *is_verbose);

void fp_rights_arguments_clear(FpRightsArguments *arguments);

#endif
