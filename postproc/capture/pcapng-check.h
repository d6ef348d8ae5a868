/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pcapng-check.h - checks whether libwiretap accepts the contents of a pcapng block (pcapng.c of 4.0), because Wireshark has to read what
 * is copied.
 *
 * Each check returns what is wrong in a few words, or NULL. block is the whole block, bytes long. swapped: the byte order of its section is
 * not this machine's.
 */
#ifndef FP_PCAPNG_CHECK_H
#define FP_PCAPNG_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Checks the n bytes of options at at, in a block of this type. */
const char *fp_pcapng_check_options(bool swapped, uint32_t type, const uint8_t *at, size_t n);

/* Checks a name resolution block. */
const char *fp_pcapng_check_names(bool swapped, const uint8_t *block, size_t bytes);

/* Checks a decryption secrets block. */
const char *fp_pcapng_check_secrets(bool swapped, const uint8_t *block, size_t bytes);

/* Checks an interface statistics block. */
const char *fp_pcapng_check_statistics(bool swapped, const uint8_t *block, size_t bytes);

/* The length that a decryption secrets block would have without options, from its first 16 bytes. */
size_t fp_pcapng_secrets_end(bool swapped, const uint8_t *block);

#endif
