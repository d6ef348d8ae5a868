/* SPDX-License-Identifier: GPL-2.0-or-later */
/* answer.h - the first bytes of the side that answers -> what it chose, or says of itself. As said.h: bytes in, facts out. */
#ifndef FP_SAID_ANSWER_H
#define FP_SAID_ANSWER_H

#include "said.h"

/* TLS ServerHello, or HelloRetryRequest (RFC 8446 4.1.3, 4.1.4). */
typedef struct {
    uint16_t version; /* chosen: that of supported_versions (RFC 8446 4.2.1), or else legacy_version */
    uint16_t cipher;
    FpSaidText alpn; /* application protocol (RFC 7301 3.1); NULL: none, as always in TLS 1.3, which encrypts it */
    bool is_retry;   /* it asks for another ClientHello */
} FpSaidServerHello;

/* Status line of HTTP/1 (RFC 9112 4). */
typedef struct {
    FpSaidText protocol; /* HTTP/1.1 */
    uint16_t status;
} FpSaidHttpAnswer;

/* Texts point into the message, or into the FpSaid, where the next call overwrites them. */
typedef struct {
    FpSaidProtocol protocol; /* FP_SAID_TLS, FP_SAID_HTTP, FP_SAID_SSH; FP_SAID_NOTHING: not known */
    bool is_cut;             /* broke off, or contradicts itself */
    union {
        FpSaidServerHello tls;
        FpSaidHttpAnswer http;
        FpSaidSsh ssh;
    };
} FpSaidAnswer;

/* What the side that answers said first, TCP. answer is all zero unless the result is FP_SAID_ENOUGH. */
FpSaidResult fp_said_answer(FpSaid *said, const FpSaidMessage *message, FpSaidAnswer *answer);

/* The name in IANA's registry of a cipher suite that is in use; NULL: another. */
const char *fp_said_cipher_name(uint16_t cipher);

#endif
