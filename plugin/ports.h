/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ports.h - protocols that Wireshark took from a port alone: their dissector was called for its port, and found no message in the payload.
 *
 * Such a protocol says nothing about the payload. A dissector that finds a message adds fields with values; one that does not adds at most
 * bytes, and what it makes up. For TCP only: which datagram is the first is not known before it is dissected.
 */
#ifndef FP_PORTS_H
#define FP_PORTS_H

#include "compat.h"
#include "segment.h"

/* To be called before the first frame of a file. */
void fp_ports_begin_file(void);

/* Has Wireshark keep the fields of a frame by which fp_ports_are_all decides. To be called before TCP or UDP is dissected. */
void fp_ports_prime(proto_tree *tree, FpTransport transport, uint16_t source_port, uint16_t destination_port);

/* Returns whether nothing but a port speaks for the protocol of this name: it belongs to one of the ports, and its dissector found no
 * message in the frame, and does not wait for the rest of one. Only after fp_ports_prime. */
bool fp_ports_are_all(proto_tree *tree, FpTransport transport, const char *protocol, uint16_t source_port, uint16_t destination_port);

#endif
