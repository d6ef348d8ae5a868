/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cut.c - see cut.h. */
#include "cut.h"

static bool has_syn(const FpDecodedRecord *decoded)
{
    return decoded->has_segment && decoded->segment.flags & FP_TCP_SYN;
}

/* Forgets what a SYN begins anew that came by another way than the filter sees. */
static void forget(FpKernelCut *cut, const FpSegment *segment)
{
    if (segment->flags & FP_TCP_SYN)
        fp_kernel_cut_forget(cut, segment);
}

/* The same for all segments of a record, of which the last is decoded's. */
static void take_syns(FpKernelCut *cut, const FpRecord *record, const FpDecodedRecord *decoded)
{
    const GArray *earlier = decoded->extra != NULL ? decoded->extra->earlier : NULL;
    const bool is_known = fp_kernel_cut_count(cut, record);

    if (decoded->has_segment && !is_known)
        forget(cut, &decoded->segment);
    for (guint i = 0; earlier != NULL && i < earlier->len; i++)
        forget(cut, &g_array_index(earlier, FpSegment, i));
}

void fp_cut_take_syns(FpKernelCut *cut, const FpRecord *records, const FpDecodedRecord *decoded, int n)
{
    for (int i = 0; i < n; i++)
        if (!decoded[i].has_segment || has_syn(&decoded[i]) || decoded[i].extra != NULL)
            take_syns(cut, &records[i], &decoded[i]);
}

void fp_cut_tell(FpKernelCut *cut, const FpStreams *streams, const FpRecord *records, const FpDecodedRecord *decoded, int n)
{
    FpSpare spare;

    for (int i = 0; i < n; i++) {
        if (!decoded[i].has_segment || has_syn(&decoded[i]) || decoded[i].extra != NULL || decoded[i].segment.transport != FP_TRANSPORT_TCP)
            continue;
        fp_streams_spare(streams, decoded[i].key, &spare);
        fp_kernel_cut_tell(cut, &records[i], &decoded[i].segment, decoded[i].key.direction, &spare);
    }
}
