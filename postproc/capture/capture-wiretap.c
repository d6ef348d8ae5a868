/* SPDX-License-Identifier: GPL-2.0-or-later */
/* capture-wiretap.c - reads through libwiretap what is not walked: pcapng for a writer of another format, and everything else that
 * Wireshark opens. */
#include "capture-wiretap.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <unistd.h>

#include <wiretap/pcap-encap.h>

#include "base/error.h"
#include "base/message.h"
#include "base/stop.h"
#include "capture-internal.h"
#include "formats.h"
#include "link-type.h"
#include "segment.h"
#include "wiretap-compat.h"

#define LINK_TYPES 300 /* numbers that are tried */

/* libwiretap opens files by name, and what has been read of a pipe cannot be put back. So a pipe is fed to libwiretap through a pipe of our
 * own; and so are the contents of compressed files that we have decompressed. */
typedef struct {
    FpBlocks from;
    int to;
    gint failure; /* errno of a read that failed, or WTAP_ERR_DECOMPRESS: the end of our pipe is then not the end of the capture */
    gint users;   /* references: from the feeder, and from the capture */
} Feed;

typedef struct {
    FpCapture base;
    wtap *wth;
    FpWiretapRecord record;
    bool has_first; /* record holds the first record, read when the capture was opened; it begins at first_offset */
    int64_t first_offset;
    Feed *feed;   /* NULL for a regular file */
    int feed_end; /* the read end of our pipe */

    /* libwiretap numbers interfaces within their section, but writes them as if there were one section */
    guint section;
    guint section_base; /* number of interfaces in the sections before */
    guint interfaces;   /* number of interfaces up to the last record */
} Wiretap;

/* Returns false when nobody reads any more, which is not an error. */
static bool write_all(int fd, const uint8_t *bytes, size_t n)
{
    while (n > 0) {
        ssize_t written = write(fd, bytes, n);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        bytes += written;
        n -= (size_t)written;
    }
    return true;
}

static void drop_feed(Feed *job)
{
    if (g_atomic_int_dec_and_test(&job->users))
        g_free(job);
}

static void *feed(void *data)
{
    Feed *job = data;
    FpBlocks *from = &job->from;
    ssize_t n = (ssize_t)fp_blocks_left(from);
    sigset_t pipe_signal;

    sigemptyset(&pipe_signal);
    sigaddset(&pipe_signal, SIGPIPE); /* a reader that has gone must not end the program */
    pthread_sigmask(SIG_BLOCK, &pipe_signal, NULL);
    while (n > 0 && write_all(job->to, fp_blocks_at(from), fp_blocks_left(from))) {
        from->start = from->end = from->buffer.carry_bytes;
        n = fp_blocks_read(from, FP_BLOCK_BYTES);
        if (n < 0)
            g_atomic_int_set(&job->failure, from->unpack != NULL && fp_unpack_wrong(from->unpack) != NULL ? WTAP_ERR_DECOMPRESS : errno);
    }
    close(job->to);
    fp_blocks_clear(&job->from);
    drop_feed(job);
    return NULL;
}

static bool start_feeder(Wiretap *wiretap, FpBlocks *opening)
{
    int ends[2];

    if (pipe2(ends, O_CLOEXEC) != 0)
        return false;
    Feed *job = g_new0(Feed, 1);
    *job = (Feed){.from = fp_blocks_take(opening), .to = ends[1], .users = 2};
    wiretap->feed_end = ends[0];
    wiretap->feed = job;
    g_thread_unref(g_thread_new("feed", feed, job));
    return true;
}

/* Sets error from libwiretap's err and err_info; frees err_info. */
static void set_wiretap_error(GError **error, const char *path, int64_t offset, int err, char *err_info, bool is_opening)
{
    int code = err > 0 ? FP_ERROR_IO : FP_ERROR_DATA; /* positive: errno */

    if (err == WTAP_ERR_FILE_UNKNOWN_FORMAT)
        g_set_error(error, FP_ERROR, code, "%s: offset 0: %s", path, fp_formats_unknown());
    else
        g_set_error(error, FP_ERROR, code, "%s: offset %" G_GINT64_FORMAT ": %s%s%s%s%s", path, offset,
                    is_opening && (err == WTAP_ERR_BAD_FILE || err == WTAP_ERR_SHORT_READ) ? "is not a capture, or a damaged one: " : "",
                    wtap_strerror(err), err_info != NULL ? ": " : "", err_info != NULL ? err_info : "",
                    offset > 0 && code == FP_ERROR_DATA ? "; editcap keeps what comes before" : "");
    g_free(err_info);
}

static void fill_record(const Wiretap *wiretap, FpRecord *record)
{
    const wtap_rec *rec = &wiretap->record.rec;
    const wtap_packet_header *packet = &rec->rec_header.packet_header;

    *record = (FpRecord){
        .wiretap = rec,
        .data = fp_wiretap_record_frame(&wiretap->record),
        .time_ns = fp_time_ns(rec->ts.secs, rec->ts.nsecs),
        .link = FP_LINK_NONE,
    };
    if (rec->rec_type == REC_TYPE_PACKET) {
        record->captured_bytes = packet->caplen;
        record->wire_bytes = MAX(packet->len, packet->caplen);
        record->link = fp_link_of_wiretap(packet->pkt_encap, packet->pseudo_header.erf.phdr.type);
    }
}

/* Handles the end, or what looks like one. offset is where the next record would begin; in a compressed file, within the uncompressed
 * data. */
static int end(Wiretap *wiretap, int64_t offset, int err, char *err_info, GError **error)
{
    int failure = wiretap->feed != NULL ? g_atomic_int_get(&wiretap->feed->failure) : 0;

    if (failure != 0)
        err = failure;
    if (err != 0 && err != WTAP_ERR_SHORT_READ) {
        set_wiretap_error(error, wiretap->base.path, offset, err, err_info, false);
        return -1;
    }
    if (err == WTAP_ERR_SHORT_READ && !fp_stop_asked())
        fp_capture_note_cut(&wiretap->base, (uint64_t)offset);
    g_free(err_info);
    return 0;
}

static guint count_interfaces(wtap *wth)
{
    wtapng_iface_descriptions_t *descriptions = wtap_file_get_idb_info(wth);
    guint n = descriptions->interface_data->len;

    g_free(descriptions);
    return n;
}

/* Interfaces described between the last record of a section and the first of the next are counted with the next. */
static void number_interface(Wiretap *wiretap)
{
    wtap_rec *rec = &wiretap->record.rec;

    if (!(rec->presence_flags & WTAP_HAS_SECTION_NUMBER))
        return;
    if (rec->section_number != wiretap->section)
        wiretap->section_base = wiretap->interfaces;
    wiretap->section = rec->section_number;
    wiretap->interfaces = count_interfaces(wiretap->wth);
    if (rec->presence_flags & WTAP_HAS_INTERFACE_ID)
        rec->rec_header.packet_header.interface_id += wiretap->section_base;
}

static bool read_record(Wiretap *wiretap, int *err, char **err_info, int64_t *offset)
{
    if (!wiretap->has_first)
        return fp_wiretap_read(wiretap->wth, &wiretap->record, err, err_info, offset);
    wiretap->has_first = false;
    *offset = wiretap->first_offset;
    return true;
}

static int wiretap_read(FpCapture *capture, FpRecord *records, int max, GError **error)
{
    Wiretap *wiretap = (Wiretap *)capture;
    int err = 0;
    char *err_info = NULL;
    int64_t offset = 0;

    g_assert(max > 0);
    bool is_read = read_record(wiretap, &err, &err_info, &offset);
    capture->bytes_read = (uint64_t)wtap_read_so_far(wiretap->wth);
    if (!is_read)
        return end(wiretap, offset, err, err_info, error);
    number_interface(wiretap);
    fill_record(wiretap, &records[0]);
    return 1;
}

static void wiretap_close(FpCapture *capture)
{
    Wiretap *wiretap = (Wiretap *)capture;

    if (wiretap->wth != NULL) {
        fp_wiretap_record_clear(&wiretap->record);
        wtap_close(wiretap->wth);
    }
    if (wiretap->feed != NULL) {
        close(wiretap->feed_end); /* so that the feeder ends */
        drop_feed(wiretap->feed);
    }
    g_free(wiretap);
}

/* libwiretap may hold records that it has not returned yet, so this sometimes returns true too early. */
static bool wiretap_would_wait(const FpCapture *capture)
{
    const Wiretap *wiretap = (const Wiretap *)capture;

    return wiretap->feed != NULL && fp_would_wait(wiretap->feed_end);
}

static const FpReader wiretap_reader = {.read = wiretap_read, .close = wiretap_close, .would_wait = wiretap_would_wait};

/* libwiretap's messages may quote anything from a file, so they are printed through fp_message_print. */
static void say(FP_WIRETAP_LOG_PARAMETERS)
{
    g_autofree char *text = g_strdup_vprintf(format, arguments);

    fp_message_print("Wireshark: %s", text);
}

void fp_wiretap_initialise(void)
{
    static bool is_ready;

    if (is_ready)
        return;
    is_ready = true;
    fp_wiretap_log_init("firstpayload", say);
    wtap_init(FALSE);
}

/* Reads the first record if that is needed to tell whether the file is a capture. Returns false and sets error when it is not. */
static bool is_capture(Wiretap *wiretap, const char *shown, GError **error)
{
    int err = 0;
    char *err_info = NULL;

    if (!fp_formats_is_sure(wiretap->wth))
        wiretap->has_first = fp_wiretap_read(wiretap->wth, &wiretap->record, &err, &err_info, &wiretap->first_offset);
    g_free(err_info);
    g_autofree char *refusal = fp_formats_refusal(wiretap->wth, wiretap->has_first ? &wiretap->record.rec : NULL);
    if (refusal == NULL)
        return true;
    g_set_error(error, FP_ERROR, err > 0 ? FP_ERROR_IO : FP_ERROR_DATA, "%s: offset 0: %s", shown, err > 0 ? g_strerror(err) : refusal);
    return false;
}

FpCapture *fp_capture_wiretap_open(const char *path, const char *shown, FpBlocks *opening, GError **error)
{
    Wiretap *wiretap = g_new0(Wiretap, 1);
    g_autofree char *name = NULL;
    int err = 0;
    char *err_info = NULL;

    fp_wiretap_initialise();
    wiretap->base.reader = &wiretap_reader;
    wiretap->feed_end = -1;
    if (opening->is_regular) {
        name = g_strdup(path);
    } else if (start_feeder(wiretap, opening)) {
        name = g_strdup_printf("/dev/fd/%d", wiretap->feed_end);
    } else {
        err = errno;
    }
    if (name != NULL)
        wiretap->wth = wtap_open_offline(name, WTAP_TYPE_AUTO, &err, &err_info, FALSE);
    if (wiretap->wth == NULL) {
        set_wiretap_error(error, shown, 0, err, err_info, true);
        wiretap_close(&wiretap->base);
        return NULL;
    }
    fp_wiretap_record_init(&wiretap->record);
    if (is_capture(wiretap, shown, error))
        return &wiretap->base;
    wiretap_close(&wiretap->base);
    return NULL;
}

/* libwiretap exports only the mapping from link types to encapsulations, so this searches it. */
uint32_t fp_wiretap_link_type(const FpRecord *record)
{
    const wtap_rec *rec = record->wiretap;

    if (rec->rec_type != REC_TYPE_PACKET)
        return FP_LINK_TYPE_NONE;
    for (int link_type = 0; link_type < LINK_TYPES; link_type++)
        if (wtap_pcap_encap_to_wtap_encap(link_type) == rec->rec_header.packet_header.pkt_encap)
            return (uint32_t)link_type;
    return FP_LINK_TYPE_NONE;
}

uint16_t fp_wiretap_encapsulation(const FpRecord *record)
{
    return (uint16_t)((const wtap_rec *)record->wiretap)->rec_header.packet_header.pkt_encap;
}

static bool has_interface(const wtap_rec *rec)
{
    return rec->rec_type == REC_TYPE_PACKET && rec->presence_flags & WTAP_HAS_INTERFACE_ID;
}

bool fp_wiretap_interface(const FpCapture *capture, const FpRecord *record, uint32_t *number)
{
    const wtap_rec *rec = record->wiretap;

    if (!has_interface(rec))
        return false;
    *number = rec->rec_header.packet_header.interface_id - ((const Wiretap *)capture)->section_base;
    return true;
}

const char *fp_wiretap_interface_name(const FpCapture *capture, const FpRecord *record)
{
    const wtap_rec *rec = record->wiretap;
    char *name = NULL;

    if (!has_interface(rec))
        return NULL;
    const uint32_t number = rec->rec_header.packet_header.interface_id;
    wtapng_iface_descriptions_t *descriptions = wtap_file_get_idb_info(((const Wiretap *)capture)->wth);
    bool has_name = number < descriptions->interface_data->len &&
                    wtap_block_get_string_option_value(g_array_index(descriptions->interface_data, wtap_block_t, number), OPT_IDB_NAME,
                                                       &name) == WTAP_OPTTYPE_SUCCESS;
    g_free(descriptions);
    return has_name ? name : NULL;
}

bool fp_wiretap_has_nanoseconds(const FpRecord *record)
{
    return ((const wtap_rec *)record->wiretap)->tsprec > WTAP_TSPREC_USEC;
}

int64_t fp_wiretap_seconds(const FpRecord *record)
{
    const nstime_t *time = &((const wtap_rec *)record->wiretap)->ts;

    return time->secs + time->nsecs / 1000000000 - (time->nsecs % 1000000000 < 0);
}

wtap *fp_capture_wiretap_handle(FpCapture *capture)
{
    return capture->reader == &wiretap_reader ? ((Wiretap *)capture)->wth : NULL;
}

bool fp_capture_wiretap_is_pcap(FpCapture *capture)
{
    int subtype = wtap_file_type_subtype(fp_capture_wiretap_handle(capture));

    return subtype == wtap_pcap_file_type_subtype() || subtype == wtap_pcap_nsec_file_type_subtype();
}
