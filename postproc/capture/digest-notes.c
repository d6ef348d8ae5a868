/* SPDX-License-Identifier: GPL-2.0-or-later */
/* digest-notes.c - see digest-notes.h. */
#include "digest-notes.h"

#include <string.h>
#include <zlib.h>

#include "base/printable.h"
#include "pcapng-format.h"
#include "verdict.h"

#define FIRST_LINE "firstpayload digest "
#define VERSION "1"
#define OPTION_COMMENT 1
#define LINES_MAX 32

/* A note's lines: names and values, borrowed. */
typedef struct {
    char *text;
    char *names[LINES_MAX];
    char *values[LINES_MAX];
    size_t n;
} Lines;

/* Finds the first comment of a section header; returns its text, borrowed, and sets *length, or NULL. */
static const uint8_t *find_comment(const uint8_t *section, size_t n, bool swapped, uint16_t *length)
{
    uint16_t code;

    if (n < SECTION_MIN)
        return NULL;
    const uint8_t *at = section + SECTION_FIXED;
    size_t left = n - SECTION_MIN;
    while (next_option(swapped, &at, &left, &code, length))
        if (code == OPTION_COMMENT)
            return at - pad(*length);
    return NULL;
}

bool fp_digest_is_mark(const uint8_t *section, size_t n, bool swapped)
{
    uint16_t length = 0;
    const uint8_t *comment = find_comment(section, n, swapped, &length);

    return comment != NULL && length >= strlen(FIRST_LINE) && memcmp(comment, FIRST_LINE, strlen(FIRST_LINE)) == 0;
}

static uint32_t check_of(const char *text, size_t n)
{
    return (uint32_t)crc32(0, (const Bytef *)text, (uInt)n);
}

/* Takes the last line off, which is the check of those before it. Returns whether it holds. */
static bool take_check(char *text)
{
    char *line = strstr(text, "\ncheck: ");

    if (line == NULL || strlen(line) != strlen("\ncheck: 00000000"))
        return false;
    g_autofree char *expected = g_strdup_printf("%08x", check_of(text, (size_t)(line + 1 - text)));
    bool holds = g_str_equal(line + strlen("\ncheck: "), expected);
    *line = '\0';
    return holds;
}

/* Splits the lines behind the first one. Returns what is wrong, or NULL. */
static const char *split(Lines *lines)
{
    char *at = strchr(lines->text, '\n');

    if (at != NULL)
        *at++ = '\0';
    if (!g_str_equal(lines->text + strlen(FIRST_LINE), VERSION))
        return "a note has a version that this program does not know";
    while (at != NULL && lines->n < LINES_MAX) {
        char *value = strstr(at, ": "), *end = strchr(at, '\n');
        if (value == NULL || (end != NULL && end < value))
            return "a note has a line without a name";
        if (end != NULL)
            *end++ = '\0';
        *value = '\0';
        lines->names[lines->n] = at;
        lines->values[lines->n++] = value + 2;
        at = end;
    }
    return at == NULL ? NULL : "a note has too many lines";
}

static const char *value_of(const Lines *lines, const char *name)
{
    for (size_t i = 0; i < lines->n; i++)
        if (g_str_equal(lines->names[i], name))
            return lines->values[i];
    return NULL;
}

static bool read_number(const Lines *lines, const char *name, uint64_t max, uint64_t *number)
{
    const char *text = value_of(lines, name);

    return text != NULL && g_ascii_string_to_unsigned(text, 10, 0, max, number, NULL);
}

static bool read_hex(const char *text, uint8_t *bytes, size_t n)
{
    if (strlen(text) != 2 * n)
        return false;
    for (size_t i = 0; i < n; i++) {
        int high = g_ascii_xdigit_value(text[2 * i]), low = g_ascii_xdigit_value(text[2 * i + 1]);
        if (high < 0 || low < 0)
            return false;
        bytes[i] = (uint8_t)(high << 4 | low);
    }
    return true;
}

/* Undoes fp_printable_escape. Returns NULL when that did not write text. */
static char *unescape(const char *text)
{
    g_autoptr(GString) bytes = g_string_new(NULL);

    while (*text != '\0') {
        if (*text != '\\') {
            g_string_append_c(bytes, *text++);
            continue;
        }
        int high = text[1] == 'x' ? g_ascii_xdigit_value(text[2]) : -1, low = high >= 0 ? g_ascii_xdigit_value(text[3]) : -1;
        if (low < 0 || (high == 0 && low == 0))
            return NULL;
        g_string_append_c(bytes, (char)(high << 4 | low));
        text += 4;
    }
    return g_strdup(bytes->str);
}

static const char *read_begin(const Lines *lines, FpDigestNote *note)
{
    const char *name = value_of(lines, "begins"), *file = value_of(lines, "file"), *format = value_of(lines, "format");
    const char *transports = value_of(lines, "transport"), *kinds = value_of(lines, "stream-key"), *alone = value_of(lines, "alone");
    uint64_t flight, opening = 0;

    note->name = unescape(name);
    note->file = file != NULL ? unescape(file) : NULL;
    if (note->name == NULL || (file != NULL && (note->file == NULL || *note->file == '\0')))
        return "a note has a name that is none";
    if (format == NULL ||
        (!g_str_equal(format, "pcapng") &&
         (!g_str_has_prefix(format, "pcap ") || !read_hex(format + strlen("pcap "), note->file_header, sizeof note->file_header))))
        return "a note does not say what format the capture had";
    note->is_pcap = !g_str_equal(format, "pcapng");
    note->has_opening = value_of(lines, "opening-bytes") != NULL;
    if (!read_number(lines, "flight-bytes", FP_FLIGHT_BYTES_MAX, &flight) ||
        (note->has_opening && !read_number(lines, "opening-bytes", FP_OPENING_BYTES_MAX, &opening)))
        return "a note does not say for which bytes of flight and opening the digest was made";
    note->flight_bytes = (uint32_t)flight;
    note->opening_bytes = (uint32_t)opening;
    if (transports == NULL || !fp_transports_from_text(transports, &note->transports))
        return "a note does not say for which transports the digest was made";
    note->stream_key = g_strdup(kinds);
    note->is_alone = alone != NULL && g_str_equal(alone, "yes");
    return NULL;
}

static const char *read_end(const Lines *lines, FpDigestEnd *end)
{
    const char *cut = value_of(lines, "cut");

    if (!read_number(lines, "frames", FP_DIGEST_NUMBER_MAX, &end->frames) || !read_number(lines, "kept", end->frames, &end->kept))
        return "a note does not say how many frames there were";
    end->cut = cut != NULL ? unescape(cut) : NULL;
    return NULL;
}

/* text: the note, to be changed. */
static FpDigestMark read_text(char *text, FpDigestNote *note, FpDigestEnd *end, const char **wrong)
{
    Lines lines = {.text = text};

    *wrong = take_check(text) ? split(&lines) : "a note does not agree with its check";
    if (*wrong == NULL && value_of(&lines, "begins") != NULL) {
        *wrong = read_begin(&lines, note);
        return *wrong == NULL ? FP_DIGEST_MARK_BEGIN : FP_DIGEST_MARK_DAMAGED;
    }
    if (*wrong == NULL)
        *wrong = read_end(&lines, end);
    return *wrong == NULL ? FP_DIGEST_MARK_END : FP_DIGEST_MARK_DAMAGED;
}

FpDigestMark fp_digest_read_mark(const uint8_t *section, size_t n, bool swapped, FpDigestNote *note, FpDigestEnd *end, const char **wrong)
{
    uint16_t length = 0;

    *note = (FpDigestNote){0};
    *end = (FpDigestEnd){0};
    *wrong = NULL;
    if (!fp_digest_is_mark(section, n, swapped))
        return FP_DIGEST_MARK_NONE;
    const uint8_t *comment = find_comment(section, n, swapped, &length);
    g_autofree char *text = g_strndup((const char *)comment, length);
    FpDigestMark mark = read_text(text, note, end, wrong);
    if (mark == FP_DIGEST_MARK_DAMAGED)
        fp_digest_note_clear(note);
    return mark;
}

static void put32(GByteArray *bytes, uint32_t value)
{
    g_byte_array_append(bytes, (const guint8 *)&value, sizeof value);
}

static void put16(GByteArray *bytes, uint16_t value)
{
    g_byte_array_append(bytes, (const guint8 *)&value, sizeof value);
}

void fp_digest_append_text(GByteArray *bytes, const char *lines)
{
    static const uint8_t unknown[8] = {0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff}, zeros[4] = {0};
    g_autoptr(GString) text = g_string_new(lines);

    g_string_append_printf(text, "check: %08x", check_of(lines, strlen(lines)));
    const uint32_t block_bytes = (uint32_t)(SECTION_MIN + 2 * OPTION_HEADER + pad(text->len));
    put32(bytes, SECTION);
    put32(bytes, block_bytes);
    put32(bytes, BYTE_ORDER_MAGIC);
    put16(bytes, 1);
    put16(bytes, 0);
    g_byte_array_append(bytes, unknown, sizeof unknown);
    put16(bytes, OPTION_COMMENT);
    put16(bytes, (uint16_t)text->len);
    g_byte_array_append(bytes, (const guint8 *)text->str, (guint)text->len);
    g_byte_array_append(bytes, zeros, (guint)(pad(text->len) - text->len));
    put32(bytes, 0);
    put32(bytes, block_bytes);
}

static void append_name(GString *lines, const char *key, const char *name)
{
    g_string_append_printf(lines, "%s: ", key);
    fp_printable_escape(lines, (const uint8_t *)name, strlen(name));
    g_string_append_c(lines, '\n');
}

void fp_digest_append_begin(GByteArray *bytes, const FpDigestNote *note)
{
    g_autoptr(GString) lines = g_string_new(FIRST_LINE VERSION "\n");
    char transports[FP_TRANSPORTS_TEXT_BYTES];

    append_name(lines, "begins", note->name);
    if (note->file != NULL)
        append_name(lines, "file", note->file);
    g_string_append(lines, note->is_pcap ? "format: pcap " : "format: pcapng");
    for (size_t i = 0; note->is_pcap && i < sizeof note->file_header; i++)
        g_string_append_printf(lines, "%02x", note->file_header[i]);
    fp_transports_to_text(note->transports, transports);
    g_string_append_printf(lines, "\nalone: %s\nflight-bytes: %u\n", note->is_alone ? "yes" : "no", note->flight_bytes);
    if (note->has_opening)
        g_string_append_printf(lines, "opening-bytes: %u\n", note->opening_bytes);
    g_string_append_printf(lines, "transport: %s\n", transports);
    if (note->stream_key != NULL)
        g_string_append_printf(lines, "stream-key: %s\n", note->stream_key);
    fp_digest_append_text(bytes, lines->str);
}

void fp_digest_append_end(GByteArray *bytes, const FpDigestEnd *end)
{
    g_autoptr(GString) lines = g_string_new(FIRST_LINE VERSION "\n");

    g_string_append_printf(lines, "frames: %" G_GUINT64_FORMAT "\nkept: %" G_GUINT64_FORMAT "\n", end->frames, end->kept);
    if (end->cut != NULL)
        append_name(lines, "cut", end->cut);
    fp_digest_append_text(bytes, lines->str);
}

void fp_digest_note_clear(FpDigestNote *note)
{
    g_clear_pointer(&note->name, g_free);
    g_clear_pointer(&note->file, g_free);
    g_clear_pointer(&note->stream_key, g_free);
}
