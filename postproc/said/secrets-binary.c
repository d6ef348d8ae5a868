/* SPDX-License-Identifier: GPL-2.0-or-later */
/* secrets-binary.c - where passwords stand in binary protocols. See secrets.h. */
#include "read.h"
#include "secrets-internal.h"

#include <string.h>

/* What is not there any more is no secret, so all of these read on as if it were: a reader that is short reads nothing. */
static void tell(const FpSaidSearch *search, const FpReader *reader, uint64_t n)
{
    size_t left = fp_reader_left(reader);

    if (!reader->is_short)
        fp_said_tell(search, reader->position, reader->position + (n < left ? (size_t)n : left));
}

/* Variable Byte Integer (MQTT 5.0 1.5.5). */
static size_t read_mqtt_length(FpReader *reader)
{
    size_t length = 0;

    for (unsigned i = 0; i < 4; i++) {
        uint8_t byte = fp_read8(reader);
        length |= (size_t)(byte & 0x7f) << 7 * i;
        if (!(byte & 0x80))
            break;
    }
    return length;
}

/* MQTT CONNECT (MQTT 5.0 3.1): the password is last; properties may have authentication data. */
static bool mqtt(const FpSaidSearch *search, FpReader reader)
{
    enum { FLAG_WILL = 0x04, FLAG_PASSWORD = 0x40, FLAG_USER = 0x80 };

    fp_read8(&reader);
    (void)read_mqtt_length(&reader);
    fp_read_text(&reader, fp_read16(&reader));
    uint8_t version = fp_read8(&reader), flags = fp_read8(&reader);
    fp_read16(&reader); /* keep-alive */
    if (version == 5) {
        size_t n = read_mqtt_length(&reader);
        tell(search, &reader, n);
        fp_read_text(&reader, n);
    }
    fp_read_text(&reader, fp_read16(&reader)); /* client identifier */
    if (flags & FLAG_WILL) {
        if (version == 5)
            fp_read_text(&reader, read_mqtt_length(&reader));
        fp_read_text(&reader, fp_read16(&reader));
        fp_read_text(&reader, fp_read16(&reader));
    }
    if (flags & FLAG_USER)
        fp_read_text(&reader, fp_read16(&reader));
    if (flags & FLAG_PASSWORD)
        tell(search, &reader, fp_read16(&reader));
    return true;
}

/* HandshakeResponse41 of MySQL: what stands between the user's name and the database's. */
static bool mysql(const FpSaidSearch *search, FpReader reader)
{
    enum { PLUGIN_AUTH_LENENC_CLIENT_DATA = 0x200000, SECURE_CONNECTION = 0x8000, LENGTH_OF_16_BITS = 0xfc };

    fp_read_text(&reader, 3);
    if (fp_read8(&reader) != 1)
        return true; /* the server's greeting */
    uint32_t capabilities = fp_read_little(&reader, 4);
    fp_read_text(&reader, 28);
    fp_read_to_nul(&reader);
    uint32_t n = capabilities & (PLUGIN_AUTH_LENENC_CLIENT_DATA | SECURE_CONNECTION) ? fp_read8(&reader) : UINT32_MAX;
    if (capabilities & PLUGIN_AUTH_LENENC_CLIENT_DATA && n == LENGTH_OF_16_BITS)
        n = fp_read_little(&reader, 2);
    if (n == UINT32_MAX) { /* up to a NUL */
        size_t start = reader.position;
        FpReader rest = reader;
        FpSaidText text = fp_read_to_nul(&rest);
        n = rest.is_short ? (uint32_t)(reader.n - start) : (uint32_t)text.n;
    }
    tell(search, &reader, n);
    return true;
}

/* CancelRequest of PostgreSQL: length, code, process, and the key that whoever cancels has to know. */
static bool postgres(const FpSaidSearch *search, FpReader reader)
{
    enum { CANCEL = 80877102 };

    fp_read32(&reader);
    if (fp_read32(&reader) == CANCEL) {
        fp_read32(&reader);
        tell(search, &reader, UINT64_MAX);
    }
    return true;
}

/* HTTP/2 (RFC 9113 4.1): frames with fields, which HPACK may have coded in any way. */
static bool http2(const FpSaidSearch *search, FpReader reader)
{
    enum { HEADERS = 1, PUSH_PROMISE = 5, CONTINUATION = 9 };

    fp_read_text(&reader, 24); /* the preface */
    while (!reader.is_short && fp_reader_left(&reader) > 0) {
        uint64_t n = fp_read_big(&reader, 3);
        uint8_t type = fp_read8(&reader);
        fp_read8(&reader); /* flags */
        fp_read32(&reader);
        if (type == HEADERS || type == PUSH_PROMISE || type == CONTINUATION)
            tell(search, &reader, n);
        fp_read_text(&reader, n);
    }
    return true;
}

/* Length of a value in BER (X.690 8.1.3); of indefinite length: all that follows. */
static uint64_t read_ber_length(FpReader *reader)
{
    uint8_t first = fp_read8(reader);

    if (first < 0x80)
        return first;
    if (first == 0x80 || first > 0x84)
        return UINT32_MAX;
    return fp_read_big(reader, first & 0x7fU);
}

/* A sequence that begins with an integer: an LDAP bind (RFC 4511 4.2: name and credentials), or SNMP (RFC 1901 3: community). */
static bool ber(const FpSaidSearch *search, FpReader reader)
{
    enum { INTEGER = 0x02, OCTETS = 0x04, SEQUENCE = 0x30, BIND = 0x60, SIMPLE = 0x80, SASL = 0xa3 };

    if (fp_read8(&reader) != SEQUENCE)
        return false;
    read_ber_length(&reader);
    if (fp_read8(&reader) != INTEGER)
        return false;
    fp_read_text(&reader, read_ber_length(&reader));
    uint8_t tag = fp_read8(&reader);
    uint64_t n = read_ber_length(&reader);
    if (tag == OCTETS) {
        tell(search, &reader, n);
        return true;
    }
    if (tag != BIND || fp_read8(&reader) != INTEGER)
        return false;
    fp_read_text(&reader, read_ber_length(&reader));
    if (fp_read8(&reader) != OCTETS)
        return false;
    fp_read_text(&reader, read_ber_length(&reader));
    tag = fp_read8(&reader);
    n = read_ber_length(&reader);
    if (tag == SIMPLE || tag == SASL)
        tell(search, &reader, n);
    return true;
}

/* X11 (X Window System Protocol 8): byte order, version 11, lengths of the names and data of authorization. */
static bool x11(const FpSaidSearch *search, FpReader reader)
{
    uint8_t order = fp_read8(&reader);
    bool is_big = order == 'B';

    if (!is_big && order != 'l')
        return false;
    fp_read8(&reader);
    unsigned version = is_big ? fp_read16(&reader) : fp_read_little(&reader, 2);
    if (version != 11)
        return false;
    fp_read16(&reader);
    size_t name = is_big ? fp_read16(&reader) : fp_read_little(&reader, 2);
    size_t data = is_big ? fp_read16(&reader) : fp_read_little(&reader, 2);
    fp_read16(&reader);
    fp_read_text(&reader, (name + 3) & ~(size_t)3);
    tell(search, &reader, data);
    return true;
}

/* SOCKS 5 (RFC 1928 3), and a user name and password sent along with it (RFC 1929 2). */
static bool socks5(const FpSaidSearch *search, FpReader reader)
{
    if (fp_read8(&reader) != 5)
        return false;
    fp_read_text(&reader, fp_read8(&reader));
    if (fp_read8(&reader) != 1)
        return false;
    fp_read_text(&reader, fp_read8(&reader));
    tell(search, &reader, fp_read8(&reader));
    return true;
}

bool fp_said_binary_secrets(const FpSaidSearch *search, size_t start, FpSaidProtocol protocol)
{
    FpReader reader = fp_reader(search->bytes, search->n);

    reader.position = start;
    switch (protocol) {
    case FP_SAID_MQTT:
        return mqtt(search, reader);
    case FP_SAID_MYSQL:
        return mysql(search, reader);
    case FP_SAID_POSTGRES:
        return postgres(search, reader);
    case FP_SAID_HTTP2:
        return http2(search, reader);
    case FP_SAID_HTTP:
        return false;
    default:
        return ber(search, reader) || x11(search, reader) || socks5(search, reader);
    }
}
