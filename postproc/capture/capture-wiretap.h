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

/* formats.c: whether libwiretap knew what it opened by more than a guess. Else it takes its first record to tell whether it is a capture.
 */
bool fp_formats_is_sure(wtap *wth);

/* formats.c: why wth is no capture, as the end of a sentence, or NULL. first: its first record, NULL when there is none or libwiretap is
 * sure. The caller's. */
char *fp_formats_refusal(wtap *wth, const wtap_rec *first);

/* libwiretap's WTAP_ENCAP_ of a packet that came through it. */
uint16_t fp_wiretap_encapsulation(const FpRecord *record);

#endif
