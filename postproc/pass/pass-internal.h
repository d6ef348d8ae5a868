/* SPDX-License-Identifier: GPL-2.0-or-later */
/* pass-internal.h - what the files of a pass share: pass.c (records to verdicts), pass-asking.c (what tshark is asked). Nobody else
 * includes it. */
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
    FpFilter *filter; /* NULL: there is none, or the kernel applies it */
    FpDecoder *decoder;
    bool takes_tcp; /* segments of TCP are wanted */
    FpNoSegmentCounts *left;
    FpStreams *streams;
    FpReadAhead *ahead; /* NULL: the pass reads itself */
    FpWriter *writer;
    FpShowClasses show; /* instead of writing */
    void *user;
    struct {
        FpOutput *output; /* NULL: no log */
        const FpLogStyle *style;
        const char *source;
        uint64_t frames_before;
        GString *line;
        FpSaid *said; /* NULL: nothing was logged yet */
        FpSaidFacts facts;
    } log;
    struct {
        FpDissector *dissector; /* NULL: nothing is asked */
        FpBacklog *backlog;
        const FpCapture *capture; /* the capture whose records are being taken */
        FpDissectorStats counted; /* already added to summary */
        int n_unpolled;
    } asking;
    bool failed_reading;
    int64_t newest_ns;
    int64_t first_ns, last_ns; /* of the last batch */
};

/* A segment that is in any class, or ends a flight. All is borrowed. */
typedef struct {
    const FpRecord *record;
    const GPtrArray *fragments; /* fragments with which the record completes a datagram; NULL: none */
    const FpSegment *segment;
    unsigned index; /* among the record's segments */
    const FpVerdict *verdict;
} FpFound;

/* pass.c: returns the log entry of a first payload frame. *notes is filled in; the entry borrows it and found. */
FpLogEntry fp_pass_entry(FpPass *pass, const FpCapture *capture, const FpFound *found, FpDecodeNotes *notes);

/* pass-asking.c: takes a segment that is in any class when tshark is asked, in place of what pass.c does. */
bool fp_pass_take_asking(FpPass *pass, const FpCapture *capture, const FpFound *found, GError **error);

/* pass-asking.c: after a batch of n records, looks for answers and writes what no longer waits. Returns false and sets error. */
bool fp_pass_after_batch(FpPass *pass, int n, GError **error);

/* pass-asking.c: copies a record whose fragment has to wait, for the writer and for tshark. *bytes: the memory that this takes. Free with
 * fp_pass_drop_fragment. */
void *fp_pass_keep_fragment(FpPass *pass, const FpRecord *record, size_t *bytes);
void fp_pass_drop_fragment(void *kept);

/* pass.c: whether the fragments of kept frames are written too. */
bool fp_pass_keeps_fragments(const FpPass *pass);

/* pass-asking.c: writes all that waits. For fp_writer_on_section. */
bool fp_pass_drain(void *pass, GError **error);

#endif
