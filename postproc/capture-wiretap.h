/* SPDX-License-Identifier: GPL-2.0-or-later */
/* capture-wiretap.h - what the writer needs of a capture that is read through libwiretap. */
#ifndef FP_CAPTURE_WIRETAP_H
#define FP_CAPTURE_WIRETAP_H

#include <wiretap/wtap.h>

#include "capture.h"

/* The capture's handle, or NULL when it is read by blocks. Stays the capture's. */
wtap *fp_capture_wiretap_handle(FpCapture *capture);

/* To be called before libwiretap is asked for formats by name; opening a capture does it too. */
void fp_wiretap_initialise(void);

#endif
