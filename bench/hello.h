/* SPDX-License-Identifier: GPL-2.0-or-later */
/* hello.h - ClientHellos as browsers send them. */
#ifndef BENCH_HELLO_H
#define BENCH_HELLO_H

#include <stdbool.h>
#include <stdint.h>

#define HELLO_BYTES_MAX 2048

/* Writes a TLS record with a ClientHello for host-NUMBER.example: 517 bytes, padded (RFC 7685), or with is_large some 1,700, with the key
 * share of X25519MLKEM768. Random bytes come from fill. Returns its length. */
unsigned hello_write(uint8_t bytes[HELLO_BYTES_MAX], unsigned number, bool is_large, void (*fill)(uint8_t *bytes, unsigned n));

#endif
