/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel-cut-bpf.c - runs in the kernel: a socket filter that drops frames which the program does not need. Built by clang for the target
 * bpf, and part of the program as bytes. kernel-cut.h says how the two work together, and why no frame is lost.
 *
 * What it returns is how many bytes of the frame are kept; 0 drops it, and the kernel does not count that as a loss.
 */
#include <linux/bpf.h>

#include <bpf/bpf_endian.h>
#include <bpf/bpf_helpers.h>

#include "kernel-cut-frame.h"

#define OUTGOING 4 /* linux/if_packet.h: PACKET_OUTGOING */

/* Set before it is loaded. */
const volatile __u32 snaplen = 262144;
const volatile __u32 loopback = 0; /* index of the interface lo; 0: there is none */

/* The streams of which frames are dropped. When it is full, the kernel forgets the one that was not looked at for longest. */
struct {
    __uint(type, BPF_MAP_TYPE_LRU_HASH);
    __uint(max_entries, 65536);
    __type(key, struct fp_cut_key);
    __type(value, struct fp_cut_entry);
} fp_streams SEC(".maps");

/* How many SYNs were let pass. The program looks into it without a system call. */
struct {
    __uint(type, BPF_MAP_TYPE_ARRAY);
    __uint(max_entries, FP_CUT_PLACES);
    __uint(map_flags, BPF_F_MMAPABLE);
    __type(key, __u32);
    __type(value, __u64); /* the kernel rounds up to 8 bytes what is smaller */
} fp_syns SEC(".maps");

/* How many frames were dropped. */
struct {
    __uint(type, BPF_MAP_TYPE_PERCPU_ARRAY);
    __uint(max_entries, 1);
    __type(key, __u32);
    __type(value, __u64);
} fp_dropped SEC(".maps");

static __always_inline int is_spared(const struct fp_cut_entry *entry, const FpCutFrame *frame)
{
    if (!entry->has_speaker)
        return 1;
    if (frame->direction == entry->speaker)
        return frame->seq - entry->seq < entry->n;
    return frame->is_measured && frame->payload_bytes == 0 && frame->seq == entry->silent_seq;
}

/* The SYN counts before the entry goes: an entry that the program adds at the same time is of before. */
static __always_inline void take_syn(const FpCutFrame *frame)
{
    __u64 *syns = bpf_map_lookup_elem(&fp_syns, &frame->place);

    if (syns)
        __sync_fetch_and_add(syns, 1);
    bpf_map_delete_elem(&fp_streams, &frame->key);
}

static __always_inline int is_needed(const FpCutFrame *frame)
{
    if (!frame->is_exact || frame->flags & (FP_CUT_FIN | FP_CUT_RST))
        return 1;
    const struct fp_cut_entry *entry = bpf_map_lookup_elem(&fp_streams, &frame->key);
    if (!entry)
        return 1;
    const __u64 *syns = bpf_map_lookup_elem(&fp_syns, &frame->place);
    return !syns || entry->check != frame->check || entry->syns != *syns || !is_spared(entry, frame);
}

/* type and offset: where the network layer begins, tags included. */
static __always_inline int filter(struct __sk_buff *packet, __u32 type, __u32 offset)
{
    FpCutFrame frame = {.place = 0};
    __u32 first = 0;

    if (packet->pkt_type == OUTGOING && packet->ifindex == loopback)
        return 0; /* it comes in, too, and of the two libpcap drops this one itself */
    if (!fp_cut_read(packet, type, offset, FP_CUT_TAGS_MAX - (int)packet->vlan_present, &frame))
        return (int)snaplen;
    if (frame.flags & FP_CUT_SYN) {
        take_syn(&frame);
        return (int)snaplen;
    }
    if (is_needed(&frame))
        return (int)snaplen;
    __u64 *dropped = bpf_map_lookup_elem(&fp_dropped, &first);
    if (dropped)
        (*dropped)++;
    return 0;
}

/* On a socket whose frames begin with an Ethernet header. */
SEC("socket")
int fp_cut_ethernet(struct __sk_buff *packet)
{
    __u8 type[2];

    if (!fp_cut_load(packet, 12, type, sizeof type))
        return (int)snaplen;
    return filter(packet, fp_cut_16(type), 14);
}

/* On a socket that leaves out the link layer, for which libpcap makes a header of its own (the interface any). */
SEC("socket")
int fp_cut_cooked(struct __sk_buff *packet)
{
    if (packet->len == 0)
        return 0; /* a frame with nothing behind its header does not come without a filter, either */
    return filter(packet, bpf_ntohs((__u16)packet->protocol), 0);
}

char fp_license[] SEC("license") = "GPL";
