/* SPDX-License-Identifier: GPL-2.0-or-later */
/* capture-live.h - captures frames from an interface with libpcap. */
#ifndef FP_CAPTURE_LIVE_H
#define FP_CAPTURE_LIVE_H

#include "capture.h"
#include "kernel-cut.h"

typedef struct {
    const char *interface; /* as pcap_create takes it: eth0, any, nflog:5 */
    const char *filter;    /* BPF expression; NULL: everything */
    int snaplen;           /* maximum bytes of each frame */
    int buffer_kib;        /* size of the kernel's buffer in KiB */
    bool only_own;         /* not in promiscuous mode */
    bool waits;            /* for an interface that is not there, or goes */
    int read_timeout_ms;   /* how long the kernel may hold frames back; 0: 100 */
} FpLiveOptions;

/*
 * In KiB. libpcap's ring has blocks of 256 KiB, and the kernel closes one after 100 ms however little is in it: with libpcap's default of 2
 * MiB, a reader that is held up for longer than 0.8 s loses frames at any rate of traffic. Here that takes 12.8 s, or 32 MiB of traffic.
 */
#define FP_LIVE_BUFFER_KIB_DEFAULT 32768

/* The kernel's counters (pcap_stats). */
typedef struct {
    uint64_t by_kernel; /* dropped because the buffer was full */
    uint64_t by_interface;
} FpDrops;

/* Starts to capture. Frames are read as records of classic pcap; they end when fp_stop_is_over, or when the interface goes away, which
 * fp_capture_early_end tells; if it is waited for, that is told, and they go on when it is back. Close with fp_capture_close. Returns NULL
 * and sets error when it cannot capture or the filter makes no sense. */
FpCapture *fp_capture_live_open(const FpLiveOptions *options, GError **error);

/* Attaches cut to an interface, behind the filter of its options. What was captured before is read as well. Returns false and sets error:
 * to FP_ERROR_USAGE when its frames, or that filter, are none that cut understands, else because it takes no such filter. */
bool fp_capture_live_cut(const FpCapture *capture, const FpLiveOptions *options, FpKernelCut *cut, GError **error);

/* Whether capture is from fp_capture_live_open, or fp_capture_lives_open. */
bool fp_capture_is_live(const FpCapture *capture);

/* The name and description of the link type of a part, for messages. Caller frees. */
char *fp_capture_live_link_name(const FpCapture *capture);

/* Returns the capture of the interface with this number, from 0, borrowed: of capture-lives.h, one of several; else the capture itself.
 * NULL: there is none. */
const FpCapture *fp_capture_live_part(const FpCapture *capture, unsigned n);

/* Reads the counters: the sums of all its interfaces. Returns false when the capture is not live, or its kind of interface does not count.
 */
bool fp_capture_live_drops(const FpCapture *capture, FpDrops *drops);

/* What the kernel counts of one interface since the capture began. */
typedef struct {
    const char *interface; /* its name, borrowed */
    uint64_t frames;       /* that came to the kernel's buffer; those that it had no room for are among them */
    FpDrops drops;
} FpInterfaceStats;

/* Reads the counters of the interface with this number, from 0. Returns false, and what was counted last, when there are none now;
 * interface is NULL when the capture has no such interface. To be called before any of them has counted another 2^31: libpcap's have 32
 * bits. */
bool fp_capture_live_stats(const FpCapture *capture, unsigned number, FpInterfaceStats *stats);

#endif
