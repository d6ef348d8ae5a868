/* SPDX-License-Identifier: GPL-2.0-or-later */
/* capture-pcap.c - walks classic pcap (draft-ietf-opsawg-pcap) in blocks; records are borrowed in place. */
#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "capture-internal.h"
#include "link-type.h"
#include "raw-record.h"

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

static inline FpRawHeader load_record_header(const uint8_t *bytes, bool swapped)
{
    return (FpRawHeader){fp_load32_host(bytes, swapped), fp_load32_host(bytes + 4, swapped), fp_load32_host(bytes + 8, swapped),
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
        FpRawHeader header = load_record_header(bytes, format->swapped);
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

static int set_length_error(const Pcap *pcap, GError **error)
{
    const FpRawHeader header = load_record_header(fp_blocks_at(&pcap->blocks), pcap->base.format.swapped);
    g_autofree char *sound = fp_capture_sound_part(&pcap->base, pcap->blocks.start_offset);

    g_set_error(error, FP_ERROR, FP_ERROR_DATA, "%s: offset %" G_GUINT64_FORMAT ": a record of %u bytes is longer than any packet (%u): %s",
                pcap->base.path, pcap->blocks.start_offset, header.captured_bytes, FP_FRAME_BYTES_MAX, sound);
    return -1;
}

/* How many bytes the record at bytes takes, as far as the n bytes there tell: the length of its header, or of the whole record. 0: longer
 * than any packet. */
static inline size_t record_bytes(const FpCaptureFormat *format, const uint8_t *bytes, size_t n)
{
    if (n < format->record_header_bytes)
        return format->record_header_bytes;
    const uint32_t captured_bytes = fp_load32_host(bytes + 8, format->swapped);
    return captured_bytes <= FP_FRAME_BYTES_MAX ? format->record_header_bytes + captured_bytes : 0;
}

static inline void fill_record(const FpCaptureFormat *format, FpLink link, const uint8_t *raw, size_t raw_bytes, FpRecord *record)
{
    const FpRawHeader header = load_record_header(raw, format->swapped);

    record->data = raw + format->record_header_bytes;
    record->raw = raw;
    record->wiretap = NULL;
    record->time_ns = fp_raw_time_ns(&header, format->nanoseconds ? 1 : 1000);
    record->captured_bytes = header.captured_bytes;
    record->wire_bytes = fp_raw_wire_bytes(&header);
    record->raw_bytes = (uint32_t)raw_bytes;
    record->link = link;
    record->kind = FP_RECORD_FRAME;
    record->digest = 0;
}

/* Steps over n bytes that have been taken. */
static void step(Pcap *pcap, size_t n)
{
    fp_blocks_step(&pcap->blocks, n);
    pcap->base.bytes_read = fp_blocks_file_offset(&pcap->blocks);
}

/* Takes the complete records in the buffer, at most max. */
__attribute__((always_inline)) static inline int walk_in(Pcap *pcap, const FpCaptureFormat *format, FpRecord *records, int max)
{
    const uint8_t *at = fp_blocks_at(&pcap->blocks), *end = at + fp_blocks_left(&pcap->blocks);
    const FpLink link = pcap->link;
    int n = 0;

    while (n < max) {
        size_t bytes = record_bytes(format, at, (size_t)(end - at));
        if (bytes == 0 || (size_t)(end - at) < bytes)
            break;
        fill_record(format, link, at, bytes, &records[n++]);
        at += bytes;
    }
    step(pcap, (size_t)(at - fp_blocks_at(&pcap->blocks)));
    return n;
}

/* The usual format is known to the compiler, and has a walk of its own. */
static int walk(Pcap *pcap, FpRecord *records, int max)
{
    const FpCaptureFormat usual = {.record_header_bytes = RECORD_HEADER_BYTES}, *format = &pcap->base.format;

    if (!format->swapped && !format->nanoseconds && format->record_header_bytes == RECORD_HEADER_BYTES)
        return walk_in(pcap, &usual, records, max);
    return walk_in(pcap, format, records, max);
}

static FpLink link_of(const FpCaptureFormat *format)
{
    return fp_link_of_link_type(LINK_TYPE(format->link_field), format->swapped == (G_BYTE_ORDER == G_LITTLE_ENDIAN));
}

bool fp_pcap_fill_record(const FpCaptureFormat *format, const uint8_t *raw, size_t n, FpRecord *record)
{
    if (n < format->record_header_bytes || record_bytes(format, raw, n) != n)
        return false;
    *record = (FpRecord){0};
    fill_record(format, link_of(format), raw, n, record);
    return true;
}

void fp_pcap_fill_raw(const FpCaptureFormat *format, const uint8_t *raw, FpRecord *record)
{
    const FpCaptureFormat usual = {.record_header_bytes = RECORD_HEADER_BYTES, .nanoseconds = format->nanoseconds}; /* see is_raw */

    fill_record(&usual, FP_LINK_ETHERNET, raw, sizeof(FpRawHeader) + fp_raw_header(raw).captured_bytes, record);
}

bool fp_pcap_interface(const FpCaptureFormat *format, const FpRecord *record, uint32_t *number)
{
    if (format->record_header_bytes == RECORD_HEADER_BYTES)
        return false;
    *number = fp_load32_host(record->raw + RECORD_HEADER_BYTES, format->swapped);
    return true;
}

/* When no complete record is at hand: reads another block. Returns 1; 0 at the end; or -1 and sets error. */
static int read_on(Pcap *pcap, GError **error)
{
    FpBlocks *blocks = &pcap->blocks;

    if (record_bytes(&pcap->base.format, fp_blocks_at(blocks), fp_blocks_left(blocks)) == 0)
        return set_length_error(pcap, error);
    FpRefill result = fp_blocks_refill(blocks, pcap->base.path, error);
    if (result == FP_REFILL_END)
        fp_capture_note_end(&pcap->base, blocks);
    return result == FP_REFILL_MORE ? 1 : result == FP_REFILL_END ? 0 : -1;
}

/* Records that are at hand come alone: reading on would overwrite them, and they come before an error. */
static int pcap_read(FpCapture *capture, FpRecord *records, int max, GError **error)
{
    Pcap *pcap = (Pcap *)capture;
    int n, more = 1;

    while ((n = walk(pcap, records, max)) == 0 && (more = read_on(pcap, error)) > 0)
        ;
    return n > 0 ? n : more;
}

static int pcap_lend_raw(FpCapture *capture, FpRawRecords *records, GError **error)
{
    const FpBlocks *blocks = &((Pcap *)capture)->blocks;
    int more = 1;

    while (fp_raw_record_bytes(fp_blocks_at(blocks), fp_blocks_left(blocks)) == 0 && more > 0)
        more = read_on((Pcap *)capture, error);
    *records = (FpRawRecords){.at = fp_blocks_at(blocks),
                              .end = fp_blocks_at(blocks) + fp_blocks_left(blocks),
                              .fraction_ns = capture->format.nanoseconds ? 1 : 1000};
    return more;
}

static void pcap_step_raw(FpCapture *capture, size_t n)
{
    step((Pcap *)capture, n);
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

    return !blocks->is_regular && left < record_bytes(&capture->format, fp_blocks_at(blocks), left) && fp_blocks_would_wait(blocks);
}

static void pcap_swap_buffer(FpCapture *capture, FpBlockBuffer *buffer)
{
    fp_blocks_swap_buffer(&((Pcap *)capture)->blocks, buffer);
}

static const FpReader pcap_reader = {
    .read = pcap_read, .close = pcap_close, .would_wait = pcap_would_wait, .swap_buffer = pcap_swap_buffer};

static const FpReader raw_reader = {.read = pcap_read,
                                    .lend_raw = pcap_lend_raw,
                                    .step_raw = pcap_step_raw,
                                    .close = pcap_close,
                                    .would_wait = pcap_would_wait,
                                    .swap_buffer = pcap_swap_buffer};

static bool is_raw(const Pcap *pcap)
{
    return !pcap->base.format.swapped && pcap->base.format.record_header_bytes == RECORD_HEADER_BYTES && pcap->link == FP_LINK_ETHERNET;
}

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
    pcap->base.format = format;
    pcap->base.bytes_read = FP_PCAP_HEADER_BYTES;
    pcap->blocks = fp_blocks_take(opening);
    fp_blocks_step(&pcap->blocks, FP_PCAP_HEADER_BYTES);
    pcap->link = link_of(&format);
    pcap->base.reader = is_raw(pcap) ? &raw_reader : &pcap_reader;
    return &pcap->base;
}
