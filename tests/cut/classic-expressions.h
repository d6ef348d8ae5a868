/* SPDX-License-Identifier: GPL-2.0-or-later */
/* classic-expressions.h - libpcap's part of test-classic-filter.c, in a file of its own: pcap.h and linux/bpf.h both have a bpf_insn. */
#ifndef CLASSIC_EXPRESSIONS_H
#define CLASSIC_EXPRESSIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

extern const char *const classic_expressions[];
extern const size_t classic_n_expressions;

/* Compiles an expression. Returns its *n instructions, until classic_free. */
const void *classic_compile(size_t i, size_t *n);
void classic_free(void);

/* Calls take for each frame of a capture, and for its first bytes, with what libpcap says of the expression compiled. */
typedef void (*ClassicTake)(void *user, const uint8_t *frame, uint32_t n, bool matches);
void classic_run(const char *path, ClassicTake take, void *user);

#endif
