/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wlan.h - in which ways IEEE 802.11 frames are captured. */
#ifndef FP_WLAN_H
#define FP_WLAN_H

#include "decode-internal.h"

enum {
    FP_WLAN_PADDED = 1,    /* after the header, to a multiple of four */
    FP_WLAN_SWAPPED = 2,   /* the bytes of the frame control field */
    FP_WLAN_DECRYPTED = 4, /* whatever its header says */
};

/* form: a set of the above. */
FpDecoded fp_walk_wlan_of_form(FpWalk *walk, FpSpan frame, unsigned form);

FpStep fp_walk_wlan_swapped;

#endif
