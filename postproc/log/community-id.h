/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * community-id.h - endpoints -> Community ID, version 1 (https://github.com/corelight/community-id-spec), which Zeek, Suricata and
 * Wireshark use for the same flow, too.
 *
 * file -> record -> [segment] -> stream -> verdict -> output
 */
#ifndef FP_COMMUNITY_ID_H
#define FP_COMMUNITY_ID_H

#include "segment.h"

#define FP_COMMUNITY_ID_BYTES 31 /* "1:", 20 bytes of SHA-1 in base64, and the end of the string */

/* Writes the ID of a segment's connection to text; it is the same for both directions. seed must be the same wherever IDs are compared: 0,
 * unless somebody chose another. */
void fp_community_id(const FpSegment *segment, uint16_t seed, char text[FP_COMMUNITY_ID_BYTES]);

/* Returns a number for the stream of a segment in a network, which began at began_ns: the same whichever way the segment goes, and each
 * time the same capture is read; another when the endpoints come again. */
uint64_t fp_flow_id(const FpSegment *segment, uint64_t network, int64_t began_ns);

#endif
