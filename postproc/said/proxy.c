/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * proxy.c - the PROXY protocol, versions 1 and 2 (haproxy.org, proxy-protocol.txt 2.1, 2.2): whom a proxy speaks for,
 * and what that one says behind it. One header; a second is not looked for.
 */
#include "said-internal.h"

#include <arpa/inet.h>
#include <string.h>

#define SIGNATURE "\r\n\r\n\0\r\nQUIT\n"
#define LINE_BYTES_MAX 107
#define V2_HEADER_BYTES 16

enum { COMMAND_LOCAL = 0, COMMAND_PROXY = 1 };
enum { FAMILY_INET_STREAM = 0x11, FAMILY_INET_DGRAM = 0x12, FAMILY_INET6_STREAM = 0x21, FAMILY_INET6_DGRAM = 0x22 };

static FpSaidText next_word(FpSaidText *rest)
{
    const uint8_t *space = rest->n > 0 ? memchr(rest->bytes, ' ', rest->n) : NULL;
    FpSaidText word = {rest->bytes, space != NULL ? (size_t)(space - rest->bytes) : rest->n};
    size_t taken = word.n + (space != NULL ? 1 : 0);

    *rest = (FpSaidText){rest->bytes + taken, rest->n - taken};
    return word;
}

static bool take_address(FpSaidText word, int family, uint8_t *address)
{
    char text[INET6_ADDRSTRLEN];

    if (word.n >= sizeof text)
        return false;
    memcpy(text, word.bytes, word.n);
    text[word.n] = '\0';
    return inet_pton(family, text, address) == 1;
}

static bool take_port(FpSaidText word, uint16_t *port)
{
    unsigned number = 0;

    if (word.n == 0 || word.n > 5)
        return false;
    for (size_t i = 0; i < word.n; i++) {
        if (word.bytes[i] < '0' || word.bytes[i] > '9')
            return false;
        number = number * 10 + (unsigned)(word.bytes[i] - '0');
    }
    *port = (uint16_t)number;
    return number <= UINT16_MAX;
}

/* PROXY TCP4 source destination source-port destination-port; behind UNKNOWN anything may stand. */
static bool take_line(FpSaidText line, FpSaidProxy *proxy)
{
    FpSaidText rest = {line.bytes + 6, line.n - 6};
    FpSaidText family = next_word(&rest);
    bool is_4 = fp_said_text_is(family, "TCP4");

    proxy->version = 1;
    if (fp_said_text_is(family, "UNKNOWN"))
        return true;
    if (!is_4 && !fp_said_text_is(family, "TCP6"))
        return false;
    proxy->address_bytes = is_4 ? 4 : 16;
    int inet = is_4 ? AF_INET : AF_INET6;
    bool has_addresses = take_address(next_word(&rest), inet, proxy->source) && take_address(next_word(&rest), inet, proxy->destination);
    return has_addresses && take_port(next_word(&rest), &proxy->source_port) && take_port(next_word(&rest), &proxy->destination_port) &&
           rest.n == 0;
}

static FpSaidResult take_v1(const FpSaidMessage *message, FpSaidFacts *facts, FpSaidProxy *proxy, size_t *position)
{
    FpSaidText line;

    if (!fp_said_line(message->bytes, message->n, position, &line))
        return message->n >= LINE_BYTES_MAX ? FP_SAID_UNKNOWN : fp_said_more(message, facts, 0);
    if (*position > LINE_BYTES_MAX || *position != line.n + 2) /* CR LF */
        return FP_SAID_UNKNOWN;
    return take_line(line, proxy) ? FP_SAID_ENOUGH : FP_SAID_UNKNOWN;
}

static void take_v2_addresses(FpSaidText data, uint8_t family, FpSaidProxy *proxy)
{
    bool is_4 = family == FAMILY_INET_STREAM || family == FAMILY_INET_DGRAM;
    bool is_6 = family == FAMILY_INET6_STREAM || family == FAMILY_INET6_DGRAM;
    uint8_t address_bytes = is_4 ? 4 : 16;
    FpReader reader = fp_reader(data.bytes, data.n);

    if (!is_4 && !is_6)
        return;
    FpSaidText source = fp_read_text(&reader, address_bytes), destination = fp_read_text(&reader, address_bytes);
    uint16_t source_port = fp_read16(&reader), destination_port = fp_read16(&reader);
    if (reader.is_short)
        return;
    proxy->address_bytes = address_bytes;
    memcpy(proxy->source, source.bytes, source.n);
    memcpy(proxy->destination, destination.bytes, destination.n);
    proxy->source_port = source_port;
    proxy->destination_port = destination_port;
}

static FpSaidResult take_v2(const FpSaidMessage *message, FpSaidFacts *facts, FpSaidProxy *proxy, size_t *position)
{
    FpReader reader = fp_reader(message->bytes, message->n);

    fp_read_text(&reader, sizeof SIGNATURE - 1);
    uint8_t version_and_command = fp_read8(&reader);
    if (!reader.is_short && (version_and_command >> 4 != 2 || (version_and_command & 0xf) > COMMAND_PROXY))
        return FP_SAID_UNKNOWN;
    uint8_t family = fp_read8(&reader);
    size_t n = fp_read16(&reader);
    FpSaidText data = fp_read_text(&reader, n);
    if (reader.is_short)
        return fp_said_more(message, facts, message->n < V2_HEADER_BYTES ? 0 : V2_HEADER_BYTES + n);
    proxy->version = 2;
    if ((version_and_command & 0xf) == COMMAND_PROXY)
        take_v2_addresses(data, family, proxy);
    *position = reader.position;
    return FP_SAID_ENOUGH;
}

/* What follows is the client's, and may be another while after the header: the server may have to speak first. */
static FpSaidResult take_inner(FpSaid *said, const FpSaidMessage *message, FpSaidFacts *facts, const FpSaidProxy *proxy, size_t position)
{
    FpSaidMessage inner = *message;

    inner.bytes += position;
    inner.n -= position;
    FpSaidResult result = fp_said_recognise_inner(said, &inner, facts);
    if (result == FP_SAID_MORE)
        return fp_said_more(message, facts, position + facts->wanted_bytes);
    if (result == FP_SAID_UNKNOWN)
        fp_said_begin(facts, FP_SAID_PROXY);
    facts->proxy = *proxy;
    if (facts->protocol == FP_SAID_PROXY || facts->tls_at != 0)
        facts->tls_at += position;
    return FP_SAID_ENOUGH;
}

FpSaidResult fp_said_proxy(FpSaid *said, const FpSaidMessage *message, FpSaidFacts *facts)
{
    FpMatch v1 = FP_SAID_BEGINS(message->bytes, message->n, "PROXY ");
    FpMatch v2 = FP_SAID_BEGINS(message->bytes, message->n, SIGNATURE);
    FpSaidProxy proxy = {0};
    size_t position = 0;

    if (v1 == FP_MATCH_NO && v2 == FP_MATCH_NO)
        return FP_SAID_UNKNOWN;
    if (v1 == FP_MATCH_YET || v2 == FP_MATCH_YET)
        return fp_said_more(message, facts, 0);
    FpSaidResult header = v1 == FP_MATCH_YES ? take_v1(message, facts, &proxy, &position) : take_v2(message, facts, &proxy, &position);
    return header == FP_SAID_ENOUGH ? take_inner(said, message, facts, &proxy, position) : header;
}
