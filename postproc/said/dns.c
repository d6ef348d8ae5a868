/* SPDX-License-Identifier: GPL-2.0-or-later */
/* dns.c - DNS requests over TCP (RFC 1035 4.1, 4.2.2): query, notify (RFC 1996), update (RFC 2136), and the name they ask for. */
#include "said-internal.h"

#define HEADER_BYTES 12
#define NAME_BYTES_MAX 255
#define LABEL_BYTES_MAX 63

enum { OPCODE_QUERY = 0, OPCODE_NOTIFY = 4, OPCODE_UPDATE = 5 };

/* QR, TC, RA, Z and RCODE: none of a request; AA of a notify alone (RFC 1996 3.7). */
#define FLAGS_NEVER 0x82cf
#define FLAG_AUTHORITATIVE 0x0400

/* Which classes there are (RFC 6895 3.2): IN, CH, HS, NONE, ANY. */
static bool is_class(uint16_t class)
{
    return class == 1 || class == 3 || class == 4 || class == 254 || class == 255;
}

static bool are_flags(uint16_t flags)
{
    unsigned opcode = flags >> 11 & 15;

    if (flags & FLAGS_NEVER || (flags & FLAG_AUTHORITATIVE && opcode != OPCODE_NOTIFY))
        return false;
    return opcode == OPCODE_QUERY || opcode == OPCODE_NOTIFY || opcode == OPCODE_UPDATE;
}

/* One question; a query has no answers, and one record of authority (IXFR, RFC 1995 3) and two additional ones (EDNS, TSIG) at most. */
static bool are_counts(unsigned opcode, uint16_t questions, uint16_t answers, uint16_t authorities, uint16_t additional)
{
    if (questions != 1)
        return false;
    return opcode == OPCODE_UPDATE || (answers <= (opcode == OPCODE_NOTIFY ? 1 : 0) && authorities <= 1 && additional <= 2);
}

static size_t put_byte(FpSaid *said, size_t n, uint8_t byte)
{
    if (byte == '.' || byte == '\\') {
        said->name[n++] = '\\';
        said->name[n++] = byte;
    } else if (byte > ' ' && byte <= '~') {
        said->name[n++] = byte;
    } else {
        said->name[n++] = '\\';
        said->name[n++] = (uint8_t)('0' + byte / 100);
        said->name[n++] = (uint8_t)('0' + byte / 10 % 10);
        said->name[n++] = (uint8_t)('0' + byte % 10);
    }
    return n;
}

/* Labels -> text as in a master file (RFC 1035 5.1). A question comes first, so there is nothing to point to. */
static bool take_name(FpSaid *said, FpReader *reader, FpSaidText *name)
{
    size_t wire_bytes = 0, n = 0;

    for (;;) {
        uint8_t label_bytes = fp_read8(reader);
        FpSaidText label = fp_read_text(reader, label_bytes);
        wire_bytes += 1U + label_bytes;
        if (reader->is_short || label_bytes > LABEL_BYTES_MAX || wire_bytes > NAME_BYTES_MAX)
            return false;
        if (label_bytes == 0)
            break;
        if (n > 0)
            said->name[n++] = '.';
        for (size_t i = 0; i < label.n; i++)
            n = put_byte(said, n, label.bytes[i]);
    }
    *name = (FpSaidText){said->name, n};
    return true;
}

FpSaidResult fp_said_dns(FpSaid *said, const FpSaidMessage *message, FpSaidFacts *facts)
{
    FpReader reader = fp_reader(message->bytes, message->n);
    FpSaidDns dns = {0};

    size_t n = fp_read16(&reader);
    if (!reader.is_short && n < HEADER_BYTES + 5)
        return FP_SAID_UNKNOWN;
    dns.id = fp_read16(&reader);
    uint16_t flags = fp_read16(&reader);
    if (!reader.is_short && !are_flags(flags))
        return FP_SAID_UNKNOWN;
    dns.opcode = (uint8_t)(flags >> 11 & 15);
    uint16_t questions = fp_read16(&reader);
    if (!reader.is_short && questions != 1)
        return FP_SAID_UNKNOWN;
    uint16_t answers = fp_read16(&reader), authorities = fp_read16(&reader), additional = fp_read16(&reader);
    if (!reader.is_short && !are_counts(dns.opcode, questions, answers, authorities, additional))
        return FP_SAID_UNKNOWN;
    if (reader.is_short)
        return fp_said_more(message, facts, 0);

    /* The question, which is all that is wanted: what there is of the message, or all of it. */
    size_t present = message->n - 2 < n ? message->n - 2 : n;
    FpReader question = fp_reader(message->bytes + 2, present);
    fp_read_text(&question, HEADER_BYTES);
    bool has_name = take_name(said, &question, &dns.name);
    dns.type = fp_read16(&question);
    dns.class = fp_read16(&question);
    if (question.is_short && present < n)
        return fp_said_more(message, facts, 0);
    if (question.is_short || !has_name || !is_class(dns.class))
        return FP_SAID_UNKNOWN;
    fp_said_begin(facts, FP_SAID_DNS);
    facts->dns = dns;
    return FP_SAID_ENOUGH;
}
