/* SPDX-License-Identifier: GPL-2.0-or-later */
/* writer-wiretap.c - writes every format that libwiretap can write. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <wiretap/pcap-encap.h>

#include "base/error.h"
#include "capture/capture-live.h"
#include "capture/capture-wiretap.h"
#include "capture/wiretap-compat.h"
#include "writer-internal.h"

typedef struct {
    FpWriter base;
    FpCapture *first;
    int subtype;
    bool is_converted; /* the user chose the format: those of the inputs do not matter */
    wtap_dumper *dumper;
    wtap_dump_params params; /* the dumper borrows from them */
    wtapng_iface_descriptions_t no_interfaces;
    bool has_interfaces;
    off_t begin;           /* offset in the file at which the capture begins; -1: it is none */
    guint interfaces;      /* in the output */
    guint first_interface; /* number of the capture's first interface in the output */
    GArray *made;          /* of Made: interfaces that the capture does not have */
} Dumping;

/* Stands for the interface of all frames of one encapsulation. */
typedef struct {
    int encapsulation;
    guint number; /* in the output */
} Made;

typedef struct {
    FpKept base;
    wtap_rec rec;
    size_t n;
    uint8_t frame[];
} Kept;

/* Whether libwiretap refuses what is to be written, instead of failing to write it. */
static bool is_unwritable(int err)
{
    return err == WTAP_ERR_UNWRITABLE_ENCAP || err == WTAP_ERR_UNWRITABLE_FILE_TYPE || err == WTAP_ERR_UNWRITABLE_REC_TYPE ||
           err == WTAP_ERR_UNWRITABLE_REC_DATA || err == WTAP_ERR_ENCAP_PER_PACKET_UNSUPPORTED || err == WTAP_ERR_PACKET_TOO_LARGE ||
           err == WTAP_ERR_CANT_WRITE_TO_PIPE;
}

static void set_dump_error(GError **error, const Dumping *dumping, int err, char *err_info)
{
    if (is_unwritable(err)) {
        g_set_error(error, FP_ERROR, FP_ERROR_DATA,
                    "%s: offset %" G_GUINT64_FORMAT ": cannot be written in the format of the output: %s%s%s",
                    fp_capture_path(dumping->base.capture), fp_capture_bytes_read(dumping->base.capture), wtap_strerror(err),
                    err_info != NULL ? ": " : "", err_info != NULL ? err_info : "");
        g_free(err_info);
        return;
    }
    g_set_error(error, FP_ERROR, FP_ERROR_IO, "%s: offset %" G_GUINT64_FORMAT ": cannot be written: %s%s%s",
                fp_output_path(dumping->base.output), fp_output_bytes(dumping->base.output), wtap_strerror(err),
                err_info != NULL ? ": " : "", err_info != NULL ? err_info : "");
    g_free(err_info);
}

static int encapsulation_of(FpCapture *capture)
{
    const FpCaptureFormat *format = fp_capture_format(capture);

    return format->is_pcap ? wtap_pcap_encap_to_wtap_encap((int)(format->link_field & 0xffff))
                           : wtap_file_encap(fp_capture_wiretap_handle(capture));
}

/* libwiretap has not seen an input that is walked. */
static void begin_params(Dumping *dumping, FpCapture *first)
{
    wtap *wth = fp_capture_wiretap_handle(first);

    if (wth != NULL) {
        wtap_dump_params_init_no_idbs(&dumping->params, wth);
        fp_wiretap_number_interfaces(&dumping->params);
        return;
    }
    dumping->params = (wtap_dump_params)WTAP_DUMP_PARAMS_INIT;
    dumping->params.encap = encapsulation_of(first);
    dumping->params.snaplen = FP_FRAME_BYTES_MAX;
    dumping->params.tsprec = dumping->base.format.nanoseconds ? WTAP_TSPREC_NSEC : WTAP_TSPREC_USEC;
}

/* Interfaces are added as they are read. libwiretap makes one up if it is given none at the start, so it is given one and told not to copy
 * it. */
static void begin_interfaces(Dumping *dumping)
{
    wtap_block_t untaken = wtap_block_create(WTAP_BLOCK_IF_ID_AND_INFO);

    dumping->has_interfaces = true;
    dumping->no_interfaces.interface_data = g_array_new(FALSE, FALSE, sizeof(void *));
    g_array_append_val(dumping->no_interfaces.interface_data, untaken);
    g_free(dumping->params.idb_inf); /* what it points to is the input's */
    dumping->params.idb_inf = &dumping->no_interfaces;
    dumping->params.dont_copy_idbs = TRUE;
    dumping->params.encap = WTAP_ENCAP_PER_PACKET; /* interfaces give it, and later files may bring others */
}

/* When libwiretap fails because of its arguments, it leaves the descriptor open; when it fails later, it closes it. So the arguments have
 * to be right; then the descriptor belongs to libwiretap in every case. */
static wtap_dumper *open_dumper(Dumping *dumping, int subtype, int *err, char **err_info)
{
    int fd = fcntl(fp_output_fd(dumping->base.output), F_DUPFD_CLOEXEC, 3);

    dumping->begin = lseek(fp_output_fd(dumping->base.output), 0, SEEK_CUR);
    if (fd >= 0)
        return wtap_dump_fdopen(fd, subtype, WTAP_UNCOMPRESSED, &dumping->params, err, err_info);
    *err = errno;
    return NULL;
}

static bool begin(Dumping *dumping, GError **error)
{
    FpCapture *first = dumping->first;
    const int subtype = dumping->subtype;
    int err = 0;
    char *err_info = NULL;

    if (!wtap_dump_can_open(subtype)) {
        g_set_error(error, FP_ERROR, FP_ERROR_DATA, "%s: offset 0: %s can be read but not written; choose a format with -F, or use --list",
                    fp_capture_path(first), wtap_file_type_subtype_description(subtype));
        return false;
    }
    begin_params(dumping, first);
    if (subtype == wtap_pcapng_file_type_subtype()) /* no other format can take interfaces one by one */
        begin_interfaces(dumping);
    if (wtap_dump_can_write_encap(subtype, dumping->params.encap))
        dumping->dumper = open_dumper(dumping, subtype, &err, &err_info);
    else
        err = dumping->params.encap == WTAP_ENCAP_PER_PACKET ? WTAP_ERR_ENCAP_PER_PACKET_UNSUPPORTED : WTAP_ERR_UNWRITABLE_ENCAP;
    if (dumping->dumper != NULL)
        return true;
    set_dump_error(error, dumping, err, err_info);
    return false;
}

/* pcapng holds anything; every other format holds only what is like its first input. */
static bool fit(const Dumping *dumping, FpCapture *capture, GError **error)
{
    if (dumping->has_interfaces)
        return true;
    if (!dumping->is_converted && fp_writer_subtype(capture) != wtap_dump_file_type_subtype(dumping->dumper))
        return fp_writer_refuse(capture, 0, FP_WRITER_OTHER_FORMAT, error);
    if (encapsulation_of(capture) != dumping->params.encap)
        return fp_writer_refuse(capture, 0, "has another link type than the first input, and the output's format holds only one", error);
    return true;
}

static bool add_interface(Dumping *dumping, wtap_block_t interface, GError **error)
{
    int err = 0;
    char *err_info = NULL;

    if (!wtap_dump_add_idb(dumping->dumper, interface, &err, &err_info)) {
        set_dump_error(error, dumping, err, err_info);
        return false;
    }
    dumping->interfaces++;
    return true;
}

/* Adds the interfaces that libwiretap has read since it was last asked. */
static bool add_interfaces(Dumping *dumping, GError **error)
{
    wtap *wth = fp_capture_wiretap_handle(dumping->base.capture);
    wtap_block_t interface;

    while (dumping->has_interfaces && wth != NULL && (interface = wtap_get_next_interface_description(wth)) != NULL)
        if (!add_interface(dumping, interface, error))
            return false;
    return true;
}

/* Makes an interface when nothing is known of it but the encapsulation of its frames. */
static bool make_interface(Dumping *dumping, int encapsulation, bool nanoseconds, GError **error)
{
    wtap_block_t interface = wtap_block_create(WTAP_BLOCK_IF_ID_AND_INFO);
    wtapng_if_descr_mandatory_t *description = wtap_block_get_mandatory_data(interface);

    description->wtap_encap = encapsulation;
    description->snap_len = FP_FRAME_BYTES_MAX;
    description->time_units_per_second = nanoseconds ? 1000000000 : 1000000;
    description->tsprecision = nanoseconds ? WTAP_TSPREC_NSEC : WTAP_TSPREC_USEC;
    if (nanoseconds)
        wtap_block_add_uint8_option(interface, OPT_IDB_TSRESOL, 9);
    if (fp_capture_is_live(dumping->base.capture))
        wtap_block_add_string_option(interface, OPT_IDB_NAME, fp_capture_path(dumping->base.capture),
                                     strlen(fp_capture_path(dumping->base.capture)));
    bool is_added = add_interface(dumping, interface, error);
    wtap_block_unref(interface);
    return is_added;
}

static bool next_capture(FpWriter *writer, FpCapture *capture, GError **error)
{
    Dumping *dumping = (Dumping *)writer;

    dumping->first_interface = dumping->interfaces;
    if (!fit(dumping, capture, error))
        return false;
    g_array_set_size(dumping->made, 0);
    return !dumping->has_interfaces || !fp_capture_format(capture)->is_pcap ||
           make_interface(dumping, encapsulation_of(capture), fp_capture_format(capture)->nanoseconds, error);
}

/* Finds the number of the interface that is made for the encapsulation of rec, or makes one. Returns false and sets error. */
static bool find_made(Dumping *dumping, const wtap_rec *rec, guint *number, GError **error)
{
    int encapsulation = rec->rec_header.packet_header.pkt_encap;

    for (guint i = 0; i < dumping->made->len; i++) {
        const Made *made = &g_array_index(dumping->made, Made, i);
        *number = made->number;
        if (made->encapsulation == encapsulation)
            return true;
    }
    *number = dumping->interfaces;
    const Made made = {encapsulation, *number};
    g_array_append_val(dumping->made, made);
    return make_interface(dumping, encapsulation, rec->tsprec > WTAP_TSPREC_USEC, error);
}

/* Interfaces are numbered through all captures of the output. Most formats have none; for some, libwiretap gives the encapsulation of each
 * frame, but no interface. */
static bool number_interface(Dumping *dumping, wtap_rec *rec, GError **error)
{
    guint number = dumping->first_interface;
    bool has_none = dumping->interfaces - dumping->first_interface == dumping->made->len;

    if (rec->presence_flags & WTAP_HAS_INTERFACE_ID)
        number += rec->rec_header.packet_header.interface_id;
    else if (!dumping->has_interfaces || rec->rec_type != REC_TYPE_PACKET)
        return true;
    else if (has_none && !find_made(dumping, rec, &number, error))
        return false;
    rec->presence_flags |= WTAP_HAS_INTERFACE_ID;
    rec->rec_header.packet_header.interface_id = number;
    return true;
}

static bool dump(Dumping *dumping, const wtap_rec *rec, const uint8_t *frame, size_t bytes, GError **error)
{
    int err = 0;
    char *err_info = NULL;

    if (fp_wiretap_dump(dumping->dumper, rec, frame, bytes, &err, &err_info))
        return true;
    set_dump_error(error, dumping, err, err_info);
    return false;
}

/* The record as libwiretap has it, or would have it from a classic pcap. Interfaces that it may belong to are written first. Returns false
 * and sets error. */
static bool find_rec(Dumping *dumping, const FpRecord *record, wtap_rec *rec, GError **error)
{
    *rec = (wtap_rec){.rec_type = REC_TYPE_PACKET, .presence_flags = WTAP_HAS_TS | WTAP_HAS_CAP_LEN};
    if (record->wiretap != NULL) {
        *rec = *(const wtap_rec *)record->wiretap;
    } else {
        wtap_packet_header *packet = &rec->rec_header.packet_header;
        rec->ts.secs = (time_t)(record->time_ns / 1000000000);
        rec->ts.nsecs = (int)(record->time_ns % 1000000000);
        rec->tsprec = fp_capture_format(dumping->base.capture)->nanoseconds ? WTAP_TSPREC_NSEC : WTAP_TSPREC_USEC;
        packet->caplen = record->captured_bytes;
        packet->len = record->wire_bytes;
        packet->pkt_encap = encapsulation_of(dumping->base.capture);
        packet->pseudo_header.eth.fcs_len = -1; /* not known */
    }
    return add_interfaces(dumping, error) && number_interface(dumping, rec, error);
}

static bool write_record(FpWriter *writer, const FpRecord *record, GError **error)
{
    Dumping *dumping = (Dumping *)writer;
    wtap_rec rec;

    return find_rec(dumping, record, &rec, error) && dump(dumping, &rec, record->data, record->captured_bytes, error);
}

static FpWiretapBool add_option_bytes(wtap_block_t block G_GNUC_UNUSED, guint option G_GNUC_UNUSED, wtap_opttype_e type,
                                      wtap_optval_t *value, void *bytes)
{
    *(size_t *)bytes += sizeof *value;
    if (type == WTAP_OPTTYPE_STRING)
        *(size_t *)bytes += strlen(value->stringval);
    else if (type == WTAP_OPTTYPE_BYTES)
        *(size_t *)bytes += g_bytes_get_size(value->byteval);
    else
        *(size_t *)bytes += fp_wiretap_custom_bytes(type, value);
    return TRUE;
}

static void drop(gpointer data)
{
    Kept *kept = data;

    wtap_rec_cleanup(&kept->rec);
    g_free(kept);
}

static FpKept *keep(FpWriter *writer, const FpRecord *record, size_t *bytes)
{
    Kept *kept = g_malloc(sizeof *kept + record->captured_bytes);

    *kept = (Kept){.base = {drop}, .n = record->captured_bytes};
    (void)find_rec((Dumping *)writer, record, &kept->rec, NULL); /* a failure is reported when it is written */
    memcpy(kept->frame, record->data, kept->n);
    fp_wiretap_disown(&kept->rec);
    *bytes = sizeof *kept + kept->n;
    if (kept->rec.block != NULL) {
        wtap_block_ref(kept->rec.block);
        wtap_block_foreach_option(kept->rec.block, add_option_bytes, bytes); /* comments can be long */
    }
    return &kept->base;
}

static bool write_kept(FpWriter *writer, const FpKept *base, bool *is_written, GError **error)
{
    const Kept *kept = (const Kept *)base;

    *is_written = true;
    return dump((Dumping *)writer, &kept->rec, kept->frame, kept->n, error);
}

static bool flush(FpWriter *writer, GError **error)
{
    Dumping *dumping = (Dumping *)writer;
    int err = 0;

    if (wtap_dump_flush(dumping->dumper, &err))
        return true;
    set_dump_error(error, dumping, err, NULL);
    return false;
}

/* Interfaces without a kept record have not been written yet. */
static bool end_capture(FpWriter *writer, GError **error)
{
    return add_interfaces((Dumping *)writer, error);
}

static bool finish(FpWriter *writer, GError **error)
{
    Dumping *dumping = (Dumping *)writer;
    int err = 0;
    char *err_info = NULL;
    struct stat status;

    wtap_dumper *dumper = g_steal_pointer(&dumping->dumper);
    int64_t dumped = wtap_get_bytes_dumped(dumper); /* 0 in formats whose writers do not count */
    bool is_done = wtap_dump_close(dumper, NULL, &err, &err_info);
    if (dumping->begin >= 0 && fstat(fp_output_fd(writer->output), &status) == 0 && status.st_size >= dumping->begin)
        dumped = status.st_size - dumping->begin;
    fp_output_count(writer->output, (uint64_t)dumped);
    if (!is_done)
        set_dump_error(error, dumping, err, err_info);
    return is_done;
}

static void clear_params(Dumping *dumping)
{
    if (dumping->has_interfaces)
        wtap_block_array_free(dumping->no_interfaces.interface_data);
    else
        g_free(dumping->params.idb_inf); /* what it points to is the input's */
    dumping->params.idb_inf = NULL;
    wtap_dump_params_cleanup(&dumping->params);
}

static bool restart(FpWriter *writer, GError **error)
{
    Dumping *dumping = (Dumping *)writer;

    clear_params(dumping);
    dumping->interfaces = 0;
    return begin(dumping, error) && next_capture(writer, writer->capture, error);
}

static void clear(FpWriter *writer)
{
    Dumping *dumping = (Dumping *)writer;

    if (dumping->dumper != NULL) {
        int err;
        char *err_info = NULL;
        wtap_dump_close(dumping->dumper, NULL, &err, &err_info); /* the output is being discarded, so failures do not matter */
        g_free(err_info);
    }
    clear_params(dumping);
    g_array_unref(dumping->made);
}

static const FpWay way = {
    .next_capture = next_capture,
    .write = write_record,
    .keep = keep,
    .write_kept = write_kept,
    .flush = flush,
    .restart = restart,
    .end_capture = end_capture,
    .finish = finish,
    .clear = clear,
};

FpWriter *fp_writer_wiretap_new(FpOutput *output, FpCapture *first, int format, GError **error)
{
    Dumping *dumping = g_new0(Dumping, 1);

    dumping->base = (FpWriter){.way = &way, .output = output, .capture = first, .format = *fp_capture_format(first)};
    dumping->is_converted = format != FP_WRITER_AS_INPUT;
    dumping->made = g_array_new(FALSE, FALSE, sizeof(Made));
    dumping->first = first;
    dumping->subtype = dumping->is_converted ? format : fp_writer_subtype(first);
    if (begin(dumping, error))
        return &dumping->base;
    fp_writer_free(&dumping->base);
    return NULL;
}
