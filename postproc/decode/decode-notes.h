/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * decode-notes.h - what was passed on the way down to a segment, and what its end is like: for the few of which more is said than core/
 * asks.
 *
 * file -> [record -> segment] -> stream -> verdict -> output
 */
#ifndef FP_DECODE_NOTES_H
#define FP_DECODE_NOTES_H

#include "span.h"

/* More tags within one another than anybody has; those inside these are not noted. */
#define FP_TRAIL_VLANS_MAX 20U

/* All 0: nothing is known. */
typedef struct {
    FpSpan tcp; /* the TCP header and what comes behind it */
    unsigned n_vlans;
    uint16_t vlans[FP_TRAIL_VLANS_MAX]; /* numbers of the VLAN tags around, the outermost first; see fp_walk_note_vlan */
} FpDecodeNotes;

static inline void fp_decode_notes_add_vlan(FpDecodeNotes *trail, uint16_t vlan)
{
    if (trail->n_vlans < FP_TRAIL_VLANS_MAX)
        trail->vlans[trail->n_vlans++] = vlan;
}

#endif
