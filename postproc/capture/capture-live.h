/* SPDX-License-Identifier: GPL-2.0-or-later */
/* capture-live.h - frames as they come in on an interface, by libpcap. */
#ifndef FP_CAPTURE_LIVE_H
#define FP_CAPTURE_LIVE_H

#include "capture.h"

typedef struct {
    const char *interface; /* as pcap_create takes it: eth0, any, nflog:5 */
    const char *filter;    /* BPF expression, NULL for everything */
    int snaplen;           /* bytes of each frame */
    int buffer_kib;        /* the kernel's, 0 for libpcap's default */
} FpLiveOptions;

/* The kernel's counters (pcap_stats). */
typedef struct {
    uint64_t by_kernel; /* dropped for want of room in the buffer */
    uint64_t by_interface;
} FpDrops;

/* Starts to capture; the frames are read as records of classic pcap. They end when fp_stop_is_over, or when the interface goes away, which
 * fp_capture_early_end tells. Returns NULL with error set when it cannot be captured from, or the filter makes no sense. */
FpCapture *fp_capture_live_open(const FpLiveOptions *options, GError **error);

bool fp_capture_is_live(const FpCapture *capture);

/* Returns false when the capture is not live, or its kind of interface does not count. */
bool fp_capture_live_drops(const FpCapture *capture, FpDrops *drops);

#endif
