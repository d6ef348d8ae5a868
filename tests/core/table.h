/* SPDX-License-Identifier: GPL-2.0-or-later */
/* table.h - a table of streams, and endpoints made from numbers to give it segments of. */
#ifndef TABLE_H
#define TABLE_H

#include <glib.h>

#include "streams.h"

#define SECOND G_GINT64_CONSTANT(1000000000)

/* Two endpoints. */
typedef struct {
    guint8 address[2][16];
    guint16 port[2];
    guint8 address_bytes;
} Pair;

/* The endpoints of a number: different ones for each of the first 2^30. */
Pair pair_of(guint32 number);

/* A segment that endpoint from, 0 or 1, sends to the other. Borrows pair. */
FpSegment segment_of(const Pair *pair, guint from, unsigned flags, guint32 seq, guint32 payload_bytes);

/* A table with default rules: one that can be saved for even seeds. */
FpStreams *table(guint64 seed, gsize max_streams);

/* Gives the table a segment between the endpoints of a number: a SYN has the sequence number 100, any other segment 101. */
FpVerdict give(FpStreams *streams, guint32 number, guint from, unsigned flags, guint32 payload_bytes, gint64 time_ns);

FpStreamsStats stats_of(const FpStreams *streams);

#endif
