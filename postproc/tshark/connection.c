/* SPDX-License-Identifier: GPL-2.0-or-later */
/* connection.c - see connection.h. */
#include "connection.h"

#include <string.h>

#include "base/bytes.h"

#define LINK_TYPE_RAW 101U /* an IP header comes first */
#define IPV4_BYTES 20U
#define IPV6_BYTES 40U
#define PROTOCOL_TCP 6U
#define HOPS 64U
#define WINDOW 0xffffU
#define OTHER 0x40000000U /* far from any sequence number of the connection */

FpConnection fp_connection_of(const FpSegment *first, const FpVerdict *verdict)
{
    FpEndpoint sender = {.port = first->source_port, .base = first->seq - verdict->relative_seq};
    FpEndpoint receiver = {.port = first->destination_port, .base = first->flags & FP_TCP_ACK ? first->ack - 1 : 0};
    bool is_by_client = verdict->side == FP_SIDE_CLIENT || (verdict->side == FP_SIDE_UNKNOWN && sender.port >= receiver.port);

    memcpy(sender.address, first->source, first->address_bytes);
    memcpy(receiver.address, first->destination, first->address_bytes);
    return (FpConnection){.client = is_by_client ? sender : receiver,
                          .server = is_by_client ? receiver : sender,
                          .address_bytes = first->address_bytes,
                          .time_ns = first->time_ns};
}

GBytes *fp_connection_key(const FpConnection *connection)
{
    struct {
        uint8_t addresses[2][16];
        uint16_t ports[2];
    } key;
    const FpEndpoint *low = &connection->client, *high = &connection->server;
    int order = memcmp(low->address, high->address, sizeof low->address);

    if (order > 0 || (order == 0 && low->port > high->port)) {
        low = &connection->server;
        high = &connection->client;
    }
    memcpy(key.addresses[0], low->address, sizeof key.addresses[0]);
    memcpy(key.addresses[1], high->address, sizeof key.addresses[1]);
    key.ports[0] = low->port;
    key.ports[1] = high->port;
    return g_bytes_new(&key, sizeof key);
}

static uint8_t *put_address(uint8_t *at, const FpEndpoint *endpoint, size_t n)
{
    memcpy(at, endpoint->address, n);
    return at + n;
}

/* Writes an IP header (RFC 791 3.1, RFC 8200 3) to at, where all is 0. Returns its end. Wireshark does not ask for a checksum. */
static uint8_t *put_ip(uint8_t *at, const FpConnection *connection, const FpEndpoint *from, const FpEndpoint *to)
{
    bool is_ipv4 = connection->address_bytes == 4;

    if (is_ipv4) {
        at[0] = 0x45;
        fp_put16(at + 2, IPV4_BYTES + FP_TCP_HEADER_MIN_BYTES);
        at[8] = HOPS;
        at[9] = PROTOCOL_TCP;
    } else {
        at[0] = 0x60;
        fp_put16(at + 4, FP_TCP_HEADER_MIN_BYTES);
        at[6] = PROTOCOL_TCP;
        at[7] = HOPS;
    }
    at = put_address(at + (is_ipv4 ? 12 : 8), from, connection->address_bytes);
    return put_address(at, to, connection->address_bytes);
}

/* Writes a TCP header (RFC 9293 3.1). */
static void put_tcp(uint8_t *at, const FpEndpoint *from, const FpEndpoint *to, uint32_t seq, uint8_t flags)
{
    at = fp_put16(at, from->port);
    at = fp_put16(at, to->port);
    at = fp_put32(at, seq);
    at = fp_put32(at, flags & FP_TCP_ACK ? to->base + 1 : 0);
    *at++ = FP_TCP_HEADER_MIN_BYTES / 4 << 4;
    *at++ = flags;
    fp_put16(at, WINDOW);
}

static FpTsharkFrame *make(const FpConnection *connection, bool is_by_client, uint32_t add_to_seq, uint8_t flags)
{
    const FpEndpoint *from = is_by_client ? &connection->client : &connection->server;
    const FpEndpoint *to = is_by_client ? &connection->server : &connection->client;
    uint8_t bytes[IPV6_BYTES + FP_TCP_HEADER_MIN_BYTES] = {0};
    uint8_t *tcp = put_ip(bytes, connection, from, to);
    uint32_t n = (uint32_t)(tcp - bytes) + FP_TCP_HEADER_MIN_BYTES;
    const FpRecord record = {.data = bytes, .captured_bytes = n, .wire_bytes = n, .time_ns = connection->time_ns};

    put_tcp(tcp, from, to, from->base + add_to_seq, flags);
    return fp_tshark_frame_new(LINK_TYPE_RAW, &record);
}

FpTsharkFrame *fp_connection_syn(const FpConnection *connection)
{
    return make(connection, true, 0, FP_TCP_SYN);
}

FpTsharkFrame *fp_connection_syn_ack(const FpConnection *connection)
{
    return make(connection, false, 0, FP_TCP_SYN | FP_TCP_ACK);
}

FpTsharkFrame *fp_connection_other_syn(const FpConnection *connection)
{
    return make(connection, true, OTHER, FP_TCP_SYN);
}
