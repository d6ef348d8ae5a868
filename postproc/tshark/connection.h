/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * connection.h - a connection as tshark tells connections apart, and frames of our own making that open it: for tshark it then begins
 * there, whatever tshark was given before on the same endpoints, and whether or not a SYN was captured.
 *
 * file -> record -> segment -> stream -> verdict -> [tshark] -> output
 */
#ifndef FP_CONNECTION_H
#define FP_CONNECTION_H

#include <glib.h>

#include "segment.h"
#include "tshark.h"
#include "verdict.h"

typedef struct {
    uint8_t address[16];
    uint16_t port;
    uint32_t base; /* the number of its SYN, sent or not */
} FpEndpoint;

typedef struct {
    FpEndpoint client, server;
    uint8_t address_bytes;
    int64_t time_ns;
} FpConnection;

/* The connection of a first payload frame. Where nobody knows who the client is, the lower port is the server's. */
FpConnection fp_connection_of(const FpSegment *first, const FpVerdict *verdict);

/* Its endpoints, the same for both directions; the caller's. */
GBytes *fp_connection_key(const FpConnection *connection);

/* A SYN and the SYN/ACK to it, without a link layer; and a SYN with a number that the connection does not have. The caller's. */
FpTsharkFrame *fp_connection_syn(const FpConnection *connection);
FpTsharkFrame *fp_connection_syn_ack(const FpConnection *connection);
FpTsharkFrame *fp_connection_other_syn(const FpConnection *connection);

#endif
