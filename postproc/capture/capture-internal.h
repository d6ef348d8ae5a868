/* SPDX-License-Identifier: GPL-2.0-or-later */
/* capture-internal.h - what capture.c and its two readers share. Nobody else includes it. */
#ifndef FP_CAPTURE_INTERNAL_H
#define FP_CAPTURE_INTERNAL_H

#include "blocks.h"
#include "capture.h"

/* What a reader can do. */
typedef struct {
    int (*read)(FpCapture *capture, FpRecord *records, int max, GError **error);
    void (*close)(FpCapture *capture);
    bool (*would_wait)(const FpCapture *capture); /* NULL: never */
    /* Has reading go on in another buffer, and gives the caller the one that records were borrowed from until now: see
     * fp_blocks_swap_buffer. NULL: cannot be done. */
    void (*swap_buffer)(FpCapture *capture, FpBlockBuffer *buffer);
} FpReader;

/* A reader's own struct begins with this. */
struct FpCapture {
    const FpReader *reader;
    char *path; /* as messages name it */
    FpCaptureFormat format;
    uint64_t bytes_read;
    int64_t file_bytes;
    int64_t cut_offset;
    bool is_read_ahead;   /* by another thread, to which all that changes belongs but for these two; see FP_READ_STOPPED */
    uint64_t bytes_taken; /* how far it has been read as far as others go */
    char *early_end;      /* see fp_capture_early_end */
};

/* What fp_capture_read returns of a capture that is_read_ahead, before something that is no record and concerns those that come: whoever
 * takes the records has to read on himself, is_read_ahead not being set, once he has taken all that came before. */
#define FP_READ_STOPPED (-2)

#define FP_PCAP_HEADER_BYTES 24U

/* The blocks that a capture is walked in have come to their end: between two records, or within one. Who was asked to stop in the middle of
 * one cuts nothing. */
void fp_capture_note_end(FpCapture *capture, const FpBlocks *blocks);

/* These take opening, the file's first bytes read and not yet walked, and take it over when they return a capture. NULL: not a classic pcap
 * that can be walked, or, unless it is vouched for, one that libwiretap had better look at. */
FpCapture *fp_capture_pcap_open(FpBlocks *opening, bool is_vouched_for);

/* Fills in format from a classic pcap's file header. Returns false for what libwiretap had better read: no such magic, an old
 * version whose lengths may be swapped, link types whose records may be longer than any packet. */
bool fp_pcap_read_file_header(const uint8_t *header, FpCaptureFormat *format);

/* The same of pcapng. */
FpCapture *fp_capture_pcapng_open(FpBlocks *opening);

/* The link type of a record of a pcapng that is walked. */
uint32_t fp_pcapng_link_type(const FpCapture *capture, const FpRecord *record);

/* Opens by name what is a regular file, and leaves opening alone; else takes it over and feeds it to libwiretap. shown: for messages. */
FpCapture *fp_capture_wiretap_open(const char *path, const char *shown, FpBlocks *opening, GError **error);

/* The link type of a record that came through libwiretap, FP_LINK_TYPE_NONE when files have none for it. */
uint32_t fp_wiretap_link_type(const FpRecord *record);

/* What fp_capture_interface does, for each reader's records. */
bool fp_pcap_interface(const FpCaptureFormat *format, const FpRecord *record, uint32_t *number);
bool fp_wiretap_interface(const FpRecord *record, uint32_t *number);

/* What fp_capture_has_nanoseconds does, for readers' records. */
bool fp_pcapng_has_nanoseconds(const FpCapture *capture, const FpRecord *record);
bool fp_wiretap_has_nanoseconds(const FpRecord *record);

/* What fp_capture_seconds does, for readers' records. */
int64_t fp_pcapng_seconds(const FpCapture *capture, const FpRecord *record);
int64_t fp_wiretap_seconds(const FpRecord *record);

/* Whether libwiretap, which has looked at the records too, takes it for a classic pcap without variations. A compressed one is one as well:
 * libwiretap is not asked about that, as wtap_get_compression_type aborts when the first member has been read to its end. The magic
 * that fp_capture_pcap_open looks for tells them apart. */
bool fp_capture_wiretap_is_pcap(FpCapture *capture);

#endif
