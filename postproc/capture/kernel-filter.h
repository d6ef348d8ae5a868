/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kernel-filter.h - the filter of kernel-cut-bpf.c and its maps, as bpf(2) has them: for kernel-cut.c alone. Where the program is built
 * without (kernel-filter-none.c), loading fails. */
#ifndef FP_KERNEL_FILTER_H
#define FP_KERNEL_FILTER_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "kernel-cut-frame.h"

/* Descriptors of programs and maps, and a view of the counts, which the filter changes. */
typedef struct {
    int ethernet, cooked;
    int next; /* a map with ethernet in it; it must stay open for as long as a program goes on there */
    int streams, dropped;
    int n_cpus;     /* that the kernel may have: dropped counts on each */
    uint64_t *syns; /* FP_CUT_PLACES, to be read only */
} FpKernelFilter;

bool fp_kernel_filter_is_built_in(void);

/* Fills in all of *filter. Returns false and sets error. */
bool fp_kernel_filter_load(FpKernelFilter *filter, unsigned max_streams, uint32_t snaplen, GError **error);
void fp_kernel_filter_close(FpKernelFilter *filter);

/* Loads a filter in classic BPF, of n instructions, for frames of Ethernet, behind which the program ethernet goes on. Returns its
 * descriptor, which the caller closes, or -1 with errno, EOPNOTSUPP when it cannot be translated. */
int fp_kernel_filter_load_before(FpKernelFilter *filter, const void *instructions, size_t n);

/* Sets or deletes an entry. A full map makes room by itself. */
void fp_kernel_filter_put(const FpKernelFilter *filter, const struct fp_cut_key *key, const struct fp_cut_entry *entry);
void fp_kernel_filter_delete(const FpKernelFilter *filter, const struct fp_cut_key *key);

/* Returns how many frames it has dropped. */
uint64_t fp_kernel_filter_dropped(const FpKernelFilter *filter);

/* For tests: the filter of a cut. */
typedef struct FpKernelCut FpKernelCut;
const FpKernelFilter *fp_kernel_cut_filter(const FpKernelCut *cut);

#endif
