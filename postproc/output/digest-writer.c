/* SPDX-License-Identifier: GPL-2.0-or-later */
/* digest-writer.c - see digest-writer.h. What it writes, capture/digest-restore.c undoes. */
#include "digest-writer.h"

#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "capture/capture-pcapng.h"
#include "capture/pcapng-format.h"

#define OPTION_COMMENT 1
#define RESOLUTION_NANOSECONDS 9

static void put16(GByteArray *bytes, uint16_t value, bool swapped)
{
    if (swapped)
        value = GUINT16_SWAP_LE_BE(value);
    g_byte_array_append(bytes, (const guint8 *)&value, sizeof value);
}

static void put32(GByteArray *bytes, uint32_t value, bool swapped)
{
    if (swapped)
        value = GUINT32_SWAP_LE_BE(value);
    g_byte_array_append(bytes, (const guint8 *)&value, sizeof value);
}

static void put64(GByteArray *bytes, uint64_t value, bool swapped)
{
    if (swapped)
        value = GUINT64_SWAP_LE_BE(value);
    g_byte_array_append(bytes, (const guint8 *)&value, sizeof value);
}

static void put_padding(GByteArray *bytes)
{
    static const guint8 zeros[4];

    g_byte_array_append(bytes, zeros, (guint)(pad(bytes->len) - bytes->len));
}

/* Ends a block that begins the array: appends its length, and sets it at its beginning. */
static void end_block(GByteArray *bytes, bool swapped)
{
    uint32_t length = bytes->len + LENGTH_AT_END, stored = swapped ? GUINT32_SWAP_LE_BE(length) : length;

    put32(bytes, length, swapped);
    memcpy(bytes->data + 4, &stored, sizeof stored);
}

static void begin_block(GByteArray *bytes, uint32_t type, bool swapped)
{
    g_byte_array_set_size(bytes, 0);
    put32(bytes, type, swapped);
    put32(bytes, 0, swapped);
}

bool fp_digest_write_begin(FpOutput *output, const FpCapture *capture, const FpDigestNote *note, GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();
    const FpCaptureFormat *format = fp_capture_format(capture);

    fp_digest_append_begin(bytes, note);
    if (!fp_output_write(output, bytes->data, bytes->len, error))
        return false;
    if (!note->is_pcap)
        return true;
    begin_block(bytes, INTERFACE, false);
    put16(bytes, (uint16_t)(format->link_field & 0xffff), false);
    put16(bytes, 0, false);
    put32(bytes, 0, false); /* no limit: the capture's may be lower than what it has */
    if (format->nanoseconds) {
        put16(bytes, OPTION_TIME_RESOLUTION, false);
        put16(bytes, 1, false);
        put32(bytes, GUINT32_TO_LE(RESOLUTION_NANOSECONDS), false);
        put32(bytes, 0, false);
    }
    end_block(bytes, false);
    return fp_output_write(output, bytes->data, bytes->len, error);
}

bool fp_digest_write_block(FpOutput *output, const FpRecord *block, GError **error)
{
    static const uint8_t unknown[8] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff};

    if (block->kind != FP_RECORD_SECTION)
        return fp_output_write(output, block->raw, block->raw_bytes, error);
    return fp_output_write(output, block->raw, SECTION_FIXED - 8, error) && fp_output_write(output, unknown, sizeof unknown, error) &&
           fp_output_write(output, block->raw + SECTION_FIXED, block->raw_bytes - SECTION_FIXED, error);
}

static void put_number(GByteArray *bytes, uint64_t number, bool swapped)
{
    put16(bytes, OPTION_PACKET_ID, swapped);
    put16(bytes, 8, swapped);
    put64(bytes, number, swapped);
}

/* A frame of a classic pcap. What the header of its record says has to come out again. */
static void make_from_pcap(GByteArray *bytes, const FpCaptureFormat *format, const FpRecord *record, uint32_t captured_bytes,
                           uint64_t number)
{
    const bool swapped = format->swapped;
    const uint64_t units = format->nanoseconds ? 1000000000 : 1000000, fraction = fp_load32_host(record->raw + 4, swapped);
    const uint64_t ticks = fp_load32_host(record->raw, swapped) * units + fraction;
    const bool is_odd =
        format->record_header_bytes != 16 || fraction >= units || fp_load32_host(record->raw + 12, swapped) != record->wire_bytes;

    begin_block(bytes, ENHANCED_PACKET, false);
    put32(bytes, 0, false);
    put32(bytes, (uint32_t)(ticks >> 32), false);
    put32(bytes, (uint32_t)ticks, false);
    put32(bytes, captured_bytes, false);
    put32(bytes, record->wire_bytes, false);
    g_byte_array_append(bytes, record->data, captured_bytes);
    put_padding(bytes);
    put_number(bytes, number | (is_odd ? FP_DIGEST_HEADER : 0), false);
    if (is_odd) {
        g_autoptr(GString) text = g_string_new(FP_DIGEST_HEADER_PREFIX);
        for (uint32_t i = 0; i < format->record_header_bytes; i++)
            g_string_append_printf(text, "%02x", record->raw[i]);
        put16(bytes, OPTION_COMMENT, false);
        put16(bytes, (uint16_t)text->len, false);
        g_byte_array_append(bytes, (const guint8 *)text->str, (guint)text->len);
        put_padding(bytes);
    }
    put32(bytes, 0, false);
    end_block(bytes, false);
}

/* A frame of a pcapng: its block, in the byte order of its section, with the number before its options. */
static void make_from_pcapng(GByteArray *bytes, bool swapped, const FpRecord *record, uint32_t captured_bytes, uint64_t number)
{
    const uint32_t type = fp_load32_host(record->raw, swapped);
    const bool is_simple = type == SIMPLE_PACKET;
    const size_t options = (is_simple ? SIMPLE_HEADER : PACKET_HEADER) + pad(record->captured_bytes);
    const size_t n = record->raw_bytes - options - LENGTH_AT_END;
    const bool has_end_alone = n == OPTION_HEADER && fp_load32_host(record->raw + options, false) == 0;

    begin_block(bytes, is_simple ? ENHANCED_PACKET : type, swapped);
    for (size_t i = 8; i < 20; i += 4) /* interface and time, of which a simple block has none */
        put32(bytes, is_simple ? 0 : fp_load32_host(record->raw + i, swapped), swapped);
    put32(bytes, captured_bytes, swapped);
    put32(bytes, record->wire_bytes, swapped);
    g_byte_array_append(bytes, record->data, captured_bytes == record->captured_bytes ? (guint)pad(captured_bytes) : captured_bytes);
    put_padding(bytes);
    put_number(bytes, number | (is_simple ? FP_DIGEST_SIMPLE : 0) | (has_end_alone ? FP_DIGEST_OPT_END : 0), swapped);
    g_byte_array_append(bytes, record->raw + options, (guint)n);
    if (n == 0)
        put32(bytes, 0, swapped);
    end_block(bytes, swapped);
}

/* Whether the block's own lengths are those that it will get again. */
static bool is_usual_block(const FpRecord *record, bool swapped)
{
    return fp_load32_host(record->raw + 4, swapped) == record->raw_bytes &&
           (fp_load32_host(record->raw, swapped) == SIMPLE_PACKET || fp_load32_host(record->raw + 24, swapped) == record->wire_bytes);
}

bool fp_digest_make_block(GByteArray *bytes, const FpCapture *capture, const FpRecord *record, uint32_t captured_bytes, uint64_t number,
                          GError **error)
{
    const FpCaptureFormat *format = fp_capture_format(capture);

    if (format->is_pcap) {
        make_from_pcap(bytes, format, record, captured_bytes, number);
        return true;
    }
    const bool swapped = fp_pcapng_is_swapped(capture);
    if (captured_bytes == record->captured_bytes && !is_usual_block(record, swapped)) {
        g_set_error(error, FP_ERROR, FP_ERROR_DATA,
                    "%s: frame %" G_GUINT64_FORMAT
                    ": its block has odd lengths, and could not be given back as it stands; editcap writes a "
                    "copy without",
                    fp_digest_source(capture), number & FP_DIGEST_NUMBER_MAX);
        return false;
    }
    make_from_pcapng(bytes, swapped, record, captured_bytes, number);
    return true;
}

void fp_digest_mark_late(GByteArray *block, bool swapped)
{
    const uint32_t captured_bytes = fp_load32_host(block->data + 20, swapped);
    uint8_t *at = block->data + PACKET_HEADER + pad(captured_bytes) + OPTION_HEADER;
    uint64_t number = fp_load64_host(at, swapped) | FP_DIGEST_LATE;

    if (swapped)
        number = GUINT64_SWAP_LE_BE(number);
    memcpy(at, &number, sizeof number);
}

bool fp_digest_write_end(FpOutput *output, const FpDigestEnd *end, GError **error)
{
    g_autoptr(GByteArray) bytes = g_byte_array_new();

    fp_digest_append_end(bytes, end);
    return fp_output_write(output, bytes->data, bytes->len, error);
}
