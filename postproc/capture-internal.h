/* SPDX-License-Identifier: GPL-2.0-or-later */
/* capture-internal.h - what capture.c and its two readers share. Nobody else includes it. */
#ifndef FP_CAPTURE_INTERNAL_H
#define FP_CAPTURE_INTERNAL_H

#include <sys/types.h>

#include "capture.h"

/* What a reader can do. */
typedef struct {
    int (*read)(FpCapture *capture, FpRecord *records, int max, GError **error);
    void (*close)(FpCapture *capture);
    bool (*would_wait)(const FpCapture *capture); /* NULL: never */
} FpReader;

/* A reader's own struct begins with this. */
struct FpCapture {
    const FpReader *reader;
    char *path; /* as messages name it */
    FpCaptureFormat format;
    uint64_t bytes_read;
    int64_t file_bytes;
    int64_t cut_offset;
};

/* The first bytes of a file that is being opened: read, and not yet walked. */
typedef struct {
    int fd;
    bool is_regular;
    uint8_t *block; /* fp_pcap_buffer_bytes() of room; the bytes begin at fp_pcap_block_offset() */
    size_t bytes;
} FpOpening;

#define FP_PCAP_HEADER_BYTES 24U

/* Room that FpOpening.block needs, and where in it the file's bytes begin. */
size_t fp_pcap_buffer_bytes(void);
size_t fp_pcap_block_offset(void);

/* Takes over opening->fd and opening->block when it returns a capture; NULL: not a classic pcap that can be walked, or, unless
 * it is vouched for, one that libwiretap had better look at. */
FpCapture *fp_capture_pcap_open(FpOpening *opening, bool is_vouched_for);

/* read(2), but for signals and for descriptors that do not block: it waits. Also returns 0 when fp_stop_is_over. */
ssize_t fp_read(int fd, void *bytes, size_t n);

/* Whether nothing can be read of fd now, and its end has not come either. */
bool fp_would_wait(int fd);

/* Fills in format from a classic pcap's file header. Returns false for what libwiretap had better read: no such magic, an old
 * version whose lengths may be swapped, link types whose records may be longer than any packet. */
bool fp_pcap_read_file_header(const uint8_t *header, FpCaptureFormat *format);

/* Opens by name what is a regular file; else takes over opening->fd and feeds it to libwiretap. */
FpCapture *fp_capture_wiretap_open(const char *path, FpOpening *opening, GError **error);

/* The link type of a record that came through libwiretap, FP_LINK_TYPE_NONE when files have none for it. */
uint32_t fp_wiretap_link_type(const FpRecord *record);

/* What fp_capture_interface does, for each reader's records. */
bool fp_pcap_interface(const FpCaptureFormat *format, const FpRecord *record, uint32_t *number);
bool fp_wiretap_interface(const FpRecord *record, uint32_t *number);

/* Whether libwiretap, which has looked at the records too, takes it for a classic pcap without variations. */
bool fp_capture_wiretap_is_pcap(FpCapture *capture);

#endif
