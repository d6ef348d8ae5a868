/* SPDX-License-Identifier: GPL-2.0-or-later */
/* capture-order.c - see capture-order.h. */
#include "capture-order.h"

#include <string.h>

#define OUT_OF_PLACE_NS 1000000000

static bool runs_backwards(const FpCaptureOrder *order, int64_t first_ns)
{
    return first_ns < order->first_ns || first_ns < order->last_ns - OUT_OF_PLACE_NS;
}

/* Whether a shell's pattern has put the files of a ring into this order: ring.pcap10 before ring.pcap2. */
static bool are_sorted_as_text(const char *before, const char *after)
{
    return strcmp(before, after) < 0 && strverscmp(before, after) > 0;
}

static char *warning(const FpCaptureOrder *order, const char *path, int64_t first_ns)
{
    const char *hint = are_sorted_as_text(order->path, path)
                           ? "the shell sorts numbers in names as text, 10 before 2; ls -v and sort -V do not"
                           : "ls -tr lists files by their age";

    return g_strdup_printf("%s: begins %.6f s before the end of %s, which was read before it: connections that go on in the next file are "
                           "missed or taken for new; give the oldest capture first (%s)",
                           path, (double)(order->last_ns - first_ns) / 1e9, order->path, hint);
}

char *fp_capture_order_begin_capture(FpCaptureOrder *order, const char *path, int64_t first_ns)
{
    char *told = NULL;

    if (first_ns == 0)
        return NULL;
    if (order->path != NULL && !order->is_told && runs_backwards(order, first_ns)) {
        told = warning(order, path, first_ns);
        order->is_told = true;
    }
    g_free(order->path);
    order->path = g_strdup(path);
    order->first_ns = order->last_ns = first_ns;
    return told;
}

void fp_capture_order_note_last(FpCaptureOrder *order, int64_t last_ns)
{
    if (last_ns != 0)
        order->last_ns = last_ns;
}

void fp_capture_order_clear(FpCaptureOrder *order)
{
    g_free(order->path);
}
