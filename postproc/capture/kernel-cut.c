/* SPDX-License-Identifier: GPL-2.0-or-later */
/* kernel-cut.c - see kernel-cut.h. */
#include "kernel-cut.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/error.h"
#include "kernel-filter.h"

#define SETTLE_US G_USEC_PER_SEC /* the kernel hands over what it has captured within a tenth of that (READ_TIMEOUT_MS) */
#define TOLD_MAX 4096U

/* An entry that the kernel was given. Frames that were captured before may still come, and are no reason to give it again. */
typedef struct {
    uint64_t stream; /* check and place of its key */
    int64_t time_ns; /* since 1970 */
    uint64_t syns;
    FpSpareKind kind;
} Told;

struct FpKernelCut {
    FpKernelFilter filter;
    uint64_t taken[FP_CUT_PLACES];  /* SYNs that the program has taken, by place */
    uint64_t looked[FP_CUT_PLACES]; /* what the filter had counted when fp_kernel_cut_settle last looked, */
    gint64 looked_us;               /* at this time, monotonic; 0: never */
    Told told[TOLD_MAX];
};

bool fp_kernel_cut_is_built_in(void)
{
    return fp_kernel_filter_is_built_in();
}

FpKernelCut *fp_kernel_cut_new(unsigned max_streams, uint32_t snaplen, GError **error)
{
    FpKernelFilter filter;

    if (!fp_kernel_filter_load(&filter, max_streams, snaplen, error))
        return NULL;
    FpKernelCut *cut = g_new0(FpKernelCut, 1);
    cut->filter = filter;
    return cut;
}

void fp_kernel_cut_free(FpKernelCut *cut)
{
    if (cut == NULL)
        return;
    fp_kernel_filter_close(&cut->filter);
    g_free(cut);
}

bool fp_kernel_cut_attach(FpKernelCut *cut, int socket, bool is_cooked, const FpClassicFilter *before, GError **error)
{
    int loaded = -1;

    if (before != NULL)
        loaded = is_cooked ? -1 : fp_kernel_filter_load_before(&cut->filter, before->instructions, before->n);
    if (before != NULL && loaded < 0) {
        g_set_error(error, FP_ERROR, FP_ERROR_USAGE, "the filter of -f cannot be put before it%s", is_cooked ? " on this interface" : "");
        return false;
    }
    const int program = before != NULL ? loaded : is_cooked ? cut->filter.cooked : cut->filter.ethernet;
    const bool is_attached = setsockopt(socket, SOL_SOCKET, SO_ATTACH_BPF, &program, sizeof program) == 0;
    if (!is_attached)
        g_set_error(error, FP_ERROR, FP_ERROR_UNAVAILABLE, "the socket takes no filter: %s", g_strerror(errno));
    if (loaded >= 0)
        close(loaded); /* the socket has it */
    return is_attached;
}

const FpKernelFilter *fp_kernel_cut_filter(const FpKernelCut *cut)
{
    return &cut->filter;
}

static uint64_t passed(const FpKernelCut *cut, uint32_t place)
{
    return __atomic_load_n(&cut->filter.syns[place], __ATOMIC_ACQUIRE);
}

void fp_kernel_cut_distrust(FpKernelCut *cut)
{
    for (uint32_t place = 0; place < FP_CUT_PLACES; place++)
        cut->taken[place] = passed(cut, place) - G_MAXINT32; /* no number of SYNs that is on its way makes up for that */
    cut->looked_us = 0;
}

/* Reads a frame as the filter does. A tag that was taken out of it, libpcap has put back, but not where the link layer is left out. */
static bool read_frame(const FpRecord *record, FpCutFrame *frame)
{
    FpCutPacket packet = {.bytes = record->data, .n = record->captured_bytes};
    static const struct {
        FpLink link;
        uint32_t type_offset, header_bytes;
        int tags_max;
    } links[] = {{FP_LINK_ETHERNET, 12, 14, FP_CUT_TAGS_MAX}, {FP_LINK_SLL2, 0, 20, FP_CUT_TAGS_MAX - 1}};
    __u8 type[2];

    for (size_t i = 0; i < G_N_ELEMENTS(links); i++)
        if (record->link == links[i].link)
            return fp_cut_load(&packet, links[i].type_offset, type, sizeof type) &&
                   fp_cut_read(&packet, fp_cut_16(type), links[i].header_bytes, links[i].tags_max, frame);
    return false;
}

bool fp_kernel_cut_count(FpKernelCut *cut, const FpRecord *record)
{
    FpCutFrame frame;

    if (!read_frame(record, &frame) || !(frame.flags & FP_CUT_SYN))
        return false;
    cut->taken[frame.place]++;
    return frame.is_exact;
}

/* The endpoints of a segment as the filter has them. */
static void read_ends(const FpSegment *segment, FpCutFrame *frame)
{
    struct fp_cut_end source = {.port = segment->source_port}, destination = {.port = segment->destination_port};

    memcpy(source.address, segment->source, segment->address_bytes);
    memcpy(destination.address, segment->destination, segment->address_bytes);
    fp_cut_set_ends(frame, &source, &destination, segment->address_bytes == 4 ? 4 : 6);
}

/* Whether the kernel was told the same when the frame had already been captured. */
static bool is_told(FpKernelCut *cut, const FpCutFrame *frame, uint64_t syns, FpSpareKind kind, int64_t captured_ns)
{
    const uint64_t stream = (uint64_t)frame->check << 32 | frame->place;
    Told *told = &cut->told[frame->check % TOLD_MAX];

    if (told->stream == stream && told->syns == syns && told->kind == kind && told->time_ns >= captured_ns)
        return true;
    *told = (Told){.stream = stream, .syns = syns, .kind = kind, .time_ns = g_get_real_time() * 1000};
    return false;
}

void fp_kernel_cut_tell(FpKernelCut *cut, const FpRecord *record, const FpSegment *segment, unsigned direction, const FpSpare *spare)
{
    FpCutFrame frame, ends = {.place = 0};

    if (spare->kind == FP_SPARE_NOTHING || !read_frame(record, &frame) || !frame.is_exact)
        return;
    read_ends(segment, &ends);
    const uint64_t syns = cut->taken[frame.place];
    if (memcmp(&ends.key, &frame.key, sizeof ends.key) != 0 || passed(cut, frame.place) != syns ||
        is_told(cut, &frame, syns, spare->kind, record->time_ns))
        return;
    const struct fp_cut_entry entry = {
        .syns = syns,
        .check = frame.check,
        .has_speaker = spare->kind == FP_SPARE_SPEAKER,
        .speaker = spare->speaker == direction ? frame.direction : frame.direction ^ 1U, /* the table's order of endpoints is another */
        .seq = spare->seq,
        .n = spare->n,
        .silent_seq = spare->silent_seq,
    };
    fp_kernel_filter_put(&cut->filter, &frame.key, &entry);
}

void fp_kernel_cut_forget(FpKernelCut *cut, const FpSegment *segment)
{
    FpCutFrame ends = {.place = 0};

    read_ends(segment, &ends);
    fp_kernel_filter_delete(&cut->filter, &ends.key);
}

void fp_kernel_cut_settle(FpKernelCut *cut)
{
    const gint64 now_us = g_get_monotonic_time();
    const bool has_looked = cut->looked_us != 0;

    if (has_looked && now_us - cut->looked_us < SETTLE_US)
        return;
    cut->looked_us = now_us;
    for (uint32_t place = 0; place < FP_CUT_PLACES; place++) {
        const uint64_t n = passed(cut, place);
        if (has_looked && cut->taken[place] != n && cut->looked[place] == n)
            cut->taken[place] = n;
        cut->looked[place] = n;
    }
}

uint64_t fp_kernel_cut_dropped(const FpKernelCut *cut)
{
    return fp_kernel_filter_dropped(&cut->filter);
}
