/* SPDX-License-Identifier: GPL-2.0-or-later */
/* input-arguments.c - see input-arguments.h. */
#include "input-arguments.h"

#include "option-table.h"

#define NOT_GIVEN G_MININT64

void fp_input_arguments_add(FpInputArguments *arguments, GArray *options)
{
    const GOptionEntry entries[] = {
        {"interface", 'i', 0, G_OPTION_ARG_STRING_ARRAY, &arguments->interfaces,
         "Capture from IFACE (eth0, any, nflog:5), instead of FILEs; given again, from several at once", "IFACE"},
        {"count", 'c', 0, G_OPTION_ARG_INT64, &arguments->max_frames, "End after looking at N frames", "N"},
        {"wait", 0, 0, G_OPTION_ARG_NONE, &arguments->waits, "With -i: wait for an interface that is not there, or goes, until it is back",
         NULL},
        {"follow", 0, 0, G_OPTION_ARG_NONE, &arguments->follows, "Go on reading FILE as it grows, until SIGINT or SIGTERM", NULL},
        {G_OPTION_REMAINING, 0, 0, G_OPTION_ARG_FILENAME_ARRAY, &arguments->files, NULL, "[FILE...]"},
        {NULL, 0, 0, G_OPTION_ARG_NONE, NULL, NULL, NULL},
    };

    *arguments = (FpInputArguments){.max_frames = NOT_GIVEN};
    fp_option_table_add(options, entries);
}

static bool is_standard_input_twice(char *const *files)
{
    unsigned n = 0;

    for (; *files != NULL; files++)
        n += g_str_equal(*files, "-");
    return n > 1;
}

/* A frame must not come twice. */
static const char *check_interfaces(char *const *interfaces)
{
    for (unsigned n = 0; interfaces != NULL && interfaces[n] != NULL; n++) {
        if (n > 0 && (g_str_equal(interfaces[0], "any") || g_str_equal(interfaces[n], "any")))
            return "-i any has the frames of all interfaces, so no other -i goes with it";
        for (unsigned before = 0; before < n; before++)
            if (g_str_equal(interfaces[before], interfaces[n]))
                return "-i names an interface twice";
    }
    return NULL;
}

const char *fp_input_arguments_check(const FpInputArguments *arguments, FpSlimOptions *options)
{
    if (arguments->follows && (arguments->files == NULL || arguments->files[1] != NULL))
        return "--follow takes one FILE";
    if (arguments->interfaces != NULL && arguments->files != NULL)
        return "-i captures from an interface, so there can be no FILE";
    if (arguments->interfaces == NULL && arguments->files == NULL)
        return "no FILE is given; - is standard input, and -i captures from an interface";
    if (arguments->files != NULL && is_standard_input_twice(arguments->files))
        return "standard input (-) can be read only once";
    if (arguments->max_frames != NOT_GIVEN && arguments->max_frames < 1)
        return "-c takes a number from 1";
    if (arguments->waits && arguments->interfaces == NULL)
        return "--wait goes with -i";
    if (arguments->waits && arguments->interfaces[1] != NULL)
        return "--wait goes with one -i; of several, those that are left go on";
    options->inputs = arguments->files;
    options->follows = arguments->follows;
    options->live.interface = arguments->interfaces != NULL ? arguments->interfaces[0] : NULL;
    options->interfaces = arguments->interfaces;
    options->live.waits = arguments->waits;
    options->live.snaplen = (int)FP_FRAME_BYTES_MAX;
    options->live.buffer_kib = FP_LIVE_BUFFER_KIB_DEFAULT;
    options->kernel_cut_streams = FP_KERNEL_CUT_STREAMS_DEFAULT;
    options->max_frames = (uint64_t)MAX(arguments->max_frames, 0);
    return check_interfaces(arguments->interfaces);
}

void fp_input_arguments_clear(FpInputArguments *arguments)
{
    g_strfreev(arguments->files);
    g_strfreev(arguments->interfaces);
}
