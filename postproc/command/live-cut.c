/* SPDX-License-Identifier: GPL-2.0-or-later */
/* live-cut.c - see live-cut.h. */
#include "live-cut.h"

#include "base/error.h"
#include "base/message.h"

const char *fp_live_cut_obstacle(const FpSlimOptions *options)
{
    if (options->live.interface == NULL)
        return "goes with -i";
    if (options->interfaces[1] != NULL)
        return "makes no sense with several -i: it is tied to one socket";
    if (g_str_has_prefix(options->live.interface, "nflog"))
        return "makes no sense with NFLOG, whose rules make it";
    if (options->selection.rules.idle_ns != 0)
        return "makes no sense with --idle: what the kernel drops looks idle";
    if (options->selection.network_kinds != 0)
        return "makes no sense with --stream-key: the kernel tells streams apart by endpoints alone";
    if (options->max_frames != 0)
        return "makes no sense with -c, which counts all frames";
    if (options->selection.rules.transports != 0 && !(options->selection.rules.transports & FP_TAKES_TCP))
        return "is for TCP, which --transport leaves out";
    return NULL;
}

/* The filter cannot be had: an error, or something to be told. */
static bool do_without(const FpSlimOptions *options, GError *why, GError **error)
{
    g_autoptr(GError) failure = why;

    if (options->kernel_cut == FP_KERNEL_CUT_ON) {
        g_set_error(error, FP_ERROR, failure->code, "%s: the kernel cannot make the first cut: %s", options->live.interface,
                    failure->message);
        return false;
    }
    if (!options->is_quiet && fp_kernel_cut_is_built_in() && failure->code != FP_ERROR_USAGE)
        fp_message_print("%s: the kernel hands over all frames, as it cannot make the first cut: %s", options->live.interface,
                         failure->message);
    return true;
}

bool fp_live_cut_begin(const FpSlimOptions *options, FpKernelCut **cut, GError **error)
{
    GError *why = NULL;

    *cut = NULL;
    if (options->kernel_cut == FP_KERNEL_CUT_OFF || fp_live_cut_obstacle(options) != NULL)
        return true;
    *cut = fp_kernel_cut_new(options->kernel_cut_streams, (uint32_t)options->live.snaplen, &why);
    return *cut != NULL || do_without(options, why, error);
}

bool fp_live_cut_attach(const FpSlimOptions *options, const FpCapture *capture, FpKernelCut **cut, GError **error)
{
    GError *why = NULL;

    if (*cut == NULL || fp_capture_live_cut(capture, &options->live, *cut, &why))
        return true;
    g_clear_pointer(cut, fp_kernel_cut_free);
    return do_without(options, why, error);
}
