/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * summary.h - what was said first, in one short line: the protocol that Wireshark found with its detail, or the text.
 *
 * Details are Wireshark's own fields, such as a server name or a host, from a table in the preferences (details.h). They are looked up only
 * if anybody asks for a field that needs them; other runs pay nothing.
 */
#ifndef FP_SUMMARY_H
#define FP_SUMMARY_H

#include "compat.h"

/* What is known about a first message. All strings are borrowed. */
typedef struct {
    const char *side;     /* who spoke */
    const char *protocol; /* NULL: Wireshark found none */
    const char *detail;   /* NULL: none */
    const char *text;     /* from fp_text; NULL: none of it was captured */
    bool is_line;         /* the text is a line, not hexadecimal */
    bool is_continued;    /* the message does not end in this frame */
    uint32_t bytes;
} FpSummary;

/* To be called before the first frame of a file. */
void fp_summary_begin_file(void);

/* Returns whether anybody asks for a field of ours that needs Wireshark's. tree may be NULL. */
bool fp_summary_is_wanted(proto_tree *tree);

/* Has Wireshark keep the fields of a frame that are needed later. To be called before TCP is dissected. Does nothing unless anybody asks
 * for a field of ours that needs them. */
void fp_summary_prime(proto_tree *tree);

/* The same for a frame that may complete a first message, whoever asks for what. */
void fp_summary_prime_whole(proto_tree *tree);

/* Returns whether anybody asks for a field of ours that shows the protocol. */
bool fp_summary_shows_protocol(proto_tree *tree);

/* Returns the first detail in the frame, as Wireshark shows it, allocated in scope; or NULL. */
const char *fp_summary_detail(wmem_allocator_t *scope, proto_tree *tree);

/* Returns the detail for a column: at most 255 bytes, with dots for anything but printable ASCII. Allocated in scope. */
const char *fp_summary_short(wmem_allocator_t *scope, const char *detail);

/* Returns the name for a column: the detail, shortened as above; without one, the text. NULL: nothing of it was captured. */
const char *fp_summary_name(wmem_allocator_t *scope, const FpSummary *summary);

/* Where a message goes on. */
typedef enum {
    FP_CONTINUES_NOT,
    FP_CONTINUES_ALL,   /* what goes on is all of the first payload */
    FP_CONTINUES_BEHIND /* what goes on begins behind the first byte of payload: it may be another message */
} FpContinues;

/* Returns what of this frame, of which bytes are payload, goes on in another, and sets *frame to that. It is 0 if it is not known (yet).
 * tree may be NULL. */
FpContinues fp_summary_continued_in(proto_tree *tree, uint32_t bytes, uint32_t *frame);

/* Returns what of frame, of which bytes were payload, this frame completes. */
FpContinues fp_summary_continues(proto_tree *tree, uint32_t frame, uint32_t bytes);

/* Returns a line such as "client 245: TLS www.example.org", allocated in scope. */
const char *fp_summary_line(wmem_allocator_t *scope, const FpSummary *summary);

#endif
