/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * plain.h - the short way of plain frames, which nearly all are: Ethernet, IPv4 without options or IPv6 without extension headers, TCP; no
 * fragment, and whole as far as FP_TCP_NEEDED_BYTES of the TCP header, with nothing odd about their lengths.
 *
 * file -> [record -> segment -> stream] -> verdict -> output
 *
 * It has three steps, of which the first two take a batch of frames each, and most frames need no third:
 *
 * 1. fp_plain_begin finds nothing but the key of the stream, and has the memory loaded where that stream is.
 * 2. fp_plain_pass_by leaves out segments of settled streams: none without SYN, FIN and RST can be in a class there, or tell the stream
 *    anything but that it is alive (fp_stream_is_settled). It takes SYNs, SYN/ACKs, ACKs, FINs and replies that nothing is odd about
 *    and nobody asks for (fp_streams_take_short).
 * 3. fp_plain_finish reads the segment.
 *
 * In classic pcap not even records are made of frames, but of those that somebody asks for (fp_plain_begin_raw).
 *
 * fp_decode_plain (decode.h) does all of it for those who want the segment anyway.
 *
 * Why it is exact. What goes this way would go the long way with the same result: no step between these three headers leads elsewhere,
 * notes the number of a network, or waits for another frame. Everything else is left to the long way, whatever it is: tags, options,
 * extension headers, fragments, other transports, headers that the capture cut or that contradict themselves. Nothing is judged here: which
 * streams are settled, under which rules, core says, and frames that open or end a stream skip the second step.
 *
 * With FIRSTPAYLOAD_LONG_WAY in the environment no frame goes the short way. A test compares both.
 */
#ifndef FP_PLAIN_H
#define FP_PLAIN_H

#include <stdbool.h>

#include "capture/raw-record.h"
#include "capture/record.h"
#include "segment.h"
#include "streams.h"

/* As many frames fit into a batch. */
#define FP_PLAIN_BATCH 64

/* A frame between the steps. */
typedef struct {
    const uint8_t *frame;
    int64_t time_ns;
    uint64_t hash; /* of the key, like direction */
    uint8_t direction;
    uint8_t address_bytes;
    uint8_t stops; /* not 0: the second step does not take it: it has such flags of FP_TCP_SYN_FIN_RST, or FP_PLAIN_NONE */
} FpPlain;

#define FP_PLAIN_NONE 0xff /* the frame is not plain, so that nothing else is known of it here */

/* Returns whether plain frames go the short way. */
bool fp_plain_is_on(void);

/* The first step: takes n frames, at most FP_PLAIN_BATCH, and returns the set of those that are not plain: bit i is that of frame i. */
uint64_t fp_plain_begin(const FpStreams *streams, const FpRecord *records, int n, FpPlain *plains);

/* The same for up to n records of Ethernet frames as they stand in a classic pcap: walks them, up to one that is not complete, and sets
 * *others to those that are not plain, of which the frame is set all the same. Returns how many there were; records->at has moved behind
 * them. */
int fp_plain_begin_raw(const FpStreams *streams, FpRawRecords *records, int n, FpPlain *plains, uint64_t *others);

/* In place of the first step: takes no frame. */
void fp_plain_begin_none(FpPlain *plains, int n);

/* The second step: takes frames from begin on, until there is one that is not plain, or of which more has to be known. wanted: what
 * something is done for, as of fp_streams_take_short. Returns which frame is the next, n if there is none. *place: of its stream, if
 * it is plain. */
int fp_plain_pass_by(FpStreams *streams, const FpPlain *plains, int begin, int n, unsigned wanted, FpStreamPlace **place);

/* The key of a plain frame's stream. */
static inline FpStreamKey fp_plain_key(const FpPlain *plain)
{
    return (FpStreamKey){.hash = plain->hash, .direction = plain->direction};
}

/* The third step: fills in what a stream takes of the segment: all but the endpoints and the network. */
void fp_plain_finish(const FpPlain *plain, FpSegment *segment);

/* Fills in the endpoints, too, for those who look at what a stream has taken. */
void fp_plain_finish_endpoints(const FpPlain *plain, FpSegment *segment);

/* For those who take no datagrams: whether a frame has UDP in place of TCP, is plain otherwise, and its ports are not those of a tunnel.
 * The long way finds that it has no segment: FP_NO_SEGMENT_PROTOCOL, 17. */
bool fp_plain_is_datagram(const FpRecord *record);

#endif
