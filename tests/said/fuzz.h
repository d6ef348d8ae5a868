/* SPDX-License-Identifier: GPL-2.0-or-later */
/* fuzz.h - what fuzz.c does with an input: the entry point that libFuzzer calls, and run-corpus.c without it. */
#ifndef FUZZ_H
#define FUZZ_H

#include <stddef.h>
#include <stdint.h>

/* Always 0; ends the program if something is wrong. */
int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n);

#endif
