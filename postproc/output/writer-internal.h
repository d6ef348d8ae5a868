/* SPDX-License-Identifier: GPL-2.0-or-later */
/* writer-internal.h - what writer.c and the ways of writing share. Nobody else includes it. */
#ifndef FP_WRITER_INTERNAL_H
#define FP_WRITER_INTERNAL_H

#include "writer.h"

/* A record that is kept for later. A way's own struct begins with this. */
typedef struct {
    GDestroyNotify drop; /* frees it */
} FpKept;

/* What a way of writing implements; see the functions of writer.h. */
typedef struct {
    bool copies; /* copies records as they stand */
    bool (*next_capture)(FpWriter *writer, FpCapture *capture, GError **error);
    bool (*write)(FpWriter *writer, const FpRecord *record, GError **error);
    bool (*write_block)(FpWriter *writer, const FpRecord *block, GError **error); /* NULL: captures that it can write have none */
    FpKept *(*keep)(FpWriter *writer, const FpRecord *record, size_t *bytes);
    bool (*write_kept)(FpWriter *writer, const FpKept *kept, bool *is_written, GError **error);
    bool (*flush)(FpWriter *writer, GError **error);
    bool (*restart)(FpWriter *writer, GError **error);
    bool (*end_capture)(FpWriter *writer, GError **error); /* may be NULL */
    bool (*finish)(FpWriter *writer, GError **error);      /* may be NULL */
    void (*clear)(FpWriter *writer);                       /* may be NULL; frees what the way itself owns, not writer */
} FpWay;

/* A way's own struct begins with this. */
struct FpWriter {
    const FpWay *way;
    FpOutput *output;
    FpCapture *capture;     /* whose records are being written */
    FpCaptureFormat format; /* the first capture's */
};

/* Copies classic pcap. Returns NULL and sets error. */
FpWriter *fp_writer_pcap_new(FpOutput *output, FpCapture *first, bool is_only, GError **error);

/* Copies pcapng. */
FpWriter *fp_writer_pcapng_new(FpOutput *output, FpCapture *first);

/* Writes format through libwiretap; with FP_WRITER_AS_INPUT, the format of first. Returns NULL and sets error. */
FpWriter *fp_writer_wiretap_new(FpOutput *output, FpCapture *first, int format, GError **error);

/* The format of a capture, as libwiretap numbers it. Not for a walked pcapng. */
int fp_writer_subtype(FpCapture *capture);

/* Sets error: capture does not fit the output, because of what is at offset. what ends the sentence. Returns false. */
bool fp_writer_refuse(FpCapture *capture, int offset, const char *what, GError **error);
#define FP_WRITER_OTHER_FORMAT "has another format than the first input, whose format the output gets"

#define FP_PCAP_RECORD_HEADER 16

#endif
