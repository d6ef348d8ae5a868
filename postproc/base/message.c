/* SPDX-License-Identifier: GPL-2.0-or-later */
/* message.c - see message.h. */
#include "message.h"

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>

static bool is_ascii_printable(gunichar character)
{
    return character >= ' ' && character <= '~';
}

/* g_unichar_isprint refuses control, format (including text direction) and unassigned characters, but allows the types tested here. */
static bool is_printable(gunichar character, bool is_utf8)
{
    if (character < 0x80 || !is_utf8)
        return is_ascii_printable(character);
    GUnicodeType type = g_unichar_type(character);
    return g_unichar_isprint(character) && type != G_UNICODE_LINE_SEPARATOR && type != G_UNICODE_PARAGRAPH_SEPARATOR &&
           type != G_UNICODE_PRIVATE_USE;
}

char *fp_message_printable(const char *text)
{
    const bool is_utf8 = g_get_charset(NULL);
    GString *line = g_string_new(NULL);

    while (*text != '\0') {
        gunichar character = g_utf8_get_char_validated(text, -1);
        bool is_character = character != (gunichar)-1 && character != (gunichar)-2;
        const char *next = is_character ? g_utf8_next_char(text) : text + 1;
        if (is_character && is_printable(character, is_utf8))
            g_string_append_len(line, text, next - text);
        else
            for (const char *at = text; at < next; at++)
                g_string_append_printf(line, "\\x%02x", (unsigned char)*at);
        text = next;
    }
    return g_string_free(line, FALSE);
}

void fp_message_print(const char *format, ...)
{
    va_list arguments;

    va_start(arguments, format);
    g_autofree char *text = g_strdup_vprintf(format, arguments);
    va_end(arguments);
    g_autofree char *line = fp_message_printable(text);
    fprintf(stderr, "firstpayload: %s\n", line);
}
