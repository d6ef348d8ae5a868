/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hello.c - see hello.h. The form is that of RFC 8446 4.1.2; extensions and their order are about those of a browser. */
#include "hello.h"

#include <stdio.h>
#include <string.h>

#define X25519_BYTES 32
#define MLKEM768_BYTES 1184
#define ECH_BYTES 186
#define SMALL_BYTES 517

static const uint8_t suites[] = {0x13, 0x01, 0x13, 0x02, 0x13, 0x03, 0xc0, 0x2b, 0xc0, 0x2f, 0xc0, 0x2c, 0xc0, 0x30, 0xcc,
                                 0xa9, 0xcc, 0xa8, 0xc0, 0x13, 0xc0, 0x14, 0x00, 0x9c, 0x00, 0x9d, 0x00, 0x2f, 0x00, 0x35};
static const uint8_t groups[] = {0x00, 0x08, 0x11, 0xec, 0x00, 0x1d, 0x00, 0x17, 0x00, 0x18};
static const uint8_t points[] = {0x01, 0x00};
static const uint8_t protocols[] = {0x00, 0x0c, 0x02, 'h', '2', 0x08, 'h', 't', 't', 'p', '/', '1', '.', '1'};
static const uint8_t status[] = {0x01, 0x00, 0x00, 0x00, 0x00};
static const uint8_t signatures[] = {0x00, 0x10, 0x04, 0x03, 0x08, 0x04, 0x04, 0x01, 0x05,
                                     0x03, 0x08, 0x05, 0x05, 0x01, 0x08, 0x06, 0x06, 0x01};
static const uint8_t modes[] = {0x01, 0x01};
static const uint8_t versions[] = {0x04, 0x03, 0x04, 0x03, 0x03};
static const uint8_t compression[] = {0x02, 0x00, 0x02};

static uint8_t *put16(uint8_t *p, unsigned value)
{
    *p++ = (uint8_t)(value >> 8);
    *p++ = (uint8_t)value;
    return p;
}

static uint8_t *put_extension(uint8_t *p, unsigned type, const uint8_t *content, unsigned n)
{
    p = put16(put16(p, type), n);
    if (n > 0)
        memcpy(p, content, n);
    return p + n;
}

static uint8_t *put_name(uint8_t *p, unsigned number)
{
    char name[32];
    unsigned n = (unsigned)snprintf(name, sizeof name, "host-%u.example", number);

    p = put16(put16(put16(p, 0), n + 5), n + 3);
    *p++ = 0;
    memcpy(put16(p, n), name, n);
    return p + 2 + n;
}

static uint8_t *put_share(uint8_t *p, unsigned group, unsigned n, void (*fill)(uint8_t *bytes, unsigned n))
{
    p = put16(put16(p, group), n);
    fill(p, n);
    return p + n;
}

static uint8_t *put_shares(uint8_t *p, bool is_large, void (*fill)(uint8_t *bytes, unsigned n))
{
    const unsigned n = 4 + X25519_BYTES + (is_large ? 4 + MLKEM768_BYTES + X25519_BYTES : 0);

    p = put16(put16(put16(p, 51), n + 2), n);
    if (is_large)
        p = put_share(p, 0x11ec, MLKEM768_BYTES + X25519_BYTES, fill);
    return put_share(p, 0x001d, X25519_BYTES, fill);
}

/* What browsers that have no configuration for it send as Encrypted ClientHello: random bytes (draft-ietf-tls-esni, GREASE). */
static uint8_t *put_ech(uint8_t *p, void (*fill)(uint8_t *bytes, unsigned n))
{
    static const uint8_t suite[] = {0, 0, 1, 0, 1};
    uint8_t content[ECH_BYTES];

    fill(content, sizeof content);
    memcpy(content, suite, sizeof suite);
    put16(content + 6, X25519_BYTES);
    put16(content + 8 + X25519_BYTES, ECH_BYTES - 10 - X25519_BYTES);
    return put_extension(p, 0xfe0d, content, sizeof content);
}

static uint8_t *put_extensions(uint8_t *p, unsigned number, bool is_large, void (*fill)(uint8_t *bytes, unsigned n))
{
    const uint8_t nothing = 0;

    p = put_name(p, number);
    p = put_extension(p, 23, NULL, 0);
    p = put_extension(p, 0xff01, &nothing, 1);
    p = put_extension(p, 10, groups, sizeof groups);
    p = put_extension(p, 11, points, sizeof points);
    p = put_extension(p, 35, NULL, 0);
    p = put_extension(p, 16, protocols, sizeof protocols);
    p = put_extension(p, 5, status, sizeof status);
    p = put_extension(p, 13, signatures, sizeof signatures);
    p = put_extension(p, 18, NULL, 0);
    p = put_shares(p, is_large, fill);
    p = put_extension(p, 45, modes, sizeof modes);
    p = put_extension(p, 43, versions, sizeof versions);
    p = put_extension(p, 27, compression, sizeof compression);
    return put_ech(p, fill);
}

static uint8_t *put_padding(uint8_t *p, const uint8_t *bytes)
{
    const unsigned n = SMALL_BYTES - 4 - (unsigned)(p - bytes);

    p = put16(put16(p, 21), n);
    memset(p, 0, n);
    return p + n;
}

unsigned hello_write(uint8_t bytes[HELLO_BYTES_MAX], unsigned number, bool is_large, void (*fill)(uint8_t *bytes, unsigned n))
{
    uint8_t *p = bytes + 9; /* behind the headers of record and handshake */

    p = put16(p, 0x0303);
    fill(p, 32);
    p[32] = 32; /* a session ID */
    fill(p + 33, 32);
    p = put16(p + 65, sizeof suites);
    memcpy(p, suites, sizeof suites);
    p += sizeof suites;
    *p++ = 1;
    *p++ = 0;
    uint8_t *extensions = p;
    p = put_extensions(p + 2, number, is_large, fill);
    if (!is_large)
        p = put_padding(p, bytes);
    put16(extensions, (unsigned)(p - extensions - 2));
    const unsigned n = (unsigned)(p - bytes);
    bytes[0] = 22;
    put16(put16(bytes + 1, 0x0301), n - 5);
    bytes[5] = 1;
    bytes[6] = 0;
    put16(bytes + 7, n - 9);
    return n;
}
