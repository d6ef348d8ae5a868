/* SPDX-License-Identifier: GPL-2.0-or-later */
/* seal.h - frames -> a QUIC client's Initial packet (RFC 9000 17.2.2), protected as RFC 9001 5 says. */
#ifndef SEAL_H
#define SEAL_H

#include "bytes.h"
#include "said-internal.h"

typedef struct {
    uint32_t version;
    const char *connection_id, *key_id; /* hexadecimal; keys are those of key_id, which is the client's first destination */
    size_t token_bytes;
    uint32_t number; /* of the packet */
    size_t number_bytes;
} Initial;

/* Appends the packet. */
void seal(FpSaid *said, Bytes *bytes, const Initial *initial, const void *frames, size_t n);

#endif
