/* SPDX-License-Identifier: GPL-2.0-or-later */
/* capture-pcap.c - walks classic pcap (draft-ietf-opsawg-pcap) in blocks; records are borrowed in place. */
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "capture-internal.h"
#include "link-type.h"

#define RECORD_HEADER_BYTES 16U
#define RECORD_HEADER_MAX 28U

#define MAGIC_MICROSECONDS 0xa1b2c3d4U
#define MAGIC_NANOSECONDS 0xa1b23c4dU
#define MAGIC_MODIFIED 0xa1b2cd34U /* Alexey Kuznetsov's: the record header continues with interface and protocol */

/* The link type field of the file header also gives the length of the frames' FCS. Wireshark does not use that: it leaves the FCS to be
 * found after the IP length. */
#define LINK_TYPE(field) (0xffffU & (field))

typedef struct {
    FpCapture base;
    FpBlocks blocks;
    FpLink link;
} Pcap;

typedef struct {
    uint32_t seconds;
    uint32_t fraction;
    uint32_t captured_bytes;
    uint32_t wire_bytes;
} RecordHeader;

static inline RecordHeader load_record_header(const uint8_t *bytes, bool swapped)
{
    return (RecordHeader){fp_load32_host(bytes, swapped), fp_load32_host(bytes + 4, swapped), fp_load32_host(bytes + 8, swapped),
                          fp_load32_host(bytes + 12, swapped)};
}

bool fp_pcap_read_file_header(const uint8_t *header, FpCaptureFormat *format)
{
    uint32_t magic = fp_load32_host(header, false);

    format->swapped = magic != MAGIC_MICROSECONDS && magic != MAGIC_NANOSECONDS && magic != MAGIC_MODIFIED;
    magic = fp_load32_host(header, format->swapped);
    if (magic != MAGIC_MICROSECONDS && magic != MAGIC_NANOSECONDS && magic != MAGIC_MODIFIED)
        return false;

    uint32_t versions = fp_load32_host(header + 4, format->swapped);
    bool low_first = format->swapped == (G_BYTE_ORDER == G_BIG_ENDIAN);
    uint32_t major = low_first ? versions & 0xffff : versions >> 16;
    uint32_t minor = low_first ? versions >> 16 : versions & 0xffff;
    if (major != 2 || minor != 4)
        return false;

    format->is_pcap = true;
    format->nanoseconds = magic == MAGIC_NANOSECONDS;
    format->link_field = fp_load32_host(header + 20, format->swapped);
    format->record_header_bytes = magic == MAGIC_MODIFIED ? 24 : RECORD_HEADER_BYTES;
    memcpy(format->file_header, header, FP_PCAP_HEADER_BYTES);
    return !fp_link_has_giant_records(LINK_TYPE(format->link_field));
}

/* Whether the records at hand look as they should (libpcap.c, libpcap_try_record). Variants of the format share magic numbers, and only
 * libwiretap's guesses tell them apart. */
static bool looks_plausible(const FpCaptureFormat *format, const uint8_t *bytes, size_t n)
{
    uint32_t snaplen = fp_load32_host(format->file_header + 16, format->swapped);

    for (int i = 0; i < 3 && n >= format->record_header_bytes; i++) {
        RecordHeader header = load_record_header(bytes, format->swapped);
        if (header.fraction >= 1000000 && !format->nanoseconds)
            return false;
        if (header.captured_bytes > FP_FRAME_BYTES_MAX || header.captured_bytes > header.wire_bytes ||
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

static int set_length_error(Pcap *pcap, const RecordHeader *header, GError **error)
{
    g_autofree char *sound = fp_capture_sound_part(&pcap->base, pcap->blocks.start_offset);

    g_set_error(error, FP_ERROR, FP_ERROR_DATA, "%s: offset %" G_GUINT64_FORMAT ": a record of %u bytes is longer than any packet (%u): %s",
                pcap->base.path, pcap->blocks.start_offset, header->captured_bytes, FP_FRAME_BYTES_MAX, sound);
    return -1;
}

/* How many bytes the record at bytes takes, as far as the n bytes there tell: the length of its header, or of the whole record. 0: longer
 * than any packet. */
static inline size_t record_bytes(const FpCaptureFormat *format, const uint8_t *bytes, size_t n, RecordHeader *header)
{
    if (n < format->record_header_bytes)
        return format->record_header_bytes;
    *header = load_record_header(bytes, format->swapped);
    return header->captured_bytes <= FP_FRAME_BYTES_MAX ? format->record_header_bytes + header->captured_bytes : 0;
}

static inline void fill_record(const FpCaptureFormat *format, FpLink link, const RecordHeader *header, const uint8_t *raw, size_t raw_bytes,
                               FpRecord *record)
{
    record->data = raw + format->record_header_bytes;
    record->raw = raw;
    record->wiretap = NULL;
    record->time_ns = (int64_t)header->seconds * 1000000000 + (int64_t)header->fraction * (format->nanoseconds ? 1 : 1000);
    record->captured_bytes = header->captured_bytes;
    record->wire_bytes = MAX(header->wire_bytes, header->captured_bytes); /* like wtap_read */
    record->raw_bytes = (uint32_t)raw_bytes;
    record->link = link;
    record->kind = FP_RECORD_FRAME;
    record->digest = 0;
}

/* Takes the complete records in the buffer, at most max. *next_bytes: what the record after them takes, see record_bytes. */
__attribute__((always_inline)) static inline int walk_in(Pcap *pcap, const FpCaptureFormat *format, FpRecord *records, int max,
                                                         RecordHeader *header, size_t *next_bytes)
{
    const uint8_t *at = fp_blocks_at(&pcap->blocks), *end = at + fp_blocks_left(&pcap->blocks);
    const FpLink link = pcap->link;
    int n = 0;

    while (n < max) {
        size_t bytes = record_bytes(format, at, (size_t)(end - at), header);
        *next_bytes = bytes;
        if (bytes == 0 || (size_t)(end - at) < bytes)
            break;
        fill_record(format, link, header, at, bytes, &records[n++]);
        at += bytes;
    }
    fp_blocks_step(&pcap->blocks, (size_t)(at - fp_blocks_at(&pcap->blocks)));
    pcap->base.bytes_read = fp_blocks_file_offset(&pcap->blocks);
    return n;
}

/* The usual format is known to the compiler, and has a walk of its own. */
static int walk(Pcap *pcap, FpRecord *records, int max, RecordHeader *header, size_t *next_bytes)
{
    const FpCaptureFormat usual = {.record_header_bytes = RECORD_HEADER_BYTES}, *format = &pcap->base.format;

    if (!format->swapped && !format->nanoseconds && format->record_header_bytes == RECORD_HEADER_BYTES)
        return walk_in(pcap, &usual, records, max, header, next_bytes);
    return walk_in(pcap, format, records, max, header, next_bytes);
}

static FpLink link_of(const FpCaptureFormat *format)
{
    return fp_link_of_link_type(LINK_TYPE(format->link_field), format->swapped == (G_BYTE_ORDER == G_LITTLE_ENDIAN));
}

bool fp_pcap_fill_record(const FpCaptureFormat *format, const uint8_t *raw, size_t n, FpRecord *record)
{
    RecordHeader header = {0};

    if (n < format->record_header_bytes || record_bytes(format, raw, n, &header) != n)
        return false;
    *record = (FpRecord){0};
    fill_record(format, link_of(format), &header, raw, n, record);
    return true;
}

bool fp_pcap_interface(const FpCaptureFormat *format, const FpRecord *record, uint32_t *number)
{
    if (format->record_header_bytes == RECORD_HEADER_BYTES)
        return false;
    *number = fp_load32_host(record->raw + RECORD_HEADER_BYTES, format->swapped);
    return true;
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
        FpRefill result = fp_blocks_refill(&pcap->blocks, capture->path, error);
        if (result == FP_REFILL_FAILED)
            return -1;
        if (result == FP_REFILL_END) {
            fp_capture_note_end(capture, &pcap->blocks);
            return 0;
        }
    }
}

static void pcap_close(FpCapture *capture)
{
    Pcap *pcap = (Pcap *)capture;

    fp_blocks_clear(&pcap->blocks);
    g_free(pcap);
}

static bool pcap_would_wait(const FpCapture *capture)
{
    const Pcap *pcap = (const Pcap *)capture;
    const FpBlocks *blocks = &pcap->blocks;
    size_t left = fp_blocks_left(blocks);
    RecordHeader header = {0};

    return !blocks->is_regular && left < record_bytes(&capture->format, fp_blocks_at(blocks), left, &header) &&
           fp_blocks_would_wait(blocks);
}

static void pcap_swap_buffer(FpCapture *capture, FpBlockBuffer *buffer)
{
    fp_blocks_swap_buffer(&((Pcap *)capture)->blocks, buffer);
}

static const FpReader pcap_reader = {
    .read = pcap_read, .close = pcap_close, .would_wait = pcap_would_wait, .swap_buffer = pcap_swap_buffer};

FpCapture *fp_capture_pcap_open(FpBlocks *opening, bool is_vouched_for)
{
    FpCaptureFormat format = {0};
    const uint8_t *bytes = fp_blocks_at(opening);
    size_t n = fp_blocks_left(opening);

    if (n < FP_PCAP_HEADER_BYTES || !fp_pcap_read_file_header(bytes, &format))
        return NULL;
    if (!is_vouched_for && !looks_plausible(&format, bytes + FP_PCAP_HEADER_BYTES, n - FP_PCAP_HEADER_BYTES))
        return NULL;

    Pcap *pcap = g_new0(Pcap, 1);
    pcap->base.reader = &pcap_reader;
    pcap->base.format = format;
    pcap->base.bytes_read = FP_PCAP_HEADER_BYTES;
    pcap->blocks = fp_blocks_take(opening);
    fp_blocks_step(&pcap->blocks, FP_PCAP_HEADER_BYTES);
    pcap->link = link_of(&format);
    return &pcap->base;
}
