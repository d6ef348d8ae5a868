/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * capture-digest.c - see capture-digest.h.
 *
 * A digest is a pcapng, and read by the reader of these. What that gives becomes, here, what the capture itself would have given. Where an
 * assertion is wrong, that capture stands in for the rest of its digest.
 */
#include "capture-digest.h"

#include <string.h>

#include "base/bytes.h"
#include "base/error.h"
#include "capture-internal.h"
#include "capture-pcapng.h"
#include "digest-restore.h"

#define BATCH 32
#define SECTION_HEADER_BYTES 28U
#define BYTE_ORDER_MAGIC 0x1a2b3c4dU

struct FpDigestView {
    const FpReader *reader; /* pcapng's */
    FpDigestNote note;
    FpDigestNote next; /* of the capture that follows, once it is known */
    bool has_next;
    bool is_over;            /* the capture has ended */
    uint64_t number;         /* of the last frame given */
    uint64_t kept;           /* frames read so far, of the capture */
    FpRecord records[BATCH]; /* at hand, restored; from at on they have not been given */
    uint64_t numbers[BATCH];
    int n, at;
    FpRestored restored; /* their bytes */
    uint64_t skips_to;   /* stand_in: frames before this one are skipped */
    FpRecord first;      /* stand_in: the frame with that number, once it is read */
    bool has_first;
};

bool fp_digest_is_one(const FpCapture *capture)
{
    return capture->digest != NULL;
}

void fp_digest_set_unasked(const char *path, GError **error)
{
    g_set_error(error, FP_ERROR, FP_ERROR_DATA,
                "%s: is a digest of captures, which only show, said, slim and digest read, and from files; name the captures themselves",
                path);
}

static int set_damage(const FpCapture *capture, const char *what, GError **error)
{
    g_set_error(error, FP_ERROR, FP_ERROR_DATA, "%s: offset %" G_GUINT64_FORMAT ": the digest is damaged: %s; make it again", capture->path,
                capture->bytes_read, what);
    return -1;
}

/* Whether the byte order of a section header is not this machine's. */
static bool is_swapped(const uint8_t *section)
{
    return fp_load32_host(section + 8, false) != BYTE_ORDER_MAGIC;
}

/* Has capture look like the one that the note is of. */
static bool begin_capture(FpCapture *capture, FpDigestNote *note)
{
    FpDigestView *view = capture->digest;
    FpCaptureFormat format = {.is_pcapng = !note->is_pcap};

    if (note->is_pcap && !fp_pcap_read_file_header(note->file_header, &format))
        return false;
    fp_digest_note_clear(&view->note);
    view->note = *note;
    *note = (FpDigestNote){0};
    view->has_next = view->is_over = view->has_first = false;
    view->number = view->kept = 0;
    capture->format = format;
    g_clear_pointer(&capture->cut, g_free);
    g_clear_pointer(&capture->stand_in, fp_capture_close);
    return true;
}

static int end_capture(FpCapture *capture, FpDigestEnd *end, GError **error)
{
    FpDigestView *view = capture->digest;
    const bool is_sound =
        end->kept == view->kept && (capture->stand_in != NULL ? end->frames == view->number : end->frames >= view->number);

    g_free(capture->cut);
    capture->cut = g_steal_pointer(&end->cut);
    if (!is_sound)
        return set_damage(
            capture, capture->stand_in != NULL ? "the file that it was made of has changed" : "it has other frames than it says", error);
    view->is_over = true;
    if (capture->stand_in == NULL)
        capture->left_out = (int64_t)(end->frames - view->number);
    return 0;
}

/* Takes a section header. Returns 0 when the capture has ended with it, 1 when it is one of the capture's own, or -1 and sets error. */
static int take_section(FpCapture *capture, const FpRecord *record, GError **error)
{
    FpDigestView *view = capture->digest;
    FpDigestNote note;
    FpDigestEnd end;
    const char *wrong;

    switch (fp_digest_read_mark(record->raw, record->raw_bytes, is_swapped(record->raw), &note, &end, &wrong)) {
    case FP_DIGEST_MARK_NONE:
        return view->is_over || view->note.is_pcap ? set_damage(capture, "a section stands where none can be", error) : 1;
    case FP_DIGEST_MARK_DAMAGED:
        return set_damage(capture, wrong, error);
    case FP_DIGEST_MARK_END:
        if (!view->is_over)
            return end_capture(capture, &end, error);
        g_free(end.cut);
        return set_damage(capture, "a capture ends that has not begun", error);
    case FP_DIGEST_MARK_BEGIN:
        break;
    }
    if (view->is_over) {
        view->next = note;
        view->has_next = true;
        return 0;
    }
    fp_digest_note_clear(&note);
    return set_damage(capture, "a capture begins before the one before it has ended", error);
}

/* Restores n records that were read. Returns n, or -1 and sets error. */
static int restore(FpCapture *capture, int n, GError **error)
{
    FpDigestView *view = capture->digest;

    fp_restored_begin(&view->restored, view->records, n);
    for (int i = 0; i < n; i++) {
        const char *wrong =
            fp_digest_restore(&view->restored, &capture->format, fp_pcapng_is_swapped(capture), &view->records[i], &view->numbers[i]);
        if (wrong != NULL)
            return set_damage(capture, wrong, error);
    }
    view->n = n;
    view->at = 0;
    view->kept += (uint64_t)n;
    return n;
}

/* Reads what comes next of the digest: frames, which are restored, or one record that is none. Returns as fp_capture_read does. */
static int read_on(FpCapture *capture, FpRecord *records, GError **error)
{
    FpDigestView *view = capture->digest;

    for (;;) {
        int n = view->reader->read(capture, view->records, BATCH, error);
        if (n < 0)
            return -1;
        if (n == 0)
            return set_damage(capture, "it ends before the capture does", error);
        if (view->records[0].kind == FP_RECORD_FRAME)
            return restore(capture, n, error);
        if (view->records[0].kind == FP_RECORD_SECTION) {
            int found = take_section(capture, &view->records[0], error);
            if (found <= 0)
                return found;
        }
        if (view->note.is_pcap)
            continue; /* a block that only pcapng needs */
        records[0] = view->records[0];
        return 1;
    }
}

/* Gives what is at hand up to a frame that does not follow the one before it in the capture. */
static int give(FpCapture *capture, FpRecord *records, int max, GError **error)
{
    FpDigestView *view = capture->digest;
    int n = 0;

    capture->left_out = 0;
    for (; n < max && view->at < view->n; n++, view->at++) {
        const FpRecord *record = &view->records[view->at];
        const uint64_t number = view->numbers[view->at];
        const bool is_late = record->digest & FP_RECORD_LATE;
        if (n > 0 && (record->digest & (FP_RECORD_LATE | FP_RECORD_ASSERTS) || number != view->number + 1))
            return n;
        if (!is_late && number <= view->number)
            return set_damage(capture, "the numbers of its frames are out of order", error);
        if (n == 0)
            capture->left_out = is_late ? -1 : (int64_t)(number - view->number - 1);
        records[n] = *record;
        if (!is_late)
            view->number = number;
        if (record->digest & (FP_RECORD_LATE | FP_RECORD_ASSERTS)) {
            view->at++;
            return n + 1;
        }
    }
    return n;
}

/* Reads the file itself, then the end of its digest, which is known to be sound then. */
static int read_stand_in(FpCapture *capture, FpRecord *records, int max, GError **error)
{
    FpDigestView *view = capture->digest;
    FpRecord skipped;

    capture->left_out = 0;
    if (view->has_first) {
        view->has_first = false;
        records[0] = view->first;
        return 1;
    }
    int n = fp_capture_read(capture->stand_in, records, max, error);
    if (n > 0 && records[0].kind == FP_RECORD_FRAME)
        view->number += (uint64_t)n;
    if (n != 0)
        return n;
    while (!view->is_over) { /* what the digest has of it */
        view->at = view->n;
        if (read_on(capture, &skipped, error) < 0)
            return -1;
    }
    view->at = view->n;
    return 0;
}

static int digest_read(FpCapture *capture, FpRecord *records, int max, GError **error)
{
    FpDigestView *view = capture->digest;

    if (view->is_over) {
        capture->left_out = 0;
        return 0;
    }
    if (capture->stand_in != NULL)
        return read_stand_in(capture, records, max, error);
    if (view->at == view->n) {
        capture->left_out = 0;
        int n = read_on(capture, records, error);
        if (n <= 0 || view->at == view->n)
            return n;
    }
    return give(capture, records, max, error);
}

static void digest_close(FpCapture *capture)
{
    (void)capture; /* fp_digest_leave has put the other reader back */
}

static const FpReader digest_reader = {.read = digest_read, .close = digest_close};

/* Has capture, whose first block is a note, be read as a digest. */
static bool enter(FpCapture *capture, GError **error)
{
    FpDigestView *view = capture->digest = g_new0(FpDigestView, 1);

    view->reader = capture->reader;
    view->is_over = true; /* as if another capture had ended */
    capture->reader = &digest_reader;
    return fp_digest_next(capture, error) > 0;
}

bool fp_digest_is_at_hand(const FpCapture *capture)
{
    size_t n = 0;
    const uint8_t *at = capture->format.is_pcapng ? fp_pcapng_at_hand(capture, &n) : NULL;

    if (n < SECTION_HEADER_BYTES)
        return false;
    const bool swapped = is_swapped(at);
    const uint32_t bytes = fp_load32_host(at + 4, swapped);
    return bytes >= SECTION_HEADER_BYTES && bytes <= n && fp_digest_is_mark(at, bytes, swapped);
}

FpCapture *fp_digest_open_any(const char *path, bool pcapng_by_wiretap, GError **error)
{
    const bool is_file = !g_str_equal(path, "-") && g_file_test(path, G_FILE_TEST_IS_REGULAR);
    FpCapture *capture = fp_capture_open(path, pcapng_by_wiretap && !is_file, error);

    if (capture == NULL || !is_file)
        return capture;
    if (fp_digest_is_at_hand(capture)) {
        if (enter(capture, error))
            return capture;
    } else if (!pcapng_by_wiretap || !capture->format.is_pcapng) {
        return capture;
    } else {
        fp_capture_close(capture);
        return fp_capture_open(path, true, error);
    }
    fp_capture_close(capture);
    return NULL;
}

int fp_digest_next(FpCapture *capture, GError **error)
{
    FpDigestView *view = capture->digest;
    FpRecord record;

    g_clear_pointer(&capture->cut, g_free);
    while (!view->has_next) {
        int n = view->reader->read(capture, &record, 1, error);
        if (n == 0 && capture->cut != NULL)
            return set_damage(capture, "it ends within a block", error);
        if (n <= 0)
            return n;
        if (record.kind != FP_RECORD_SECTION)
            return set_damage(capture, "something stands between two captures", error);
        if (take_section(capture, &record, error) < 0)
            return -1;
    }
    if (begin_capture(capture, &view->next))
        return 1;
    return set_damage(capture, "a note has the header of no classic pcap", error);
}

const FpDigestNote *fp_digest_note(const FpCapture *capture)
{
    return &capture->digest->note;
}

const char *fp_digest_source(const FpCapture *capture)
{
    return capture->digest != NULL ? capture->digest->note.name : capture->path;
}

bool fp_digest_is_alone(const FpCapture *capture)
{
    return capture->digest == NULL || capture->digest->note.is_alone;
}

int64_t fp_digest_left_out(const FpCapture *capture)
{
    return capture->left_out;
}

uint64_t fp_digest_number(const FpCapture *capture)
{
    return capture->digest->number;
}

static char *path_of_original(const FpCapture *capture)
{
    const char *file = capture->digest->note.file;
    g_autofree char *folder = g_path_get_dirname(capture->path);

    return file == NULL ? NULL : g_path_is_absolute(file) ? g_strdup(file) : g_build_filename(folder, file, NULL);
}

bool fp_digest_reread(FpCapture *capture, GError **error)
{
    FpDigestView *view = capture->digest;
    g_autofree char *path = path_of_original(capture);
    g_autoptr(GError) failure = NULL;
    const char *wrong = NULL;

    if (path == NULL)
        wrong = "it came from a pipe";
    else if (!g_file_test(path, G_FILE_TEST_IS_REGULAR)) /* whoever made the digest chose the name, and a pipe may have no end */
        wrong = "there is no such file";
    else
        capture->stand_in = fp_capture_open(path, false, &failure);
    if (capture->stand_in == NULL && wrong == NULL)
        wrong = failure->message;
    else if (wrong == NULL && (capture->stand_in->format.is_pcap != view->note.is_pcap ||
                               memcmp(capture->stand_in->format.file_header, view->note.file_header, sizeof view->note.file_header) != 0))
        wrong = "the file of that name is another";
    view->skips_to = view->number;
    view->number = 0;
    if (wrong == NULL)
        return true;
    g_set_error(
        error, FP_ERROR, FP_ERROR_NO_INPUT,
        "%s: cannot tell what of %s is in a class, as what was captured before it is not what it expects; that file is needed at %s: %s; "
        "put it there, or give it in place of its digest",
        capture->path, view->note.name, path != NULL ? path : "its place", wrong);
    return false;
}

int fp_digest_read_skipped(FpCapture *capture, FpRecord *record, uint64_t *number, GError **error)
{
    FpDigestView *view = capture->digest;
    int n = fp_capture_read_frame(capture->stand_in, record, error);

    if (n < 0)
        return -1;
    if (n == 0) {
        g_set_error(error, FP_ERROR, FP_ERROR_DATA, "%s: has fewer frames than when %s was made of it; make that again",
                    fp_capture_path(capture->stand_in), capture->path);
        return -1;
    }
    *number = ++view->number;
    if (*number < view->skips_to)
        return 1;
    view->first = *record;
    view->has_first = true;
    return 0;
}

void fp_digest_leave(FpCapture *capture)
{
    FpDigestView *view = capture->digest;

    if (view == NULL)
        return;
    capture->reader = view->reader;
    g_clear_pointer(&capture->stand_in, fp_capture_close);
    fp_digest_note_clear(&view->note);
    fp_digest_note_clear(&view->next);
    fp_restored_clear(&view->restored);
    g_clear_pointer(&capture->digest, g_free);
}
