/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hello.h - ClientHellos made to order. */
#ifndef HELLO_H
#define HELLO_H

#include "bytes.h"

/* Lists of numbers as hexadecimal digits, four for each, with spaces between them. */
typedef struct {
    uint16_t version;
    const char *ciphers;
    const char *extensions;  /* in this order; NULL: no block of extensions at all. Their contents: */
    const char *server_name; /* 0000 */
    const char *groups;      /* 000a */
    const char *algorithms;  /* 000d */
    const char *alpn;        /* 0010: with spaces between them */
    const char *versions;    /* 002b */
    size_t padding_bytes;    /* 0015 */
} Hello;

/* Appends the handshake message. */
void hello_add(Bytes *bytes, const Hello *hello);

/* Appends the handshake message in TLS records with fragment_bytes of it each. */
void hello_add_records(Bytes *bytes, const Hello *hello, size_t fragment_bytes);

/* That of a browser, with the ciphers and extensions of the example in JA4's description. */
extern const Hello hello_browser;

#endif
