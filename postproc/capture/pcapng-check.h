/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * pcapng-check.h - whether libwiretap takes what is in a block of pcapng (pcapng.c of 4.0): what is copied on, Wireshark has to read.
 *
 * Each check returns what is wrong in a few words, or NULL. block is the whole block, bytes long, in a section whose byte order is swapped
 * when it is not this machine's.
 */
#ifndef FP_PCAPNG_CHECK_H
#define FP_PCAPNG_CHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Of the n bytes of options at at, in a block of this type. */
const char *fp_pcapng_check_options(bool swapped, uint32_t type, const uint8_t *at, size_t n);

/* Of a name resolution block. */
const char *fp_pcapng_check_names(bool swapped, const uint8_t *block, size_t bytes);

/* Of a decryption secrets block. */
const char *fp_pcapng_check_secrets(bool swapped, const uint8_t *block, size_t bytes);

/* Of an interface statistics block. */
const char *fp_pcapng_check_statistics(bool swapped, const uint8_t *block, size_t bytes);

/* How many bytes a decryption secrets block would have without options, as its first 16 bytes say. */
size_t fp_pcapng_secrets_end(bool swapped, const uint8_t *block);

#endif
