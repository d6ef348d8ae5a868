/* SPDX-License-Identifier: GPL-2.0-or-later */
/* writer-pcap.c - copies records of classic pcap as they stand. Only the header of a record from a file with another byte order or coarser
 * time is converted. */
#include <string.h>

#include "writer-internal.h"

#define SNAPLEN_OFFSET 16
#define LINK_OFFSET 20

typedef struct {
    FpWriter base;
    bool is_only; /* see fp_writer_new */
    /* how to convert records of the capture to those of the output */
    bool swap_header;
    bool to_nanoseconds;
} Pcap;

typedef struct {
    FpKept base;
    size_t n;
    uint8_t record[];
} Kept;

static bool begin(FpWriter *writer, bool is_only, GError **error)
{
    uint8_t header[sizeof writer->format.file_header];
    uint32_t snaplen = writer->format.swapped ? GUINT32_SWAP_LE_BE(FP_FRAME_BYTES_MAX) : FP_FRAME_BYTES_MAX;

    memcpy(header, writer->format.file_header, sizeof header);
    if (!is_only) /* the others may have a longer one, and readers cut records to it */
        memcpy(header + SNAPLEN_OFFSET, &snaplen, sizeof snaplen);
    return fp_output_write(writer->output, header, sizeof header, error);
}

static bool next_capture(FpWriter *writer, FpCapture *capture, GError **error)
{
    Pcap *pcap = (Pcap *)writer;
    const FpCaptureFormat *format = fp_capture_format(capture);

    if (!format->is_pcap)
        return fp_writer_refuse(capture, 0, FP_WRITER_OTHER_FORMAT, error);
    if ((format->link_field & 0xffff) != (writer->format.link_field & 0xffff))
        return fp_writer_refuse(capture, LINK_OFFSET, "has another link type than the first input, and classic pcap holds only one", error);
    if (format->record_header_bytes != writer->format.record_header_bytes ||
        (format->record_header_bytes > 16 && format->swapped != writer->format.swapped))
        return fp_writer_refuse(capture, 0, "has other record headers than the first input", error);
    if (format->nanoseconds && !writer->format.nanoseconds)
        return fp_writer_refuse(capture, 0, "has nanoseconds, but the first input, whose format the output gets, has microseconds", error);
    pcap->swap_header = format->swapped != writer->format.swapped;
    pcap->to_nanoseconds = !format->nanoseconds && writer->format.nanoseconds;
    return true;
}

/* Converts a record header with the other byte order, or coarser time, to that of the output. */
static void convert_header(const Pcap *pcap, const uint8_t *raw, uint32_t header[4])
{
    memcpy(header, raw, FP_PCAP_RECORD_HEADER);
    if (pcap->to_nanoseconds) {
        bool source_swapped = pcap->swap_header != pcap->base.format.swapped;
        uint32_t fraction = source_swapped ? GUINT32_SWAP_LE_BE(header[1]) : header[1];
        fraction *= 1000;
        header[1] = source_swapped ? GUINT32_SWAP_LE_BE(fraction) : fraction;
    }
    for (size_t i = 0; pcap->swap_header && i < 4; i++)
        header[i] = GUINT32_SWAP_LE_BE(header[i]);
}

static bool needs_conversion(const Pcap *pcap)
{
    return pcap->swap_header || pcap->to_nanoseconds;
}

static bool write_converted(Pcap *pcap, const FpRecord *record, GError **error)
{
    uint32_t header[4];

    convert_header(pcap, record->raw, header);
    return fp_output_write(pcap->base.output, header, FP_PCAP_RECORD_HEADER, error) &&
           fp_output_write(pcap->base.output, record->raw + FP_PCAP_RECORD_HEADER, record->raw_bytes - FP_PCAP_RECORD_HEADER, error);
}

static bool write_record(FpWriter *writer, const FpRecord *record, GError **error)
{
    Pcap *pcap = (Pcap *)writer;

    return needs_conversion(pcap) ? write_converted(pcap, record, error)
                                  : fp_output_write(writer->output, record->raw, record->raw_bytes, error);
}

static FpKept *keep(FpWriter *writer, const FpRecord *record, size_t *bytes)
{
    const Pcap *pcap = (const Pcap *)writer;
    Kept *kept = g_malloc(sizeof *kept + record->raw_bytes);

    *kept = (Kept){.base = {g_free}, .n = record->raw_bytes};
    memcpy(kept->record, record->raw, kept->n);
    if (needs_conversion(pcap)) {
        uint32_t header[4];
        convert_header(pcap, record->raw, header);
        memcpy(kept->record, header, FP_PCAP_RECORD_HEADER);
    }
    *bytes = sizeof *kept + kept->n;
    return &kept->base;
}

static bool write_kept(FpWriter *writer, const FpKept *base, bool *is_written, GError **error)
{
    const Kept *kept = (const Kept *)base;

    *is_written = true;
    return fp_output_write(writer->output, kept->record, kept->n, error);
}

static bool flush(FpWriter *writer, GError **error)
{
    return fp_output_flush(writer->output, error);
}

static bool restart(FpWriter *writer, GError **error)
{
    return begin(writer, ((Pcap *)writer)->is_only, error);
}

static const FpWay way = {.copies = true,
                          .next_capture = next_capture,
                          .write = write_record,
                          .keep = keep,
                          .write_kept = write_kept,
                          .flush = flush,
                          .restart = restart};

FpWriter *fp_writer_pcap_new(FpOutput *output, FpCapture *first, bool is_only, GError **error)
{
    Pcap *pcap = g_new0(Pcap, 1);

    pcap->base = (FpWriter){.way = &way, .output = output, .capture = first, .format = *fp_capture_format(first)};
    pcap->is_only = is_only;
    if (begin(&pcap->base, is_only, error))
        return &pcap->base;
    g_free(pcap);
    return NULL;
}
