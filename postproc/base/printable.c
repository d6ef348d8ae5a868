/* SPDX-License-Identifier: GPL-2.0-or-later */
/* printable.c - see printable.h. */
#include "printable.h"

#include <string.h>

static gboolean is_printable(gunichar character)
{
    return character >= ' ' && character <= '~';
}

static void escape(GString *text, uint8_t byte)
{
    static const char digits[] = "0123456789abcdef";
    const char escaped[] = {'\\', 'x', digits[byte >> 4], digits[byte & 0xf]};

    g_string_append_len(text, escaped, sizeof escaped);
}

void fp_printable_escape(GString *text, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        if (is_printable(bytes[i]) && bytes[i] != '\\') {
            g_string_append_c(text, (char)bytes[i]);
            continue;
        }
        escape(text, bytes[i]);
    }
}

static void append_json(GString *text, char character)
{
    if (character == '"' || character == '\\')
        g_string_append_c(text, '\\');
    g_string_append_c(text, character);
}

void fp_printable_dots(GString *text, const uint8_t *bytes, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        uint8_t shown = is_printable(bytes[i]) ? bytes[i] : '.';
        append_json(text, (char)shown);
    }
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

    g_string_append_c(text, '"');
    for (const char *at = valid; *at != '\0'; at = g_utf8_next_char(at)) {
        gunichar character = g_utf8_get_char(at);
        if (is_printable(character))
            append_json(text, (char)character);
        else
            append_escaped(text, character);
    }
    g_string_append_c(text, '"');
}
