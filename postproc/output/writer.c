/* SPDX-License-Identifier: GPL-2.0-or-later */
/* writer.c - chooses the way of writing. See writer.h. */
#include "writer.h"

#include "base/error.h"
#include "capture/capture-wiretap.h"
#include "writer-internal.h"

bool fp_writer_refuse(FpCapture *capture, int offset, const char *what, GError **error)
{
    g_set_error(error, FP_ERROR, FP_ERROR_DATA, "%s: offset %d: %s; slim it separately, or write all into one pcapng (-F pcapng)",
                fp_capture_path(capture), offset, what);
    return false;
}

int fp_writer_subtype(FpCapture *capture)
{
    const FpCaptureFormat *format = fp_capture_format(capture);

    if (!format->is_pcap)
        return wtap_file_type_subtype(fp_capture_wiretap_handle(capture));
    if (format->record_header_bytes != FP_PCAP_RECORD_HEADER)
        return WTAP_FILE_TYPE_SUBTYPE_UNKNOWN;
    return format->nanoseconds ? wtap_pcap_nsec_file_type_subtype() : wtap_pcap_file_type_subtype();
}

int fp_writer_format(const char *name, GError **error)
{
    fp_wiretap_initialise();
    int format = wtap_name_to_file_type_subtype(name);
    if (format >= 0 && wtap_dump_can_open(format))
        return format;

    g_autoptr(GString) names = g_string_new(NULL);
    g_autoptr(GArray) formats = wtap_get_writable_file_types_subtypes(FT_SORT_BY_NAME);
    for (guint i = 0; i < formats->len; i++)
        g_string_append_printf(names, " %s", wtap_file_type_subtype_name(g_array_index(formats, int, i)));
    g_set_error(error, FP_ERROR, FP_ERROR_USAGE, "-F %s: %s; it takes one of:%s", name,
                format >= 0 ? "can be read but not written" : "is not a format that Wireshark knows", names->str);
    return -1;
}

bool fp_writer_copies(FpCapture *first, bool is_only, int format)
{
    const FpCaptureFormat *first_format = fp_capture_format(first);

    return first_format->is_pcapng ||
           (first_format->is_pcap && (format == FP_WRITER_AS_INPUT || (is_only && format == fp_writer_subtype(first))));
}

FpWriter *fp_writer_new(FpOutput *output, FpCapture *first, bool is_only, int format, GError **error)
{
    if (fp_writer_copies(first, is_only, format))
        return fp_capture_format(first)->is_pcapng ? fp_writer_pcapng_new(output, first)
                                                   : fp_writer_pcap_new(output, first, is_only, error);
    if (!fp_output_is_packed(output))
        return fp_writer_wiretap_new(output, first, format, error);
    g_set_error(
        error, FP_ERROR, FP_ERROR_USAGE,
        "%s: only pcap and pcapng that keep their format are compressed as they are written; leave --compress and the end of the name "
        "out, and compress it when it is there",
        fp_output_path(output));
    return NULL;
}

void fp_writer_free(FpWriter *writer)
{
    if (writer == NULL)
        return;
    if (writer->way->clear != NULL)
        writer->way->clear(writer);
    g_free(writer);
}

bool fp_writer_needs_wiretap(const FpWriter *writer, int format)
{
    return format != FP_WRITER_AS_INPUT || (writer != NULL && !writer->way->copies);
}

bool fp_writer_next_capture(FpWriter *writer, FpCapture *capture, GError **error)
{
    writer->capture = capture;
    return writer->way->next_capture(writer, capture, error);
}

bool fp_writer_write(FpWriter *writer, const FpRecord *record, GError **error)
{
    return writer->way->write(writer, record, error);
}

bool fp_writer_write_block(FpWriter *writer, const FpRecord *block, GError **error)
{
    return writer->way->write_block == NULL || writer->way->write_block(writer, block, error);
}

void *fp_writer_keep(FpWriter *writer, const FpRecord *record, size_t *bytes)
{
    return writer->way->keep(writer, record, bytes);
}

void fp_writer_drop_kept(void *kept)
{
    ((FpKept *)kept)->drop(kept);
}

bool fp_writer_write_kept(FpWriter *writer, const void *kept, bool *is_written, GError **error)
{
    return writer->way->write_kept(writer, kept, is_written, error);
}

/* Interfaces that libwiretap has read are told only once, so for it they have to be made here. */
bool fp_writer_can_restart(const FpWriter *writer, const FpCapture *capture, GError **error)
{
    if (writer->way->copies || fp_capture_format(capture)->is_pcap)
        return true;
    g_set_error(error, FP_ERROR, FP_ERROR_USAGE, "%s: cannot go on in another file in the format of the output; leave -F out",
                fp_capture_path(capture));
    return false;
}

bool fp_writer_restart(FpWriter *writer, GError **error)
{
    return writer->way->restart(writer, error);
}

bool fp_writer_flush(FpWriter *writer, GError **error)
{
    return writer->way->flush(writer, error);
}

bool fp_writer_end_capture(FpWriter *writer, GError **error)
{
    return writer->way->end_capture == NULL || writer->way->end_capture(writer, error);
}

bool fp_writer_finish(FpWriter *writer, GError **error)
{
    return writer->way->finish == NULL || writer->way->finish(writer, error);
}
