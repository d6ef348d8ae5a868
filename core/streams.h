/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * streams.h - the table of streams: finds the stream that a segment belongs to, or starts one.
 *
 * file -> record -> segment -> [stream] -> verdict -> output
 *
 * Open-addressing arrays of 8192 slots of 16 bytes, the segments of the table, and the streams that slots point to: 16 bytes where only a
 * SYN has been seen or both sides have spoken, 40 otherwise, of UDP as of TCP; with FpRules.idle_ns or opening 8 more for each, and those
 * where both sides have spoken as many; keyed by a keyed 64-bit hash of transport, endpoints and network: at ten million open streams the
 * odds that any two are taken for one are 1 in 350,000. It grows by splitting one full segment at a time (extendible hashing), so that no
 * call waits for all of the table to be moved. Bounded: when full it forgets unanswered SYNs first, then closed streams, then those of
 * which one side has been heard, and last those that were answered; of equals those idle longest by packet time. It forgets a sixteenth of
 * one segment at a time, the segments taking turns.
 */
#ifndef FP_STREAMS_H
#define FP_STREAMS_H

#include <stddef.h>

#include "segment.h"
#include "verdict.h"

typedef struct FpStreams FpStreams;

/* Where to look for a segment's stream, and which way along it the segment goes. */
typedef struct {
    uint64_t hash;
    unsigned direction; /* 0 or 1 */
} FpStreamKey;

typedef struct {
    uint64_t started; /* streams, ever */
    uint64_t open;    /* in the table now */
    uint64_t forgotten_unanswered;
    uint64_t forgotten_closed;
    uint64_t forgotten_idle;
    uint64_t table_bytes;
} FpStreamsStats;

/*
 * rules are copied. seed keys the hash: random, or whoever sends packets can choose endpoints that collide.
 * max_streams is raised to at least 16; a table of many segments has about 1.8 times as many slots as streams, however far it has
 * grown, and never old slots beside new ones. Returns NULL when there is no memory; free with fp_streams_free.
 */
FpStreams *fp_streams_new(const FpRules *rules, uint64_t seed, size_t max_streams);

/* The max_streams whose table by these rules takes no more than so many bytes, come what may; 0 when not even the smallest fits. Usual
 * traffic takes half: one of them counts with a slot in segments that have just been split, and with a place in both pools. */
size_t fp_streams_fitting(const FpRules *rules, size_t bytes);

void fp_streams_free(FpStreams *streams);

/* The three steps of taking a segment. Doing the first two for a batch of segments before the third hides the time
 * that memory takes to answer. A key stays right as long as streams lives.
 * fp_streams_key goes by transport and endpoints alone; who tells networks apart makes of its key that in the segment's network.
 * fp_streams_take fills in all of *verdict, and returns false when that says nothing, as mostly; when it returns true it may. */
FpStreamKey fp_streams_key(const FpStreams *streams, const FpSegment *segment);
FpStreamKey fp_streams_key_in_network(const FpStreams *streams, FpStreamKey key, uint64_t network);
void fp_streams_prefetch(const FpStreams *streams, FpStreamKey key);
bool fp_streams_take(FpStreams *streams, FpStreamKey key, const FpSegment *segment, FpVerdict *verdict);

/*
 * The table on its way to a file, and back: everything, so that it goes on as if nothing had been, seed and places of slots too. In this
 * machine's byte order, and without a checksum: what is read must be what was written. The functions write, or fill, n bytes, and return
 * false when they cannot.
 */
typedef bool (*FpStreamsWrite)(void *user, const void *bytes, size_t n);
typedef bool (*FpStreamsRead)(void *user, void *bytes, size_t n);
bool fp_streams_save(const FpStreams *streams, FpStreamsWrite write, void *user);

/* rules and max_streams need not be those of before. Returns NULL when reading failed, when it makes no sense, or when there is no memory.
 */
FpStreams *fp_streams_load(const FpRules *rules, size_t max_streams, FpStreamsRead read, void *user);

void fp_streams_stats(const FpStreams *streams, FpStreamsStats *stats);

#endif
