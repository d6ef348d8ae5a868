/* SPDX-License-Identifier: GPL-2.0-or-later */
/* capture-order.h - whether captures that are read one after another were also captured one after another. */
#ifndef FP_CAPTURE_ORDER_H
#define FP_CAPTURE_ORDER_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* What is remembered of the capture before, and whether that was told. All 0 at first. */
typedef struct {
    char *path;
    int64_t first_ns;
    int64_t last_ns;
    bool is_told;
} FpCaptureOrder;

/* Notes that path begins with a frame of first_ns, since 1970; frames of 0 have no time. Returns, once, what is to be told when that is
 * before the capture that was read before it, else NULL; the caller's. Frames a second out of place, as several queues of an interface
 * bring them, are not enough. */
char *fp_capture_order_begin_capture(FpCaptureOrder *order, const char *path, int64_t first_ns);

/* Notes the time of its last frame so far. */
void fp_capture_order_note_last(FpCaptureOrder *order, int64_t last_ns);

void fp_capture_order_clear(FpCaptureOrder *order);

#endif
