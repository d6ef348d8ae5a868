/* SPDX-License-Identifier: GPL-2.0-or-later */
/* digest-restore.c - see digest-restore.h. */
#include "digest-restore.h"

#include <string.h>

#include "base/bytes.h"
#include "capture-internal.h"
#include "digest-notes.h"
#include "pcapng-format.h"

#define NUMBER_OPTION_BYTES (OPTION_HEADER + 8U)
#define RECORD_HEADER_MAX 24U
#define FLAGS_KNOWN (FP_DIGEST_CUT | FP_DIGEST_ASSERTION | FP_DIGEST_LATE | FP_DIGEST_OPT_END | FP_DIGEST_SIMPLE | FP_DIGEST_HEADER)

void fp_restored_begin(FpRestored *restored, const FpRecord *records, int n)
{
    size_t room = 0;

    for (int i = 0; i < n; i++)
        room += records[i].raw_bytes + RECORD_HEADER_MAX;
    if (room > restored->room) {
        g_free(restored->bytes);
        restored->bytes = g_malloc(room);
        restored->room = room;
    }
    restored->used = 0;
}

void fp_restored_clear(FpRestored *restored)
{
    g_clear_pointer(&restored->bytes, g_free);
    *restored = (FpRestored){0};
}

/* A restored record is never longer than its block and a record header. */
static uint8_t *take(FpRestored *restored, size_t n)
{
    uint8_t *at = restored->bytes + restored->used;

    restored->used += n;
    return at;
}

static void put32(uint8_t *at, uint32_t value, bool swapped)
{
    if (swapped)
        value = GUINT32_SWAP_LE_BE(value);
    memcpy(at, &value, sizeof value);
}

/* What follows the frame in its block: options, the first of which is its number. */
typedef struct {
    const uint8_t *options; /* behind the number */
    size_t n;
    uint64_t flags;
} Rest;

static const char *read_number(const FpRecord *record, bool swapped, Rest *rest, uint64_t *number)
{
    const size_t before = PACKET_HEADER + pad(record->captured_bytes);
    const uint8_t *at = record->raw + before;

    if (record->link == FP_LINK_NONE || record->data != record->raw + PACKET_HEADER ||
        record->raw_bytes < before + NUMBER_OPTION_BYTES + LENGTH_AT_END || fp_load16_host(at, swapped) != OPTION_PACKET_ID ||
        fp_load16_host(at + 2, swapped) != 8)
        return "a frame has no number";
    uint64_t value = fp_load64_host(at + OPTION_HEADER, swapped);
    *rest = (Rest){.options = at + NUMBER_OPTION_BYTES,
                   .n = record->raw_bytes - before - NUMBER_OPTION_BYTES - LENGTH_AT_END,
                   .flags = value & ~FP_DIGEST_NUMBER_MAX};
    *number = value & FP_DIGEST_NUMBER_MAX;
    return *number != 0 && (rest->flags & ~FLAGS_KNOWN) == 0 ? NULL : "the number of a frame is none";
}

/* Reads the header of a record from the comment that has it. */
static bool read_header(const Rest *rest, bool swapped, uint8_t *header, size_t header_bytes)
{
    const size_t prefix = strlen(FP_DIGEST_HEADER_PREFIX), bytes = prefix + 2 * header_bytes;

    if (rest->n < OPTION_HEADER + bytes || fp_load16_host(rest->options, swapped) != 1 ||
        fp_load16_host(rest->options + 2, swapped) != bytes || memcmp(rest->options + OPTION_HEADER, FP_DIGEST_HEADER_PREFIX, prefix) != 0)
        return false;
    const uint8_t *digits = rest->options + OPTION_HEADER + prefix;
    for (size_t i = 0; i < header_bytes; i++) {
        int high = g_ascii_xdigit_value((char)digits[2 * i]), low = g_ascii_xdigit_value((char)digits[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        header[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

static const char *restore_pcap(FpRestored *restored, const FpCaptureFormat *format, bool swapped, const Rest *rest, FpRecord *record)
{
    const FpRecord block = *record;
    const size_t header_bytes = format->record_header_bytes, bytes = header_bytes + block.captured_bytes;
    uint8_t *raw = take(restored, bytes);
    const uint64_t units = format->nanoseconds ? 1000000000 : 1000000;
    const uint64_t ticks = (uint64_t)fp_load32_host(block.raw + 12, swapped) << 32 | fp_load32_host(block.raw + 16, swapped);

    memcpy(raw + header_bytes, block.data, block.captured_bytes);
    if (rest->flags & FP_DIGEST_HEADER) {
        if (!read_header(rest, swapped, raw, header_bytes))
            return "the header of a record is missing";
        put32(raw + 8, block.captured_bytes, format->swapped);
    } else if (header_bytes != 16 || ticks / units > UINT32_MAX) {
        return "the time of a frame is none of its capture's";
    } else {
        put32(raw, (uint32_t)(ticks / units), format->swapped);
        put32(raw + 4, (uint32_t)(ticks % units), format->swapped);
        put32(raw + 8, block.captured_bytes, format->swapped);
        put32(raw + 12, block.wire_bytes, format->swapped);
    }
    return fp_pcap_fill_record(format, raw, bytes, record) ? NULL : "a frame is longer than any can be";
}

/* The block without its number. What it holds stays as pcapng's reader has understood it, but for simple blocks, which have no time. */
static void restore_pcapng(FpRestored *restored, bool swapped, const Rest *rest, FpRecord *record)
{
    const bool is_simple = rest->flags & FP_DIGEST_SIMPLE;
    const bool has_end_alone = rest->n == OPTION_HEADER && fp_load32_host(rest->options, false) == 0;
    const size_t header = is_simple ? SIMPLE_HEADER : PACKET_HEADER, data = pad(record->captured_bytes);
    const size_t options = is_simple || (has_end_alone && !(rest->flags & FP_DIGEST_OPT_END)) ? 0 : rest->n;
    const size_t bytes = header + data + options + LENGTH_AT_END;
    uint8_t *raw = take(restored, bytes);

    memcpy(raw, record->raw, header);
    if (is_simple) {
        put32(raw, SIMPLE_PACKET, swapped);
        put32(raw + 8, record->wire_bytes, swapped);
        record->time_ns = 0;
    }
    memcpy(raw + header, record->data, data);
    if (options > 0)
        memcpy(raw + header + data, rest->options, options);
    put32(raw + 4, (uint32_t)bytes, swapped);
    put32(raw + bytes - LENGTH_AT_END, (uint32_t)bytes, swapped);
    record->raw = raw;
    record->raw_bytes = (uint32_t)bytes;
    record->data = raw + header;
}

const char *fp_digest_restore(FpRestored *restored, const FpCaptureFormat *format, bool swapped, FpRecord *record, uint64_t *number)
{
    Rest rest;
    const char *wrong = read_number(record, swapped, &rest, number);

    if (wrong == NULL && format->is_pcap)
        wrong = restore_pcap(restored, format, swapped, &rest, record);
    else if (wrong == NULL)
        restore_pcapng(restored, swapped, &rest, record);
    if (wrong != NULL)
        return wrong;
    record->digest = (rest.flags & FP_DIGEST_CUT ? FP_RECORD_CUT : 0) | (rest.flags & FP_DIGEST_ASSERTION ? FP_RECORD_ASSERTS : 0) |
                     (rest.flags & FP_DIGEST_LATE ? FP_RECORD_LATE : 0);
    return NULL;
}
