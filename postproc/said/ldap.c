/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * ldap.c - LDAP extended requests (RFC 4511 4.12), of which StartTLS (4.14) is one:
 *
 *   LDAPMessage ::= SEQUENCE { messageID INTEGER, ExtendedRequest ::= [APPLICATION 23] SEQUENCE { requestName [0], requestValue [1] } }
 *
 * in BER with definite lengths (RFC 4511 5.1).
 */
#include "said-internal.h"

#include <string.h>

enum {
    SEQUENCE = 0x30,
    INTEGER = 0x02,
    EXTENDED_REQUEST = 0x77,
    REQUEST_NAME = 0x80,
};

#define MESSAGE_BYTES_MAX 4096
#define NAME_BYTES_MAX 128
#define LENGTH_BYTES_MAX 4

/* A length (X.690 8.1.3). NO: it is indefinite, or too long. */
static FpMatch take_length(FpReader *reader, size_t *n)
{
    uint8_t first = fp_read8(reader);

    *n = first;
    if (reader->is_short)
        return FP_MATCH_YET;
    if (first >= 0x80) {
        size_t bytes = first & 0x7fU;
        if (bytes == 0 || bytes > LENGTH_BYTES_MAX)
            return FP_MATCH_NO;
        *n = (size_t)fp_read_big(reader, bytes);
        if (reader->is_short)
            return FP_MATCH_YET;
    }
    return *n <= MESSAGE_BYTES_MAX ? FP_MATCH_YES : FP_MATCH_NO;
}

/* The head of an element of this type. */
static FpMatch take_head(FpReader *reader, uint8_t type, size_t *n)
{
    uint8_t is = fp_read8(reader);

    if (reader->is_short)
        return FP_MATCH_YET;
    return is == type ? take_length(reader, n) : FP_MATCH_NO;
}

/* An OID of dotted decimals (RFC 4512 1.4). */
static bool is_oid(FpSaidText text)
{
    bool is_after_dot = true;

    for (size_t i = 0; i < text.n; i++) {
        bool is_dot = text.bytes[i] == '.';
        if ((!is_dot && (text.bytes[i] < '0' || text.bytes[i] > '9')) || (is_dot && is_after_dot))
            return false;
        is_after_dot = is_dot;
    }
    return !is_after_dot && memchr(text.bytes, '.', text.n) != NULL;
}

static FpMatch take_request(FpReader *reader, size_t *end, FpSaidLdap *ldap)
{
    size_t n;
    FpMatch match = take_head(reader, SEQUENCE, &n);

    if (match != FP_MATCH_YES)
        return match;
    *end = reader->position + n;
    match = take_head(reader, INTEGER, &n);
    if (match != FP_MATCH_YES)
        return match;
    if (n == 0 || n > sizeof ldap->message_id)
        return FP_MATCH_NO;
    ldap->message_id = (uint32_t)fp_read_big(reader, n);
    match = take_head(reader, EXTENDED_REQUEST, &n);
    if (match != FP_MATCH_YES)
        return match;
    if (reader->position + n > *end)
        return FP_MATCH_NO;
    match = take_head(reader, REQUEST_NAME, &n);
    if (match != FP_MATCH_YES)
        return match;
    if (n > NAME_BYTES_MAX || reader->position + n > *end)
        return FP_MATCH_NO;
    ldap->request_name = fp_read_text(reader, n);
    if (reader->is_short)
        return FP_MATCH_YET;
    if (!is_oid(ldap->request_name))
        return FP_MATCH_NO;
    return reader->n < *end ? FP_MATCH_YET : FP_MATCH_YES;
}

bool fp_said_ldap_is_starttls(const FpSaidLdap *ldap)
{
    return fp_said_text_is(ldap->request_name, "1.3.6.1.4.1.1466.20037");
}

FpSaidResult fp_said_ldap(FpSaid *said, const FpSaidMessage *message, FpSaidFacts *facts)
{
    FpReader reader = fp_reader(message->bytes, message->n);
    FpSaidLdap ldap = {0};
    size_t end = 0;

    (void)said;
    if (message->speaker == FP_SAID_BY_SERVER)
        return FP_SAID_UNKNOWN;
    FpMatch match = take_request(&reader, &end, &ldap);
    if (match == FP_MATCH_NO)
        return FP_SAID_UNKNOWN;
    if (match == FP_MATCH_YET)
        return fp_said_more(message, facts, 0);
    fp_said_begin(facts, FP_SAID_LDAP);
    facts->ldap = ldap;
    facts->tls_at = fp_said_ldap_is_starttls(&ldap) ? end : 0;
    return FP_SAID_ENOUGH;
}
