/* SPDX-License-Identifier: GPL-2.0-or-later */
/* capture-order.h - whether captures that are read one after another were also captured one after another. */
#ifndef FP_CAPTURE_ORDER_H
#define FP_CAPTURE_ORDER_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

/* What is remembered of the previous capture, and whether a warning was given. All 0 at first. */
typedef struct {
    char *path;
    int64_t first_ns;
    int64_t last_ns;
    bool is_told;
} FpCaptureOrder;

/* Notes that the capture at path begins with a frame of time first_ns, since 1970; 0 means that frames have no time. Returns a warning,
 * once, if that is before the capture read before it; caller frees. Otherwise returns NULL. Frames a second out of place, as several queues
 * of an interface bring them, cause no warning. */
char *fp_capture_order_begin_capture(FpCaptureOrder *order, const char *path, int64_t first_ns);

/* Notes the time of the capture's last frame so far. */
void fp_capture_order_note_last(FpCaptureOrder *order, int64_t last_ns);

/* Frees what order holds, but not order itself. */
void fp_capture_order_clear(FpCaptureOrder *order);

#endif
