/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * digest.c - pieces as a digest, which is read as the captures that it stands for; and notes that are written again.
 *
 * A piece is a byte that says what it is, two for its length, and its bytes: the lines of a note, to which their check is added, as no
 * change would agree with it; what stands in a block of pcapng, to which its lengths are added; anything; or what is in the file that the
 * digest was made of, where a note says that this is at ORIGINAL.
 *
 * Whatever they are: every byte of a record is there, frames are in order, and reading ends with the digest or with an error.
 */
#include "memory-file.h"

#include "capture/capture-digest.h"

#define ORIGINAL_FD 100
#define ORIGINAL "/proc/self/fd/100"
#define RECORDS_MAX 5000
#define BATCH 32
#define CAPTURES_MAX 50

/* What is made of an input. */
typedef struct {
    GByteArray *digest;
    GByteArray *original;
} Files;

static bool is_same_text(const char *one, const char *other)
{
    return g_strcmp0(one, other) == 0;
}

/* A note that can be read is the same when it is written and read again. */
static void write_again(const GByteArray *section)
{
    g_autoptr(GByteArray) again = g_byte_array_new();
    FpDigestNote note, same;
    FpDigestEnd end, same_end;
    const char *wrong;
    FpDigestMark mark = fp_digest_read_mark(section->data, section->len, false, &note, &end, &wrong);

    REQUIRE((mark == FP_DIGEST_MARK_DAMAGED) == (wrong != NULL));
    if (mark == FP_DIGEST_MARK_BEGIN)
        fp_digest_append_begin(again, &note);
    if (mark == FP_DIGEST_MARK_END)
        fp_digest_append_end(again, &end);
    if (again->len > 0 && again->len < G_MAXUINT16) {
        REQUIRE(fp_digest_read_mark(again->data, again->len, false, &same, &same_end, &wrong) == mark);
        REQUIRE(is_same_text(note.name, same.name) && is_same_text(note.file, same.file) && is_same_text(note.stream_key, same.stream_key));
        REQUIRE(note.is_pcap == same.is_pcap && memcmp(note.file_header, same.file_header, sizeof note.file_header) == 0);
        REQUIRE(note.is_alone == same.is_alone && note.has_opening == same.has_opening && note.flight_bytes == same.flight_bytes);
        REQUIRE(note.opening_bytes == same.opening_bytes && note.transports == same.transports);
        REQUIRE(end.frames == same_end.frames && end.kept == same_end.kept && is_same_text(end.cut, same_end.cut));
        g_free(same_end.cut);
        fp_digest_note_clear(&same);
    }
    g_free(end.cut);
    fp_digest_note_clear(&note);
}

static void add_note(GByteArray *digest, const uint8_t *bytes, size_t n)
{
    g_autofree char *lines = g_strndup((const char *)bytes, n);
    g_autoptr(GByteArray) section = g_byte_array_new();

    fp_digest_append_text(section, lines);
    write_again(section);
    g_byte_array_append(digest, section->data, section->len);
}

/* bytes: its type, and what stands between its lengths. */
static void add_block(GByteArray *digest, const uint8_t *bytes, size_t n)
{
    static const uint8_t zeros[4] = {0};
    const size_t type = n < 4 ? n : 4, rest = n - type;
    const uint32_t length = (uint32_t)(12 + ((rest + 3) & ~(size_t)3));

    g_byte_array_append(digest, bytes, (guint)type);
    g_byte_array_append(digest, zeros, (guint)(4 - type));
    g_byte_array_append(digest, (const uint8_t *)&length, 4);
    g_byte_array_append(digest, bytes + type, (guint)rest);
    g_byte_array_append(digest, zeros, (guint)(-rest & 3));
    g_byte_array_append(digest, (const uint8_t *)&length, 4);
}

static Files files_of(Input *input)
{
    Files files = {g_byte_array_new(), g_byte_array_new()};

    while (input->n > 0) {
        const unsigned kind = input_byte(input) & 3;
        size_t n = (size_t)input_byte(input) << 8;
        n |= input_byte(input);
        uint8_t *bytes = input_copy(input, &n);
        if (kind == 0)
            add_note(files.digest, bytes, n);
        else if (kind == 1)
            add_block(files.digest, bytes, n);
        else
            g_byte_array_append(kind == 2 ? files.digest : files.original, bytes, (guint)n);
        free(bytes);
    }
    return files;
}

static unsigned look(const FpCapture *capture, const FpRecord *record)
{
    const char *name = record->kind == FP_RECORD_FRAME ? fp_capture_interface_name(capture, record) : NULL;
    unsigned sum = name != NULL ? (unsigned)strlen(name) : 0;

    for (uint32_t i = 0; record->kind == FP_RECORD_FRAME && i < record->captured_bytes; i++)
        sum += record->data[i];
    for (size_t i = 0; record->raw != NULL && i < record->raw_bytes; i++)
        sum += record->raw[i];
    if (record->kind == FP_RECORD_FRAME) {
        (void)fp_capture_link_type(capture, record);
        (void)fp_capture_time_ns(capture, record);
    }
    return sum;
}

/* As slim does when a frame asserts wrongly. Other names than ORIGINAL could be those of any file. Returns false at the end. */
static bool read_again(FpCapture *capture, unsigned *sum, GError **error)
{
    FpRecord record;
    uint64_t number, last = 0;
    int found;

    if (!is_same_text(fp_digest_note(capture)->file, ORIGINAL))
        return true;
    if (!fp_digest_reread(capture, error))
        return false;
    while ((found = fp_digest_read_skipped(capture, &record, &number, error)) > 0) {
        REQUIRE(number == last + 1);
        last = number;
        *sum += look(capture, &record);
    }
    return found == 0;
}

/* Reads one capture, or max records of it. Returns false when something is wrong. */
static bool read_capture(FpCapture *capture, int *max, unsigned *sum, GError **error)
{
    FpRecord records[BATCH];
    bool is_original = false;
    int n = 0;

    while (*max > 0 && (n = fp_capture_read(capture, records, BATCH, error)) > 0) {
        REQUIRE(fp_digest_left_out(capture) >= -1);
        for (int i = 0; i < n; i++)
            *sum += look(capture, &records[i]);
        *max -= n;
        if (!is_original && records[0].kind == FP_RECORD_FRAME && records[0].digest & FP_RECORD_ASSERTS) {
            is_original = is_same_text(fp_digest_note(capture)->file, ORIGINAL);
            if (!read_again(capture, sum, error))
                return false;
        }
    }
    return n >= 0;
}

static void read_digest(const char *path)
{
    GError *error = NULL;
    FpCapture *capture = fp_digest_open_any(path, false, &error);
    int max = RECORDS_MAX;
    volatile unsigned result;
    unsigned sum = 0;

    REQUIRE((capture == NULL) == (error != NULL));
    if (capture != NULL && fp_digest_is_one(capture)) {
        bool is_well = read_capture(capture, &max, &sum, &error);
        for (int i = 0; is_well && max > 0 && i < CAPTURES_MAX && fp_digest_next(capture, &error) > 0; i++) {
            sum += (unsigned)strlen(fp_digest_source(capture)) + fp_digest_is_alone(capture);
            is_well = read_capture(capture, &max, &sum, &error);
        }
        REQUIRE(is_well || error != NULL);
    }
    result = sum;
    (void)result;
    g_clear_error(&error);
    fp_capture_close(capture);
}

int LLVMFuzzerTestOneInput(const uint8_t *bytes, size_t n)
{
    Input input = {bytes, n};
    Files files = files_of(&input);
    char path[64];
    int original = memory_file(files.original->data, files.original->len, path);

    REQUIRE(dup2(original, ORIGINAL_FD) == ORIGINAL_FD);
    close(original);
    int fd = memory_file(files.digest->data, files.digest->len, path);
    read_digest(path);
    close(fd);
    close(ORIGINAL_FD);
    g_byte_array_unref(files.digest);
    g_byte_array_unref(files.original);
    return 0;
}
