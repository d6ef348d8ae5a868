/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * scenario_frame.c - a packet of a scenario as a decoder sees it, and as the bytes of its frames.
 *
 * The two are written independently of each other, and the agreement tests check decoders against both.
 */
#include <string.h>

#include "scenario.h"

#define IP4_HEADER_BYTES 20U
#define IP6_HEADER_BYTES 40U
#define FRAGMENT_HEADER_BYTES 8U
#define ICMP_HEADER_BYTES 8U

enum { PROTOCOL_ICMP = 1, PROTOCOL_TCP = 6, PROTOCOL_UDP = 17, PROTOCOL_FRAGMENT = 44, PROTOCOL_ICMP6 = 58 };

guint32 packet_segment_bytes(const Packet *packet)
{
    return (packet->transport == FP_TRANSPORT_UDP ? FP_UDP_HEADER_BYTES : FP_TCP_HEADER_MIN_BYTES) + packet->options_bytes +
           packet->data_bytes;
}

guint32 packet_needed_bytes(const Packet *packet)
{
    return packet->transport == FP_TRANSPORT_UDP ? FP_UDP_HEADER_BYTES : FP_TCP_NEEDED_BYTES;
}

/* What the IP header leaves to the segment. */
static guint32 bytes_by_ip(const Packet *packet)
{
    guint32 to_frame_end = packet_segment_bytes(packet) + packet->padding_bytes;
    gint64 by_ip_length = (gint64)packet_segment_bytes(packet) + packet->ip_length_error;

    if (packet->ip_length_zero)
        return to_frame_end;
    return (guint32)CLAMP(by_ip_length, 0, to_frame_end);
}

guint32 packet_reported_bytes(const Packet *packet)
{
    guint32 by_ip = bytes_by_ip(packet);
    guint32 by_udp = packet->udp_length < 0 ? packet_segment_bytes(packet) : (guint32)packet->udp_length;

    if (packet->transport != FP_TRANSPORT_UDP || (by_udp == 0 && packet->connection->address_bytes == 16))
        return by_ip;
    return MIN(by_ip, by_udp);
}

guint packet_frames(const Packet *packet)
{
    return MAX(packet->fragments->len, 1);
}

/* Whether the captured part of the text has real bytes: filler does not count. */
static gboolean is_quic_long(const Packet *packet)
{
    gsize captured = MIN(packet->captured_bytes, packet_reported_bytes(packet));

    if (!packet->text || captured < FP_UDP_HEADER_BYTES)
        return FALSE;
    return fp_datagram_is_quic_long((const guint8 *)packet->text->str, MIN(captured - FP_UDP_HEADER_BYTES, packet->text->len));
}

void packet_segment(const Packet *packet, gboolean mirrored, guint8 storage[2][16], FpSegment *segment)
{
    const Connection *connection = packet->connection;
    guint8 invert = mirrored ? 0xff : 0;

    for (guint side = CLIENT; side <= SERVER; side++)
        for (guint i = 0; i < 16; i++)
            storage[side][i] = connection->address[side][i] ^ invert;
    *segment = (FpSegment){
        .source = storage[packet->sender],
        .destination = storage[!packet->sender],
        .address_bytes = connection->address_bytes,
        .source_port = (guint16)(connection->port[packet->sender] ^ (mirrored ? 0xffff : 0)),
        .destination_port = (guint16)(connection->port[!packet->sender] ^ (mirrored ? 0xffff : 0)),
        .time_ns = packet->time_ns,
        .seq = packet->seq,
        .ack = packet->ack,
        .segment_bytes = packet_reported_bytes(packet),
        .header_bytes = (guint8)packet->header_bytes,
        .flags = packet->flags,
        .window = packet->window,
        .length_unknown = packet->length_unknown,
        .transport = (guint8)packet->transport,
        .is_quic_long = packet->transport == FP_TRANSPORT_UDP && is_quic_long(packet),
    };
}

static void put16(GByteArray *bytes, guint value)
{
    guint16 big = GUINT16_TO_BE((guint16)value);

    g_byte_array_append(bytes, (const guint8 *)&big, sizeof big);
}

static void put32(GByteArray *bytes, guint32 value)
{
    guint32 big = GUINT32_TO_BE(value);

    g_byte_array_append(bytes, (const guint8 *)&big, sizeof big);
}

static void put8(GByteArray *bytes, guint value, guint times)
{
    for (guint8 byte = (guint8)value; times > 0; times--)
        g_byte_array_append(bytes, &byte, 1);
}

/* RFC 1071. */
static guint32 add_up(guint32 sum, const guint8 *bytes, gsize count)
{
    for (gsize i = 0; i < count; i++)
        sum += i % 2 ? bytes[i] : (guint32)bytes[i] << 8;
    return sum;
}

static void put_checksum(GByteArray *bytes, guint at, guint32 sum)
{
    while (sum >> 16)
        sum = (sum & 0xffff) + (sum >> 16);
    bytes->data[at] = (guint8)(~sum >> 8);
    bytes->data[at + 1] = (guint8)~sum;
}

/* What follows the ports of a TCP header. */
static void put_tcp(GByteArray *bytes, const Packet *packet)
{
    put32(bytes, packet->seq);
    put32(bytes, packet->ack);
    put8(bytes, packet->header_bytes / 4 << 4, 1);
    put8(bytes, packet->flags, 1);
    put16(bytes, packet->window);
    put32(bytes, 0);                       /* checksum and urgent pointer */
    put8(bytes, 1, packet->options_bytes); /* no-operation */
}

static void put_udp(GByteArray *bytes, const Packet *packet)
{
    put16(bytes, packet->udp_length < 0 ? packet_segment_bytes(packet) : (guint)packet->udp_length);
    put16(bytes, 0);
}

static guint protocol_of(const Packet *packet)
{
    return packet->transport == FP_TRANSPORT_UDP ? PROTOCOL_UDP : PROTOCOL_TCP;
}

static GByteArray *build_segment(const Packet *packet)
{
    const Connection *connection = packet->connection;
    const gboolean is_udp = packet->transport == FP_TRANSPORT_UDP;
    GByteArray *bytes = g_byte_array_new();

    put16(bytes, connection->port[packet->sender]);
    put16(bytes, connection->port[!packet->sender]);
    (is_udp ? put_udp : put_tcp)(bytes, packet);
    guint32 text_bytes = packet->text ? (guint32)packet->text->len : 0;
    if (packet->text)
        g_byte_array_append(bytes, (const guint8 *)packet->text->str, text_bytes);
    put8(bytes, 'x', packet->data_bytes - text_bytes);

    guint32 sum = protocol_of(packet) + bytes->len;
    sum = add_up(sum, connection->address[CLIENT], connection->address_bytes);
    sum = add_up(sum, connection->address[SERVER], connection->address_bytes);
    put_checksum(bytes, is_udp ? 6 : 16, add_up(sum, bytes->data, bytes->len));
    return bytes;
}

/* What an IP header is to say. */
typedef struct {
    guint protocol;
    guint32 payload_bytes;
    guint from; /* CLIENT or SERVER */
    gboolean fragment, more;
    guint32 offset;
} Ip;

static void put_ip4(GByteArray *bytes, const Packet *packet, const Ip *ip)
{
    guint start = bytes->len;
    guint length = packet->ip_length_zero ? 0 : (guint)((gint)(IP4_HEADER_BYTES + ip->payload_bytes) + packet->ip_length_error);

    put16(bytes, 0x4500);
    put16(bytes, length);
    put16(bytes, packet->id);
    put16(bytes, ip->offset / 8 | (ip->more ? 0x2000 : 0));
    put8(bytes, 64, 1);
    put8(bytes, ip->protocol, 1);
    put16(bytes, 0);
    g_byte_array_append(bytes, packet->connection->address[ip->from], 4);
    g_byte_array_append(bytes, packet->connection->address[!ip->from], 4);
    put_checksum(bytes, start + 10, add_up(0, bytes->data + start, IP4_HEADER_BYTES));
}

static void put_ip6(GByteArray *bytes, const Packet *packet, const Ip *ip)
{
    guint32 payload_bytes = ip->payload_bytes + (ip->fragment ? FRAGMENT_HEADER_BYTES : 0);

    put32(bytes, 0x60000000);
    put16(bytes, packet->ip_length_zero ? 0 : (guint)((gint)payload_bytes + packet->ip_length_error));
    put8(bytes, ip->fragment ? PROTOCOL_FRAGMENT : ip->protocol, 1);
    put8(bytes, 64, 1);
    g_byte_array_append(bytes, packet->connection->address[ip->from], 16);
    g_byte_array_append(bytes, packet->connection->address[!ip->from], 16);
    if (ip->fragment) {
        put16(bytes, ip->protocol << 8);
        put16(bytes, ip->offset | (ip->more ? 1 : 0));
        put32(bytes, packet->id);
    }
}

static void put_ip(GByteArray *bytes, const Packet *packet, const Ip *ip)
{
    if (packet->connection->address_bytes == 4)
        put_ip4(bytes, packet, ip);
    else
        put_ip6(bytes, packet, ip);
}

/* The receiver's answer that nobody listens there, with the IP header of the segment in it (RFC 792, RFC 4443 3.1). */
static void put_icmp(GByteArray *bytes, const Packet *packet, guint32 segment_bytes)
{
    gboolean ip4 = packet->connection->address_bytes == 4;
    guint32 quoted_bytes = (ip4 ? IP4_HEADER_BYTES : IP6_HEADER_BYTES) + segment_bytes;
    Ip ip = {.protocol = ip4 ? PROTOCOL_ICMP : PROTOCOL_ICMP6, .payload_bytes = ICMP_HEADER_BYTES + quoted_bytes, .from = !packet->sender};

    put_ip(bytes, packet, &ip);
    put16(bytes, ip4 ? 0x0303 : 0x0104); /* port unreachable; its checksum is left 0 */
    put16(bytes, 0);
    put32(bytes, 0);
}

static void put_ethernet(GByteArray *bytes, const Packet *packet, guint ethertype)
{
    static const guint8 stations[2][6] = {{2, 0, 0, 0, 0, 1}, {2, 0, 0, 0, 0, 2}};

    g_byte_array_append(bytes, stations[!packet->sender], 6);
    g_byte_array_append(bytes, stations[packet->sender], 6);
    if (packet->vlan >= 0) {
        put16(bytes, 0x8100);
        put16(bytes, (guint)packet->vlan);
    }
    put16(bytes, ethertype);
}

static void put_link(GByteArray *bytes, const Scenario *scenario, const Packet *packet)
{
    gboolean ip4 = packet->connection->address_bytes == 4;
    guint ethertype = ip4 ? 0x0800 : 0x86dd;

    switch (scenario->link_type) {
    case LINK_ETHERNET:
        put_ethernet(bytes, packet, ethertype);
        break;
    case LINK_NULL: /* in the byte order of the capturing machine; Linux's numbers are 2 and 10, those of BSDs 2 and 24 to 30 */
        put8(bytes, ip4 ? 2 : 30, 1);
        put8(bytes, 0, 3);
        break;
    case LINK_LOOP:
        put32(bytes, ip4 ? 2 : 30);
        break;
    case LINK_SLL: /* sent to us, Ethernet, no address */
        put32(bytes, 1);
        put32(bytes, 0);
        put32(bytes, 0);
        put16(bytes, 0);
        put16(bytes, ethertype);
        break;
    case LINK_SLL2:
        put16(bytes, ethertype);
        put16(bytes, 0);
        put32(bytes, 1);
        put32(bytes, 0x00010000);
        put32(bytes, 0);
        put32(bytes, 0);
        break;
    default:
        break;
    }
}

guint32 packet_frame(const Scenario *scenario, const Packet *packet, guint index, GByteArray *bytes)
{
    g_autoptr(GByteArray) segment = build_segment(packet);
    Range range = {0, segment->len};
    Ip ip = {.protocol = protocol_of(packet), .from = packet->sender, .fragment = packet->fragments->len > 0};

    if (ip.fragment)
        range = g_array_index(packet->fragments, Range, index);
    ip.offset = range.from;
    ip.more = range.to < segment->len;
    ip.payload_bytes = range.to - range.from;
    put_link(bytes, scenario, packet);
    if (packet->quoted)
        put_icmp(bytes, packet, segment->len);
    put_ip(bytes, packet, &ip);
    guint32 before = bytes->len;
    g_byte_array_append(bytes, segment->data + range.from, ip.payload_bytes);
    put8(bytes, 0, packet->padding_bytes);

    if (packet->captured_bytes >= range.to)
        return bytes->len;
    return before + (packet->captured_bytes > range.from ? packet->captured_bytes - range.from : 0);
}
