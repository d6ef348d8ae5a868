/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * tally.h - what first messages say, counted: which protocols and which names, by how many streams, first and last when.
 *
 * file -> record -> segment -> stream -> verdict -> [output]
 *
 * Whoever sends a message chooses its names, so only so many are remembered. When there are more, the rarer half goes, and is counted as
 * one. A name of which more streams speak than of any that goes is never lost.
 */
#ifndef FP_TALLY_H
#define FP_TALLY_H

#include <glib.h>
#include <stdbool.h>

#include "said/said.h"
#include "time-line.h"

/* Of names longer than that, those count as one that begin alike. */
#define FP_TALLY_NAME_BYTES_MAX 512U

#define FP_TALLY_NAMES_DEFAULT 10000U
#define FP_TALLY_NAMES_MIN 16U
#define FP_TALLY_NAMES_MAX 1000000U

/* Kinds of names. */
typedef enum {
    FP_TALLY_SERVER_NAMES, /* of ClientHellos, in TLS and QUIC */
    FP_TALLY_JA4,
    FP_TALLY_HOSTS,   /* of HTTP requests, without port */
    FP_TALLY_BANNERS, /* what SSH and servers' greetings call themselves */
    FP_TALLY_KINDS,
} FpTallyKind;

typedef struct {
    uint64_t streams;
    FpTime first, last; /* their first payload frames; not set without streams */
} FpTallyCount;

typedef struct {
    FpTallyCount count;
    uint64_t missed_max;     /* at most so many more: it may have been dropped before, and come again */
    FpSaidProtocol protocol; /* of FP_TALLY_BANNERS; else FP_SAID_NOTHING */
    FpSaidText name;         /* as sent */
} FpTallyName;

typedef struct FpTally FpTally;

/* names_max: how many names are remembered of each kind. Free with fp_tally_free. */
FpTally *fp_tally_new(size_t names_max);
void fp_tally_free(FpTally *tally); /* NULL is allowed */
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FpTally, fp_tally_free)

/* Counts a stream whose first message says this, and whose first payload frame came at that time. */
void fp_tally_add(FpTally *tally, const FpSaidFacts *facts, FpTime time);

/* Counts the names of a ClientHello that is not the first thing said in its stream, which was counted, or will be, by itself. */
void fp_tally_add_later(FpTally *tally, const FpSaidFacts *facts, FpTime time);

/* These are borrowed. */
const FpTallyCount *fp_tally_all(const FpTally *tally);
const FpTallyCount *fp_tally_later(const FpTally *tally);
const FpTallyCount *fp_tally_protocol(const FpTally *tally, FpSaidProtocol protocol); /* FP_SAID_NOTHING: none that is known */
const FpTimeLine *fp_tally_time_line(const FpTally *tally);                           /* its series are protocols */

/* Streams that could have had a name of a kind, and had none, or an empty one. */
const FpTallyCount *fp_tally_without(const FpTally *tally, FpTallyKind kind);

/* Streams of names that were dropped. */
const FpTallyCount *fp_tally_dropped(const FpTally *tally, FpTallyKind kind);

/* Returns the names of a kind, const FpTallyName *, most frequent first, else in the order of their bytes. The caller frees the array;
 * names are valid until the next fp_tally_add. */
GPtrArray *fp_tally_names(const FpTally *tally, FpTallyKind kind);

#endif
