/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * quic.c - datagrams of a QUIC client -> the ClientHello in its Initial packets.
 *
 * A packet counts when its tag proves that it is QUIC and whole (RFC 9001 5.3). Its keys come from the Destination
 * Connection ID of the client's first Initial (5.2); after a Retry that is another one, so a packet that does not open
 * with the keys that have opened one before is tried with its own.
 */
#include "said-internal.h"

#include <string.h>

#define CONNECTION_ID_BYTES_MAX 20 /* RFC 9000 17.2 */
#define TAG_BYTES 16
#define SAMPLE_BYTES 16
#define NUMBER_BYTES_MAX 4
#define CLIENT_HELLO 1
#define HANDSHAKE_HEADER_BYTES 4

typedef enum { INITIAL, OTHER_WITH_LENGTH, WITHOUT_LENGTH, NO_PACKET } Kind;

/* A packet with a long header (RFC 9000 17.2). */
typedef struct {
    const uint8_t *bytes;
    size_t n;             /* of the packet, its tag included */
    size_t number_offset; /* of its packet number */
    uint32_t version;
    FpSaidText connection_id; /* destination */
} Packet;

typedef struct {
    FpSaidQuicKeys keys;
    bool has_keys; /* that have opened a packet */
    uint32_t version;
} Connection;

/* RFC 9000 17.2, table 5; RFC 9369 3.2 numbers them otherwise. */
static Kind kind_of(uint8_t first, uint32_t version)
{
    unsigned type = first >> 4 & 3;

    if (version == FP_SAID_QUIC_V2)
        type = (type + 3) & 3;
    return type == 0 ? INITIAL : type == 3 ? WITHOUT_LENGTH /* Retry */ : OTHER_WITH_LENGTH;
}

static FpSaidText read_connection_id(FpReader *reader)
{
    size_t n = fp_read8(reader);

    if (n > CONNECTION_ID_BYTES_MAX)
        reader->is_short = true;
    return fp_read_text(reader, n);
}

/* The packet that the reader stands before, which it takes. Several may share a datagram (RFC 9000 12.2). */
static Kind read_packet(FpReader *reader, Packet *packet)
{
    size_t start = reader->position;
    uint8_t first = fp_read8(reader);

    *packet = (Packet){.bytes = reader->bytes + start, .version = fp_read32(reader)};
    if (reader->is_short || (first & 0xc0) != 0xc0 || !fp_said_quic_is_known(packet->version))
        return NO_PACKET;
    packet->connection_id = read_connection_id(reader);
    read_connection_id(reader);
    Kind kind = kind_of(first, packet->version);
    if (kind == WITHOUT_LENGTH)
        return reader->is_short ? NO_PACKET : kind;
    if (kind == INITIAL) { /* RFC 9000 17.2.2: the token */
        uint64_t token_bytes = fp_said_quic_integer(reader);
        fp_read_text(reader, token_bytes);
    }
    uint64_t n = fp_said_quic_integer(reader);
    if (reader->is_short || n > fp_reader_left(reader))
        return NO_PACKET;
    packet->number_offset = reader->position - start;
    packet->n = packet->number_offset + (size_t)n;
    fp_read_text(reader, (size_t)n);
    return kind;
}

/* The mask of header protection (RFC 9001 5.4.3). */
static void mask_of(FpSaid *said, const Packet *packet, const FpSaidQuicKeys *keys, uint8_t mask[SAMPLE_BYTES])
{
    gcry_cipher_setkey(said->aes, keys->header, sizeof keys->header);
    gcry_cipher_encrypt(said->aes, mask, SAMPLE_BYTES, packet->bytes + packet->number_offset + NUMBER_BYTES_MAX, SAMPLE_BYTES);
}

/* Takes the protection off (RFC 9001 5.3, 5.4): n bytes in said->opened. false: the tag is another. */
static bool open_packet(FpSaid *said, const Packet *packet, const FpSaidQuicKeys *keys, size_t *n)
{
    uint8_t mask[SAMPLE_BYTES], nonce[sizeof keys->iv], header[NUMBER_BYTES_MAX + 1];

    if (packet->n < packet->number_offset + NUMBER_BYTES_MAX + SAMPLE_BYTES)
        return false;
    mask_of(said, packet, keys, mask);
    header[0] = (uint8_t)(packet->bytes[0] ^ (mask[0] & 0x0f));
    size_t number_bytes = (size_t)(header[0] & 3) + 1, header_bytes = packet->number_offset + number_bytes;
    memcpy(nonce, keys->iv, sizeof nonce);
    for (size_t i = 0; i < number_bytes; i++) {
        header[1 + i] = packet->bytes[packet->number_offset + i] ^ mask[1 + i];
        nonce[sizeof nonce - number_bytes + i] ^= header[1 + i];
    }
    *n = packet->n - header_bytes - TAG_BYTES;

    gcry_cipher_hd_t aes = said->aes_gcm;
    gcry_cipher_reset(aes);
    return gcry_cipher_setkey(aes, keys->key, sizeof keys->key) == 0 && gcry_cipher_setiv(aes, nonce, sizeof nonce) == 0 &&
           gcry_cipher_authenticate(aes, header, 1) == 0 &&
           gcry_cipher_authenticate(aes, packet->bytes + 1, packet->number_offset - 1) == 0 &&
           gcry_cipher_authenticate(aes, header + 1, number_bytes) == 0 &&
           gcry_cipher_decrypt(aes, said->opened, *n, packet->bytes + header_bytes, *n) == 0 &&
           gcry_cipher_checktag(aes, packet->bytes + packet->n - TAG_BYTES, TAG_BYTES) == 0;
}

/* With the keys that opened others, or else with its own; those are of another connection or attempt, whose hello begins anew. */
static void take_initial(FpSaid *said, Connection *connection, const Packet *packet)
{
    FpSaidQuicKeys own;
    size_t n;

    if (connection->has_keys && connection->version == packet->version && open_packet(said, packet, &connection->keys, &n)) {
        fp_said_quic_frames(said, said->opened, n);
        return;
    }
    if (!fp_said_quic_keys(said, packet->version, packet->connection_id, &own) || !open_packet(said, packet, &own, &n))
        return;
    fp_said_quic_forget(said);
    *connection = (Connection){.keys = own, .has_keys = true, .version = packet->version};
    fp_said_quic_frames(said, said->opened, n);
}

/* Returns false when the datagram does not begin with a packet of QUIC. */
static bool take_datagram(FpSaid *said, Connection *connection, FpSaidText datagram)
{
    FpReader reader = fp_reader(datagram.bytes, datagram.n);
    bool is_quic = false;
    Packet packet;

    if (datagram.n > FP_SAID_DATAGRAM_BYTES_MAX)
        return false;
    while (fp_reader_left(&reader) > 0) {
        Kind kind = read_packet(&reader, &packet);
        if (kind == NO_PACKET) /* or padding behind the last (RFC 9000 12.2) */
            break;
        is_quic = true;
        if (kind == INITIAL)
            take_initial(said, connection, &packet);
        if (kind == WITHOUT_LENGTH) /* nothing follows it (RFC 9000 17.2.5) */
            break;
    }
    return is_quic;
}

/* What the CRYPTO stream holds by now: a ClientHello, a part of it, or something else. */
static FpSaidResult look(FpSaid *said, const Connection *connection, bool is_over, FpSaidFacts *facts)
{
    const uint8_t *hello = said->hello;
    size_t n = fp_said_quic_ready_bytes(said), whole_bytes = SIZE_MAX;

    if (n > 0 && hello[0] != CLIENT_HELLO)
        return FP_SAID_UNKNOWN;
    if (n >= HANDSHAKE_HEADER_BYTES)
        whole_bytes = HANDSHAKE_HEADER_BYTES + ((size_t)hello[1] << 16 | (size_t)hello[2] << 8 | hello[3]);
    if (n < whole_bytes && n < sizeof said->hello && !is_over)
        return FP_SAID_MORE;
    fp_said_begin(facts, FP_SAID_QUIC);
    facts->quic_version = connection->version;
    facts->is_cut = n < whole_bytes;
    if (n >= HANDSHAKE_HEADER_BYTES) {
        size_t present = n < whole_bytes ? n : whole_bytes;
        fp_said_hello(said, hello + HANDSHAKE_HEADER_BYTES, present - HANDSHAKE_HEADER_BYTES, whole_bytes - HANDSHAKE_HEADER_BYTES, 'q',
                      facts);
    }
    return FP_SAID_ENOUGH;
}

FpSaidResult fp_said_recognise_datagrams(FpSaid *said, const FpSaidText *datagrams, size_t n, bool is_over, FpSaidFacts *facts)
{
    Connection connection = {0};

    fp_said_begin(facts, FP_SAID_NOTHING);
    for (size_t i = 0; i < n; i++) {
        if (!take_datagram(said, &connection, datagrams[i]) && i == 0)
            return FP_SAID_UNKNOWN;
        if (!connection.has_keys)
            continue; /* 0-RTT may come before the Initial, and a damaged Initial, which is sent again */
        FpSaidResult result = look(said, &connection, is_over && i + 1 == n, facts);
        if (result != FP_SAID_MORE)
            return result;
    }
    return is_over ? FP_SAID_UNKNOWN : FP_SAID_MORE;
}
