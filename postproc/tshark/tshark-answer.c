/* SPDX-License-Identifier: GPL-2.0-or-later */
/* tshark-answer.c - see tshark-answer.h. Reads as much of JSON (RFC 8259) as tshark prints. */
#include "tshark-answer.h"

#include <string.h>

FpFieldValues *fp_field_values_new(char *const *fields)
{
    GPtrArray *values = g_ptr_array_new_with_free_func((GDestroyNotify)g_strfreev);

    g_ptr_array_set_size(values, (gint)g_strv_length((char **)fields));
    return values;
}

/* These functions return where the text goes on, or NULL when it is not as expected. */
static const char *skip(const char *at, char wanted)
{
    return at != NULL && *at == wanted ? at + 1 : NULL;
}

static int hexadecimal(const char *at)
{
    int value = 0;

    for (int i = 0; i < 4; i++) {
        int digit = g_ascii_xdigit_value(at[i]); /* -1 at the end of the text, too */
        if (digit < 0)
            return -1;
        value = value * 16 + digit;
    }
    return value;
}

/* Reads \uNNNN from its digits on. Characters beyond 16 bits come as two halves. */
static const char *append_code(const char *at, GString *text)
{
    int code = hexadecimal(at);

    if (code < 0)
        return NULL;
    at += 4;
    if (code >= 0xd800 && code < 0xdc00 && at[0] == '\\' && at[1] == 'u') {
        int low = hexadecimal(at + 2);
        if (low >= 0xdc00 && low < 0xe000) {
            code = 0x10000 + ((code - 0xd800) << 10) + (low - 0xdc00);
            at += 6;
        }
    }
    g_string_append_unichar(text, code == 0 || (code >= 0xd800 && code < 0xe000) ? 0xfffd : (gunichar)code);
    return at;
}

static const char *read_escape(const char *at, GString *text)
{
    static const char names[] = "bfnrt\"\\/", meanings[] = "\b\f\n\r\t\"\\/";
    const char *name = *at == '\0' ? NULL : strchr(names, *at);

    if (*at == 'u')
        return append_code(at + 1, text);
    if (name == NULL)
        return NULL;
    g_string_append_c(text, meanings[name - names]);
    return at + 1;
}

static const char *read_string(const char *at, GString *text)
{
    g_string_truncate(text, 0);
    at = skip(at, '"');
    while (at != NULL && *at != '"') {
        if (*at == '\0')
            return NULL;
        if (*at == '\\') {
            at = read_escape(at + 1, text);
        } else {
            g_string_append_c(text, *at);
            at++;
        }
    }
    return skip(at, '"');
}

/* Reads an array of strings, or one string. */
static const char *read_strings(const char *at, GPtrArray *strings, GString *text)
{
    bool is_array = *at == '[';

    at += is_array;
    if (is_array && *at == ']')
        return at + 1;
    for (;;) {
        at = read_string(at, text);
        if (at == NULL)
            return NULL;
        g_ptr_array_add(strings, g_strdup(text->str));
        if (!is_array || *at != ',')
            return is_array ? skip(at, ']') : at;
        at++;
    }
}

/* tshark prints underscores for the dots in names of fields. */
static bool is_named(const char *key, const char *field)
{
    for (; *key != '\0' && *field != '\0'; key++, field++)
        if (*key != *field && !(*key == '_' && *field == '.'))
            return false;
    return *key == *field;
}

static void note(const char *key, GPtrArray *strings, char *const *fields, uint64_t *number, FpFieldValues *values)
{
    if (strings->len == 0)
        return;
    if (is_named(key, "frame.number"))
        *number = g_ascii_strtoull(g_ptr_array_index(strings, 0), NULL, 10);
    for (guint i = 0; i < values->len; i++) {
        if (!is_named(key, fields[i]) || g_ptr_array_index(values, i) != NULL)
            continue;
        char **copies = g_new0(char *, strings->len + 1);
        for (guint n = 0; n < strings->len; n++)
            copies[n] = g_strdup(g_ptr_array_index(strings, n));
        g_ptr_array_index(values, i) = copies;
    }
}

bool fp_tshark_answer_read(const char *line, char *const *fields, uint64_t *number, FpFieldValues *values)
{
    static const char beginning[] = "\"layers\":{";
    const char *at = g_str_has_prefix(line, "{\"timestamp\"") ? strstr(line, beginning) : NULL;
    g_autoptr(GString) key = g_string_new(NULL);
    g_autoptr(GString) text = g_string_new(NULL);

    *number = 0;
    if (at == NULL)
        return false;
    at += strlen(beginning);
    while (at != NULL && *at == '"') {
        g_autoptr(GPtrArray) strings = g_ptr_array_new_with_free_func(g_free);
        at = skip(read_string(at, key), ':');
        if (at != NULL)
            at = read_strings(at, strings, text);
        if (at != NULL)
            note(key->str, strings, fields, number, values);
        at = at != NULL && *at == ',' ? at + 1 : at;
    }
    if (skip(at, '}') == NULL)
        *number = 0;
    return true;
}
