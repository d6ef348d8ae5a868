/* SPDX-License-Identifier: GPL-2.0-or-later */
/* postgres.c - the first packet of a PostgreSQL client (PostgreSQL documentation, Frontend/Backend Protocol, Message Formats). */
#include "said-internal.h"

#define PACKET_BYTES_MAX 10000 /* MAX_STARTUP_PACKET_LENGTH of the server */

enum {
    CANCEL_REQUEST = 80877102,
    SSL_REQUEST = 80877103,
    GSSENC_REQUEST = 80877104,
    VERSION_3 = 3, /* major; minor is in the lower half */
};

/* Names and values, each up to a NUL, and an empty name. false: that is not what is there. */
static bool take_parameters(FpReader *reader, FpSaidPostgres *postgres)
{
    while (fp_reader_left(reader) > 0) {
        FpSaidText name = fp_read_to_nul(reader);
        if (!reader->is_short && name.n == 0)
            return fp_reader_left(reader) == 0;
        FpSaidText value = fp_read_to_nul(reader);
        if (reader->is_short)
            return false;
        if (fp_said_text_is(name, "user"))
            postgres->user = value;
        if (fp_said_text_is(name, "database"))
            postgres->database = value;
        if (fp_said_text_is(name, "application_name"))
            postgres->application = value;
    }
    return false;
}

/* Whether a packet of n bytes with this code is one, and which. */
static bool is_request(size_t n, uint32_t code, FpSaidPostgresRequest *request)
{
    switch (code) {
    case SSL_REQUEST:
        *request = FP_SAID_POSTGRES_SSL;
        return n == 8;
    case GSSENC_REQUEST:
        *request = FP_SAID_POSTGRES_GSSENC;
        return n == 8;
    case CANCEL_REQUEST: /* a key of 4 bytes; since protocol 3.2 up to 256 */
        *request = FP_SAID_POSTGRES_CANCEL;
        return n >= 16 && n <= 12 + 256;
    default:
        *request = FP_SAID_POSTGRES_STARTUP;
        return code >> 16 == VERSION_3 && n > 8;
    }
}

FpSaidResult fp_said_postgres(FpSaid *said, const FpSaidMessage *message, FpSaidFacts *facts)
{
    FpReader reader = fp_reader(message->bytes, message->n);
    FpSaidPostgres postgres = {0};

    (void)said;
    uint16_t high = fp_read16(&reader); /* of the length: 0 in a packet that is short enough */
    if (!reader.is_short && high != 0)
        return FP_SAID_UNKNOWN;
    size_t n = fp_read16(&reader);
    if (!reader.is_short && (n < 8 || n > PACKET_BYTES_MAX))
        return FP_SAID_UNKNOWN;
    uint32_t code = fp_read32(&reader);
    if (reader.is_short)
        return fp_said_more(message, facts, 0);
    if (!is_request(n, code, &postgres.request))
        return FP_SAID_UNKNOWN;
    if (message->n < n)
        return fp_said_more(message, facts, n);
    FpReader parameters = fp_reader(message->bytes + 8, n - 8);
    if (postgres.request == FP_SAID_POSTGRES_STARTUP && !take_parameters(&parameters, &postgres))
        return FP_SAID_UNKNOWN;
    fp_said_begin(facts, FP_SAID_POSTGRES);
    facts->postgres = postgres;
    facts->tls_at = postgres.request == FP_SAID_POSTGRES_SSL ? n : 0;
    return FP_SAID_ENOUGH;
}
