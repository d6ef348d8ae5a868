/* SPDX-License-Identifier: GPL-2.0-or-later */
/* rights-arguments.c - see rights-arguments.h. */
#include "rights-arguments.h"

#include "option-table.h"

void fp_rights_arguments_add(FpRightsArguments *arguments, GArray *options)
{
    const GOptionEntry entries[] = {
        {"relinquish-privileges", 'Z', 0, G_OPTION_ARG_STRING, &arguments->user,
         "As root: become USER before packets are looked at (default: with -i firstpayload, or nobody; else stay root)", "USER"},
        {"without", 0, 0, G_OPTION_ARG_STRING, &arguments->without,
         "Keep rights that are given up otherwise: user, capabilities, seccomp, landlock, with commas between, or all", "WAYS"},
        {"verbose", 'v', 0, G_OPTION_ARG_NONE, &arguments->verbose, "Say which rights were given up", NULL},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
    };

    *arguments = (FpRightsArguments){0};
    fp_option_table_add(options, entries);
}

const char *fp_rights_arguments_check(const FpRightsArguments *arguments, FpConfinementOptions *options, bool *is_verbose)
{
    *options = (FpConfinementOptions){.user = arguments->user};
    *is_verbose = arguments->verbose;
    if (arguments->user != NULL && *arguments->user == '\0')
        return "-Z takes the name of a user";
    if (arguments->without != NULL && !fp_confinement_without_from_text(arguments->without, &options->without))
        return "--without takes user, capabilities, seccomp, landlock, with commas between, or all";
    if (arguments->user != NULL && options->without & FP_CONFINE_USER)
        return "-Z and --without user contradict one another";
    return NULL;
}

void fp_rights_arguments_clear(FpRightsArguments *arguments)
{
    g_free(arguments->user);
    g_free(arguments->without);
}
