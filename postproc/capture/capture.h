/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * capture.h - records from a capture file or pipe.
 *
 * [file -> record] -> segment -> stream -> verdict -> output
 *
 * Classic pcap and pcapng, compressed or not, are walked, and their records borrowed in place (capture-pcap.c, capture-pcapng.c). Every
 * other format is read through libwiretap (capture-wiretap.c). When a classic pcap looks odd, libwiretap decides what it is.
 */
#ifndef FP_CAPTURE_H
#define FP_CAPTURE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "follower.h"
#include "raw-record.h"
#include "record.h"

typedef struct FpCapture FpCapture;

/* How a capture is read, and what the file header of a classic pcap says. */
typedef struct {
    bool is_pcapng;          /* walked as pcapng; neither this nor is_pcap: read through libwiretap */
    bool is_pcap;            /* walked as classic pcap, or live: the members below are set */
    uint8_t file_header[24]; /* as it stands in the file */
    bool swapped;            /* the file's byte order is not this machine's */
    bool nanoseconds;
    uint32_t link_field; /* link type and FCS length */
    uint32_t record_header_bytes;
} FpCaptureFormat;

/* Opens path, "-" for standard input; waits for the first bytes of a pipe. pcapng_by_wiretap: read pcapng through libwiretap, for a writer
 * of another format. Close with fp_capture_close. Returns NULL and sets error when path is not a capture or cannot be read. */
FpCapture *fp_capture_open(const char *path, bool pcapng_by_wiretap, GError **error);

/* Like fp_capture_open, for a file that messages call shown. */
FpCapture *fp_capture_open_as(const char *path, const char *shown, bool pcapng_by_wiretap, GError **error);

/* Like fp_capture_open_as, for any thread, and before it is the file's turn: so it says nothing, waits for no pipe, and leaves to others
 * what libwiretap has to look at. Returns NULL when path is not a regular file in a format that is walked, is a digest, or anything is
 * wrong with it: fp_capture_open tells what. */
FpCapture *fp_capture_open_ahead(const char *path, const char *shown, bool pcapng_by_wiretap);

/* Opens a regular file that is still being written. At its end, even in the middle of a record, follower waits for more; it must live as
 * long as the capture. With follower NULL, the end is looked at ten times a second until fp_stop_is_over. Only formats that are walked can
 * be followed: classic pcap, and pcapng unless libwiretap has to read it. Returns NULL and sets error. */
FpCapture *fp_capture_follow(const char *path, bool pcapng_by_wiretap, const FpFollower *follower, GError **error);

/* Whether the file at path already has enough bytes to tell that it can be followed. */
bool fp_capture_can_be_followed(const char *path, bool pcapng_by_wiretap);

/* Closes the capture and frees it. NULL is allowed. */
void fp_capture_close(FpCapture *capture);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FpCapture, fp_capture_close)

/* Reads at least one record and up to max, as many as are at hand. Returns their number, 0 at the end, or -1 with error set when reading
 * failed or the file is damaged. A record that is not a frame comes alone, and until the next call nothing changes for the records before
 * it. fp_capture_cut tells only after the end. */
int fp_capture_read(FpCapture *capture, FpRecord *records, int max, GError **error);

/* Whether the capture is a classic pcap whose records, Ethernet frames all of them, can be had as they stand there (raw-record.h). */
bool fp_capture_is_raw(const FpCapture *capture);

/* Lends what is at hand of such a capture, with at least one complete record. Returns 1, 0 at the end, or -1 and sets error, as
 * fp_capture_read does. */
int fp_capture_lend_raw(FpCapture *capture, FpRawRecords *records, GError **error);

/* Has the capture go on n bytes further. What was lent stays valid until more is read or lent. */
void fp_capture_step_raw(FpCapture *capture, size_t n);

/* Makes such a record what fp_capture_read would have made of it. */
void fp_capture_fill_record(const FpCapture *capture, const uint8_t *raw, FpRecord *record);

/* Reads the next frame, past what is not a frame. Returns 1, or as fp_capture_read does. */
int fp_capture_read_frame(FpCapture *capture, FpRecord *record, GError **error);

/* The link type of a record, as files number it (https://www.tcpdump.org/linktypes.html); FP_LINK_TYPE_NONE when it has none. */
#define FP_LINK_TYPE_NONE UINT32_MAX
uint32_t fp_capture_link_type(const FpCapture *capture, const FpRecord *record);

/* Whether reading frames would have to wait for more: the moment to flush the output. */
bool fp_capture_would_wait(const FpCapture *capture);

/* Waits until that is no longer so, for ms milliseconds at most, or until a signal comes (stop.h). */
void fp_capture_wait(const FpCapture *capture, int ms);

/* The number of the interface that captured a record, as it stands in the file: in pcapng, the number within its section; in the modified
 * pcap, the index in the record header. Returns false when the record has none. */
bool fp_capture_interface(const FpCapture *capture, const FpRecord *record, uint32_t *number);

/* The name that the capture gives to the interface of a frame, borrowed until records are next read; it may have any bytes. NULL: it gives
 * none. Live, it is fp_capture_path that names the interface. */
const char *fp_capture_interface_name(const FpCapture *capture, const FpRecord *record);

/* Which way a frame went, as pcapng may say it. What the frame itself begins with, in cooked captures, is not looked at. */
FpDirection fp_capture_direction(const FpCapture *capture, const FpRecord *record);

/* Whether the time of a record is in nanoseconds, or in any unit shorter than a microsecond. */
bool fp_capture_has_nanoseconds(const FpCapture *capture, const FpRecord *record);

/* The time of a record in seconds since 1970, rounded down. Its time_ns, which may have wrapped around, lies within the second that begins
 * then. */
int64_t fp_capture_seconds(const FpCapture *capture, const FpRecord *record);

/* The time of a record in nanoseconds since 1970, limited to what an int64_t holds: for telling which of two records is older. */
int64_t fp_capture_time_ns(const FpCapture *capture, const FpRecord *record);

/* What is missing at the end of the capture, with its offset, as a sentence for messages: the rest of the last record, or of compressed
 * data. NULL: nothing. Borrowed. */
const char *fp_capture_cut(const FpCapture *capture);

/* What ended a live or followed capture before it was asked to end; NULL: nothing. Borrowed. */
const char *fp_capture_early_end(const FpCapture *capture);

bool fp_capture_is_compressed(const FpCapture *capture);
const char *fp_capture_path(const FpCapture *capture);              /* for messages: "standard input" for "-" */
const FpCaptureFormat *fp_capture_format(const FpCapture *capture); /* borrowed */
uint64_t fp_capture_bytes_read(const FpCapture *capture);           /* of the file as it is, compressed or not, so far */
int64_t fp_capture_file_bytes(const FpCapture *capture);            /* -1: not known */

#endif
