/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tap.h - what the taps "firstpayload" and "firstpayload_stream" pass to listeners in C.
 *
 * In Lua, Listener.new("firstpayload") is called for the same frames, and can read the fields.
 *
 * Details are known only of frames that have a tree: a listener that wants them is registered with TL_REQUIRES_PROTO_TREE.
 */
#ifndef FP_TAP_H
#define FP_TAP_H

#include <stdbool.h>
#include <stdint.h>

/* Tap "firstpayload": called once for each first payload frame. Strings are valid until the listener returns. */
typedef struct {
    uint32_t stream;        /* counted from 0 in order of the streams' first frames; may differ from tcp.stream */
    const char *side;       /* who spoke: "client", "server", "unknown" */
    const char *protocol;   /* what Wireshark found in it, such as "TLS"; NULL: nothing that it knows */
    const char *detail;     /* what tells most about it, such as a server name (firstpayload.detail); NULL: none, or it is known later */
    uint32_t payload_bytes; /* captured or not */
    uint16_t service_port;  /* the server's port; if the server is not known, the lower port */
    bool has_syn;           /* the SYN was captured, so delay_ns is valid */
    bool fast_open;
    bool midstream;
    bool out_of_order;
    int64_t age_ns;   /* since the stream's first frame */
    int64_t delay_ns; /* since its SYN */
} FpTap;

/* How far a stream has come. A listener may hear of an earlier state after a later one: the latest state counts. */
typedef enum {
    FP_TAP_BEGUN,    /* something was seen, but neither SYN nor payload */
    FP_TAP_SYN,      /* a SYN without ACK */
    FP_TAP_ANSWERED, /* a SYN/ACK, or the ACK that follows it */
    FP_TAP_CLOSED,   /* a RST or a FIN, and no payload before */
    FP_TAP_SPOKEN,   /* its first payload frame */
    FP_TAP_WHOLE,    /* the frame that completes a first message of several frames */
    FP_TAP_REPLIED,  /* the first payload frame of the other side */
} FpTapState;

/* Tap "firstpayload_stream": called for each frame that may bring a stream further. */
typedef struct {
    uint32_t stream;
    FpTapState state;
    const FpTap *first;     /* in state FP_TAP_SPOKEN, else NULL */
    const char *detail;     /* in states FP_TAP_SPOKEN and FP_TAP_WHOLE: as in FpTap. In two passes, both have it; in one, the second */
    int64_t reply_delay_ns; /* in state FP_TAP_REPLIED: since the first payload frame */
} FpTapStream;

#endif
