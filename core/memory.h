/* SPDX-License-Identifier: GPL-2.0-or-later */
/* memory.h - where core/ has its memory from: libc. In Wireshark's tree, from GLib, as everything there (plugin/wireshark-tree/memory.c).
 */
#ifndef FP_MEMORY_H
#define FP_MEMORY_H

#include <stddef.h>

/* Returns memory for n items of the given size, all 0; NULL if there is none. Free with fp_memory_free. */
void *fp_memory_zeroed(size_t n, size_t bytes);

/* Returns memory of so many bytes that begins as the given memory does, which is gone then. NULL if there is none; then the given stays. */
void *fp_memory_resized(void *memory, size_t bytes);

/* NULL is allowed. */
void fp_memory_free(void *memory);

#endif
