/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * marks.h - what is known about the open file: its streams, and the verdicts by frame and layer.
 *
 * Wireshark dissects the frames in order once, and core/ gives its verdicts then. Every later visit, in any order, looks them up.
 */
#ifndef FP_MARKS_H
#define FP_MARKS_H

#include <stddef.h>
#include <stdint.h>

#include "notes.h"
#include "segment.h"
#include "verdict.h"

/* Events in the life of a stream, as bits. */
enum {
    FP_EVENT_BEGINS = 1,      /* the stream's first frame */
    FP_EVENT_ENDS_SILENT = 2, /* the first RST or FIN of a stream without payload so far */
    FP_EVENT_SYN = 4,         /* a SYN without ACK */
};

#define FP_LAYER_UDP 0x8000U

/* A TCP or UDP layer that is in at least one class, or is an event; or any, if fp_marks_open says so. 12 bytes. */
typedef struct {
    uint32_t frame;
    uint32_t stream;
    uint16_t layer; /* among the TCP layers of the frame, from 0, outermost first; UDP layers from FP_LAYER_UDP */
    uint8_t classes;
    uint8_t events;
} FpMark;

/* A first message that goes on in later frames. */
typedef struct {
    uint32_t frame; /* the frame that completes it */
    bool is_behind; /* what is completed begins behind the first byte of payload: it is the first message unless that has a detail itself */
    char *detail;   /* what it says (summary.h); NULL: nothing */
} FpWholeMessage;

/* Begins a file, with an empty state. rules are copied. every_frame: whether also frames of which there is nothing to say get marks. Call
 * fp_marks_close before the next fp_marks_open. */
void fp_marks_open(const FpRules *rules, bool every_frame);
/* Frees everything. May be called without fp_marks_open. */
void fp_marks_close(void);

/* Forgets the marks of a frame that was dropped, and the links to it. Cheap if there are none. */
void fp_marks_forget(uint32_t frame);

/* Takes a segment. To be called once for each TCP or UDP layer, in capture order. Returns its mark, valid until the next fp_marks_take; or
 * NULL if there is nothing to say about it. */
const FpMark *fp_marks_take(uint32_t frame, uint16_t layer, const FpSegment *segment);

/* Returns the marks of a frame in order of their layers, valid until the next fp_marks_take. *count is 0 if it has none. */
const FpMark *fp_marks_find(uint32_t frame, size_t *count);

/* Returns what is noted about the stream of a mark. */
FpStreamNote fp_marks_stream(const FpMark *mark);

/* Notes which protocol Wireshark found in the flight. protocol lives forever. */
void fp_marks_set_protocol(const FpMark *mark, const char *protocol);

/* Notes that the first payload frame of the stream of mark has a detail itself. */
void fp_marks_set_has_detail(const FpMark *mark);

/* Notes what completes the first message of the stream of mark, with a copy of its detail. */
void fp_marks_set_whole(const FpMark *mark, const FpWholeMessage *whole);

/* Returns what fp_marks_set_whole noted for the stream of mark, valid until the next fp_marks_set_whole or fp_marks_forget; or NULL. */
const FpWholeMessage *fp_marks_whole(const FpMark *mark);

/* Notes the tcp.stream or udp.stream of a stream. mark: its first payload frame. */
void fp_marks_set_wireshark_number(const FpMark *mark, uint32_t number);

#endif
