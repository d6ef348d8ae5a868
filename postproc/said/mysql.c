/* SPDX-License-Identifier: GPL-2.0-or-later */
/* mysql.c - MySQL's and MariaDB's greeting, and the client's answer to it (MySQL Internals: Protocol::HandshakeV10, SSLRequest,
 * HandshakeResponse41). */
#include "said-internal.h"

#include <string.h>

#define PACKET_BYTES_MAX 4096 /* either is shorter by far */
#define VERSION_BYTES_MAX 128

enum {
    CONNECT_WITH_DB = 0x8,
    PROTOCOL_41 = 0x200,
    SSL = 0x800,
    SECURE_CONNECTION = 0x8000,
    PLUGIN_AUTH_LENENC_CLIENT_DATA = 0x200000,
};

/* Length, of 24 bits, least byte first, and number of the packet. false: not this packet, or not all of its header. */
static bool take_header(FpReader *reader, uint8_t number, size_t *n, bool *is_other)
{
    *n = fp_read_little(reader, 3);
    uint8_t sequence = fp_read8(reader);
    *is_other = !reader->is_short && (sequence != number || *n == 0 || *n > PACKET_BYTES_MAX);
    return !reader->is_short && !*is_other;
}

static bool is_printable(FpSaidText text)
{
    for (size_t i = 0; i < text.n; i++)
        if (text.bytes[i] < ' ' || text.bytes[i] > '~')
            return false;
    return true;
}

/* HandshakeV10: version 10, the server's version, thread, 8 bytes of a challenge, a zero. */
FpSaidResult fp_said_mysql_server(FpSaid *said, const FpSaidMessage *message, FpSaidFacts *facts)
{
    FpReader reader = fp_reader(message->bytes, message->n);
    bool is_other;
    size_t n;

    (void)said;
    if (message->speaker == FP_SAID_BY_CLIENT)
        return FP_SAID_UNKNOWN;
    if (!take_header(&reader, 0, &n, &is_other))
        return is_other ? FP_SAID_UNKNOWN : fp_said_more(message, facts, 0);
    if (fp_reader_left(&reader) == 0)
        return fp_said_more(message, facts, 0);
    if (reader.bytes[reader.position] != 10)
        return FP_SAID_UNKNOWN;
    if (fp_reader_left(&reader) < n)
        return fp_said_more(message, facts, reader.position + n);

    FpReader packet = fp_reader(message->bytes + reader.position, n);
    fp_read8(&packet);
    FpSaidText version = fp_read_to_nul(&packet);
    fp_read_text(&packet, 4 + 8);
    uint8_t filler = fp_read8(&packet);
    fp_read16(&packet); /* capabilities */
    if (packet.is_short || filler != 0 || version.n == 0 || version.n > VERSION_BYTES_MAX || !is_printable(version))
        return FP_SAID_UNKNOWN;
    fp_said_begin(facts, FP_SAID_MYSQL);
    facts->mysql.server_version = version;
    return FP_SAID_ENOUGH;
}

/* Protocol::LengthEncodedInteger, of what fits into a packet. */
static size_t read_length(FpReader *reader)
{
    uint8_t first = fp_read8(reader);

    if (first == 0xfc)
        return fp_read_little(reader, 2);
    if (first > 0xfa)
        reader->is_short = true;
    return first;
}

/* What stands behind the fixed 32 bytes of HandshakeResponse41. */
static bool take_response(FpReader *packet, uint32_t capabilities, FpSaidMysql *mysql)
{
    mysql->user = fp_read_to_nul(packet);
    if (packet->is_short)
        return false;
    if (capabilities & PLUGIN_AUTH_LENENC_CLIENT_DATA)
        fp_read_text(packet, read_length(packet));
    else if (capabilities & SECURE_CONNECTION)
        fp_read_text(packet, fp_read8(packet));
    else
        fp_read_to_nul(packet);
    if (capabilities & CONNECT_WITH_DB)
        mysql->database = fp_read_to_nul(packet);
    return true;
}

/* SSLRequest, and HandshakeResponse41 that begins with the same: capabilities, packet size, character set, zeros. */
FpSaidResult fp_said_mysql_client(FpSaid *said, const FpSaidMessage *message, FpSaidFacts *facts)
{
    static const uint8_t zeros[19]; /* of 23: MariaDB has more capabilities in the last four */
    FpReader reader = fp_reader(message->bytes, message->n);
    FpSaidMysql mysql = {0};
    bool is_other;
    size_t n;

    (void)said;
    if (message->speaker == FP_SAID_BY_SERVER)
        return FP_SAID_UNKNOWN;
    if (!take_header(&reader, 1, &n, &is_other))
        return is_other ? FP_SAID_UNKNOWN : fp_said_more(message, facts, 0);
    uint32_t capabilities = fp_read_little(&reader, 4);
    fp_read_text(&reader, 4 + 1);
    FpSaidText filler = fp_read_text(&reader, sizeof zeros);
    if (n < 32)
        return FP_SAID_UNKNOWN;
    if (reader.is_short)
        return fp_said_more(message, facts, 4 + 4 + 5 + sizeof zeros);
    if (!(capabilities & PROTOCOL_41) || memcmp(filler.bytes, zeros, sizeof zeros) != 0 || (n == 32 && !(capabilities & SSL)))
        return FP_SAID_UNKNOWN;
    if (message->n < 4 + n)
        return fp_said_more(message, facts, 4 + n);
    mysql.is_ssl_request = n == 32;
    FpReader packet = fp_reader(message->bytes + 4, n);
    fp_read_text(&packet, 32);
    if (n > 32 && !take_response(&packet, capabilities, &mysql))
        return FP_SAID_UNKNOWN;
    fp_said_begin(facts, FP_SAID_MYSQL);
    facts->mysql = mysql;
    facts->tls_at = mysql.is_ssl_request ? 4 + n : 0;
    facts->is_cut = packet.is_short;
    return FP_SAID_ENOUGH;
}
