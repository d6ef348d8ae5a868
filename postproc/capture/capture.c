/* SPDX-License-Identifier: GPL-2.0-or-later */
/* capture.c - opens a capture and chooses its reader. */
#include "capture.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/descriptor.h"
#include "base/error.h"
#include "base/stop.h"
#include "capture-digest.h"
#include "capture-internal.h"
#include "capture-pcapng.h"
#include "formats.h"

static bool set_read_error(GError **error, const char *path)
{
    return fp_error_set_errno(error, FP_ERROR_IO, path, "offset 0: cannot be read");
}

/* Reads up to enough bytes, or what there is. When compressed data is damaged behind some, the next read will say so. */
static bool read_bytes(FpBlocks *opening, size_t enough, const char *path, GError **error)
{
    while (fp_blocks_left(opening) < enough) {
        ssize_t n = fp_blocks_read(opening, FP_BLOCK_BYTES - fp_blocks_left(opening));
        if (n < 0 && (opening->unpack == NULL || fp_unpack_wrong(opening->unpack) == NULL))
            return set_read_error(error, path);
        if (n <= 0)
            break;
    }
    return true;
}

/* Reads the beginning: a whole block of a regular file, or as much of a pipe as a file header takes. If it is compressed, reads that much
 * of its contents. */
static bool read_beginning(FpBlocks *opening, const char *path, GError **error)
{
    size_t enough = opening->is_regular ? FP_BLOCK_BYTES : FP_PCAP_HEADER_BYTES;

    if (!read_bytes(opening, enough, path, error))
        return false;
    if (opening->follower == NULL)
        fp_blocks_unpack(opening);
    return opening->unpack == NULL || read_bytes(opening, enough, path, error);
}

static bool open_input(FpBlocks *opening, const char *path, const char *shown, struct stat *status, GError **error)
{
    bool is_stdin = g_str_equal(path, "-");

    if (is_stdin && !fp_descriptor_is_readable(STDIN_FILENO)) {
        g_set_error(error, FP_ERROR, FP_ERROR_NO_INPUT, "%s: is not open for reading; name a capture, or redirect one (<)", shown);
        return false;
    }
    opening->fd = is_stdin ? fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
                           : open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK); /* the read below waits for the writer of a pipe */
    if (opening->fd < 0 || fstat(opening->fd, status) != 0) {
        return fp_error_set_errno(error, FP_ERROR_NO_INPUT, shown, "cannot be opened");
    }
    if (S_ISDIR(status->st_mode)) {
        g_set_error(error, FP_ERROR, FP_ERROR_NO_INPUT, "%s: is a directory; name the captures in it", shown);
        return false;
    }
    if (opening->follower != NULL && !S_ISREG(status->st_mode)) {
        g_set_error(error, FP_ERROR, FP_ERROR_USAGE, "%s: is not a regular file; leave out --follow, which only regular files need", shown);
        return false;
    }
    opening->is_regular = S_ISREG(status->st_mode) && !is_stdin && opening->follower == NULL;
    return read_beginning(opening, shown, error);
}

static FpCapture *open_walked(FpBlocks *opening, bool pcapng_by_wiretap)
{
    FpCapture *capture = fp_formats_take("pcap") ? fp_capture_pcap_open(opening, false) : NULL;

    if (capture == NULL && !pcapng_by_wiretap && fp_formats_take("pcapng"))
        capture = fp_capture_pcapng_open(opening);
    return capture;
}

/* Chooses the reader. A file that libwiretap identifies as a classic pcap is walked after all, and its records can be copied as they stand;
 * but not a pipe, whose beginning libwiretap has taken by then. */
static FpCapture *open_format(FpBlocks *opening, const char *path, const char *shown, bool pcapng_by_wiretap, GError **error)
{
    FpCapture *capture = open_walked(opening, pcapng_by_wiretap);

    if (capture != NULL)
        return capture;
    if (opening->follower != NULL) {
        g_set_error(error, FP_ERROR, FP_ERROR_DATA,
                    "%s: offset 0: is not a capture that can be followed: pcap, or pcapng that -F does not convert", shown);
        return NULL;
    }
    if (opening->unpack != NULL && !fp_unpack_wiretap_can(opening->unpack))
        opening->is_regular = false; /* it gets the contents */
    capture = fp_capture_wiretap_open(path, shown, opening, error);
    if (capture == NULL || !opening->is_regular || !fp_capture_wiretap_is_pcap(capture))
        return capture;
    FpCapture *walked = fp_capture_pcap_open(opening, true);
    if (walked == NULL)
        return capture;
    fp_capture_close(capture);
    return walked;
}

static void set_empty_error(FpBlocks *opening, const char *shown, GError **error)
{
    const FpUnpack *unpack = opening->unpack;

    if (unpack != NULL && fp_unpack_wrong(unpack) != NULL)
        (void)fp_blocks_refill(opening, shown, error); /* fails again */
    else if (unpack != NULL && fp_unpack_is_cut(unpack))
        g_set_error(error, FP_ERROR, FP_ERROR_DATA,
                    "%s: offset %" G_GUINT64_FORMAT ": the compressed data is cut short before any of its contents; leave it out", shown,
                    fp_unpack_offset(unpack));
    else if (unpack != NULL)
        g_set_error(error, FP_ERROR, FP_ERROR_DATA, "%s: offset 0: is not a capture, but nothing compressed; leave it out", shown);
    else
        g_set_error(error, FP_ERROR, FP_ERROR_DATA, "%s: offset 0: is empty, not a capture; leave it out", shown);
}

/* Fills in what the readers leave to the one who opens. */
static void begin(FpCapture *capture, const char *shown, bool is_compressed, int64_t file_bytes)
{
    capture->path = g_strdup(shown);
    capture->is_compressed = is_compressed;
    capture->file_bytes = file_bytes;
}

static FpCapture *open_capture(const char *path, const char *shown, const FpFollower *follower, bool pcapng_by_wiretap, GError **error)
{
    FpBlocks opening = fp_blocks_new(-1, false);
    FpCapture *capture = NULL;
    struct stat status = {0};
    bool is_compressed = false;

    opening.follower = follower;
    if (open_input(&opening, path, shown, &status, error)) {
        is_compressed = opening.unpack != NULL;
        if (fp_blocks_left(&opening) == 0)
            set_empty_error(&opening, shown, error);
        else
            capture = open_format(&opening, path, shown, pcapng_by_wiretap, error);
    }
    fp_blocks_clear(&opening);
    if (capture == NULL)
        return NULL;
    begin(capture, shown, is_compressed, S_ISREG(status.st_mode) && follower == NULL ? (int64_t)status.st_size : -1);
    return capture;
}

FpCapture *fp_capture_open_ahead(const char *path, const char *shown, bool pcapng_by_wiretap)
{
    struct stat status;
    FpCapture *capture = NULL;

    if (g_str_equal(path, "-") || stat(path, &status) != 0 || !S_ISREG(status.st_mode))
        return NULL;
    FpBlocks opening = fp_blocks_new(-1, false);
    bool is_open = open_input(&opening, path, shown, &status, NULL) && opening.is_regular, is_compressed = opening.unpack != NULL;
    if (is_open)
        capture = open_walked(&opening, pcapng_by_wiretap);
    fp_blocks_clear(&opening);
    if (capture != NULL && fp_digest_is_at_hand(capture))
        g_clear_pointer(&capture, fp_capture_close);
    if (capture != NULL)
        begin(capture, shown, is_compressed, (int64_t)status.st_size);
    return capture;
}

static const char *shown_path(const char *path)
{
    return g_str_equal(path, "-") ? "standard input" : path;
}

FpCapture *fp_capture_open(const char *path, bool pcapng_by_wiretap, GError **error)
{
    return open_capture(path, shown_path(path), NULL, pcapng_by_wiretap, error);
}

FpCapture *fp_capture_open_as(const char *path, const char *shown, bool pcapng_by_wiretap, GError **error)
{
    return open_capture(path, shown, NULL, pcapng_by_wiretap, error);
}

static bool wait_for_stop(void *user)
{
    (void)user;
    return fp_stop_sleep(FP_FOLLOW_MS);
}

FpCapture *fp_capture_follow(const char *path, bool pcapng_by_wiretap, const FpFollower *follower, GError **error)
{
    static const FpFollower until_stop = {.wait = wait_for_stop};

    return open_capture(path, shown_path(path), follower != NULL ? follower : &until_stop, pcapng_by_wiretap, error);
}

static bool wait_for_nothing(void *user)
{
    (void)user;
    return false;
}

bool fp_capture_can_be_followed(const char *path, bool pcapng_by_wiretap)
{
    static const FpFollower none = {.wait = wait_for_nothing};
    FpCapture *capture = open_capture(path, path, &none, pcapng_by_wiretap, NULL);

    fp_capture_close(capture);
    return capture != NULL;
}

void fp_capture_note_cut(FpCapture *capture, uint64_t offset)
{
    capture->cut =
        g_strdup_printf("offset %" G_GUINT64_FORMAT ": the last record is cut short; the whole ones before it were taken", offset);
}

char *fp_capture_sound_part(const FpCapture *capture, uint64_t offset)
{
    return g_strdup_printf("the file is damaged from here on; the first %" G_GUINT64_FORMAT " bytes of %s are sound, head -c keeps these",
                           offset, capture->is_compressed ? "its contents" : "it");
}

static void note_truncation(FpCapture *capture, const FpBlocks *blocks)
{
    const FpUnpack *unpack = blocks->unpack;

    if (unpack != NULL && fp_unpack_is_cut(unpack))
        capture->cut = g_strdup_printf("offset %" G_GUINT64_FORMAT
                                       ": the compressed data is cut short; the whole records up to offset %" G_GUINT64_FORMAT
                                       " of its contents were taken",
                                       fp_unpack_offset(unpack), blocks->start_offset);
    else if (fp_blocks_left(blocks) > 0)
        fp_capture_note_cut(capture, blocks->start_offset);
    else if (unpack != NULL && fp_unpack_has_garbage(unpack))
        capture->cut = g_strdup_printf("offset %" G_GUINT64_FORMAT
                                       ": what follows is not compressed as that before it, and was left out; all before it was taken",
                                       fp_unpack_offset(unpack));
}

void fp_capture_note_end(FpCapture *capture, const FpBlocks *blocks)
{
    if (blocks->is_cut_back)
        capture->early_end =
            g_strdup_printf("it is shorter now than offset %" G_GUINT64_FORMAT ", up to which it was read; follow it again",
                            blocks->start_offset + fp_blocks_left(blocks));
    else if (!fp_stop_asked())
        note_truncation(capture, blocks);
}

void fp_capture_close(FpCapture *capture)
{
    if (capture == NULL)
        return;
    fp_digest_leave(capture);
    g_free(capture->path);
    g_free(capture->early_end);
    g_free(capture->cut);
    capture->reader->close(capture);
}

int fp_capture_read(FpCapture *capture, FpRecord *records, int max, GError **error)
{
    return capture->reader->read(capture, records, max, error);
}

bool fp_capture_is_raw(const FpCapture *capture)
{
    return capture->reader->lend_raw != NULL;
}

int fp_capture_lend_raw(FpCapture *capture, FpRawRecords *records, GError **error)
{
    return capture->reader->lend_raw(capture, records, error);
}

void fp_capture_step_raw(FpCapture *capture, size_t n)
{
    capture->reader->step_raw(capture, n);
}

void fp_capture_fill_record(const FpCapture *capture, const uint8_t *raw, FpRecord *record)
{
    fp_pcap_fill_raw(&capture->format, raw, record);
}

int fp_capture_read_frame(FpCapture *capture, FpRecord *record, GError **error)
{
    int n;

    do
        n = fp_capture_read(capture, record, 1, error);
    while (n > 0 && record->kind != FP_RECORD_FRAME);
    return n;
}

uint32_t fp_capture_link_type(const FpCapture *capture, const FpRecord *record)
{
    if (capture->format.is_pcapng)
        return fp_pcapng_link_type(capture, record);
    return capture->format.is_pcap ? capture->format.link_field & 0xffff : fp_wiretap_link_type(record);
}

bool fp_capture_would_wait(const FpCapture *capture)
{
    return !capture->is_read_ahead && capture->reader->would_wait != NULL && capture->reader->would_wait(capture);
}

void fp_capture_wait(const FpCapture *capture, int ms)
{
    int fd = capture->reader->descriptor != NULL ? capture->reader->descriptor(capture) : -1;

    (void)fp_stop_wait_for(fd, fd >= 0 || (ms >= 0 && ms < FP_FOLLOW_MS) ? ms : FP_FOLLOW_MS);
}

bool fp_capture_interface(const FpCapture *capture, const FpRecord *record, uint32_t *number)
{
    if (capture->format.is_pcapng) {
        *number = fp_pcapng_interface(capture, record);
        return true;
    }
    return capture->format.is_pcap ? fp_pcap_interface(&capture->format, record, number) : fp_wiretap_interface(capture, record, number);
}

const char *fp_capture_interface_name(const FpCapture *capture, const FpRecord *record)
{
    if (capture->format.is_pcapng)
        return fp_pcapng_interface_name(capture, record);
    return capture->format.is_pcap ? NULL : fp_wiretap_interface_name(capture, record);
}

FpDirection fp_capture_direction(const FpCapture *capture, const FpRecord *record)
{
    return capture->format.is_pcapng ? fp_pcapng_direction(capture, record) : FP_DIRECTION_UNKNOWN;
}

bool fp_capture_has_nanoseconds(const FpCapture *capture, const FpRecord *record)
{
    if (capture->format.is_pcapng)
        return fp_pcapng_has_nanoseconds(capture, record);
    return capture->format.is_pcap ? capture->format.nanoseconds : fp_wiretap_has_nanoseconds(record);
}

int64_t fp_capture_seconds(const FpCapture *capture, const FpRecord *record)
{
    if (capture->format.is_pcapng)
        return fp_pcapng_seconds(capture, record);
    return capture->format.is_pcap ? record->time_ns / 1000000000 : fp_wiretap_seconds(record); /* times in pcap are from 1970 to 2106 */
}

int64_t fp_capture_time_ns(const FpCapture *capture, const FpRecord *record)
{
    const int64_t limit = INT64_MAX / 1000000000;
    int64_t seconds = fp_capture_seconds(capture, record);

    return seconds >= limit ? INT64_MAX : seconds <= -limit ? INT64_MIN : record->time_ns;
}

const char *fp_capture_cut(const FpCapture *capture)
{
    return capture->cut;
}

const char *fp_capture_early_end(const FpCapture *capture)
{
    return capture->early_end;
}

bool fp_capture_is_compressed(const FpCapture *capture)
{
    return capture->is_compressed;
}

const char *fp_capture_path(const FpCapture *capture)
{
    return capture->path;
}

const FpCaptureFormat *fp_capture_format(const FpCapture *capture)
{
    return &capture->format;
}

uint64_t fp_capture_bytes_read(const FpCapture *capture)
{
    return capture->is_read_ahead ? capture->bytes_taken : capture->bytes_read;
}

int64_t fp_capture_file_bytes(const FpCapture *capture)
{
    return capture->file_bytes;
}
