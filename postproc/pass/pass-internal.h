/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pass-internal.h - what the files of a pass share: pass-batch.c reads and prepares records, pass.c has streams take them. Nobody else
 * includes it. */
#ifndef FP_PASS_INTERNAL_H
#define FP_PASS_INTERNAL_H

#include "capture/filter.h"
#include "decode/decode.h"
#include "decode/plain.h"
#include "digest-claims.h"
#include "pass.h"
#include "sink.h"

struct FpPass {
    const FpSelection *selection;
    FpSummary *summary;
    FpFilter *filter; /* NULL: there is none, or the kernel applies it */
    FpDecoder *decoder;
    bool takes_plain; /* segments of TCP are wanted, and plain frames go the short way */
    FpNoSegmentCounts *left;
    FpStreams *streams;
    FpKernelCut *cut;       /* NULL: all frames come */
    FpReadAhead *ahead;     /* NULL: the pass reads itself */
    FpDigestClaims *claims; /* NULL: no digest was read */
    FpSink *sink;
    uint64_t frames_before; /* the capture, so that its frames count from 1 */
    bool failed_reading;
    int64_t newest_ns;
    int64_t first_ns, last_ns; /* of the last batch */
};

G_STATIC_ASSERT(FP_PASS_BATCH <= FP_PLAIN_BATCH);

/* Records on their way to their streams. Of a plain frame there is plains[i], of any other pending[i]. */
typedef struct {
    const FpCapture *capture;
    int n;
    bool is_raw;              /* only plains are there; record_of makes records of those that are asked for */
    const FpRecord *records;  /* room, or lent */
    FpDecodedRecord *pending; /* pending_room, or lent */
    bool is_ahead;            /* pending was decoded ahead */
    uint64_t others;          /* records that are no plain frames: bit i is that of record i */
    FpPlain plains[FP_PASS_BATCH];
    FpRecord room[FP_PASS_BATCH];
    FpDecodedRecord pending_room[FP_PASS_BATCH];
} FpPassBatch;

/* Reads up to max records. What comes before frames and is none is taken on the way. Returns how many; 0 at the end; or -1 and sets error.
 */
int fp_pass_read_batch(FpPass *pass, FpCapture *capture, int max, FpPassBatch *batch, GError **error);

/* Decodes the batch, or begins to, and has the places of its streams prefetched. Returns false and sets error when the filter fails. */
bool fp_pass_prepare_batch(FpPass *pass, FpPassBatch *batch, GError **error);

/* Record i of the batch. */
static inline const FpRecord *fp_pass_record_of(FpPassBatch *batch, int i)
{
    if (batch->is_raw)
        fp_capture_fill_record(batch->capture, batch->plains[i].frame - sizeof(FpRawHeader), &batch->room[i]);
    return &batch->records[i];
}

/* Whether record i is a plain frame, of which no segment was read yet. */
static inline bool fp_pass_is_plain(const FpPassBatch *batch, int i)
{
    return batch->plains[i].stops != FP_PLAIN_NONE;
}

#endif
