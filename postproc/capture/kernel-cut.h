/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * kernel-cut.h - has the kernel drop frames that the program would take for nothing: those of streams of which core/ says so (FpSpare).
 *
 * A socket filter (kernel-cut-bpf.c) looks up each frame's endpoints in a map of streams, into which the program puts those that it has
 * read enough of. So what reaches the program is what the answer takes, and, of long streams, what was captured before the program had
 * read so far.
 *
 * Why no frame is lost that matters. The program reads frames later than the filter sees them, so an entry may come when its stream is
 * over: the filter has let the SYN of the next pass, and its first payload is about to come. Hence SYNs are counted, by a hash of their
 * endpoints (a "place"), by the filter when it lets one pass, and by the program when it has taken one. An entry holds the program's count,
 * and the filter heeds it only while its own count is the same: while the program has taken all SYNs of that place, and none has come
 * since. So an entry of before a SYN never counts again, whenever it is added and whoever wins which race; that the filter also deletes it
 * makes room. Clocks, sequence numbers and generations of entries would not do: the first may be set, the next connection may begin right
 * behind the last one's numbers (Linux does so when it takes a port out of TIME-WAIT), and what is kept in a map of limited size may have
 * been forgotten when it is needed. Counts are never forgotten. Another stream's SYN in the same place costs a few frames.
 *
 * Where counts go apart, as when the kernel's buffer was full and a SYN was lost, nothing of that place is cut. The program's count is made
 * right when, at a time when no frame waits, the filter's has been the same for longer than a frame can be on its way
 * (fp_kernel_cut_settle).
 *
 * What the filter does not understand passes: anything but TCP over IPv4 or IPv6 over Ethernet, with tags of VLANs or without; fragments,
 * tunnels, options that replace addresses. If such a frame has a SYN, the filter does not see it, or not of what stream, so the program
 * deletes that stream's entry (fp_kernel_cut_forget), which may be late: for a stream whose SYN comes by another way than its data, and
 * whose SYN/ACK is not captured.
 */
#ifndef FP_KERNEL_CUT_H
#define FP_KERNEL_CUT_H

#include <glib.h>
#include <stdbool.h>

#include "record.h"
#include "segment.h"
#include "stream.h"

typedef struct FpKernelCut FpKernelCut;

/* Of how many streams the kernel holds entries, some 150 bytes each. */
#define FP_KERNEL_CUT_STREAMS_DEFAULT 65536

/* Whether the program was built with a filter. */
bool fp_kernel_cut_is_built_in(void);

/*
 * Loads the filter and makes its maps. That takes CAP_BPF (or root) where bpf(2) is not for everybody, which is the default of Debian, and
 * a tenth of a second; so it comes before an interface is opened. Afterwards no right is needed: maps are changed through their
 * descriptors. snaplen: bytes of each frame that are kept. Returns NULL and sets error. Free with fp_kernel_cut_free, after the sockets are
 * closed.
 */
FpKernelCut *fp_kernel_cut_new(unsigned max_streams, uint32_t snaplen, GError **error);
void fp_kernel_cut_free(FpKernelCut *cut); /* NULL is allowed */

/* A filter in classic BPF: n struct bpf_insn of pcap/bpf.h. */
typedef struct {
    const void *instructions;
    size_t n;
} FpClassicFilter;

/* Makes it the filter of a packet socket, instead of any that this has. is_cooked: the socket leaves out the link layer. before: a filter
 * that frames have to pass as well, which is translated, as a socket has one filter; NULL: there is none. All frames that the socket gives
 * must be counted. Returns false and sets error. */
bool fp_kernel_cut_attach(FpKernelCut *cut, int socket, bool is_cooked, const FpClassicFilter *before, GError **error);

/* Has no entry count until fp_kernel_cut_settle: frames wait that an attached filter has not seen. */
void fp_kernel_cut_distrust(FpKernelCut *cut);

/* Counts a frame that has been taken, in the order of capture, if it is a SYN to the filter. Returns whether it is, and the filter knows of
 * what stream: then no entry of that counts any more. */
bool fp_kernel_cut_count(FpKernelCut *cut, const FpRecord *record);

/* Tells the kernel what the stream of a segment spares. The segment is that of record, and goes in direction, as its key says; it has no
 * SYN. The frames that spare is true of must be those that have been counted. */
void fp_kernel_cut_tell(FpKernelCut *cut, const FpRecord *record, const FpSegment *segment, unsigned direction, const FpSpare *spare);

/* Has the kernel drop no frames of a segment's stream, which may have another beginning than the filter knows of. */
void fp_kernel_cut_forget(FpKernelCut *cut, const FpSegment *segment);

/* Makes counts right, at most once a second. Call it when no frame waits to be read, of any socket that it is attached to. */
void fp_kernel_cut_settle(FpKernelCut *cut);

/* Returns how many frames the kernel has dropped. */
uint64_t fp_kernel_cut_dropped(const FpKernelCut *cut);

#endif
