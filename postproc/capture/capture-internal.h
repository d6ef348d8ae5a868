/* SPDX-License-Identifier: GPL-2.0-or-later */
/* capture-internal.h - what capture.c, its readers and those in pass/ that read ahead share. Nobody else includes it. */
#ifndef FP_CAPTURE_INTERNAL_H
#define FP_CAPTURE_INTERNAL_H

#include "blocks.h"
#include "capture.h"

/* What a reader implements. */
typedef struct {
    int (*read)(FpCapture *capture, FpRecord *records, int max, GError **error);
    /* See fp_capture_lend_raw and fp_capture_step_raw. NULL: records cannot be had so. */
    int (*lend_raw)(FpCapture *capture, FpRawRecords *records, GError **error);
    void (*step_raw)(FpCapture *capture, size_t n);
    void (*close)(FpCapture *capture);
    bool (*would_wait)(const FpCapture *capture); /* NULL: never */
    int (*descriptor)(const FpCapture *capture);  /* what to wait for; NULL: there is no such thing */
    /* Continues reading in another buffer, and returns the one that records were borrowed from until now: see fp_blocks_swap_buffer. NULL:
     * not possible. */
    void (*swap_buffer)(FpCapture *capture, FpBlockBuffer *buffer);
    /* Whether the next read neither fails nor reads another block, so that what was lent before stays where it is. NULL: never, once a read
     * has returned less than max. */
    bool (*is_at_hand)(const FpCapture *capture);
    /* If the capture is read ahead: whoever takes its records is done with this one, which is not a frame, and those before it. NULL: there
     * are only frames. */
    void (*learn)(FpCapture *capture, const FpRecord *record);
} FpReader;

/* What a capture from interfaces implements besides. See capture-live.h. */
typedef struct {
    const FpCapture *(*part)(const FpCapture *capture, unsigned n);
} FpLiveKind;

/* Around each frame of one interface are so many bytes that may be written: for the block of pcapng that it becomes among others. */
#define FP_LIVE_ROOM_BEFORE 28U
#define FP_LIVE_ROOM_BEHIND 8U

typedef struct FpDigestView FpDigestView; /* capture-digest.c */

/* A reader's own struct begins with this. */
struct FpCapture {
    const FpReader *reader;
    const FpLiveKind *live; /* NULL: it is not from interfaces */
    char *path;             /* for messages */
    FpCaptureFormat format;
    uint64_t bytes_read;
    int64_t file_bytes;
    bool is_compressed;   /* offsets in the contents are none in the file */
    char *cut;            /* see fp_capture_cut */
    bool is_read_ahead;   /* by other threads, which own all that changes but bytes_taken and what learn changes; stays set */
    uint64_t bytes_taken; /* bytes_read as of the records that have been taken from these threads */
    char *early_end;      /* see fp_capture_early_end */
    FpDigestView *digest; /* NULL: it is no digest; see capture-digest.h */
    FpCapture *stand_in;  /* the file itself, which is read in place of the rest of its digest; NULL: none is */
    int64_t left_out;     /* see fp_capture_left_out */
};

/* The capture whose records are given: what is known of interfaces is known there. */
static inline const FpCapture *fp_capture_read_from(const FpCapture *capture)
{
    return capture->stand_in != NULL ? capture->stand_in : capture;
}

#define FP_PCAP_HEADER_BYTES 24U

/* Notes how a capture that is walked in blocks ended: between two records; within one, which is then truncated; because the file became
 * shorter; or within compressed data. If it was asked to stop in the middle of a record, that one does not count as truncated. */
void fp_capture_note_end(FpCapture *capture, const FpBlocks *blocks);

/* Notes that the last record, which begins at offset of the file's contents, is truncated. */
void fp_capture_note_cut(FpCapture *capture, uint64_t offset);

/* Says at the end of an error message how to keep the first offset bytes of a file that is damaged behind them. Caller frees. */
char *fp_capture_sound_part(const FpCapture *capture, uint64_t offset);

/* Opens a classic pcap. opening holds the first bytes of the file, none of them walked; a returned capture has taken it over. Returns NULL,
 * and leaves opening alone, if this is not a classic pcap that can be walked, or if libwiretap had better look at it and is_vouched_for is
 * not set. */
FpCapture *fp_capture_pcap_open(FpBlocks *opening, bool is_vouched_for);

/* Fills in format from the file header of a classic pcap. Returns false for what libwiretap had better read: another magic number, an old
 * version whose lengths may be swapped, link types whose records may be longer than any packet. */
bool fp_pcap_read_file_header(const uint8_t *header, FpCaptureFormat *format);

/* Like fp_capture_pcap_open, for pcapng. */
FpCapture *fp_capture_pcapng_open(FpBlocks *opening);

/* For digests: the bytes at hand of a walked pcapng. */
const uint8_t *fp_pcapng_at_hand(const FpCapture *capture, size_t *n);

/* Fills in record from n bytes of classic pcap: a record header and its frame. Returns false when their lengths do not agree. */
bool fp_pcap_fill_record(const FpCaptureFormat *format, const uint8_t *raw, size_t n, FpRecord *record);

/* See fp_capture_fill_record. */
void fp_pcap_fill_raw(const FpCaptureFormat *format, const uint8_t *raw, FpRecord *record);

/* The link type of a record of a walked pcapng. */
uint32_t fp_pcapng_link_type(const FpCapture *capture, const FpRecord *record);

/* Opens a capture through libwiretap: a regular file by path, leaving opening alone; anything else by taking over opening and feeding it to
 * libwiretap. shown names the file in messages. Returns NULL and sets error. */
FpCapture *fp_capture_wiretap_open(const char *path, const char *shown, FpBlocks *opening, GError **error);

/* The link type of a record read through libwiretap; FP_LINK_TYPE_NONE when files have no number for it. */
uint32_t fp_wiretap_link_type(const FpRecord *record);

/* fp_capture_interface for a record of classic pcap. */
bool fp_pcap_interface(const FpCaptureFormat *format, const FpRecord *record, uint32_t *number);

/* fp_capture_interface for the record that was read last through libwiretap. */
bool fp_wiretap_interface(const FpCapture *capture, const FpRecord *record, uint32_t *number);

/* fp_capture_interface_name for a record read through libwiretap. */
const char *fp_wiretap_interface_name(const FpCapture *capture, const FpRecord *record);

/* fp_capture_has_nanoseconds for a record of a walked pcapng. */
bool fp_pcapng_has_nanoseconds(const FpCapture *capture, const FpRecord *record);

/* fp_capture_has_nanoseconds for a record read through libwiretap. */
bool fp_wiretap_has_nanoseconds(const FpRecord *record);

/* fp_capture_seconds for a record of a walked pcapng. */
int64_t fp_pcapng_seconds(const FpCapture *capture, const FpRecord *record);

/* fp_capture_seconds for a record read through libwiretap. */
int64_t fp_wiretap_seconds(const FpRecord *record);

/* Whether libwiretap, which has looked at the records too, takes the file for a classic pcap that is no variant. This includes compressed
 * files. libwiretap is not asked about compression: wtap_get_compression_type aborts when the first member has been read to its end. */
bool fp_capture_wiretap_is_pcap(FpCapture *capture);

#endif
