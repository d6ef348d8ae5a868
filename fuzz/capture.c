/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * capture.c - any bytes as a capture file that is walked: classic pcap, pcapng, and both compressed. Which of these: PCAP, PCAPNG,
 * COMPRESSED. Others are not tried, as libwiretap reads them, and takes ten times as long to say that it cannot.
 *
 * Whatever they are: every byte of a record is there, and reading ends with the file, with an error, or after RECORDS_MAX records.
 */
#include "memory-file.h"

#include "base/error.h"
#include "capture/capture.h"
#include "capture/unpack.h"

#define RECORDS_MAX 5000
#define BATCH 32

#ifndef COMPRESSED
static bool begins_with(const uint8_t *bytes, size_t n, const char *magic)
{
    return n >= 4 && memcmp(bytes, magic, 4) == 0;
}
#endif

/* Whether it is of this target's format. */
static bool is_wanted(const uint8_t *bytes, size_t n)
{
#if defined(PCAPNG)
    return begins_with(bytes, n, "\x0a\x0d\x0d\x0a");
#elif defined(COMPRESSED)
    FpUnpack *unpack = fp_unpack_new(bytes, n < FP_UNPACK_MAGIC_BYTES ? n : FP_UNPACK_MAGIC_BYTES);
    bool is_compressed = unpack != NULL;

    fp_unpack_free(unpack);
    return is_compressed;
#else
    return begins_with(bytes, n, "\xa1\xb2\xc3\xd4") || begins_with(bytes, n, "\xd4\xc3\xb2\xa1") ||
           begins_with(bytes, n, "\xa1\xb2\x3c\x4d") || begins_with(bytes, n, "\x4d\x3c\xb2\xa1") ||
           begins_with(bytes, n, "\xa1\xb2\xcd\x34") || begins_with(bytes, n, "\x34\xcd\xb2\xa1");
#endif
}

static unsigned look(const FpCapture *capture, const FpRecord *record)
{
    const char *name = record->kind == FP_RECORD_FRAME ? fp_capture_interface_name(capture, record) : NULL;
    unsigned sum = name != NULL ? (unsigned)strlen(name) : 0;
    uint32_t number;

    for (uint32_t i = 0; record->kind == FP_RECORD_FRAME && i < record->captured_bytes; i++)
        sum += record->data[i];
    for (size_t i = 0; record->raw != NULL && i < record->raw_bytes; i++)
        sum += record->raw[i];
    if (record->kind == FP_RECORD_FRAME) {
        (void)fp_capture_interface(capture, record, &number);
        (void)fp_capture_link_type(capture, record);
        (void)fp_capture_seconds(capture, record);
        (void)fp_capture_time_ns(capture, record);
    }
    return sum;
}

static FpCapture *open_walked(const char *path)
{
#ifdef PCAP
    GError *error = NULL;
    FpCapture *capture = fp_capture_open(path, false, &error); /* libwiretap says of odd ones whether they are classic pcaps */

    REQUIRE((capture == NULL) == (error != NULL));
    g_clear_error(&error);
    return capture;
#else
    return fp_capture_open_ahead(path, path, false);
#endif
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    char path[64];
    GError *error = NULL;
    FpRecord records[BATCH];
    volatile unsigned sum = 0;
    int taken = 0, count = 0;

    if (!is_wanted(bytes, n))
        return 0;
    int fd = memory_file(bytes, n, path);
    FpCapture *capture = open_walked(path);
    while (capture != NULL && taken < RECORDS_MAX && (count = fp_capture_read(capture, records, BATCH, &error)) > 0) {
        for (int i = 0; i < count; i++)
            sum += look(capture, &records[i]);
        taken += count;
    }
    (void)sum;
    REQUIRE(count != -1 || error != NULL);
    if (capture != NULL)
        (void)fp_capture_cut(capture);
    g_clear_error(&error);
    fp_capture_close(capture);
    close(fd);
    return 0;
}
