/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * capture-pcap.c - walks classic pcap (draft-ietf-opsawg-pcap) in blocks of 256 KiB, records borrowed in place.
 *
 * A block is always read to the same place of the buffer; what is left of the one before, a record that goes on in it, is
 * moved to right before it.
 */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "capture-internal.h"
#include "error.h"
#include "link.h"
#include "stop.h"

#define BLOCK_BYTES (256U * 1024U)
#define RECORD_DATA_MAX 262144U /* libwiretap takes nothing longer for a packet (wtap.h, WTAP_MAX_PACKET_SIZE_STANDARD) */
#define RECORD_HEADER_BYTES 16U
#define RECORD_HEADER_MAX 28U
#define CARRY_BYTES (RECORD_DATA_MAX + 4096U) /* room for any record, and the block begins on a page */

#define MAGIC_MICROSECONDS 0xa1b2c3d4U
#define MAGIC_NANOSECONDS 0xa1b23c4dU
#define MAGIC_MODIFIED 0xa1b2cd34U /* Alexey Kuznetsov's: the record header goes on with interface and protocol */

/* The header's link type field also says how long the frames' FCS is, which Wireshark leaves to be found after the IP length. */
#define LINK_TYPE(field) ((field)&0xffffU)

typedef struct {
    FpCapture base;
    int fd;
    bool is_regular;
    uint8_t *buffer;
    size_t start; /* of what has not been walked yet */
    size_t end;
    uint64_t start_offset; /* of start, in the file */
    FpLink link;
} Pcap;

typedef struct {
    uint32_t seconds;
    uint32_t fraction;
    uint32_t captured_bytes;
    uint32_t wire_bytes;
} RecordHeader;

size_t fp_pcap_buffer_bytes(void)
{
    return CARRY_BYTES + BLOCK_BYTES;
}

size_t fp_pcap_block_offset(void)
{
    return CARRY_BYTES;
}

static inline uint32_t load32(const uint8_t *bytes, bool swapped)
{
    uint32_t value;

    memcpy(&value, bytes, sizeof value);
    return swapped ? GUINT32_SWAP_LE_BE(value) : value;
}

static inline RecordHeader load_record_header(const uint8_t *bytes, bool swapped)
{
    return (RecordHeader){load32(bytes, swapped), load32(bytes + 4, swapped), load32(bytes + 8, swapped), load32(bytes + 12, swapped)};
}

bool fp_pcap_read_file_header(const uint8_t *header, FpCaptureFormat *format)
{
    uint32_t magic = load32(header, false);

    format->swapped = magic != MAGIC_MICROSECONDS && magic != MAGIC_NANOSECONDS && magic != MAGIC_MODIFIED;
    magic = load32(header, format->swapped);
    if (magic != MAGIC_MICROSECONDS && magic != MAGIC_NANOSECONDS && magic != MAGIC_MODIFIED)
        return false;

    uint32_t versions = load32(header + 4, format->swapped);
    bool low_first = format->swapped == (G_BYTE_ORDER == G_BIG_ENDIAN);
    uint32_t major = low_first ? versions & 0xffff : versions >> 16;
    uint32_t minor = low_first ? versions >> 16 : versions & 0xffff;
    if (major != 2 || minor != 4)
        return false;

    format->is_pcap = true;
    format->nanoseconds = magic == MAGIC_NANOSECONDS;
    format->link_field = load32(header + 20, format->swapped);
    format->record_header_bytes = magic == MAGIC_MODIFIED ? 24 : RECORD_HEADER_BYTES;
    memcpy(format->file_header, header, FP_PCAP_HEADER_BYTES);
    return !fp_link_has_giant_records(LINK_TYPE(format->link_field));
}

/* Whether the records at hand look as they should (libpcap.c, libpcap_try_record): variants of the format share magic numbers, and telling
 * them apart takes libwiretap's guesses. */
static bool looks_plausible(const FpCaptureFormat *format, const uint8_t *bytes, size_t n)
{
    uint32_t snaplen = load32(format->file_header + 16, format->swapped);

    for (int i = 0; i < 3 && n >= format->record_header_bytes; i++) {
        RecordHeader header = load_record_header(bytes, format->swapped);
        if (header.fraction >= 1000000 && !format->nanoseconds)
            return false;
        if (header.captured_bytes > RECORD_DATA_MAX || header.captured_bytes > header.wire_bytes ||
            (snaplen != 0 && header.captured_bytes > snaplen) || header.wire_bytes > 128U * 1024U * 1024U)
            return false;
        size_t record_bytes = format->record_header_bytes + header.captured_bytes;
        if (n < record_bytes)
            break;
        bytes += record_bytes;
        n -= record_bytes;
    }
    return true;
}

typedef enum {
    REFILL_MORE,
    REFILL_END,
    REFILL_FAILED,
} Refill;

/* Reads one more block, or what a pipe has of it. */
static Refill refill(Pcap *pcap, GError **error)
{
    size_t left = pcap->end - pcap->start;
    size_t new_start = CARRY_BYTES - left;
    ssize_t n;

    memmove(pcap->buffer + new_start, pcap->buffer + pcap->start, left);
    pcap->start = new_start;
    pcap->end = CARRY_BYTES;
    n = fp_read(pcap->fd, pcap->buffer + CARRY_BYTES, BLOCK_BYTES);
    if (n < 0) {
        g_set_error(error, FP_ERROR, FP_ERROR_IO, "%s: offset %" G_GUINT64_FORMAT ": cannot be read: %s", pcap->base.path,
                    pcap->start_offset + left, g_strerror(errno));
        return REFILL_FAILED;
    }
    pcap->end += (size_t)n;
    return n == 0 ? REFILL_END : REFILL_MORE;
}

static int set_length_error(Pcap *pcap, const RecordHeader *header, GError **error)
{
    g_set_error(error, FP_ERROR, FP_ERROR_DATA,
                "%s: offset %" G_GUINT64_FORMAT ": a record of %u bytes is longer than any packet (%u): the file is damaged from here on; "
                "its first %" G_GUINT64_FORMAT " bytes are sound",
                pcap->base.path, pcap->start_offset, header->captured_bytes, RECORD_DATA_MAX, pcap->start_offset);
    return -1;
}

/* How many bytes the record at bytes takes, of which there are n, as far as can be told: its header, or all of it. 0: longer than
 * any packet. */
static inline size_t record_bytes(const FpCaptureFormat *format, const uint8_t *bytes, size_t n, RecordHeader *header)
{
    if (n < format->record_header_bytes)
        return format->record_header_bytes;
    *header = load_record_header(bytes, format->swapped);
    return header->captured_bytes <= RECORD_DATA_MAX ? format->record_header_bytes + header->captured_bytes : 0;
}

static inline void fill_record(const Pcap *pcap, const RecordHeader *header, const uint8_t *raw, size_t raw_bytes, FpRecord *record)
{
    const FpCaptureFormat *format = &pcap->base.format;

    record->data = raw + format->record_header_bytes;
    record->raw = raw;
    record->wiretap = NULL;
    record->time_ns = (int64_t)header->seconds * 1000000000 + (int64_t)header->fraction * (format->nanoseconds ? 1 : 1000);
    record->captured_bytes = header->captured_bytes;
    record->wire_bytes = MAX(header->wire_bytes, header->captured_bytes); /* as wtap_read has it */
    record->raw_bytes = (uint32_t)raw_bytes;
    record->link = pcap->link;
}

/* The records that are whole in the buffer, up to max. *next_bytes: what the one after them takes, see record_bytes. */
static int walk(Pcap *pcap, FpRecord *records, int max, RecordHeader *header, size_t *next_bytes)
{
    const uint8_t *at = pcap->buffer + pcap->start, *end = pcap->buffer + pcap->end;
    int n = 0;

    while (n < max) {
        size_t bytes = record_bytes(&pcap->base.format, at, (size_t)(end - at), header);
        *next_bytes = bytes;
        if (bytes == 0 || (size_t)(end - at) < bytes)
            break;
        fill_record(pcap, header, at, bytes, &records[n++]);
        at += bytes;
    }
    size_t walked = (size_t)(at - pcap->buffer) - pcap->start;
    pcap->start += walked;
    pcap->start_offset += walked;
    pcap->base.bytes_read = pcap->start_offset;
    return n;
}

bool fp_pcap_interface(const FpCaptureFormat *format, const FpRecord *record, uint32_t *number)
{
    if (format->record_header_bytes == RECORD_HEADER_BYTES)
        return false;
    *number = load32(record->raw + RECORD_HEADER_BYTES, format->swapped);
    return true;
}

/* The file ends here: between two records, or within one. Who was asked to stop in the middle of one cuts nothing. */
static int end(Pcap *pcap)
{
    if (pcap->end > pcap->start && !fp_stop_asked())
        pcap->base.cut_offset = (int64_t)pcap->start_offset;
    return 0;
}

static int pcap_read(FpCapture *capture, FpRecord *records, int max, GError **error)
{
    Pcap *pcap = (Pcap *)capture;

    for (;;) {
        RecordHeader header = {0};
        size_t next_bytes = 1;
        int n = walk(pcap, records, max, &header, &next_bytes);
        if (n > 0)
            return n; /* reading on would overwrite them, and they come before an error */
        if (next_bytes == 0)
            return set_length_error(pcap, &header, error);
        Refill result = refill(pcap, error);
        if (result == REFILL_FAILED)
            return -1;
        if (result == REFILL_END)
            return end(pcap);
    }
}

static void pcap_close(FpCapture *capture)
{
    Pcap *pcap = (Pcap *)capture;

    close(pcap->fd);
    g_free(pcap->buffer);
    g_free(pcap);
}

static bool pcap_would_wait(const FpCapture *capture)
{
    const Pcap *pcap = (const Pcap *)capture;
    size_t left = pcap->end - pcap->start;
    RecordHeader header = {0};

    return !pcap->is_regular && left < record_bytes(&pcap->base.format, pcap->buffer + pcap->start, left, &header) &&
           fp_would_wait(pcap->fd);
}

static const FpReader pcap_reader = {.read = pcap_read, .close = pcap_close, .would_wait = pcap_would_wait};

FpCapture *fp_capture_pcap_open(FpOpening *opening, bool is_vouched_for)
{
    FpCaptureFormat format = {0};
    const uint8_t *bytes = opening->block + CARRY_BYTES;

    if (opening->bytes < FP_PCAP_HEADER_BYTES || !fp_pcap_read_file_header(bytes, &format))
        return NULL;
    if (!is_vouched_for && !looks_plausible(&format, bytes + FP_PCAP_HEADER_BYTES, opening->bytes - FP_PCAP_HEADER_BYTES))
        return NULL;

    Pcap *pcap = g_new0(Pcap, 1);
    pcap->base.reader = &pcap_reader;
    pcap->base.format = format;
    pcap->base.bytes_read = FP_PCAP_HEADER_BYTES;
    pcap->fd = opening->fd;
    pcap->is_regular = opening->is_regular;
    pcap->buffer = opening->block;
    pcap->start = CARRY_BYTES + FP_PCAP_HEADER_BYTES;
    pcap->end = CARRY_BYTES + opening->bytes;
    pcap->start_offset = FP_PCAP_HEADER_BYTES;
    pcap->link = fp_link_of_link_type(LINK_TYPE(format.link_field));
    opening->fd = -1;
    opening->block = NULL;
    return &pcap->base;
}
