/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pass-internal.h - the parts of a pass: pass.c (records to verdicts), pass-asking.c (what tshark is asked about). Nobody else includes it.
 */
#ifndef FP_PASS_INTERNAL_H
#define FP_PASS_INTERNAL_H

#include "backlog.h"
#include "capture/filter.h"
#include "decode/decode.h"
#include "pass.h"
#include "read-ahead.h"
#include "tshark/dissector.h"

struct FpPass {
    const FpSelection *selection;
    FpSummary *summary;
    FpFilter *filter; /* NULL for none, or the kernel's */
    FpDecoder *decoder;
    FpNoSegmentCounts *left;
    FpStreams *streams;
    FpReadAhead *ahead; /* NULL: the pass reads by itself */
    FpWriter *writer;
    FpShowClasses show; /* instead of writing */
    void *user;
    struct {
        FpOutput *output; /* NULL for none */
        const FpLogStyle *style;
        const char *source;
        uint64_t frames_before;
        GString *line;
    } log;
    struct {
        FpDissector *dissector; /* NULL: nothing is asked */
        FpBacklog *backlog;
        const FpCapture *capture; /* whose records are taken */
        FpDissectorStats counted; /* in summary */
        int n_unpolled;
    } asking;
    bool failed_reading;
    int64_t newest_ns;
    int64_t first_ns, last_ns; /* of the batch that was taken last */
};

/* A segment that is in any class, or ends a flight; all borrowed. */
typedef struct {
    const FpRecord *record;
    const GPtrArray *fragments; /* with which the record completes a datagram; NULL for none */
    const FpSegment *segment;
    unsigned index; /* of the record's segments */
    const FpVerdict *verdict;
} FpFound;

/* pass.c: what there is to say of a first payload frame. */
FpLogEntry fp_pass_entry(FpPass *pass, const FpCapture *capture, const FpFound *found, FpDecodeNotes *trail);

/* pass-asking.c: where tshark is asked, these take the place of what pass.c does with a segment that is in any class. */
bool fp_pass_take_asking(FpPass *pass, const FpCapture *capture, const FpFound *found, GError **error);
bool fp_pass_after_batch(FpPass *pass, int n, GError **error);

/* Copies of a record whose fragment has to wait: for the writer, and for tshark. */
void *fp_pass_keep_fragment(FpPass *pass, const FpRecord *record, size_t *bytes);
void fp_pass_drop_fragment(void *kept);

/* pass.c: whether fragments are written, too. */
bool fp_pass_keeps_fragments(const FpPass *pass);

/* For fp_writer_on_section. */
bool fp_pass_drain(void *pass, GError **error);

#endif
