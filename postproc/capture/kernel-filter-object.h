/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kernel-filter-object.h - kernel-cut-bpf.c as clang has compiled it: an ELF file, made into C by kernel-filter-object.cmake. */
#ifndef FP_KERNEL_FILTER_OBJECT_H
#define FP_KERNEL_FILTER_OBJECT_H

#include <stddef.h>

extern const unsigned char fp_kernel_filter_object[];
extern const size_t fp_kernel_filter_object_bytes;

#endif
