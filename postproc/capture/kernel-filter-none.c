/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kernel-filter-none.c - see kernel-filter.h: what is built where there is no clang or no libbpf. */
#include "base/error.h"
#include "kernel-filter.h"

bool fp_kernel_filter_is_built_in(void)
{
    return false;
}

bool fp_kernel_filter_load(FpKernelFilter *filter, unsigned max_streams, uint32_t snaplen, GError **error)
{
    (void)filter, (void)max_streams, (void)snaplen;
    g_set_error(error, FP_ERROR, FP_ERROR_UNAVAILABLE, "this firstpayload was built without it, which takes clang and libbpf-dev");
    return false;
}

void fp_kernel_filter_close(FpKernelFilter *filter)
{
    (void)filter;
}

int fp_kernel_filter_load_before(FpKernelFilter *filter, const void *instructions, size_t n)
{
    (void)filter, (void)instructions, (void)n;
    return -1;
}

void fp_kernel_filter_put(const FpKernelFilter *filter, const struct fp_cut_key *key, const struct fp_cut_entry *entry)
{
    (void)filter, (void)key, (void)entry;
}

void fp_kernel_filter_delete(const FpKernelFilter *filter, const struct fp_cut_key *key)
{
    (void)filter, (void)key;
}

uint64_t fp_kernel_filter_dropped(const FpKernelFilter *filter)
{
    (void)filter;
    return 0;
}
