/* SPDX-License-Identifier: GPL-2.0-or-later */
/* seal.c - see seal.h. */
#include "seal.h"

#include <stdlib.h>
#include <string.h>

#define TAG_BYTES 16

static void add_integer(Bytes *bytes, uint64_t number)
{
    bytes_number(bytes, number | 0x4000, 2);
}

static void add_header(Bytes *bytes, const Initial *initial, size_t frames_bytes)
{
    uint8_t type = initial->version == FP_SAID_QUIC_V2 ? 1 : 0;
    static const uint8_t token[1024];

    bytes_number(bytes, 0xc0U | (unsigned)type << 4 | (initial->number_bytes - 1), 1);
    bytes_number(bytes, initial->version, 4);
    bytes_number(bytes, strlen(initial->connection_id) / 2, 1);
    bytes_hexadecimal(bytes, initial->connection_id);
    bytes_number(bytes, 0, 1); /* source connection id */
    if (initial->token_bytes == 0)
        bytes_number(bytes, 0, 1);
    else
        add_integer(bytes, initial->token_bytes);
    bytes_add(bytes, token, initial->token_bytes);
    add_integer(bytes, initial->number_bytes + frames_bytes + TAG_BYTES);
    bytes_number(bytes, initial->number, initial->number_bytes);
}

static void encrypt(const FpSaidQuicKeys *keys, const Initial *initial, const uint8_t *header, size_t header_bytes, uint8_t *payload,
                    size_t n)
{
    gcry_cipher_hd_t aes;
    uint8_t nonce[12];

    memcpy(nonce, keys->iv, sizeof nonce);
    for (size_t i = 0; i < initial->number_bytes; i++)
        nonce[11 - i] ^= (uint8_t)(initial->number >> 8 * i);
    if (gcry_cipher_open(&aes, GCRY_CIPHER_AES128, GCRY_CIPHER_MODE_GCM, 0) || gcry_cipher_setkey(aes, keys->key, 16) ||
        gcry_cipher_setiv(aes, nonce, sizeof nonce) || gcry_cipher_authenticate(aes, header, header_bytes) ||
        gcry_cipher_encrypt(aes, payload, n, NULL, 0) || gcry_cipher_gettag(aes, payload + n, TAG_BYTES))
        abort();
    gcry_cipher_close(aes);
}

static void protect_header(const FpSaidQuicKeys *keys, uint8_t *packet, size_t number_offset, size_t number_bytes)
{
    gcry_cipher_hd_t aes;
    uint8_t mask[16];

    if (gcry_cipher_open(&aes, GCRY_CIPHER_AES128, GCRY_CIPHER_MODE_ECB, 0) || gcry_cipher_setkey(aes, keys->header, 16) ||
        gcry_cipher_encrypt(aes, mask, sizeof mask, packet + number_offset + 4, sizeof mask))
        abort();
    gcry_cipher_close(aes);
    packet[0] ^= mask[0] & 0x0f;
    for (size_t i = 0; i < number_bytes; i++)
        packet[number_offset + i] ^= mask[1 + i];
}

void seal(FpSaid *said, Bytes *bytes, const Initial *initial, const void *frames, size_t n)
{
    static Bytes id;
    FpSaidQuicKeys keys;
    size_t start = bytes->n;

    bytes_clear(&id);
    bytes_hexadecimal(&id, initial->key_id ? initial->key_id : initial->connection_id);
    if (!fp_said_quic_keys(said, initial->version, (FpSaidText){id.bytes, id.n}, &keys))
        abort();
    add_header(bytes, initial, n);
    size_t header_end = bytes->n;
    bytes_add(bytes, frames, n);
    bytes_number(bytes, 0, 8);
    bytes_number(bytes, 0, 8); /* room for the tag */
    encrypt(&keys, initial, bytes->bytes + start, header_end - start, bytes->bytes + header_end, n);
    protect_header(&keys, bytes->bytes + start, header_end - start - initial->number_bytes, initial->number_bytes);
}
