/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * streams.h - the table of streams: finds the stream that a segment belongs to, or starts one.
 *
 * file -> record -> segment -> [stream] -> verdict -> output
 *
 * The table consists of segments: open-addressing arrays of 8192 slots of 16 bytes. Slots point to streams. A stream, of TCP or UDP, takes
 * 16 bytes when only its SYN has been seen or both sides have spoken, and 40 otherwise. FpRules.idle_ns and the opening add 8 bytes each to
 * those 40, and then a stream whose two sides have spoken takes as many.
 *
 * The key is a keyed 64-bit hash of transport, endpoints and network (streams-key.c). With ten million open streams, the odds that any two
 * are taken for one are 1 in 350,000.
 *
 * The table grows by splitting one full segment at a time (extendible hashing), so no call has to wait until the whole table has moved. Its
 * size is bounded. When it is full, it forgets unanswered SYNs first, then closed streams, then streams of which only one side has been
 * heard, and answered streams last; among equals, those idle longest by packet time. It forgets a sixteenth of one segment at a time, and
 * takes the segments in turn.
 */
#ifndef FP_STREAMS_H
#define FP_STREAMS_H

#include <stddef.h>

#include "segment.h"
#include "stream.h"
#include "verdict.h"

typedef struct FpStreams FpStreams;

/* Where to look for a segment's stream, and in which direction of it the segment was sent. */
typedef struct {
    uint64_t hash;
    unsigned direction; /* 0 or 1 */
} FpStreamKey;

typedef struct {
    uint64_t started; /* streams ever started */
    uint64_t open;    /* streams in the table now */
    uint64_t forgotten_unanswered;
    uint64_t forgotten_closed;
    uint64_t forgotten_idle;
    uint64_t table_bytes;
} FpStreamsStats;

/*
 * Creates an empty table. rules are copied. seed keys the hash: it must be random, or senders can choose endpoints that collide.
 * max_streams is raised to at least 16. A table of many segments has about 1.8 times as many slots as streams, however far it has grown;
 * growing never keeps old slots beside new ones. Returns NULL if there is no memory. Free with fp_streams_free.
 */
FpStreams *fp_streams_new(const FpRules *rules, uint64_t seed, size_t max_streams);

/* The same for a table that can be saved. Finding streams takes longer there, as hashes are part of what is saved. */
FpStreams *fp_streams_new_for_saving(const FpRules *rules, uint64_t seed, size_t max_streams);

/* Returns where the payload of a segment of TCP begins, in bytes after the first of its side: below 0 where it begins before that. A SYN
 * takes a sequence number too (RFC 9293 3.4). Means something where verdict.relative_seq does. */
static inline int64_t fp_payload_offset(const FpSegment *segment, const FpVerdict *verdict)
{
    return (int32_t)(verdict->relative_seq + ((segment->flags & FP_TCP_SYN) != 0) - 1);
}

/* Returns the max_streams with which a table under these rules never takes more than the given bytes; 0 if not even the smallest table
 * fits. Usual traffic takes half of them: the result assumes segments that have just been split, and a place in both pools per stream. */
size_t fp_streams_fitting(const FpRules *rules, size_t bytes);

/* NULL is allowed. */
void fp_streams_free(FpStreams *streams);

/*
 * Taking a segment has three steps: key, prefetch, take. To hide memory latency, do the first two for a batch of segments before the third.
 *
 * The first step: returns the key that the segment's transport and endpoints have. It stays valid as long as streams lives.
 */
FpStreamKey fp_streams_key(const FpStreams *streams, const FpSegment *segment);

/* Whether the table is one that cannot be saved. */
bool fp_streams_are_quick(const FpStreams *streams);

/* fp_streams_key for those who have asked fp_streams_are_quick once, and take a segment after the other. */
FpStreamKey fp_streams_key_of_kind(const FpStreams *streams, const FpSegment *segment, bool are_quick);

/* To tell networks apart: turns the key from fp_streams_key into the key in a network (FpSegment.network). */
FpStreamKey fp_streams_key_in_network(const FpStreams *streams, FpStreamKey key, uint64_t network);

/* The second step: starts to load the slot where key belongs. */
void fp_streams_prefetch(const FpStreams *streams, FpStreamKey key);

/* The third step: finds the segment's stream, or starts one, and fills in all of *verdict. If it returns false, as for most segments, the
 * verdict says nothing; if it returns true, the verdict may say something. */
bool fp_streams_take(FpStreams *streams, FpStreamKey key, const FpSegment *segment, FpVerdict *verdict);

/*
 * The third step in several, for a segment of TCP of which no more is known yet than whether it has SYN, FIN or RST. The place is where its
 * stream is, or belongs, until another segment is taken.
 */
typedef struct FpStreamPlace FpStreamPlace;

/* Returns the place of a segment that has SYN, FIN or RST. */
FpStreamPlace *fp_streams_find(const FpStreams *streams, FpStreamKey key);

/* Of one that has none: if the segment's stream is settled, takes the segment, of which nothing but the time matters then, and returns
 * NULL. Otherwise changes nothing, and returns the place for fp_streams_take_at. */
FpStreamPlace *fp_streams_pass_by(FpStreams *streams, FpStreamKey key, int64_t time_ns);

/* Of one whose place is known: takes it if there is a short way for it (stream.h), and it is in no wanted class; wanted may have
 * FP_WANTS_ENDS, too. Returns whether it has, and then nothing is to be said of it. */
bool fp_streams_take_short(FpStreams *streams, FpStreamPlace *place, FpStreamKey key, const FpSegment *segment, unsigned wanted);

/* fp_streams_take for a segment of TCP whose place is known. */
bool fp_streams_take_at(FpStreams *streams, FpStreamPlace *place, FpStreamKey key, const FpSegment *segment, FpVerdict *verdict);

/* Fills in *spare for the stream with this key: see fp_stream_spare. There must be none of UDP. Where there is no stream, nothing is
 * spared. */
void fp_streams_spare(const FpStreams *streams, FpStreamKey key, FpSpare *spare);

/* Has nothing more reported of the opening of the stream with this key, and nothing more done for it. There must be a stream of TCP. */
void fp_streams_end_opening(FpStreams *streams, FpStreamKey key);

/* For whoever takes a digest (digest.h): returns whether an assertion is right. Ask before segment, which asserts, is taken. */
bool fp_streams_confirm(FpStreams *streams, FpStreamKey key, const FpSegment *segment);

/* For whoever leaves a digest and reads the file itself: has the stream expect what follows segment, which was left out of the digest. Call
 * it with the segment of the stream that goes farthest, of those since its last assertion and before the file is read. */
void fp_streams_catch_up(FpStreams *streams, FpStreamKey key, const FpSegment *segment);

/* Write, or read, exactly n bytes. Return false if that fails. */
typedef bool (*FpStreamsWrite)(void *user, const void *bytes, size_t n);
typedef bool (*FpStreamsRead)(void *user, void *bytes, size_t n);
/* Saves the whole table, with its seed and the places of its slots, so that a loaded table goes on as if there had been no break. The bytes
 * are in this machine's byte order and have no checksum: load exactly what was written. Returns false if write fails, or if the
 * table is not for saving. */
bool fp_streams_save(const FpStreams *streams, FpStreamsWrite write, void *user);

/* Loads a saved table; rules and max_streams may differ from those before. Returns NULL if read fails, if the bytes make no sense, or if
 * there is no memory. Free with fp_streams_free. */
FpStreams *fp_streams_load(const FpRules *rules, size_t max_streams, FpStreamsRead read, void *user);

/* Fills in all of *stats. */
void fp_streams_stats(const FpStreams *streams, FpStreamsStats *stats);

#endif
