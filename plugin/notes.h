/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * notes.h - what is noted about each stream of the open file, by its number, in as little memory as it takes: 32 bytes, and another 32 for
 * the few streams with numbers that do not fit.
 */
#ifndef FP_NOTES_H
#define FP_NOTES_H

#include <stdbool.h>
#include <stdint.h>

#include "verdict.h"

/* A stream. A frame number is 0 until such a frame was seen. */
typedef struct {
    uint32_t syn_frame;
    uint32_t first_frame;
    uint32_t reply_frame;
    uint32_t wireshark_number; /* tcp.stream, valid unless first_frame has a SYN; or udp.stream */
    const char *protocol;      /* what Wireshark found in the flight, such as "TLS", lives forever; NULL: nothing that it knows */
    uint16_t service_port;     /* the server's port; if the server is not known, the lower port */
    bool is_udp;               /* which of the two wireshark_number is */
    bool ends_silent;          /* a RST or a FIN came before any payload */
    bool has_detail;           /* its first payload frame has a detail itself, as far as that was looked for */
    int64_t reply_delay_ns;    /* from first payload to reply, if there is a reply_frame; negative if the capture's clock stepped back */
    FpVerdict first; /* of the first payload frame; until there is one, all 0. Without classes, begins, ends_silent and ends_flight */
} FpStreamNote;

/* Begins with no streams. Call fp_notes_close before the next fp_notes_open. */
void fp_notes_open(void);
/* Frees everything. May be called without fp_notes_open. */
void fp_notes_close(void);

/* Returns what is noted about a stream; nothing, all 0, if there was no fp_notes_set for it. */
FpStreamNote fp_notes_get(uint32_t stream);
void fp_notes_set(uint32_t stream, const FpStreamNote *note);

/* Sets *note to that of the last stream with payload that has this tcp.stream. Returns false if there is none. Looks at every stream. */
bool fp_notes_find_tcp(uint32_t wireshark_number, FpStreamNote *note);

#endif
