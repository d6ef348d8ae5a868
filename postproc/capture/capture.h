/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * capture.h - records out of a capture file or pipe.
 *
 * [file -> record] -> segment -> stream -> verdict -> output
 *
 * Classic pcap and pcapng are walked, their records borrowed in place (capture-pcap.c, capture-pcapng.c); every other format, compressed
 * ones too, goes through libwiretap (capture-wiretap.c). Where a classic file looks odd, libwiretap has the say.
 */
#ifndef FP_CAPTURE_H
#define FP_CAPTURE_H

#include <glib.h>
#include <stdbool.h>
#include <stdint.h>

#include "follower.h"
#include "record.h"

typedef struct FpCapture FpCapture;

/* How the capture is read, and what classic pcap's file header says. */
typedef struct {
    bool is_pcapng;          /* walked here; else, unless the next is so, read through libwiretap */
    bool is_pcap;            /* walked here: the members below mean something */
    uint8_t file_header[24]; /* as it stands in the file */
    bool swapped;            /* byte order is not this machine's */
    bool nanoseconds;
    uint32_t link_field; /* link type and FCS length */
    uint32_t record_header_bytes;
} FpCaptureFormat;

/*
 * Opens path, "-" for standard input. pcapng_by_wiretap: read pcapng through libwiretap, for a writer of another format. Waits for a pipe's
 * first bytes. Returns NULL and sets error when path is not a capture or cannot be read. Close with fp_capture_close.
 */
FpCapture *fp_capture_open(const char *path, bool pcapng_by_wiretap, GError **error);

/* The same of a file that messages call shown. */
FpCapture *fp_capture_open_as(const char *path, const char *shown, bool pcapng_by_wiretap, GError **error);

/* Opens a regular file to which somebody still writes. Its end is waited at for more, also in the middle of a record, by follower, which
 * must live as long as the capture; NULL: by looking ten times a second until fp_stop_is_over. Only what is walked can be followed: classic
 * pcap, and pcapng unless libwiretap has to read it. */
FpCapture *fp_capture_follow(const char *path, bool pcapng_by_wiretap, const FpFollower *follower, GError **error);

/* Whether there is enough of the file at path to say that it can be followed. */
bool fp_capture_can_be_followed(const char *path, bool pcapng_by_wiretap);

void fp_capture_close(FpCapture *capture);
G_DEFINE_AUTOPTR_CLEANUP_FUNC(FpCapture, fp_capture_close)

/*
 * Reads up to max records, as many as are at hand, at least one. Returns their number, 0 at the end, -1 with error set when
 * reading failed or the file is damaged. Only at the end does fp_capture_cut tell whether the last record was cut.
 */
int fp_capture_read(FpCapture *capture, FpRecord *records, int max, GError **error);

/* The link type of one of its records as files have it (https://www.tcpdump.org/linktypes.html). */
#define FP_LINK_TYPE_NONE UINT32_MAX
uint32_t fp_capture_link_type(const FpCapture *capture, const FpRecord *record);

/* Whether fp_capture_read would have to wait for more to come: the moment to write out what is there. */
bool fp_capture_would_wait(const FpCapture *capture);

/* The number of the interface at which one of its records was captured, as it stands there: in pcapng the one within its section, in pcap
 * of the modified kind the index in the record header. Returns false when the record has none. */
bool fp_capture_interface(const FpCapture *capture, const FpRecord *record, uint32_t *number);

/* Whether the time of one of its records is in nanoseconds, or any unit less than a microsecond. */
bool fp_capture_has_nanoseconds(const FpCapture *capture, const FpRecord *record);

/* The time of one of its records in seconds since 1970, rounded down. Its time_ns may have wrapped around, and lies within the second that
 * begins then. */
int64_t fp_capture_seconds(const FpCapture *capture, const FpRecord *record);

/* The same in ns, cut off at what an int64_t holds: for telling which of two records is older. */
int64_t fp_capture_time_ns(const FpCapture *capture, const FpRecord *record);

/* The file offset at which a cut record begins, or -1 when the capture ended between two records. */
int64_t fp_capture_cut(const FpCapture *capture);

/* What ended the capture before it was asked to, NULL for nothing: of a live one, or one that was followed. */
const char *fp_capture_early_end(const FpCapture *capture);

const char *fp_capture_path(const FpCapture *capture); /* for messages: "standard input" for "-" */
const FpCaptureFormat *fp_capture_format(const FpCapture *capture);
uint64_t fp_capture_bytes_read(const FpCapture *capture);
int64_t fp_capture_file_bytes(const FpCapture *capture); /* -1 when not known */

#endif
