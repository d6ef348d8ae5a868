/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * xmpp.c - the header of an XMPP stream (RFC 6120 4.2, 4.7): <stream:stream to='...' ...>, behind an XML declaration or without. Client and
 * server begin with the same.
 *
 * The prefix may be any (4.8.5), but servers are not known that take another than "stream".
 */
#include "said-internal.h"

#define DECLARATION "<?xml"
#define TAG "<stream:stream"
#define NAMESPACE "http://etherx.jabber.org/streams" /* RFC 6120 4.8.1 */
#define HEADER_BYTES_MAX 4096

static bool is_space(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

static size_t after_spaces(const FpSaidMessage *message, size_t position)
{
    while (position < message->n && is_space(message->bytes[position]))
        position++;
    return position;
}

/* Moves *position behind the XML declaration (XML 1.0 2.8), if there is one. */
static FpMatch skip_declaration(const FpSaidMessage *message, size_t *position)
{
    FpMatch match = FP_SAID_BEGINS(message->bytes + *position, message->n - *position, DECLARATION);

    if (match != FP_MATCH_YES)
        return match;
    for (size_t i = *position + sizeof DECLARATION - 1; i + 1 < message->n; i++)
        if (message->bytes[i] == '?' && message->bytes[i + 1] == '>') {
            *position = after_spaces(message, i + 2);
            return FP_MATCH_YES;
        }
    return FP_MATCH_YET;
}

/* Moves *position behind an attribute (XML 1.0 3.1): name, equals sign, value in quotes. */
static FpMatch take_attribute(const FpSaidMessage *message, size_t *position, FpSaidText *name, FpSaidText *value)
{
    size_t i = *position;

    *name = (FpSaidText){message->bytes + i, 0};
    while (i < message->n && message->bytes[i] > ' ' && message->bytes[i] != '=' && message->bytes[i] != '>' && message->bytes[i] != '<')
        i++;
    name->n = i - *position;
    i = after_spaces(message, i);
    if (i == message->n)
        return FP_MATCH_YET;
    if (name->n == 0 || message->bytes[i] != '=')
        return FP_MATCH_NO;
    i = after_spaces(message, i + 1);
    if (i == message->n)
        return FP_MATCH_YET;
    uint8_t quote = message->bytes[i];
    if (quote != '\'' && quote != '"')
        return FP_MATCH_NO;
    size_t start = ++i;
    while (i < message->n && message->bytes[i] != quote && message->bytes[i] != '<')
        i++;
    if (i == message->n)
        return FP_MATCH_YET;
    if (message->bytes[i] == '<')
        return FP_MATCH_NO;
    *value = (FpSaidText){message->bytes + start, i - start};
    *position = i + 1;
    return FP_MATCH_YES;
}

/* The tag up to its end. */
static FpMatch take_tag(const FpSaidMessage *message, size_t position, FpSaidXmpp *xmpp)
{
    FpMatch match = FP_SAID_BEGINS(message->bytes + position, message->n - position, TAG);
    bool has_namespace = false;

    if (match != FP_MATCH_YES)
        return match;
    for (position += sizeof TAG - 1;;) {
        FpSaidText name, value;
        size_t next = after_spaces(message, position);
        if (next == message->n)
            return FP_MATCH_YET;
        if (message->bytes[next] == '>')
            return has_namespace ? FP_MATCH_YES : FP_MATCH_NO;
        if (next == position)
            return FP_MATCH_NO; /* a space is missing */
        match = take_attribute(message, &next, &name, &value);
        if (match != FP_MATCH_YES)
            return match;
        position = next;
        has_namespace |= fp_said_text_is(name, "xmlns:stream") && fp_said_text_is(value, NAMESPACE);
        if (fp_said_text_is(name, "to"))
            xmpp->to = value;
        if (fp_said_text_is(name, "from"))
            xmpp->from = value;
    }
}

FpSaidResult fp_said_xmpp(FpSaid *said, const FpSaidMessage *message, FpSaidFacts *facts)
{
    FpSaidMessage header = *message;
    FpSaidXmpp xmpp = {{NULL, 0}, {NULL, 0}};
    size_t position = 0;

    (void)said;
    if (header.n > HEADER_BYTES_MAX)
        header.n = HEADER_BYTES_MAX;
    FpMatch match = skip_declaration(&header, &position);
    if (match != FP_MATCH_YET)
        match = take_tag(&header, position, &xmpp);
    if (match == FP_MATCH_NO || (match == FP_MATCH_YET && header.n == HEADER_BYTES_MAX))
        return FP_SAID_UNKNOWN;
    if (match == FP_MATCH_YET)
        return fp_said_more(message, facts, 0);
    fp_said_begin(facts, FP_SAID_XMPP);
    facts->xmpp = xmpp;
    return FP_SAID_ENOUGH;
}
