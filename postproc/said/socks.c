/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * socks.c - what a SOCKS client says first: the request of version 4 and 4a (Ying-Da Lee, SOCKS: A protocol for TCP proxy across
 * firewalls), the methods or the request of version 5 (RFC 1928 3, 4).
 *
 * Few bits tell these from other bytes, so every one that can be wrong is looked at; and methods of which nothing follows are taken for
 * SOCKS only once the message is over.
 */
#include "said-internal.h"

#include <string.h>

#define VERSION_4 4
#define VERSION_5 5
#define FIXED_4_BYTES 8
#define TEXT_BYTES_MAX 255
#define METHODS_MAX 16
#define LAST_ASSIGNED_METHOD 9
#define FIRST_PRIVATE_METHOD 0x80

enum {
    CONNECT = 1,
    BIND = 2,
    UDP_ASSOCIATE = 3,
    ADDRESS_IPV4 = 1,
    ADDRESS_NAME = 3,
    ADDRESS_IPV6 = 4,
};

static bool is_graphic(FpSaidText text)
{
    for (size_t i = 0; i < text.n; i++)
        if (text.bytes[i] <= ' ' || text.bytes[i] > '~')
            return false;
    return text.n <= TEXT_BYTES_MAX;
}

/* The text up to a NUL. NO: it cannot be one, YET: its end is not there. */
static FpMatch take_text(FpReader *reader, FpSaidText *text)
{
    FpSaidText there = {reader->bytes + reader->position, fp_reader_left(reader)};
    const uint8_t *end = there.n > 0 ? memchr(there.bytes, 0, there.n) : NULL;

    if (end != NULL)
        there.n = (size_t)(end - there.bytes);
    if (!is_graphic(there))
        return FP_MATCH_NO;
    if (end == NULL)
        return FP_MATCH_YET;
    *text = fp_read_to_nul(reader);
    return FP_MATCH_YES;
}

/* Version, command, port, address, a user's name; and a host's where the address is 0.0.0.x. */
static FpMatch take_version_4(FpReader *reader, FpSaidSocks *socks)
{
    fp_read8(reader);
    socks->command = fp_read8(reader);
    if (!reader->is_short && socks->command != CONNECT && socks->command != BIND)
        return FP_MATCH_NO;
    socks->port = fp_read16(reader);
    FpSaidText address = fp_read_text(reader, 4);
    if (reader->is_short)
        return FP_MATCH_YET;
    bool has_name = address.bytes[0] == 0 && address.bytes[1] == 0 && address.bytes[2] == 0;
    if ((has_name && address.bytes[3] == 0) || (socks->port == 0 && socks->command == CONNECT))
        return FP_MATCH_NO;
    if (!has_name) {
        socks->address_bytes = 4;
        memcpy(socks->address, address.bytes, 4);
    }
    FpMatch user = take_text(reader, &socks->user);
    if (user != FP_MATCH_YES || !has_name)
        return user;
    FpMatch host = take_text(reader, &socks->host);
    return host == FP_MATCH_YES && socks->host.n == 0 ? FP_MATCH_NO : host;
}

/* Version, command, a zero, kind of address, address, port. */
static FpMatch take_version_5(FpReader *reader, FpSaidSocks *socks)
{
    uint8_t version = fp_read8(reader);
    if (!reader->is_short && version != VERSION_5)
        return FP_MATCH_NO;
    socks->command = fp_read8(reader);
    if (!reader->is_short && (socks->command < CONNECT || socks->command > UDP_ASSOCIATE))
        return FP_MATCH_NO;
    uint8_t reserved = fp_read8(reader);
    if (!reader->is_short && reserved != 0)
        return FP_MATCH_NO;
    uint8_t kind = fp_read8(reader);
    if (!reader->is_short && kind != ADDRESS_IPV4 && kind != ADDRESS_NAME && kind != ADDRESS_IPV6)
        return FP_MATCH_NO;
    if (kind == ADDRESS_NAME) {
        uint8_t n = fp_read8(reader);
        socks->host = fp_read_text(reader, n);
        if (!reader->is_short && (n == 0 || !is_graphic(socks->host)))
            return FP_MATCH_NO;
    } else {
        FpSaidText address = fp_read_text(reader, kind == ADDRESS_IPV4 ? 4 : 16);
        socks->address_bytes = (uint8_t)address.n;
        if (address.n > 0)
            memcpy(socks->address, address.bytes, address.n);
    }
    socks->port = fp_read16(reader);
    return reader->is_short ? FP_MATCH_YET : FP_MATCH_YES;
}

/* Version, how many methods, the methods. */
static FpMatch take_methods(FpReader *reader)
{
    fp_read8(reader);
    size_t n = fp_read8(reader);
    if (!reader->is_short && (n == 0 || n > METHODS_MAX))
        return FP_MATCH_NO;
    for (size_t i = 0; i < n; i++) {
        uint8_t method = fp_read8(reader);
        if (!reader->is_short && method > LAST_ASSIGNED_METHOD && method < FIRST_PRIVATE_METHOD)
            return FP_MATCH_NO;
    }
    return reader->is_short ? FP_MATCH_YET : FP_MATCH_YES;
}

/* Methods, with a request behind them where the client does not wait; or the request alone, as when this is a later message. */
static FpMatch take_5(const FpSaidMessage *message, FpReader *reader, FpSaidSocks *socks)
{
    FpMatch methods = take_methods(reader);

    if (methods == FP_MATCH_YET || (methods == FP_MATCH_YES && fp_reader_left(reader) == 0))
        return message->is_over ? methods : FP_MATCH_YET;
    FpMatch behind = methods == FP_MATCH_YES ? take_version_5(reader, socks) : FP_MATCH_NO;
    if (behind != FP_MATCH_NO)
        return behind;
    *socks = (FpSaidSocks){0};
    *reader = fp_reader(message->bytes, message->n);
    return take_version_5(reader, socks);
}

FpSaidResult fp_said_socks(FpSaid *said, const FpSaidMessage *message, FpSaidFacts *facts)
{
    FpReader reader = fp_reader(message->bytes, message->n);
    FpSaidSocks socks = {0};

    (void)said;
    if (message->speaker == FP_SAID_BY_SERVER)
        return FP_SAID_UNKNOWN;
    if (message->n == 0)
        return fp_said_more(message, facts, 0);
    uint8_t version = message->bytes[0];
    if (version != VERSION_4 && version != VERSION_5)
        return FP_SAID_UNKNOWN;
    FpMatch match = version == VERSION_4 ? take_version_4(&reader, &socks) : take_5(message, &reader, &socks);
    if (match == FP_MATCH_NO)
        return FP_SAID_UNKNOWN;
    if (match == FP_MATCH_YET)
        return fp_said_more(message, facts, 0);
    socks.version = version;
    fp_said_begin(facts, FP_SAID_SOCKS);
    facts->socks = socks;
    facts->tls_at = socks.command == CONNECT ? reader.position : 0;
    return FP_SAID_ENOUGH;
}
