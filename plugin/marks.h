/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * marks.h - what is known of the file that is open: its streams, and the answers by frame and layer.
 *
 * Wireshark shows the frames in order once; core/ answers then. Whatever is shown later, in any order, is looked up.
 */
#ifndef FP_MARKS_H
#define FP_MARKS_H

#include <stddef.h>
#include <stdint.h>

#include "segment.h"
#include "verdict.h"

/* What a frame is to its stream besides its classes: a set of bits. */
enum {
    FP_EVENT_BEGINS = 1,      /* it is the stream's first */
    FP_EVENT_ENDS_SILENT = 2, /* the first RST or FIN where nothing was said */
    FP_EVENT_SYN = 4,         /* a SYN without ACK */
};

#define FP_LAYER_UDP 0x8000U

/* A TCP or UDP layer that is in at least one class, or is an event in its stream's life. 12 bytes. */
typedef struct {
    uint32_t frame;
    uint32_t stream;
    uint16_t layer; /* TCP layers of a frame are counted from 0, the outermost first, UDP layers from FP_LAYER_UDP */
    uint8_t classes;
    uint8_t events;
} FpMark;

/* A stream. A frame number is 0 as long as no such frame was seen. */
typedef struct {
    uint32_t syn_frame;
    uint32_t first_frame;
    uint32_t reply_frame;
    uint32_t wireshark_number; /* tcp.stream, where first_frame has no SYN; udp.stream */
    const char *protocol;      /* what Wireshark takes the flight for, such as "TLS"; NULL: for nothing that it knows */
    uint16_t service_port;     /* the server's; where nobody knows who that is, the lower one */
    FpVerdict first;           /* of the first payload frame */
} FpStreamNote;

/* Starts with an empty state; call fp_marks_close before the next fp_marks_open. */
void fp_marks_open(const FpRules *rules);
void fp_marks_close(void);

/* Forgets the marks of a frame that was not to be, and the links to it. Cheap when there are none. */
void fp_marks_forget(uint32_t frame);

/* Takes a segment, to be called once for each TCP or UDP layer in capture order. Returns its mark, or NULL when there is nothing to
 * say of it. A mark lives until the next fp_marks_take. */
const FpMark *fp_marks_take(uint32_t frame, uint16_t layer, const FpSegment *segment);

/* The marks of a frame in order of their layers; *count is 0 when it has none. */
const FpMark *fp_marks_find(uint32_t frame, size_t *count);

/* The stream of a mark; lives until the next fp_marks_take. */
FpStreamNote *fp_marks_stream(const FpMark *mark);

/* Notes which tcp.stream the stream of mark, the first payload frame, has in Wireshark. Not for UDP, whose numbers are others. */
void fp_marks_set_wireshark_number(const FpMark *mark, uint32_t number);

/* The last stream with payload of a tcp.stream, or NULL; lives until the next fp_marks_take. */
const FpStreamNote *fp_marks_wireshark_stream(uint32_t number);

#endif
