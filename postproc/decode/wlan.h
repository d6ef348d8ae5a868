/* SPDX-License-Identifier: GPL-2.0-or-later */
/* wlan.h - the forms in which IEEE 802.11 frames are captured. */
#ifndef FP_WLAN_H
#define FP_WLAN_H

#include "decode-internal.h"

enum {
    FP_WLAN_PADDED = 1,    /* the header is padded to a multiple of four bytes */
    FP_WLAN_SWAPPED = 2,   /* the two bytes of the frame control field are swapped */
    FP_WLAN_DECRYPTED = 4, /* the frame is decrypted, whatever its header says */
};

/* Decodes an IEEE 802.11 frame. form is a set of the above. */
FpDecoded fp_walk_wlan_of_form(FpWalk *walk, FpSpan frame, unsigned form);

/* Decodes a frame whose frame control bytes are swapped. */
FpStep fp_walk_wlan_swapped;

#endif
