/* SPDX-License-Identifier: GPL-2.0-or-later */
/* capture-wiretap.h - what the writer and formats.c need of a capture that is read through libwiretap. */
#ifndef FP_CAPTURE_WIRETAP_H
#define FP_CAPTURE_WIRETAP_H

#include <wiretap/wtap.h>

#include "capture.h"

/* The capture's handle; borrowed. NULL when the capture is not read through libwiretap. */
wtap *fp_capture_wiretap_handle(FpCapture *capture);

/* Initialises libwiretap; later calls do nothing. Call it before asking libwiretap for formats by name. Opening a capture does so, too. */
void fp_wiretap_initialise(void);

/* In formats.c: whether libwiretap recognised the file by more than a guess. If not, it takes the first record to tell whether the file is
 * a capture. */
bool fp_formats_is_sure(wtap *wth);

/* In formats.c: why wth is not a capture, as the end of a sentence; caller frees. NULL: it is one. first is its first record, NULL when
 * there is none or libwiretap is sure. */
char *fp_formats_refusal(wtap *wth, const wtap_rec *first);

/* The WTAP_ENCAP_ value of a packet read through libwiretap. */
uint16_t fp_wiretap_encapsulation(const FpRecord *record);

#endif
