/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * capture-lives.h - captures frames from several interfaces at once, as one capture.
 *
 * Its records are those of pcapng: a section, a description of each interface, then frames, of which each says where it came from. They
 * come in the order of their times, as the two directions of a connection may take different interfaces: a frame waits until each of the
 * others has a younger one, or for FP_LIVES_HOLD_MS at most, by when the kernel has delivered what it captured before.
 */
#ifndef FP_CAPTURE_LIVES_H
#define FP_CAPTURE_LIVES_H

#include "capture-live.h"

#define FP_LIVES_HOLD_MS 100

/* Starts to capture from all interfaces, NULL-terminated, with the same options but for the interface. An interface that goes away ends for
 * itself; the capture ends with the last, or when fp_stop_is_over. All functions of capture-live.h take it. Returns NULL and sets error as
 * fp_capture_live_open does. */
FpCapture *fp_capture_lives_open(const FpLiveOptions *options, char *const *interfaces, GError **error);

#endif
