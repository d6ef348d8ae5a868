/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hello.h - ClientHellos to order. */
#ifndef HELLO_H
#define HELLO_H

#include "bytes.h"

/* Lists of numbers as hexadecimal digits, four each, spaces between. */
typedef struct {
    uint16_t version;
    const char *ciphers;
    const char *extensions;  /* in their order; NULL: no block of extensions at all. What is in them: */
    const char *server_name; /* 0000 */
    const char *groups;      /* 000a */
    const char *algorithms;  /* 000d */
    const char *alpn;        /* 0010: spaces between */
    const char *versions;    /* 002b */
    size_t padding_bytes;    /* 0015 */
} Hello;

/* The handshake message. */
void hello_add(Bytes *bytes, const Hello *hello);

/* The handshake message in TLS records that have fragment_bytes of it each. */
void hello_add_records(Bytes *bytes, const Hello *hello, size_t fragment_bytes);

/* A browser's, with the ciphers and extensions of the example in JA4's description. */
extern const Hello hello_browser;

#endif
