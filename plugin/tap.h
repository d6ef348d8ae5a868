/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tap.h - the taps "firstpayload" and "firstpayload_stream": what they hand to their listeners.
 *
 * For C plugins; Lua's Listener.new("firstpayload") is called for the same frames, and reads the fields.
 */
#ifndef FP_TAP_H
#define FP_TAP_H

#include <stdbool.h>
#include <stdint.h>

/* Tap "firstpayload": once for each first payload frame. Strings live until the listener returns. */
typedef struct {
    uint32_t stream;        /* counted from 0 in order of the streams' first frames; not tcp.stream, which may count otherwise */
    const char *side;       /* who spoke: "client", "server", "unknown" */
    const char *protocol;   /* what Wireshark took it for, such as "TLS"; NULL: for nothing it knows */
    uint32_t payload_bytes; /* captured or not */
    uint16_t service_port;  /* the server's; where nobody knows who that is, the lower one */
    bool has_syn;           /* the SYN was captured, so delay_ns means something */
    bool fast_open;
    bool midstream;
    bool out_of_order;
    int64_t age_ns;   /* since the stream's first frame */
    int64_t delay_ns; /* since its SYN */
} FpTap;

/* How far a stream has come. It may be told of less than it was before: the most ever told counts. */
typedef enum {
    FP_TAP_BEGUN,    /* neither SYN nor payload seen, yet something of it */
    FP_TAP_SYN,      /* a SYN without ACK */
    FP_TAP_ANSWERED, /* a SYN/ACK, or the ACK that follows it */
    FP_TAP_CLOSED,   /* a RST or a FIN, and nothing said before */
    FP_TAP_SPOKEN,   /* its first payload frame */
} FpTapState;

/* Tap "firstpayload_stream": for each frame that brings a stream further, perhaps. */
typedef struct {
    uint32_t stream;
    FpTapState state;
    const FpTap *first; /* in state FP_TAP_SPOKEN, else NULL */
} FpTapStream;

#endif
