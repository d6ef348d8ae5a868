/* SPDX-License-Identifier: GPL-2.0-or-later */
/* ahead-arguments.c - see ahead-arguments.h. */
#include "ahead-arguments.h"

#include "base/size.h"
#include "option-table.h"

#define NOT_GIVEN G_MININT64

void fp_ahead_arguments_add(FpAheadArguments *arguments, GArray *options, const char *threads_help)
{
    const GOptionEntry entries[] = {
        {"threads", 'j', 0, G_OPTION_ARG_INT64, &arguments->threads, threads_help, "N"},
        {"read-ahead", 0, 0, G_OPTION_ARG_STRING, &arguments->memory,
         "What has been read ahead takes at most SIZE of memory (default: 256M for each thread, at most 1G)", "SIZE"},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
    };

    *arguments = (FpAheadArguments){.threads = NOT_GIVEN};
    fp_option_table_add(options, entries);
}

const char *fp_ahead_arguments_check(const FpAheadArguments *arguments, FpReadAheadOptions *options)
{
    *options = (FpReadAheadOptions){0};
    if (arguments->threads != NOT_GIVEN && (arguments->threads < 1 || arguments->threads > (gint64)FP_READ_AHEAD_THREADS_MAX))
        return "-j takes a number of threads from 1 to 256";
    if (arguments->memory != NULL && !fp_size_from_text(arguments->memory, &options->memory_bytes))
        return "--read-ahead takes a number of bytes, or of units as in 512M";
    if (arguments->threads != NOT_GIVEN)
        options->threads = (unsigned)arguments->threads;
    return NULL;
}

void fp_ahead_arguments_clear(FpAheadArguments *arguments)
{
    g_free(arguments->memory);
}
