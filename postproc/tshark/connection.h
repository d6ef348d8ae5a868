/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * connection.h - a connection as tshark tells connections apart, and frames of our own that open it. With these, tshark sees the connection
 * begin there, whatever it was given before on the same endpoints, and whether or not a SYN was captured.
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
    uint32_t base; /* sequence number of its SYN, sent or not */
} FpEndpoint;

typedef struct {
    FpEndpoint client, server;
    uint8_t address_bytes;
    int64_t time_ns;
} FpConnection;

/* Returns the connection of a first payload frame. If the client is unknown, the lower port is taken for the server's. */
FpConnection fp_connection_of(const FpSegment *first, const FpVerdict *verdict);

/* Returns a key for its endpoints, the same in both directions. The caller unrefs it. */
GBytes *fp_connection_key(const FpConnection *connection);

/* Returns the client's SYN as an IP packet without a link layer. The caller frees it with g_free. */
FpTsharkFrame *fp_connection_syn(const FpConnection *connection);
/* Returns the server's SYN/ACK in the same form. The caller frees it with g_free. */
FpTsharkFrame *fp_connection_syn_ack(const FpConnection *connection);
/* Returns a SYN with a sequence number that the connection does not have. The caller frees it with g_free. */
FpTsharkFrame *fp_connection_other_syn(const FpConnection *connection);

#endif
