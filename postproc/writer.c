/* SPDX-License-Identifier: GPL-2.0-or-later */
/* writer.c - see writer.h. */
#include "writer.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <wiretap/pcap-encap.h>

#include "capture-live.h"
#include "capture-pcapng.h"
#include "capture-wiretap.h"
#include "error.h"

#define PCAP_RECORD_HEADER 16
#define PCAP_SNAPLEN_OFFSET 16
#define PCAP_LINK_OFFSET 20
#define PCAP_SNAPLEN_MAX 262144U
#define PCAPNG_BYTE_ORDER 8
#define PCAPNG_SECTION_LENGTH 16

struct FpWriter {
    FpOutput *output;
    FpCapture *capture;     /* whose records come now */
    FpCaptureFormat format; /* the first capture's */
    bool is_copy;           /* records are copied as they stand */
    bool is_converted;      /* the format was asked for: what the inputs' are does not matter */

    /* a copy: what a record of this capture needs to become one of the output's */
    bool swap_header;
    bool to_nanoseconds;

    /* a copy of pcapng: the section that is being written */
    uint8_t byte_order[4]; /* its magic */
    guint section_interfaces;

    /* everything else */
    wtap_dumper *dumper;
    wtap_dump_params params; /* the dumper borrows from them */
    wtapng_iface_descriptions_t no_interfaces;
    bool has_interfaces;
    guint interfaces;      /* in the output */
    guint first_interface; /* of the capture's, in the output */
};

/* In either byte order. */
static bool is_interface_block(const uint8_t *block)
{
    return block[0] + block[1] + block[2] + block[3] == 1 && (block[0] == 1 || block[3] == 1);
}

static void set_format_error(GError **error, FpCapture *capture, int offset, const char *what)
{
    g_set_error(error, FP_ERROR, FP_ERROR_DATA, "%s: offset %d: %s; slim it on its own, or all into pcapng (-F pcapng)",
                fp_capture_path(capture), offset, what);
}

static bool begin_pcap(FpWriter *writer, bool is_only, GError **error)
{
    uint8_t header[sizeof writer->format.file_header];
    uint32_t snaplen = writer->format.swapped ? GUINT32_SWAP_LE_BE(PCAP_SNAPLEN_MAX) : PCAP_SNAPLEN_MAX;

    memcpy(header, writer->format.file_header, sizeof header);
    if (!is_only) /* the others may have a longer one, and readers cut records to it */
        memcpy(header + PCAP_SNAPLEN_OFFSET, &snaplen, sizeof snaplen);
    return fp_output_write(writer->output, header, sizeof header, error);
}

/* What libwiretap cannot write for what it is, and not for want of room. */
static bool is_unwritable(int err)
{
    return err == WTAP_ERR_UNWRITABLE_ENCAP || err == WTAP_ERR_UNWRITABLE_FILE_TYPE || err == WTAP_ERR_UNWRITABLE_REC_TYPE ||
           err == WTAP_ERR_UNWRITABLE_REC_DATA || err == WTAP_ERR_ENCAP_PER_PACKET_UNSUPPORTED || err == WTAP_ERR_PACKET_TOO_LARGE;
}

static void set_dump_error(GError **error, const FpWriter *writer, int err, char *err_info)
{
    if (is_unwritable(err)) {
        g_set_error(error, FP_ERROR, FP_ERROR_DATA,
                    "%s: offset %" G_GUINT64_FORMAT ": what is there cannot be written in this format: %s%s%s",
                    fp_capture_path(writer->capture), fp_capture_bytes_read(writer->capture), wtap_strerror(err),
                    err_info != NULL ? ": " : "", err_info != NULL ? err_info : "");
        g_free(err_info);
        return;
    }
    g_set_error(error, FP_ERROR, FP_ERROR_IO, "%s: offset %" G_GUINT64_FORMAT ": cannot be written: %s%s%s", fp_output_path(writer->output),
                fp_output_bytes(writer->output), wtap_strerror(err), err_info != NULL ? ": " : "", err_info != NULL ? err_info : "");
    g_free(err_info);
}

/* The format of a capture as libwiretap numbers it. */
static int subtype_of(FpCapture *capture)
{
    const FpCaptureFormat *format = fp_capture_format(capture);

    if (!format->is_pcap)
        return wtap_file_type_subtype(fp_capture_wiretap_handle(capture));
    if (format->record_header_bytes != PCAP_RECORD_HEADER)
        return WTAP_FILE_TYPE_SUBTYPE_UNKNOWN;
    return format->nanoseconds ? wtap_pcap_nsec_file_type_subtype() : wtap_pcap_file_type_subtype();
}

static int encapsulation_of(FpCapture *capture)
{
    const FpCaptureFormat *format = fp_capture_format(capture);

    return format->is_pcap ? wtap_pcap_encap_to_wtap_encap((int)(format->link_field & 0xffff))
                           : wtap_file_encap(fp_capture_wiretap_handle(capture));
}

/* libwiretap has not seen the input when that was walked by blocks. */
static void begin_params(FpWriter *writer, FpCapture *first)
{
    wtap *wth = fp_capture_wiretap_handle(first);

    if (wth != NULL) {
        wtap_dump_params_init_no_idbs(&writer->params, wth);
        return;
    }
    writer->params = (wtap_dump_params)WTAP_DUMP_PARAMS_INIT;
    writer->params.encap = encapsulation_of(first);
    writer->params.snaplen = PCAP_SNAPLEN_MAX;
    writer->params.tsprec = writer->format.nanoseconds ? WTAP_TSPREC_NSEC : WTAP_TSPREC_USEC;
}

/* Interfaces are added as they are come upon. libwiretap makes one up when it is given none at first: so it is given one, and told
 * not to take it. */
static void begin_interfaces(FpWriter *writer)
{
    wtap_block_t untaken = wtap_block_create(WTAP_BLOCK_IF_ID_AND_INFO);

    writer->has_interfaces = true;
    writer->no_interfaces.interface_data = g_array_new(FALSE, FALSE, sizeof untaken);
    g_array_append_val(writer->no_interfaces.interface_data, untaken);
    g_free(writer->params.idb_inf); /* what it points to is the input's */
    writer->params.idb_inf = &writer->no_interfaces;
    writer->params.dont_copy_idbs = TRUE;
    writer->params.encap = WTAP_ENCAP_PER_PACKET; /* the interfaces say it, and later files may bring others */
}

static bool begin_wiretap(FpWriter *writer, FpCapture *first, int subtype, GError **error)
{
    int err = 0;
    char *err_info = NULL;

    if (!wtap_dump_can_open(subtype)) {
        g_set_error(error, FP_ERROR, FP_ERROR_DATA, "%s: offset 0: %s can be read, not written; choose a format with -F, or use --list",
                    fp_capture_path(first), wtap_file_type_subtype_description(subtype));
        return false;
    }
    int fd = fcntl(fp_output_fd(writer->output), F_DUPFD_CLOEXEC, 3);
    begin_params(writer, first);
    if (subtype == wtap_pcapng_file_type_subtype()) /* nothing else can take them one by one */
        begin_interfaces(writer);
    writer->dumper = wtap_dump_fdopen(fd, subtype, WTAP_UNCOMPRESSED, &writer->params, &err, &err_info);
    if (writer->dumper != NULL)
        return true;
    set_dump_error(error, writer, err, err_info);
    close(fd);
    return false;
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
                format >= 0 ? "can be read, not written" : "is no format that Wireshark knows", names->str);
    return -1;
}

/* A copy of pcapng begins with the section header that reading it comes upon. */
static bool begin(FpWriter *writer, FpCapture *first, bool is_only, int format, GError **error)
{
    if (writer->is_copy)
        return writer->format.is_pcapng || begin_pcap(writer, is_only, error);
    return begin_wiretap(writer, first, writer->is_converted ? format : subtype_of(first), error);
}

FpWriter *fp_writer_new(FpOutput *output, FpCapture *first, bool is_only, int format, GError **error)
{
    FpWriter *writer = g_new0(FpWriter, 1);

    writer->output = output;
    writer->capture = first;
    writer->format = *fp_capture_format(first);
    writer->is_converted = format != FP_WRITER_AS_INPUT;
    writer->is_copy =
        writer->format.is_pcapng || (writer->format.is_pcap && (!writer->is_converted || (is_only && format == subtype_of(first))));
    if (begin(writer, first, is_only, format, error))
        return writer;
    fp_writer_free(writer);
    return NULL;
}

void fp_writer_free(FpWriter *writer)
{
    if (writer == NULL)
        return;
    if (writer->dumper != NULL) {
        int err;
        char *err_info = NULL;
        wtap_dump_close(writer->dumper, NULL, &err, &err_info); /* it is being thrown away: no failure matters */
        g_free(err_info);
    }
    if (writer->has_interfaces)
        wtap_block_array_free(writer->no_interfaces.interface_data);
    else
        g_free(writer->params.idb_inf); /* what it points to is the input's */
    writer->params.idb_inf = NULL;
    wtap_dump_params_cleanup(&writer->params);
    g_free(writer);
}

bool fp_writer_copies(const FpWriter *writer)
{
    return writer->is_copy;
}

/* Sections become sections of the output, and everything in them but frames stays as it is: so do interfaces' numbers. Only the section's
 * length is another, and not known yet. */
static bool copy_block(void *user, bool begins_section, const uint8_t *block, size_t bytes, GError **error)
{
    FpWriter *writer = user;
    uint8_t unknown[8];

    if (!begins_section) {
        if (is_interface_block(block))
            writer->section_interfaces++;
        return fp_output_write(writer->output, block, bytes, error);
    }
    memset(unknown, 0xff, sizeof unknown);
    memcpy(writer->byte_order, block + PCAPNG_BYTE_ORDER, sizeof writer->byte_order);
    writer->section_interfaces = 0;
    return fp_output_write(writer->output, block, PCAPNG_SECTION_LENGTH, error) &&
           fp_output_write(writer->output, unknown, sizeof unknown, error) &&
           fp_output_write(writer->output, block + PCAPNG_SECTION_LENGTH + sizeof unknown, bytes - PCAPNG_SECTION_LENGTH - sizeof unknown,
                           error);
}

static bool fit_pcapng(FpWriter *writer, FpCapture *capture, GError **error)
{
    if (!fp_capture_format(capture)->is_pcapng) {
        set_format_error(error, capture, 0, "is in another format than the first input, whose format the output has");
        return false;
    }
    fp_capture_pcapng_on_block(capture, copy_block, writer);
    return true;
}

static bool fit_pcap(FpWriter *writer, FpCapture *capture, GError **error)
{
    const FpCaptureFormat *format = fp_capture_format(capture);

    if (!format->is_pcap)
        set_format_error(error, capture, 0, "is in another format than the first input, whose format the output has");
    else if ((format->link_field & 0xffff) != (writer->format.link_field & 0xffff))
        set_format_error(error, capture, PCAP_LINK_OFFSET, "has another link type than the first input, and classic pcap holds only one");
    else if (format->record_header_bytes != writer->format.record_header_bytes ||
             (format->record_header_bytes > 16 && format->swapped != writer->format.swapped))
        set_format_error(error, capture, 0, "has other record headers than the first input");
    else if (format->nanoseconds && !writer->format.nanoseconds)
        set_format_error(error, capture, 0, "has nanoseconds, and the first input, whose format the output has, only microseconds");
    else {
        writer->swap_header = format->swapped != writer->format.swapped;
        writer->to_nanoseconds = !format->nanoseconds && writer->format.nanoseconds;
        return true;
    }
    return false;
}

/* pcapng holds anything, every other format only what is like its first input. */
static bool fit_wiretap(const FpWriter *writer, FpCapture *capture, GError **error)
{
    if (writer->has_interfaces)
        return true;
    if (!writer->is_converted && subtype_of(capture) != wtap_dump_file_type_subtype(writer->dumper))
        set_format_error(error, capture, 0, "is in another format than the first input, whose format the output has");
    else if (encapsulation_of(capture) != writer->params.encap)
        set_format_error(error, capture, 0, "has another link type than the first input, and the output's format holds only one");
    else
        return true;
    return false;
}

/* The record header of a file in the other byte order, or of coarser time, as the output has it. */
static void convert_header(const FpWriter *writer, const uint8_t *raw, uint32_t header[4])
{
    memcpy(header, raw, PCAP_RECORD_HEADER);
    if (writer->to_nanoseconds) {
        bool source_swapped = writer->swap_header != writer->format.swapped;
        uint32_t fraction = source_swapped ? GUINT32_SWAP_LE_BE(header[1]) : header[1];
        fraction *= 1000;
        header[1] = source_swapped ? GUINT32_SWAP_LE_BE(fraction) : fraction;
    }
    for (size_t i = 0; writer->swap_header && i < 4; i++)
        header[i] = GUINT32_SWAP_LE_BE(header[i]);
}

static bool needs_conversion(const FpWriter *writer)
{
    return writer->swap_header || writer->to_nanoseconds;
}

static bool write_converted(FpWriter *writer, const FpRecord *record, GError **error)
{
    uint32_t header[4];

    convert_header(writer, record->raw, header);
    return fp_output_write(writer->output, header, PCAP_RECORD_HEADER, error) &&
           fp_output_write(writer->output, record->raw + PCAP_RECORD_HEADER, record->raw_bytes - PCAP_RECORD_HEADER, error);
}

static bool add_interface(FpWriter *writer, wtap_block_t interface, GError **error)
{
    int err = 0;
    char *err_info = NULL;

    if (!wtap_dump_add_idb(writer->dumper, interface, &err, &err_info)) {
        set_dump_error(error, writer, err, err_info);
        return false;
    }
    writer->interfaces++;
    return true;
}

/* The interfaces that libwiretap has come upon since it was last asked. */
static bool add_interfaces(FpWriter *writer, GError **error)
{
    wtap *wth = fp_capture_wiretap_handle(writer->capture);
    wtap_block_t interface;

    while (writer->has_interfaces && wth != NULL && (interface = wtap_get_next_interface_description(wth)) != NULL)
        if (!add_interface(writer, interface, error))
            return false;
    return true;
}

/* Classic pcap knows of one interface, and nothing but its link type. */
static bool add_only_interface(FpWriter *writer, GError **error)
{
    wtap_block_t interface = wtap_block_create(WTAP_BLOCK_IF_ID_AND_INFO);
    wtapng_if_descr_mandatory_t *description = wtap_block_get_mandatory_data(interface);
    bool nanoseconds = fp_capture_format(writer->capture)->nanoseconds;

    description->wtap_encap = encapsulation_of(writer->capture);
    description->snap_len = PCAP_SNAPLEN_MAX;
    description->time_units_per_second = nanoseconds ? 1000000000 : 1000000;
    description->tsprecision = nanoseconds ? WTAP_TSPREC_NSEC : WTAP_TSPREC_USEC;
    if (nanoseconds)
        wtap_block_add_uint8_option(interface, OPT_IDB_TSRESOL, 9);
    if (fp_capture_is_live(writer->capture))
        wtap_block_add_string_option(interface, OPT_IDB_NAME, fp_capture_path(writer->capture), strlen(fp_capture_path(writer->capture)));
    bool is_added = add_interface(writer, interface, error);
    wtap_block_unref(interface);
    return is_added;
}

bool fp_writer_next_capture(FpWriter *writer, FpCapture *capture, GError **error)
{
    writer->capture = capture;
    writer->first_interface = writer->interfaces;
    if (writer->is_copy)
        return writer->format.is_pcapng ? fit_pcapng(writer, capture, error) : fit_pcap(writer, capture, error);
    if (!fit_wiretap(writer, capture, error))
        return false;
    return !writer->has_interfaces || !fp_capture_format(capture)->is_pcap || add_only_interface(writer, error);
}

/* Interfaces are numbered through all captures of the output. */
static void number_interface(const FpWriter *writer, wtap_rec *rec)
{
    if (rec->presence_flags & WTAP_HAS_INTERFACE_ID) {
        rec->rec_header.packet_header.interface_id += writer->first_interface;
    } else if (writer->has_interfaces && writer->first_interface > 0) {
        rec->presence_flags |= WTAP_HAS_INTERFACE_ID;
        rec->rec_header.packet_header.interface_id = writer->first_interface;
    }
}

static bool dump(FpWriter *writer, const wtap_rec *rec, const uint8_t *data, GError **error)
{
    int err = 0;
    char *err_info = NULL;

    if (!add_interfaces(writer, error))
        return false;
    if (wtap_dump(writer->dumper, rec, data, &err, &err_info))
        return true;
    set_dump_error(error, writer, err, err_info);
    return false;
}

/* A record as libwiretap has it, or would have it of a classic pcap. */
static wtap_rec rec_of(const FpWriter *writer, const FpRecord *record)
{
    wtap_rec rec = {.rec_type = REC_TYPE_PACKET, .presence_flags = WTAP_HAS_TS | WTAP_HAS_CAP_LEN};

    if (record->wiretap != NULL) {
        rec = *(const wtap_rec *)record->wiretap;
    } else {
        wtap_packet_header *packet = &rec.rec_header.packet_header;
        rec.ts.secs = (time_t)(record->time_ns / 1000000000);
        rec.ts.nsecs = (int)(record->time_ns % 1000000000);
        rec.tsprec = fp_capture_format(writer->capture)->nanoseconds ? WTAP_TSPREC_NSEC : WTAP_TSPREC_USEC;
        packet->caplen = record->captured_bytes;
        packet->len = record->wire_bytes;
        packet->pkt_encap = encapsulation_of(writer->capture);
        packet->pseudo_header.eth.fcs_len = -1; /* not known */
    }
    number_interface(writer, &rec);
    return rec;
}

static bool write_wiretap(FpWriter *writer, const FpRecord *record, GError **error)
{
    wtap_rec rec = rec_of(writer, record);

    return dump(writer, &rec, record->data, error);
}

bool fp_writer_write(FpWriter *writer, const FpRecord *record, GError **error)
{
    if (!writer->is_copy)
        return write_wiretap(writer, record, error);
    if (needs_conversion(writer))
        return write_converted(writer, record, error);
    return fp_output_write(writer->output, record->raw, record->raw_bytes, error);
}

typedef struct {
    uint8_t *bytes; /* of a copy the whole record; else the frame */
    size_t n;
    uint8_t byte_order[4]; /* of the pcapng section that it is from */
    uint32_t interface;    /* its number there */
    bool has_rec;
    wtap_rec rec;
} Copy;

static Copy *copy_raw(const FpWriter *writer, const FpRecord *record)
{
    Copy *copy = g_new0(Copy, 1);

    if (writer->format.is_pcapng) {
        memcpy(copy->byte_order, writer->byte_order, sizeof copy->byte_order);
        copy->interface = fp_pcapng_interface(writer->capture, record);
    }

    copy->n = record->raw_bytes;
    copy->bytes = g_memdup2(record->raw, copy->n);
    if (needs_conversion(writer)) {
        uint32_t header[4];
        convert_header(writer, record->raw, header);
        memcpy(copy->bytes, header, PCAP_RECORD_HEADER);
    }
    return copy;
}

static Copy *copy_wiretap(const FpWriter *writer, const FpRecord *record)
{
    Copy *copy = g_new0(Copy, 1);

    copy->n = record->captured_bytes;
    copy->bytes = g_memdup2(record->data, copy->n);
    copy->rec = rec_of(writer, record);
    copy->has_rec = true;
    if (copy->rec.block != NULL)
        wtap_block_ref(copy->rec.block);
    memset(&copy->rec.options_buf, 0, sizeof copy->rec.options_buf); /* packets have none */
    return copy;
}

static gboolean add_option_bytes(wtap_block_t block G_GNUC_UNUSED, guint option G_GNUC_UNUSED, wtap_opttype_e type, wtap_optval_t *value,
                                 void *bytes)
{
    *(size_t *)bytes += sizeof *value;
    if (type == WTAP_OPTTYPE_STRING)
        *(size_t *)bytes += strlen(value->stringval);
    else if (type == WTAP_OPTTYPE_BYTES)
        *(size_t *)bytes += g_bytes_get_size(value->byteval);
    else if (type == WTAP_OPTTYPE_CUSTOM)
        *(size_t *)bytes += value->custom_opt.data.generic_data.custom_data_len;
    return TRUE;
}

void *fp_writer_keep(FpWriter *writer, const FpRecord *record, size_t *bytes)
{
    Copy *copy = writer->is_copy ? copy_raw(writer, record) : copy_wiretap(writer, record);

    *bytes = sizeof *copy + copy->n;
    if (copy->has_rec && copy->rec.block != NULL)
        wtap_block_foreach_option(copy->rec.block, add_option_bytes, bytes); /* comments can be long */
    return copy;
}

void fp_writer_drop_kept(void *kept)
{
    Copy *copy = kept;

    if (copy->has_rec)
        wtap_rec_cleanup(&copy->rec);
    g_free(copy->bytes);
    g_free(copy);
}

/* A datagram's fragments may be spread over sections, as over the files of a ring: each then describes the same interfaces. What would
 * be of an interface that does not exist is left out. */
static bool fits_section(const FpWriter *writer, const Copy *copy)
{
    return memcmp(copy->byte_order, writer->byte_order, sizeof copy->byte_order) == 0 && copy->interface < writer->section_interfaces;
}

bool fp_writer_write_kept(FpWriter *writer, const void *kept, GError **error)
{
    const Copy *copy = kept;

    if (writer->format.is_pcapng && writer->is_copy && !fits_section(writer, copy))
        return true;
    return copy->has_rec ? dump(writer, &copy->rec, copy->bytes, error) : fp_output_write(writer->output, copy->bytes, copy->n, error);
}

bool fp_writer_flush(FpWriter *writer, GError **error)
{
    int err = 0;

    if (writer->is_copy)
        return fp_output_flush(writer->output, error);
    if (wtap_dump_flush(writer->dumper, &err))
        return true;
    set_dump_error(error, writer, err, NULL);
    return false;
}

bool fp_writer_end_capture(FpWriter *writer, GError **error)
{
    return writer->is_copy || add_interfaces(writer, error);
}

bool fp_writer_finish(FpWriter *writer, GError **error)
{
    int err = 0;
    char *err_info = NULL;

    if (writer->is_copy)
        return true;
    wtap_dumper *dumper = g_steal_pointer(&writer->dumper);
    fp_output_count(writer->output, (uint64_t)wtap_get_bytes_dumped(dumper));
    if (wtap_dump_close(dumper, NULL, &err, &err_info))
        return true;
    set_dump_error(error, writer, err, err_info);
    return false;
}
