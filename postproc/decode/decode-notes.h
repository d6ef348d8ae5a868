/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * decode-notes.h - what surrounds a segment, and where its bytes are: for the few frames that are reported in more detail than core/ needs.
 *
 * file -> [record -> segment] -> stream -> verdict -> output
 */
#ifndef FP_DECODE_NOTES_H
#define FP_DECODE_NOTES_H

#include "capture/record.h"
#include "span.h"

/* More nested tags than anybody uses; further tags are not noted. */
#define FP_DECODE_NOTES_VLANS_MAX 20U

/* All zero: nothing is known. */
typedef struct {
    FpSpan segment;        /* the TCP or UDP header and everything after it */
    uint32_t interface;    /* the index of the interface that a header of the capturing system names; 0: none does */
    FpDirection direction; /* as the same header says */
    unsigned n_vlans;
    uint16_t vlans[FP_DECODE_NOTES_VLANS_MAX]; /* VLAN IDs of the tags, outermost first; see fp_walk_note_vlan */
} FpDecodeNotes;

/* Notes the VLAN ID of the next tag inside. */
static inline void fp_decode_notes_add_vlan(FpDecodeNotes *notes, uint16_t vlan)
{
    if (notes->n_vlans < FP_DECODE_NOTES_VLANS_MAX)
        notes->vlans[notes->n_vlans++] = vlan;
}

#endif
