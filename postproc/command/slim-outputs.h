/* SPDX-License-Identifier: GPL-2.0-or-later */
/* slim-outputs.h - what slim writes to: a capture, a log, or the list on standard output; in one file each, or in one after another. */
#ifndef FP_SLIM_OUTPUTS_H
#define FP_SLIM_OUTPUTS_H

#include "base/privileges.h"
#include "output/writer.h"
#include "pass/pass.h"
#include "slim.h"

typedef struct {
    const FpSlimOptions *options;
    FpOutput *capture; /* NULL: no capture is written */
    FpOutput *log;     /* NULL: none */
    FpLogStyle log_style;
    FpWriter *writer; /* NULL: none yet */
    bool rotates;     /* one of them goes on in one file after another */
    unsigned hangups; /* those that were followed by other files */
} FpSlimOutputs;

/* Begins with what options say, and takes the signals that end the input, or that a log was moved away. */
void fp_slim_outputs_begin(FpSlimOutputs *outputs, const FpSlimOptions *options);

/* Finishes what a process that was killed has left. */
void fp_slim_outputs_salvage(const FpSlimOutputs *outputs);

/* Gives the first files of a rotation to the user that will begin the others. */
void fp_slim_outputs_give(const FpSlimOutputs *outputs, const FpUser *user);

/* Opens all. Returns false and sets error. */
bool fp_slim_outputs_open(FpSlimOutputs *outputs, GError **error);

/* Has pass write what it keeps of capture, and log it. Borrows the first capture until the end. Returns false and sets error. */
bool fp_slim_outputs_next_capture(FpSlimOutputs *outputs, FpPass *pass, FpCapture *capture, GError **error);

/* Writes out what is buffered. Returns false and sets error. */
bool fp_slim_outputs_flush(FpSlimOutputs *outputs, GError **error);

/* Goes on in other files, where it is time for that. Cheap enough for each batch. Returns false and sets error. */
bool fp_slim_outputs_rotate(FpSlimOutputs *outputs, GError **error);

/* How many milliseconds it is until then at most, if nothing is written; -1: it does not matter. */
int fp_slim_outputs_due_ms(const FpSlimOutputs *outputs);

/* Ends and publishes all, and notes in summary how much was written, and lost. Returns false and sets error. */
bool fp_slim_outputs_finish(FpSlimOutputs *outputs, FpSummary *summary, GError **error);

/* Frees all; removes what cannot be whole. */
void fp_slim_outputs_clear(FpSlimOutputs *outputs);

#endif
