/* SPDX-License-Identifier: GPL-2.0-or-later */
/* printable.c - see printable.h. */
#include "printable.h"

#include <string.h>

static gboolean is_printable(gunichar character)
{
    return character >= ' ' && character <= '~';
}

/* Characters on their way to a text: adding them one by one takes most of the time of a line. */
typedef struct {
    GString *text;
    size_t n;
    char characters[256];
} Buffer;

static void flush(Buffer *buffer)
{
    g_string_append_len(buffer->text, buffer->characters, (gssize)buffer->n);
    buffer->n = 0;
}

/* Makes room for n characters. */
static char *next(Buffer *buffer, size_t n)
{
    if (buffer->n + n > sizeof buffer->characters)
        flush(buffer);
    buffer->n += n;
    return buffer->characters + buffer->n - n;
}

void fp_printable_escape(GString *text, const uint8_t *bytes, size_t n)
{
    static const char digits[] = "0123456789abcdef";
    Buffer buffer = {.text = text};

    for (size_t i = 0; i < n; i++) {
        if (is_printable(bytes[i]) && bytes[i] != '\\') {
            *next(&buffer, 1) = (char)bytes[i];
            continue;
        }
        char *escaped = next(&buffer, 4);
        escaped[0] = '\\';
        escaped[1] = 'x';
        escaped[2] = digits[bytes[i] >> 4];
        escaped[3] = digits[bytes[i] & 0xf];
    }
    flush(&buffer);
}

void fp_printable_padded(GString *text, uint64_t number, unsigned digits)
{
    char room[64];
    size_t at = sizeof room;

    do {
        room[--at] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0 || (sizeof room - at < digits && at > 0));
    g_string_append_len(text, room + at, (gssize)(sizeof room - at));
}

void fp_printable_number(GString *text, uint64_t number)
{
    fp_printable_padded(text, number, 1);
}

static void add_json(Buffer *buffer, char character)
{
    if (character == '"' || character == '\\')
        *next(buffer, 1) = '\\';
    *next(buffer, 1) = character;
}

void fp_printable_dots(GString *text, const uint8_t *bytes, size_t n)
{
    Buffer buffer = {.text = text};

    for (size_t i = 0; i < n; i++)
        add_json(&buffer, (char)(is_printable(bytes[i]) ? bytes[i] : '.'));
    flush(&buffer);
}

/* JSON writes a character beyond 16 bits as a UTF-16 surrogate pair (RFC 8259 7). */
static void append_escaped(GString *text, gunichar character)
{
    if (character > 0xffff) {
        append_escaped(text, 0xd800 + ((character - 0x10000) >> 10));
        character = 0xdc00 + ((character - 0x10000) & 0x3ff);
    }
    g_string_append_printf(text, "\\u%04x", character);
}

void fp_printable_json(GString *text, const char *value)
{
    fp_printable_json_bytes(text, (const uint8_t *)value, strlen(value));
}

void fp_printable_json_bytes(GString *text, const uint8_t *bytes, size_t n)
{
    g_autofree char *valid = g_utf8_make_valid((const char *)bytes, (gssize)n);
    Buffer buffer = {.text = text};

    *next(&buffer, 1) = '"';
    for (const char *at = valid; *at != '\0'; at = g_utf8_next_char(at)) {
        gunichar character = g_utf8_get_char(at);
        if (is_printable(character)) {
            add_json(&buffer, (char)character);
            continue;
        }
        flush(&buffer);
        append_escaped(text, character);
    }
    *next(&buffer, 1) = '"';
    flush(&buffer);
}
