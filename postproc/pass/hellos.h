/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * hellos.h - where a ClientHello may stand that is not the first thing said in its stream: at the start of a later turn (verdict.h), or
 * behind words that ask for TLS.
 *
 * file -> record -> segment -> stream -> [verdict -> output]
 *
 * Streams of TCP are followed whose first message is no ClientHello: so a second one that answers a HelloRetryRequest (RFC 8446 4.1.4), or
 * any that comes in a stream of TLS, is none of its own. A stream is followed until its ClientHello has come, it ends, or nothing of its
 * opening has come for FP_HELLOS_WAIT_SECONDS; or until there is no room: then those go of which nothing has come for longest.
 */
#ifndef FP_HELLOS_H
#define FP_HELLOS_H

#include <glib.h>

#include "said/said.h"
#include "streams.h"
#include "turns.h"

/* As long as a server waits for a command (RFC 5321 4.5.3.2.7). */
#define FP_HELLOS_WAIT_SECONDS 300

typedef struct FpHellos FpHellos;

/* memory_max: of all streams. Free with fp_hellos_free. */
FpHellos *fp_hellos_new(size_t memory_max);
void fp_hellos_free(FpHellos *hellos); /* NULL is allowed */

/* Follows a stream from its first payload frame on. number: the stream's, here and below; offset: of the payload, counted from its side's
 * first byte. */
void fp_hellos_begin(FpHellos *hellos, uint32_t number, const FpSegment *segment, uint32_t payload_bytes, int64_t offset);

/* Whether a stream is followed. */
bool fp_hellos_has(const FpHellos *hellos, uint32_t number);

/* Where a frame stands to the message of its side that may be, or become, a ClientHello. */
typedef struct {
    unsigned direction;
    uint32_t turn;  /* of the frame; 0: it has nothing of its side's last one */
    bool begins;    /* it is the first captured of what may be one */
    int64_t offset; /* of its payload, behind skip bytes of that, from where the message begins */
    uint32_t skip;
} FpHelloPlace;

/* Takes a later frame of a stream that is followed. */
FpHelloPlace fp_hellos_take(FpHellos *hellos, uint32_t number, const FpSegment *segment, uint32_t payload_bytes);

/* Whether a hello may begin in this frame behind what else it has, as learnt from that. Then fills in *place; it is not said twice. */
bool fp_hellos_rest(FpHellos *hellos, uint32_t number, const FpSegment *segment, uint32_t payload_bytes, FpHelloPlace *place);

/* The message of the stream and direction begins n bytes later than was said. */
void fp_hellos_move(FpHellos *hellos, uint32_t number, unsigned direction, int64_t n);

/* Notes what a message of the stream says; facts of nothing when that is not known. A first one that is a hello has the stream no longer
 * followed. */
void fp_hellos_learn(FpHellos *hellos, uint32_t number, unsigned direction, const FpSaidFacts *facts);

/* What a hello comes after. */
FpSaidWay fp_hellos_way(const FpHellos *hellos, uint32_t number);

/* Notes the end of a side, or of both (RST). Returns whether the stream is over; it is then no longer followed. */
bool fp_hellos_close(FpHellos *hellos, uint32_t number, const FpSegment *segment);

/* Follows a stream no longer. */
void fp_hellos_forget(FpHellos *hellos, uint32_t number);

/* Forgets streams of which nothing has come for too long before now_ns, the time of a frame. */
void fp_hellos_expire(FpHellos *hellos, int64_t now_ns);

/* How many are followed. */
unsigned fp_hellos_n(const FpHellos *hellos);

/* Writes all in this machine's byte order. Returns false when write does. */
bool fp_hellos_save(const FpHellos *hellos, FpStreamsWrite write, void *user);

/* Adds what fp_hellos_save wrote. Returns false when read returns false, or the bytes make no sense. */
bool fp_hellos_load(FpHellos *hellos, FpStreamsRead read, void *user);

#endif
