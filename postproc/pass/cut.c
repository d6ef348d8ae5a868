/* SPDX-License-Identifier: GPL-2.0-or-later */
/* cut.c - see cut.h. */
#include "cut.h"

static bool has_syn(const FpDecodedRecord *decoded)
{
    return decoded->has_segment && decoded->segment.flags & FP_TCP_SYN;
}

/* Counts a SYN, if it is one to the filter. A SYN that is none to it came by another way than the filter sees. */
static void take_syn(FpKernelCut *cut, const FpRecord *record, const FpDecodedRecord *decoded)
{
    const bool is_counted = fp_kernel_cut_count(cut, record);

    if (has_syn(decoded) && !is_counted)
        fp_kernel_cut_forget(cut, &decoded->segment);
}

void fp_cut_take_batch(FpKernelCut *cut, const FpStreams *streams, const FpRecord *records, const FpDecodedRecord *decoded, int n)
{
    FpSpare spare;

    /* The table is asked when it has taken all of the batch, so all SYNs of the batch are counted before. */
    for (int i = 0; i < n; i++)
        if (!decoded[i].has_segment || has_syn(&decoded[i]))
            take_syn(cut, &records[i], &decoded[i]);
    for (int i = 0; i < n; i++) {
        if (!decoded[i].has_segment || has_syn(&decoded[i]) || decoded[i].extra != NULL || decoded[i].segment.transport != FP_TRANSPORT_TCP)
            continue;
        fp_streams_spare(streams, decoded[i].key, &spare);
        fp_kernel_cut_tell(cut, &records[i], &decoded[i].segment, decoded[i].key.direction, &spare);
    }
}
