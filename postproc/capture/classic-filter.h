/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * classic-filter.h - a filter in classic BPF, as libpcap compiles expressions, translated to eBPF: a socket has one filter, so one of eBPF
 * has to do what was asked with -f, too.
 */
#ifndef FP_CLASSIC_FILTER_H
#define FP_CLASSIC_FILTER_H

#include <glib.h>
#include <stddef.h>

/*
 * Translates n instructions (struct bpf_insn of pcap/bpf.h, struct sock_filter of linux/filter.h: the same) to a program that returns 0
 * where these do, and else goes on in the first program of a map of programs, next. Returns an array of struct bpf_insn of linux/bpf.h;
 * NULL when there is an instruction that it has no translation for, as for frames of some link types. Caller frees.
 */
GArray *fp_classic_filter_translate(const void *instructions, size_t n, int next);

#endif
