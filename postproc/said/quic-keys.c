/* SPDX-License-Identifier: GPL-2.0-or-later */
/* quic-keys.c - a QUIC version and a connection id -> the keys of the client's Initial packets (RFC 9001 5.2). */
#include "said-internal.h"

#include <string.h>

#define SALT_BYTES 20
#define SECRET_BYTES 32

/* draft-ietf-quic-transport-N had this version (its section 15). */
#define DRAFT(n) (0xff000000U + (n))

typedef struct {
    uint32_t first, last;
    const uint8_t *salt; /* of SALT_BYTES */
} Version;

/* Salts: RFC 9001 5.2 (since draft 33), RFC 9369 3.3.1, and 5.2 of the drafts of RFC 9001. */
static const uint8_t salt_v1[SALT_BYTES] = {0x38, 0x76, 0x2c, 0xf7, 0xf5, 0x59, 0x34, 0xb3, 0x4d, 0x17,
                                            0x9a, 0xe6, 0xa4, 0xc8, 0x0c, 0xad, 0xcc, 0xbb, 0x7f, 0x0a};
static const uint8_t salt_v2[SALT_BYTES] = {0x0d, 0xed, 0xe3, 0xde, 0xf7, 0x00, 0xa6, 0xdb, 0x81, 0x93,
                                            0x81, 0xbe, 0x6e, 0x26, 0x9d, 0xcb, 0xf9, 0xbd, 0x2e, 0xd9};
static const uint8_t salt_22[SALT_BYTES] = {0x7f, 0xbc, 0xdb, 0x0e, 0x7c, 0x66, 0xbb, 0xe9, 0x19, 0x3a,
                                            0x96, 0xcd, 0x21, 0x51, 0x9e, 0xbd, 0x7a, 0x02, 0x64, 0x4a};
static const uint8_t salt_23[SALT_BYTES] = {0xc3, 0xee, 0xf7, 0x12, 0xc7, 0x2e, 0xbb, 0x5a, 0x11, 0xa7,
                                            0xd2, 0x43, 0x2b, 0xb4, 0x63, 0x65, 0xbe, 0xf9, 0xf5, 0x02};
static const uint8_t salt_29[SALT_BYTES] = {0xaf, 0xbf, 0xec, 0x28, 0x99, 0x93, 0xd2, 0x4c, 0x9e, 0x97,
                                            0x86, 0xf1, 0x9c, 0x61, 0x11, 0xe0, 0x43, 0x90, 0xa8, 0x99};

/* mvfst (Facebook) went by drafts 22 and 27 with numbers of its own. */
static const Version versions[] = {
    {1, 1, salt_v1},
    {FP_SAID_QUIC_V2, FP_SAID_QUIC_V2, salt_v2},
    {DRAFT(22), DRAFT(22), salt_22},
    {DRAFT(23), DRAFT(28), salt_23},
    {DRAFT(29), DRAFT(32), salt_29},
    {DRAFT(33), DRAFT(34), salt_v1},
    {0xfaceb001, 0xfaceb001, salt_22},
    {0xfaceb002, 0xfaceb002, salt_23},
    {0xfaceb00e, 0xfaceb00e, salt_23},
};

static const Version *find(uint32_t number)
{
    for (size_t i = 0; i < sizeof versions / sizeof *versions; i++)
        if (number >= versions[i].first && number <= versions[i].last)
            return &versions[i];
    return NULL;
}

bool fp_said_quic_is_known(uint32_t version)
{
    return find(version) != NULL;
}

/* HMAC-SHA256 (RFC 2104); key and bytes may lie where the result goes. */
static void authenticate(FpSaid *said, const uint8_t *key, size_t key_bytes, const uint8_t *bytes, size_t n, uint8_t code[SECRET_BYTES])
{
    gcry_md_setkey(said->hmac, key, key_bytes);
    gcry_md_write(said->hmac, bytes, n);
    memcpy(code, gcry_md_read(said->hmac, GCRY_MD_SHA256), SECRET_BYTES);
}

/* HKDF-Expand-Label (RFC 8446 7.1) without context, of up to one block: HKDF-Expand (RFC 5869 2.3) ends after T(1). */
static void expand(FpSaid *said, const uint8_t secret[SECRET_BYTES], const char *label, uint8_t *result, size_t n)
{
    uint8_t info[64], code[SECRET_BYTES];
    size_t label_bytes = strlen(label), at = 0;

    info[at++] = 0;
    info[at++] = (uint8_t)n;
    info[at++] = (uint8_t)(6 + label_bytes);
    memcpy(info + at, "tls13 ", 6);
    at += 6;
    memcpy(info + at, label, label_bytes);
    at += label_bytes;
    info[at++] = 0; /* bytes of context */
    info[at++] = 1; /* T(1) */
    authenticate(said, secret, SECRET_BYTES, info, at, code);
    memcpy(result, code, n);
}

bool fp_said_quic_keys(FpSaid *said, uint32_t version, FpSaidText connection_id, FpSaidQuicKeys *keys)
{
    const Version *known = find(version);
    uint8_t initial[SECRET_BYTES], secret[SECRET_BYTES];
    bool is_v2 = version == FP_SAID_QUIC_V2;

    if (known == NULL)
        return false;
    authenticate(said, known->salt, SALT_BYTES, connection_id.bytes, connection_id.n, initial);
    expand(said, initial, "client in", secret, sizeof secret);
    /* RFC 9001 5.1 and 5.4.1; RFC 9369 3.3.2 */
    expand(said, secret, is_v2 ? "quicv2 key" : "quic key", keys->key, sizeof keys->key);
    expand(said, secret, is_v2 ? "quicv2 iv" : "quic iv", keys->iv, sizeof keys->iv);
    expand(said, secret, is_v2 ? "quicv2 hp" : "quic hp", keys->header, sizeof keys->header);
    return true;
}
