/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tls.c - TLS ClientHello over TCP: records -> the handshake message in them. */
#include "said-internal.h"

#include <string.h>

#define RECORD_HEADER_BYTES 5
#define HANDSHAKE_HEADER_BYTES 4
#define VERSION_BYTES 2
#define TYPE_HANDSHAKE 22
#define CLIENT_HELLO 1

/* RFC 8446 5.1 allows 2^14; RFC 5246 6.2.3 2048 more to what is encrypted, and who reads is lenient. */
#define RECORD_BYTES_MAX (16384 + 2048)

/* The first byte of legacy_record_version, which tells TLS from what is not. Servers ignore the second (RFC 8446 5.1). */
#define VERSION_MAJOR 3

/* Whether these may be the first bytes of a record that a ClientHello begins in. Empty records must not be sent (RFC 8446 5.1), but there
 * are servers that take them. */
static bool may_begin(const uint8_t *bytes, size_t n)
{
    if ((n > 0 && bytes[0] != TYPE_HANDSHAKE) || (n > 1 && bytes[1] != VERSION_MAJOR))
        return false;
    if (n < RECORD_HEADER_BYTES)
        return true;
    unsigned record_bytes = bytes[3] * 256U + bytes[4];
    uint8_t next = record_bytes == 0 ? TYPE_HANDSHAKE : CLIENT_HELLO;
    return record_bytes <= RECORD_BYTES_MAX && (n == RECORD_HEADER_BYTES || bytes[RECORD_HEADER_BYTES] == next);
}

/* The handshake message, as far as it is there. */
typedef struct {
    const uint8_t *bytes;
    size_t n;
    size_t wanted_bytes; /* of the message, for the whole record, or its header */
    bool is_broken;      /* something else stands where it should go on */
} Handshake;

/* 24 bits of length (RFC 8446 4); 0 as long as they are not there. */
static size_t whole_bytes(const Handshake *handshake)
{
    if (handshake->n < HANDSHAKE_HEADER_BYTES)
        return 0;
    const uint8_t *bytes = handshake->bytes;
    return HANDSHAKE_HEADER_BYTES + ((size_t)bytes[1] << 16 | (size_t)bytes[2] << 8 | bytes[3]);
}

static bool is_whole(const Handshake *handshake)
{
    return handshake->n >= HANDSHAKE_HEADER_BYTES && handshake->n >= whole_bytes(handshake);
}

/* What the fragment of one more record adds. The first stays where it is, as most hellos are one. */
static void add(FpSaid *said, Handshake *handshake, FpSaidText fragment)
{
    if (handshake->n == 0) {
        handshake->bytes = fragment.bytes;
        handshake->n = fragment.n;
        return;
    }
    if (handshake->bytes != said->hello) {
        memcpy(said->hello, handshake->bytes, handshake->n);
        handshake->bytes = said->hello;
    }
    size_t room = sizeof said->hello - handshake->n;
    size_t taken = fragment.n < room ? fragment.n : room;
    memcpy(said->hello + handshake->n, fragment.bytes, taken);
    handshake->n += taken;
    handshake->is_broken = taken < fragment.n;
}

/* Fragments are joined as records come (RFC 8446 5.1: handshake messages may be split, and nothing stands in between). */
static Handshake join(FpSaid *said, const FpSaidMessage *message)
{
    FpReader reader = fp_reader(message->bytes, message->n);
    Handshake handshake = {0};

    while (!is_whole(&handshake) && !handshake.is_broken) {
        size_t start = reader.position;
        uint8_t type = fp_read8(&reader), major = fp_read8(&reader);
        fp_read8(&reader);
        size_t record_bytes = fp_read16(&reader);
        handshake.wanted_bytes = start + RECORD_HEADER_BYTES + record_bytes;
        if (reader.is_short)
            break;
        if (type != TYPE_HANDSHAKE || major != VERSION_MAJOR || record_bytes > RECORD_BYTES_MAX) {
            handshake.is_broken = true;
            break;
        }
        FpSaidText fragment = fp_read_text_at_most(&reader, record_bytes);
        if (fragment.n > 0)
            add(said, &handshake, fragment);
        if (fragment.n < record_bytes)
            break; /* all that there is has been taken */
    }
    return handshake;
}

/* Its type, and room for legacy_version (RFC 8446 4.1.2), which may be any: servers take the highest that they know below it, or look at
 * the extension alone. */
static bool may_be_hello(const Handshake *handshake)
{
    if (handshake->n > 0 && handshake->bytes[0] != CLIENT_HELLO)
        return false;
    return handshake->n < HANDSHAKE_HEADER_BYTES || whole_bytes(handshake) >= HANDSHAKE_HEADER_BYTES + VERSION_BYTES;
}

/* What is missing of the record, or of the hello if that ends before. As long as it is not known to be one, any byte. */
static size_t wanted(const FpSaidMessage *message, const Handshake *handshake)
{
    if (handshake->n <= HANDSHAKE_HEADER_BYTES)
        return 0;
    size_t hello_end = message->n + whole_bytes(handshake) - handshake->n;
    return hello_end < handshake->wanted_bytes ? hello_end : handshake->wanted_bytes;
}

FpSaidResult fp_said_tls(FpSaid *said, const FpSaidMessage *message, FpSaidFacts *facts)
{
    if (!may_begin(message->bytes, message->n))
        return FP_SAID_UNKNOWN;
    if (message->n < RECORD_HEADER_BYTES)
        return fp_said_more(message, facts, 0);

    Handshake handshake = join(said, message);
    if (!may_be_hello(&handshake))
        return FP_SAID_UNKNOWN;
    if (!is_whole(&handshake) && !handshake.is_broken && !message->is_over)
        return fp_said_more(message, facts, wanted(message, &handshake));
    if (handshake.n < HANDSHAKE_HEADER_BYTES + VERSION_BYTES)
        return FP_SAID_UNKNOWN;
    size_t n = is_whole(&handshake) ? whole_bytes(&handshake) : handshake.n;
    fp_said_begin(facts, FP_SAID_TLS);
    fp_said_hello(said, handshake.bytes + HANDSHAKE_HEADER_BYTES, n - HANDSHAKE_HEADER_BYTES,
                  whole_bytes(&handshake) - HANDSHAKE_HEADER_BYTES, 't', facts);
    return FP_SAID_ENOUGH;
}
