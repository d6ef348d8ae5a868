/* SPDX-License-Identifier: GPL-2.0-or-later */
/* secrets-internal.h - what secrets.c and secrets-binary.c hand each other. No other file includes it. */
#ifndef FP_SAID_SECRETS_INTERNAL_H
#define FP_SAID_SECRETS_INTERNAL_H

#include "secrets.h"

/* Bytes that are searched, and who is told. */
typedef struct {
    const uint8_t *bytes;
    size_t n;
    FpSaidSecretFound *found;
    void *user;
} FpSaidSearch;

/* Tells of the bytes from start to end, or to the last that is there; of none where there is none. */
void fp_said_tell(const FpSaidSearch *search, size_t start, size_t end);

/* Secrets of a binary protocol, which begins at start. Returns false when what stands there is none of those with secrets. */
bool fp_said_binary_secrets(const FpSaidSearch *search, size_t start, FpSaidProtocol protocol);

#endif
