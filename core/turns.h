/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * turns.h - the turns of a conversation: which payload frames of a stream of TCP begin what a side says after it has heard the other.
 *
 * file -> record -> segment -> stream -> [verdict] -> output
 *
 * verdict.h defines what a turn is. The caller keeps the state, and only of streams of which it wants to know.
 */
#ifndef FP_TURNS_H
#define FP_TURNS_H

#include "segment.h"
#include "verdict.h"

/* What is known of the turns of a stream. A direction is 0 or 1, as in stream.h. All 0 at the beginning; to save it, write its bytes. */
typedef struct {
    uint32_t n;         /* turns so far, of both sides */
    uint32_t number[2]; /* of each side's turn; 0: it has not spoken */
    uint32_t start[2];  /* the sequence number with which that begins */
    uint32_t end[2];    /* the one behind all that the side has said */
    uint32_t heard[2];  /* the highest acknowledgment number with which it has said something new */
    uint8_t has_heard[2];
    uint8_t nothing[2];
} FpTurns;

/* Where a payload frame stands. */
typedef struct {
    uint32_t turn;  /* counts from 1; 0: it is of a turn before its side's last */
    bool begins;    /* it is the first captured of its turn; others may come that begin before it */
    int32_t offset; /* of its payload in that turn, in bytes; below 0: it began in the one before */
} FpTurnPlace;

/* Takes the next payload frame in capture order, one that the verdict puts into the opening. */
FpTurnPlace fp_turns_take(FpTurns *turns, unsigned direction, const FpSegment *segment, uint32_t payload_bytes);

/* Returns in which direction a segment goes between its endpoints. */
unsigned fp_turns_direction(const FpSegment *segment);

#endif
