/* SPDX-License-Identifier: GPL-2.0-or-later */
/* capture-pcapng.h - what the writer needs of a walked pcapng. */
#ifndef FP_CAPTURE_PCAPNG_H
#define FP_CAPTURE_PCAPNG_H

#include "capture.h"

/* The number of a record's interface within its section. */
uint32_t fp_pcapng_interface(const FpCapture *capture, const FpRecord *record);

/* Whether the byte order of the section that is read is not this machine's. */
bool fp_pcapng_is_swapped(const FpCapture *capture);

/* fp_capture_interface_name for a record of a frame. */
const char *fp_pcapng_interface_name(const FpCapture *capture, const FpRecord *record);

/* fp_capture_direction for a record of a frame. */
FpDirection fp_pcapng_direction(const FpCapture *capture, const FpRecord *record);

#endif
